package store

// Locks, and the order in which they are taken. "Locks and their order" in ARCHITECTURE.md lists
// every transaction; this is what a new one has to do.
//
//  1. It locks the order's row in ordersync_order first, and does so through underOrderLock. Example:
//     CreateRefund locks order 7, and then reads and writes its refunds, so a second refund of order 7
//     waits at the first statement and holds nothing.
//  2. Where it locks several orders, one statement locks them by key (dialect.byKey), sorted. Example:
//     a batch about orders 9, 3 and 7 locks 3, 7, 9. A server that read over other rows instead would
//     wait for orders that are none of its business.
//  3. Behind the order it locks refund, settlement, callback, payment, payment_ask and log, and no
//     further order. Example: MarkSending locks order 7, then the row of its refund.
//  4. It runs through untilWon, quickOrByRow or exec, which try again. A deadlock's victim was rolled
//     back whole and runs again, so it reads inside of the transaction whatever it decides by.
//     Example: create reads the number once more under the lock, although it has looked before. Only
//     work that a tick repeats anyway runs once: the relay and purging, which skip locked rows.
//  5. It calls nobody while it holds locks: no HTTP, no Redis, no channel. RelayOutbox alone does, and
//     locks rows that nobody waits for.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// ErrLocked: somebody else's transaction has locked the row, or the table, for longer than the
// store waits. Only what needs that row fails with it; the same call may succeed as soon as the
// lock is gone.
var ErrLocked = errors.New("store: locked by another transaction")

// How long a session waits for locks, in seconds. A push waits for rows of its own orders only,
// which nobody else keeps for longer than a statement takes; what waits longer stands in the way of
// others. A migration has to wait until running processes let go of a table.
const (
	rowWait, tableWait             = 1, 5
	patientRowWait, patientTblWait = 120, 60
)

// OneRow tells whether err is about the row that was asked for and not about the database: others
// may well go through.
func OneRow(err error) bool {
	return errors.Is(err, ErrLocked) || badRow(err)
}

// lockedError makes a lock that was waited for in vain ErrLocked; any other error stays as it is.
func lockedError(err error) error {
	if err == nil || !locked(err) || errors.Is(err, ErrLocked) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLocked, err)
}

// sortByOrder sorts writes by the ids of their orders, as everybody locks them.
func sortByOrder[T any](writes []T, orderID func(T) string) {
	slices.SortFunc(writes, func(a, b T) int { return strings.Compare(orderID(a), orderID(b)) })
}

// untilWon runs f in a transaction about one order: again when it lost a deadlock or a race for a
// new key, and for a few seconds while a row is locked; then it is ErrLocked.
func (s *Store) untilWon(ctx context.Context, f func(tx *gorm.DB) error) error {
	return lockedError(afterLock.do(ctx, func() error {
		return afterRace.do(ctx, func() error { return s.transaction(ctx, f) })
	}))
}

// underOrderLock is untilWon whose transaction holds the order's row in ordersync_order, and makes
// it where it is missing. An empty orderID is no order of the shop's, and locks nothing.
func (s *Store) underOrderLock(ctx context.Context, orderID string, f func(tx *gorm.DB) error) error {
	if orderID == "" {
		return s.untilWon(ctx, f)
	}
	return s.untilWon(ctx, func(tx *gorm.DB) error {
		if err := s.lockOrder(tx, orderID); err != nil {
			return err
		}
		return f(tx)
	})
}

// lockOrder locks the order's row, and inserts one that is due now where there is none. Of two that
// insert at once, one is a duplicate key and runs again.
func (s *Store) lockOrder(tx *gorm.DB, orderID string) error {
	states, err := readStates(tx, []string{orderID}, s.sql.byKey, s.sql.forUpdate)
	if err != nil || len(states) > 0 {
		return err
	}
	now := s.cfg.Now()
	statement, args := s.sql.insertStates([]*OrderState{{OrderID: orderID, Outcome: Pending, DueAt: &now, CreatedAt: now, UpdatedAt: now}}, "")
	return tx.Exec(statement, args...).Error
}

// heldOrders tells which orders' rows in ordersync_order somebody else has locked, those included
// that an open transaction has inserted or deleted. It waits for none of them, unless the server does not know SKIP LOCKED.
func (s *Store) heldOrders(ctx context.Context, ids []string) (map[string]bool, error) {
	args := anys(ids)
	query := "SELECT `order_id` FROM `ordersync_order`" + s.sql.byKey + " WHERE `order_id` IN (" + places(len(ids)) + ")"
	there, err := keys(s.db.WithContext(ctx), query, args)
	if err != nil {
		return nil, err
	}
	var free []string
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		uncommitted, err := keys(tx, query, args)
		if err != nil {
			return err
		}
		there = append(there, uncommitted...)
		if s.cannotSkip.Load() {
			return errCannotSkip
		}
		free, err = keys(tx, query+s.sql.skipLocked, args)
		return s.skipError(err)
	}, &sql.TxOptions{Isolation: sql.LevelReadUncommitted})
	if errors.Is(err, errCannotSkip) {
		slices.Sort(there)
		there = slices.Compact(there)
		free, err = s.freeOneByOne(ctx, there)
	}
	if err != nil {
		return nil, err
	}
	held := make(map[string]bool)
	for _, id := range there {
		held[id] = true
	}
	for _, id := range free {
		delete(held, id)
	}
	return held, nil
}

func keys(db *gorm.DB, query string, args []any) ([]string, error) {
	return collect(db, scanID, query, args...)
}

// heldBy is parts.held for items that are about an order each.
func heldBy[T any](ctx context.Context, s *Store, order func(T) string) func([]T) ([]T, []T, error) {
	if s.sql.sqlite { // one writer, who has the whole database
		return nil
	}
	return func(items []T) (held, free []T, err error) {
		ids := make([]string, len(items))
		for i, item := range items {
			ids[i] = order(item)
		}
		locked, err := s.heldOrders(ctx, ids)
		for _, item := range items {
			if locked[order(item)] {
				held = append(held, item)
			} else {
				free = append(free, item)
			}
		}
		return held, free, err
	}
}

// rowByRow runs a write of many orders' rows; skipped counts those that it could not write because
// the row is locked, or because the database refuses it. The error is the database's own: then some
// of the rows may be written.
func rowByRow[T any](ctx context.Context, s *Store, items []T, order func(T) string, run func([]T) error) (skipped int, err error) {
	p := parts[T]{run: run, held: heldBy(ctx, s, order), fail: func(_ T, failed error) {
		if badRow(failed) {
			skipped++
		} else {
			err = failed
		}
	}}
	p.do(items)
	return skipped + len(p.stuck), err
}
