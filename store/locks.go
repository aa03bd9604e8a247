package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// ErrLocked: somebody else's transaction has locked the row, or the table, for longer than the store waits. Only what needs that
// row fails with it; the same call may succeed as soon as the lock is gone.
var ErrLocked = errors.New("store: locked by another transaction")

// How long a session waits for locks, in seconds. A push waits for rows of its own orders only, which nobody else keeps for
// longer than a statement takes; what waits longer stands in the way of others. A migration has to wait until running
// processes let go of a table.
const (
	rowWait, tableWait             = 1, 5
	patientRowWait, patientTblWait = 120, 60
)

// lockTries is how often a write to one order alone is tried while its row is locked, each time for rowWait.
const lockTries = 4

// OneRow tells whether err is about the row that was asked for and not about the database: others may well go through.
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

// heldOrders tells which orders' rows in ordersync_order somebody else has locked, those included that an open transaction has
// inserted or deleted. It waits for none of them, unless the server does not know SKIP LOCKED.
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

// rowByRow runs a write of many orders' rows; skipped counts those that it could not write because the row is locked, or
// because the database refuses it. The error is the database's own: then some of the rows may be written.
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
