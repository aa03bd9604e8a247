package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// PurgeLog deletes at most limit of the oldest log rows, as far as they are older than before, and
// returns how many rows it went through. Fewer than limit: nothing that old is left, or somebody has
// locked it.
func (s *Store) PurgeLog(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	if n, err = s.purge(ctx, "`ordersync_log`", "`at`", before, limit); err != nil {
		return 0, fmt.Errorf("store: purge log: %w", err)
	}
	return n, nil
}

// PurgeCallbacks does the same with callbacks. before must be longer ago than Douyin redelivers (a day
// in ecpay, three in trade), or a redelivery would count as new.
func (s *Store) PurgeCallbacks(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	if n, err = s.purge(ctx, "`ordersync_callback`", "`received_at`", before, limit); err != nil {
		return 0, fmt.Errorf("store: purge callbacks: %w", err)
	}
	return n, nil
}

// purge deletes from the low end of the key. A row there that is young, as one whose writer's clock was ahead, stays, and so does a
// row that is locked; neither holds up the others.
func (s *Store) purge(ctx context.Context, table, at string, before time.Time, limit int) (n int64, err error) {
	db := s.db.WithContext(ctx)
	rows, err := db.Raw("SELECT `id`, "+at+" FROM "+table+" ORDER BY `id` LIMIT ?", limit).Rows()
	if err != nil {
		return 0, err
	}
	last, n, err := lastOld(rows, before)
	if err != nil || n == 0 {
		return 0, err
	}
	old := " WHERE `id` <= ? AND " + at + " < ?"
	_, err = s.exec(ctx, "DELETE FROM "+table+old, last, s.sql.time(before))
	if !errors.Is(err, ErrLocked) {
		return n, err
	}
	err = errCannotSkip
	if !s.cannotSkip.Load() {
		err = s.transaction(ctx, func(tx *gorm.DB) error {
			free, err := collect(tx, scanID, "SELECT `id` FROM "+table+old+s.sql.skipLocked, last, s.sql.time(before))
			if n = int64(len(free)); err != nil || n == 0 {
				return s.skipError(err)
			}
			_, err = execIn(tx, "DELETE FROM "+table+" WHERE `id` IN ("+places(len(free))+")", anys(free))
			return err
		})
	}
	if errors.Is(err, errCannotSkip) {
		n, err = s.purgeOneByOne(ctx, table, old, last, s.sql.time(before))
	}
	return min(n, int64(limit)-1), err
}

// lastOld is the last row that is older than before, and how many rows there are up to it.
func lastOld(rows *sql.Rows, before time.Time) (last, n int64, err error) {
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for read := int64(1); rows.Next(); read++ {
		var id int64
		var at timestamp
		if err := rows.Scan(&id, &at); err != nil {
			return 0, 0, err
		}
		if at.Before(before) {
			last, n = id, read
		}
	}
	return last, n, rows.Err()
}
