package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// RetryFilter says what RequestRetry asks for again.
type RetryFilter struct {
	OrderID string     // this order, whatever its outcome; the other fields but Limit are not looked at. Empty: those that were refused or given up
	Code    *int       // only those with this code of Douyin's
	Kind    string     // only those with this kind
	Cause   string     // only those with this cause, as CauseOf tells it
	Since   time.Time  // only those that have failed since then; zero: all
	Until   time.Time  // only those that have failed until then: what fails again meanwhile does not come twice; zero: no bound
	After   FailureKey // Next of the page before; zero: from the oldest failure
	Limit   int        // of the failures that are looked at; 0: 1000
	Dry     bool       // change nothing: Due are those that would be due, locked ones among them. Not with OrderID
}

// RetryPage is what one RequestRetry did.
type RetryPage struct {
	Due    []string   // orders that are due now by it; those that were asked for before are left out
	Locked int        // orders beside Due that are not due now: somebody has locked their rows
	Next   FailureKey // where the next page begins
	Looked int        // failures that were looked at
	Done   bool       // nothing is left behind this page
}

// RequestRetry makes orders due now, which the scheduler hands over at its next round. One call
// looks at Limit orders that failed, the oldest failure first, whichever of them the filter lets
// through: what it costs does not depend on the size of the table.
func (s *Store) RequestRetry(ctx context.Context, f RetryFilter) (RetryPage, error) {
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	if f.OrderID != "" {
		made, locked, err := s.makeDue(ctx, []string{f.OrderID})
		return RetryPage{Due: made, Locked: locked, Done: true}, err
	}
	looked, err := s.failuresFrom(ctx, f)
	if err != nil {
		return RetryPage{}, fmt.Errorf("store: request retry: %w", err)
	}
	now, ids := s.Clock(), []string(nil)
	page := RetryPage{Looked: len(looked), Done: len(looked) < f.Limit}
	for i := range looked {
		page.Next = looked[i].key()
		if looked[i].matches(f) && !looked[i].asked(now) {
			ids = append(ids, looked[i].OrderID)
		}
	}
	if f.Dry {
		page.Due = ids
		return page, nil
	}
	page.Due, page.Locked, err = s.makeDue(ctx, ids)
	return page, err
}

func (f *failedRow) matches(r RetryFilter) bool {
	return (r.Code == nil || f.Code == *r.Code) && (r.Kind == "" || f.Kind == r.Kind) && (r.Cause == "" || f.Cause == r.Cause)
}

// failuresFrom reads a page of failures in the order in which they failed. It names its index for
// the reason that countFailed has, and because the table's key would seem as good to some servers;
// code and kind are judged in Go, or one statement would read on until it has found enough of them.
func (s *Store) failuresFrom(ctx context.Context, f RetryFilter) ([]failedRow, error) {
	where, args := []string{"`failed_at` IS NOT NULL"}, []any{}
	from := f.Since
	if f.After.FailedAt.After(from) {
		from = f.After.FailedAt // the index is entered here
	}
	if !from.IsZero() {
		where, args = append(where, "`failed_at` >= ?"), append(args, s.sql.time(from))
	}
	if !f.Until.IsZero() {
		where, args = append(where, "`failed_at` <= ?"), append(args, s.sql.time(f.Until))
	}
	if f.After != (FailureKey{}) {
		at := s.sql.time(f.After.FailedAt)
		where, args = append(where, "(`failed_at` > ? OR (`failed_at` = ? AND `order_id` > ?))"), append(args, at, at, f.After.OrderID)
	}
	return collect(s.db.WithContext(ctx), scanFailed, "SELECT "+failedColumns+" FROM `ordersync_order` "+s.sql.failedIndex()+" WHERE "+strings.Join(where, " AND ")+
		" ORDER BY `failed_at`, `order_id` LIMIT ?", append(args, f.Limit)...)
}

// failedIndex names the index on failures behind the table.
func (d dialect) failedIndex() string {
	if d.sqlite {
		return "INDEXED BY `ordersync_order_failed`"
	}
	return "FORCE INDEX (`ordersync_order_failed`)"
}

// MakeDue makes orders due now, whatever their outcome, and returns how many were not due before.
// Orders that were never asked for have no row and are left out. ErrLocked: some rows are locked,
// the others are due.
func (s *Store) MakeDue(ctx context.Context, orderIDs []string) (n int64, err error) {
	made, locked, err := s.makeDue(ctx, orderIDs)
	if err == nil && locked > 0 {
		err = fmt.Errorf("store: make due: %d of %d orders: %w", locked, len(orderIDs), ErrLocked)
	}
	return int64(len(made)), err
}

// makeDue is MakeDue; made are those that were not due before, and locked how many it left out.
func (s *Store) makeDue(ctx context.Context, orderIDs []string) (made []string, locked int, err error) {
	ids := slices.Sorted(slices.Values(orderIDs)) // everybody locks in the same order
	for chunk := range slices.Chunk(slices.Compact(ids), s.cfg.BatchSize) {
		skipped, err := rowByRow(ctx, s, chunk, sameID, func(ids []string) error {
			fresh, err := s.makeRowsDue(ctx, ids)
			made = append(made, fresh...)
			return err
		})
		locked += skipped
		if err != nil {
			return made, locked, fmt.Errorf("store: make due: %w", err)
		}
	}
	return made, locked, nil
}

// makeRowsDue does it to all of the orders or to none. It asks the database for its time when it
// has the rows: what another process has made due before is due by then, and is not made due twice.
func (s *Store) makeRowsDue(ctx context.Context, ids []string) (made []string, err error) {
	err = afterDeadlock.do(ctx, func() error {
		made = nil
		return s.transaction(ctx, func(tx *gorm.DB) error {
			rows, err := collect(tx, scanDue, "SELECT `order_id`, `due_at` FROM `ordersync_order`"+s.sql.byKey+" WHERE `order_id` IN ("+places(len(ids))+") ORDER BY `order_id`"+s.sql.forUpdate, anys(ids)...)
			if err != nil {
				return err
			}
			now, err := s.readClock(tx)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if r.DueAt.IsZero() || r.DueAt.After(now) {
					made = append(made, r.OrderID)
				}
			}
			if len(made) == 0 {
				return nil
			}
			_, err = execIn(tx, "UPDATE `ordersync_order`"+s.sql.byKey+" SET `due_at` = ? WHERE `order_id` IN ("+places(len(made))+")", append([]any{s.sql.time(now)}, anys(made)...))
			return err
		})
	})
	if err != nil {
		return nil, lockedError(err)
	}
	return made, nil
}
