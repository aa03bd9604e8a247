package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// Scan asks for one page of the shop's orders in a range of time.
type Scan struct {
	// Statuses are the shop's status values that Douyin should know; others are read over. Nil: every
	// order.
	Statuses []string
	// From and To bound updated_at where Schema has it, else create_time; both are included. The zero
	// time: no bound.
	From, To time.Time
	// ByCreateTime bounds create_time in any case.
	ByCreateTime bool
	After        ScanKey   // Next of the page before; the zero value: the first page
	Limit        int       // rows read at most; 0: Config.BatchSize
	DueAt        time.Time // what MarkUnsynced writes; ReadOrders does not look at it
}

// ScanKey is a place in the order of (time, key). It may be kept and resumed as JSON.
type ScanKey = shop.Key

// ScanPage tells how a page went.
type ScanPage struct {
	Read   int // rows read, also those that Statuses and Schema.Filter leave out
	Marked int // orders marked
	// Skipped are orders that could not be marked now, while others could: somebody has locked their
	// rows, or the database refuses them. Read them again.
	Skipped int
	// Unreadable counts times that could not be read; the rows are judged without them.
	Unreadable int
	IDs        []string // orders that Statuses and Schema.Filter let through, in order
	Next       ScanKey  // where the next page begins
	Done       bool     // nothing is left behind this page
}

// Changes tells how the shop shows that an order has changed.
type Changes struct {
	ByUpdate bool // it has updated_at
	// Unmarked: updated_at may say nothing until the first change (NULL, or 0), so new orders are
	// found by create_time alone.
	Unmarked bool
}

// Changes asks for the shop's columns at the first call.
func (s *Store) Changes(ctx context.Context) (Changes, error) {
	r, err := s.reading(ctx)
	if err != nil {
		return Changes{}, err
	}
	return Changes{ByUpdate: r.HasUpdated(), Unmarked: r.MayBeUnmarked()}, nil
}

// ReadOrders reads one page and marks nothing.
func (s *Store) ReadOrders(ctx context.Context, q Scan) (ScanPage, error) {
	orders, page, err := s.readPage(ctx, q)
	for _, o := range orders {
		page.IDs = append(page.IDs, o.ID)
	}
	return page, err
}

// MarkUnsynced reads one page of the shop's orders and makes those due that Douyin does not know as they are: never asked
// for, or with another status than when they were pushed, or (where Schema has updated_at) changed since. An order that is due
// already is left as it is.
//
// A page costs reads of at most Limit rows through the index on the time column, each of a stride of time, one read of as many
// rows of ordersync_order by key, and writes for what it marks: nothing depends on the size of the tables.
func (s *Store) MarkUnsynced(ctx context.Context, q Scan) (ScanPage, error) {
	return s.markPage(ctx, q, func(o shopOrder, state OrderState, known bool) bool {
		return !known || state.DueAt == nil && o.differs(state)
	})
}

// markPage reads a page and makes those of its orders due at q.DueAt that wanted names. known tells
// wanted whether state is a row, or nobody has ever asked for the order.
func (s *Store) markPage(
	ctx context.Context, q Scan, wanted func(o shopOrder, state OrderState, known bool) bool,
) (ScanPage, error) {
	orders, page, err := s.readPage(ctx, q)
	if err != nil || len(orders) == 0 {
		return page, err
	}
	page.IDs = orderIDs(orders)
	states, err := s.states(ctx, page.IDs)
	if err != nil {
		return page, err
	}
	var fresh []*OrderState
	var changed []string
	now := s.Clock()
	for _, o := range orders {
		switch state, known := states[o.ID]; {
		case !wanted(o, state, known):
		case known:
			changed = append(changed, o.ID)
		default:
			fresh = append(fresh, pendingState(o.ID, q.DueAt, now))
		}
	}
	page.Skipped, err = s.markFound(ctx, fresh, changed, q.DueAt)
	page.Marked = len(fresh) + len(changed) - page.Skipped
	return page, err
}

// pendingState is the row of an order that was never asked for.
func pendingState(id string, due, now time.Time) *OrderState {
	return &OrderState{OrderID: id, Outcome: Pending, DueAt: &due, CreatedAt: now, UpdatedAt: now}
}

// markFound inserts the rows of orders that were never asked for, and makes those that are not due yet due at due.
// skipped counts those whose rows are locked, or refused by the database: they hold no other order up.
func (s *Store) markFound(ctx context.Context, fresh []*OrderState, changed []string, due time.Time) (skipped int, err error) {
	slices.SortFunc(fresh, func(a, b *OrderState) int { return strings.Compare(a.OrderID, b.OrderID) })
	orderID := func(o *OrderState) string { return o.OrderID }
	skipped, err = rowByRow(ctx, s, fresh, orderID, func(fresh []*OrderState) error {
		// A row that somebody made meanwhile is on its way already.
		statement, args := s.sql.insertStates(fresh, s.sql.keep("order_id"))
		_, err := s.exec(ctx, statement, args...)
		return err
	})
	if err == nil {
		var more int
		more, err = rowByRow(ctx, s, changed, sameID, func(ids []string) error {
			args := append([]any{string(Pending), s.sql.time(due)}, anys(ids)...)
			_, err := s.exec(ctx, "UPDATE `ordersync_order`"+s.sql.byKey+" SET `outcome` = ?, `failed_at` = NULL, `due_at` = ?"+
				" WHERE `due_at` IS NULL AND `order_id` IN ("+places(len(ids))+")", args...)
			return err
		})
		skipped += more
	}
	if err != nil {
		return skipped, fmt.Errorf("store: mark unsynced: %w", err)
	}
	return skipped, nil
}

func sameID(id string) string { return id }

func anys(ids []string) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}

func orderIDs(orders []shopOrder) []string {
	ids := make([]string, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	return ids
}

// differs tells whether the shop's order is not the one that the state was written for: another status, or another updated_at than
// was read for it. Times are compared only for a row that does not say what was read: the shop may write whole seconds only, so a
// change in the second of the last record counts as newer.
func (o shopOrder) differs(state OrderState) bool {
	if o.Status != state.ShopStatus {
		return true
	}
	if state.ShopUpdated != "" && o.Updated != "" {
		return o.Updated != state.ShopUpdated
	}
	return !o.UpdatedAt.IsZero() && !o.UpdatedAt.Before(state.UpdatedAt.Truncate(time.Second))
}
