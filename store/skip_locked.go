package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// # Servers without SKIP LOCKED
//
// MySQL knows FOR UPDATE SKIP LOCKED from 8.0 on, MariaDB from 10.6 on. The first server that calls
// it a syntax error is not asked again (Store.cannotSkip), and goes the ways of this file: what they
// cost, they cost where a row is locked, and at the outbox, whose rows are claimed by an UPDATE each.

// errCannotSkip: the server does not know SKIP LOCKED. The statement has done nothing.
var errCannotSkip = errors.New("store: the server does not know SKIP LOCKED")

// skipError is err, or errCannotSkip where the server took SKIP LOCKED for a mistake.
func (s *Store) skipError(err error) error {
	var my *mysql.MySQLError
	if errors.As(err, &my) && my.Number == mysqlParse {
		s.cannotSkip.Store(true)
		return errCannotSkip
	}
	return err
}

// freeOneByOne tells which of the orders' rows nobody has locked. It waits for each that is locked,
// and takes the rest for locked when lockPatience is over.
func (s *Store) freeOneByOne(ctx context.Context, ids []string) (free []string, err error) {
	query := "SELECT `order_id` FROM `ordersync_order` WHERE `order_id` = ?" + s.sql.forUpdate
	for since := time.Now(); len(ids) > 0 && time.Since(since) < lockPatience; ids = ids[1:] {
		switch _, err := keys(s.db.WithContext(ctx), query, []any{ids[0]}); {
		case err == nil:
			free = append(free, ids[0])
		case !locked(err):
			return nil, err
		}
	}
	return free, nil
}

// purgeOneByOne deletes what of the old rows nobody has locked, for lockPatience at most.
func (s *Store) purgeOneByOne(ctx context.Context, table, old string, args ...any) (n int64, err error) {
	ids, err := collect(s.db.WithContext(ctx), scanID, "SELECT `id` FROM "+table+old, args...)
	if err != nil {
		return 0, err
	}
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		for since := time.Now(); len(ids) > 0 && time.Since(since) < lockPatience; ids = ids[1:] {
			done, err := execIn(tx, "DELETE FROM "+table+" WHERE `id` = ?", []any{ids[0]})
			if err != nil && !locked(err) {
				return err
			}
			n += done
		}
		return nil
	})
	return n, err
}

// outboxClaim is how long a claimed row of the outbox is nobody else's. Handing a batch over takes
// parts of a second; a process that died meanwhile leaves its rows for so long.
const outboxClaim = time.Minute

// relayClaimed is RelayOutbox by claims. Nothing is locked while hand runs: a row that outlives its
// claim is handed over once more, as after a crash.
func (s *Store) relayClaimed(ctx context.Context, limit int, hand func(ctx context.Context, rows []OutboxRow) []error) (n int, failed, err error) {
	rows, err := s.claimOutbox(ctx, limit)
	if err != nil || len(rows) == 0 {
		return 0, nil, err
	}
	answers := hand(ctx, rows)
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		if len(answers) != len(rows) {
			return fmt.Errorf("%d answers for %d rows", len(answers), len(rows))
		}
		if failed, err = s.settleOutbox(tx, rows, answers); err != nil {
			return err
		}
		return s.giveBack(tx, rows, answers)
	})
	return len(rows), failed, err
}

// claimOutbox moves later_at of rows that are due, each by an UPDATE that finds the row only while
// it is nobody's. It goes by the key, as everybody does, and commits before anything is handed over.
func (s *Store) claimOutbox(ctx context.Context, limit int) (mine []OutboxRow, err error) {
	now := s.Clock()
	rows, err := s.dueOutbox(s.db.WithContext(ctx), now, limit, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		mine = mine[:0]
		for since := time.Now(); len(rows) > 0 && time.Since(since) < lockPatience; rows = rows[1:] {
			found, err := execIn(tx, "UPDATE `ordersync_outbox` SET `later_at` = ? WHERE `id` = ? AND (`later_at` IS NULL OR `later_at` <= ?)",
				[]any{s.sql.time(now.Add(outboxClaim)), rows[0].ID, s.sql.time(now)})
			if err != nil && !locked(err) {
				return err
			}
			if found > 0 {
				mine = append(mine, rows[0])
			}
		}
		return nil
	})
	return mine, err
}

// giveBack ends the claims of rows that are still to be handed over, but for those that settleOutbox
// passed over.
func (s *Store) giveBack(tx *gorm.DB, rows []OutboxRow, answers []error) error {
	var stay []any
	for i := range slices.Backward(rows) {
		var bad *BadRow
		var later *LaterRow
		if answers[i] == nil { // settleOutbox passes over what failed before it
			break
		}
		if !errors.As(answers[i], &bad) && !errors.As(answers[i], &later) {
			stay = append(stay, rows[i].ID)
		}
	}
	if len(stay) == 0 {
		return nil
	}
	_, err := execIn(tx, "UPDATE `ordersync_outbox` SET `later_at` = NULL WHERE `id` IN ("+places(len(stay))+")", stay)
	return err
}

// dueOutbox reads rows whose time has come, in the order in which they were written. lock is the end of the
// statement.
func (s *Store) dueOutbox(db *gorm.DB, now time.Time, limit int, lock string) ([]OutboxRow, error) {
	return collect(db, func(rows *sql.Rows) (r OutboxRow, err error) {
		err = r.scan(rows)
		return r, err
	}, "SELECT `id`, `kind`, `order_id`, `payload`, "+s.sql.stamped("`created_at`")+" FROM `ordersync_outbox` "+
		"WHERE `later_at` IS NULL OR `later_at` <= ? ORDER BY `id` LIMIT ?"+lock, s.sql.time(now), limit)
}
