package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Due is an order whose time to be asked for again has come.
type Due struct {
	OrderID string // the shop's key
	DueAt   time.Time
}

// DueOrders lists orders that are due at now, the longest due first.
func (s *Store) DueOrders(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	due, err := collect(s.db.WithContext(ctx), scanDue, "SELECT `order_id`, `due_at` FROM `ordersync_order` WHERE `due_at` <= ? ORDER BY `due_at`, `order_id` LIMIT ?", s.sql.time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("store: due orders: %w", err)
	}
	return due, nil
}

func scanDue(rows *sql.Rows) (d Due, err error) {
	var at timestamp
	err = rows.Scan(&d.OrderID, &at)
	d.DueAt = at.Time
	return d, err
}

// PostponeDue makes orders due at until instead, each only where its due time is still the one
// given. One whose row is locked stays as it is; ErrLocked: all of them did.
func (s *Store) PostponeDue(ctx context.Context, due []Due, until time.Time) error {
	due = slices.SortedFunc(slices.Values(due), func(a, b Due) int { return strings.Compare(a.OrderID, b.OrderID) })
	locked := 0
	for chunk := range slices.Chunk(due, s.cfg.BatchSize) {
		skipped, err := rowByRow(ctx, s, chunk, func(d Due) string { return d.OrderID }, func(due []Due) error {
			return s.postponeDue(ctx, due, until)
		})
		if err != nil {
			return fmt.Errorf("store: postpone due orders: %w", err)
		}
		locked += skipped
	}
	if locked > 0 && locked == len(due) {
		return fmt.Errorf("store: postpone due orders: %w", ErrLocked)
	}
	return nil
}

func (s *Store) postponeDue(ctx context.Context, due []Due, until time.Time) error {
	args := []any{s.sql.time(until)}
	for _, d := range due {
		args = append(args, d.OrderID)
	}
	for _, d := range due {
		args = append(args, d.OrderID, s.sql.time(d.DueAt))
	}
	// The first condition finds the rows by key; the second one alone would not use it on every
	// server.
	_, err := s.exec(ctx, "UPDATE `ordersync_order`"+s.sql.byKey+" SET `due_at` = ? WHERE `order_id` IN ("+places(len(due))+
		") AND (`order_id`, `due_at`) IN ("+s.sql.rowValues(len(due))+")", args...)
	return err
}

// rowValues is a list of n pairs.
func (d dialect) rowValues(n int) string {
	if d.sqlite {
		return "VALUES " + tuples(n, 2)
	}
	return tuples(n, 2)
}

// Unsynced is what Douyin does not know yet.
type Unsynced struct {
	Due    int64     // orders with a due time that is over, counted up to CountLimit
	Later  int64     // orders that come back later: under way, or to be tried again; up to BacklogLimit
	Oldest time.Time // the longest due one's due time; zero: none
}

// CountLimit bounds what CountUnsynced counts, so that a metric never reads millions of rows.
const CountLimit = 100_000

// CountUnsynced counts the orders that are due at now, for metrics.
func (s *Store) CountUnsynced(ctx context.Context, now time.Time) (Unsynced, error) {
	var u Unsynced
	var oldest timestamp
	err := s.db.WithContext(ctx).Raw("SELECT COUNT(*), MIN(d.`due_at`) FROM (SELECT `due_at` FROM `ordersync_order` WHERE `due_at` <= ? ORDER BY `due_at` LIMIT ?) d",
		s.sql.time(now), CountLimit).Row().Scan(&u.Due, &oldest)
	if err != nil {
		return u, fmt.Errorf("store: count unsynced: %w", err)
	}
	u.Oldest = oldest.Time
	err = s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT `due_at` FROM `ordersync_order` WHERE `due_at` > ? ORDER BY `due_at` LIMIT ?) d", s.sql.time(now), BacklogLimit).
		Row().Scan(&u.Later)
	if err != nil {
		return Unsynced{}, fmt.Errorf("store: count unsynced: %w", err)
	}
	return u, nil
}
