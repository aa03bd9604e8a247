package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scan asks for one page of the shop's orders in a range of time.
type Scan struct {
	// Statuses are the shop's status values that Douyin should know; others are read over. Nil: every order.
	Statuses []string
	// From and To bound updated_at where Schema has it, else create_time; both are included. The zero time: no bound.
	From, To time.Time
	// ByCreateTime bounds create_time in any case.
	ByCreateTime bool
	After        ScanKey // Next of the page before; the zero value: the first page
	Limit        int
	DueAt        time.Time // what MarkUnsynced writes
}

// ScanKey is a place in the order of (time, key). It may be kept and resumed as JSON.
type ScanKey struct {
	Time time.Time `json:"time"`
	ID   string    `json:"id"`
}

// ScanPage tells how a page went.
type ScanPage struct {
	Read   int // rows read, also those that Statuses and Schema.Filter leave out
	Marked int // orders marked
	// Skipped are orders that could not be marked now, while others could: somebody has locked their rows. Read them again.
	Skipped int
	// Unreadable counts times that could not be read; the rows are judged without them.
	Unreadable int
	IDs        []string // orders that Statuses and Schema.Filter let through, in order
	Next       ScanKey
	Done       bool // nothing is left behind this page
}

// ReadOrders reads one page and marks nothing.
func (s *Store) ReadOrders(ctx context.Context, q Scan) (ScanPage, error) {
	orders, page, err := s.readPage(ctx, q)
	for _, o := range orders {
		page.IDs = append(page.IDs, o.id)
	}
	return page, err
}

// MarkUnsynced reads one page of the shop's orders and makes those due that Douyin does not know as they are: never asked
// for, or with another status than when they were pushed, or (where Schema has updated_at) changed since. An order that is due
// already is left as it is.
//
// A page costs one read of at most Limit rows through the index on the time column, one read of as many rows of
// ordersync_order by key, and writes for what it marks: nothing depends on the size of the tables.
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
		switch state, known := states[o.id]; {
		case !wanted(o, state, known):
		case known:
			changed = append(changed, o.id)
		default:
			fresh = append(fresh, pendingState(o.id, q.DueAt, now))
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

// shopOrder is an order as the sweep sees it.
type shopOrder struct {
	id, status string
	updated    string    // as Order.Updated
	updatedAt  time.Time // zero: the shop has none
}

func orderIDs(orders []shopOrder) []string {
	ids := make([]string, len(orders))
	for i, o := range orders {
		ids[i] = o.id
	}
	return ids
}

// differs tells whether the shop's order is not the one that the state was written for: another status, or another updated_at than
// was read for it. Times are compared only for a row that does not say what was read: the shop may write whole seconds only, so a
// change in the second of the last record counts as newer.
func (o shopOrder) differs(state OrderState) bool {
	if o.status != state.ShopStatus {
		return true
	}
	if state.ShopUpdated != "" && o.updated != "" {
		return o.updated != state.ShopUpdated
	}
	return !o.updatedAt.IsZero() && !o.updatedAt.Before(state.UpdatedAt.Truncate(time.Second))
}

// readPage reads by keyset. Status and filter are judged in Go: as conditions they would let one statement read on until it
// has found enough.
func (s *Store) readPage(ctx context.Context, q Scan) ([]shopOrder, ScanPage, error) {
	numeric, updatedUnix, err := s.types(ctx)
	if err != nil {
		return nil, ScanPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = s.cfg.BatchSize
	}
	rows, err := s.pageQuery(ctx, q, limit, numeric, updatedUnix)
	if err != nil {
		return nil, ScanPage{}, fmt.Errorf("store: read orders: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var orders []shopOrder
	var page ScanPage
	for rows.Next() {
		var id, status sql.NullString
		var at, updated any
		var wanted bool
		if err := rows.Scan(&id, &status, &at, &updated, &wanted); err != nil {
			return nil, page, fmt.Errorf("store: read orders: %w", err)
		}
		page.Read++
		o := shopOrder{id: id.String, status: status.String}
		if s.schema.Columns.UpdatedAt != "" {
			o.updated, err = s.updatedMark(updated)
			if err == nil {
				o.updatedAt, err = s.shopTime(updated)
			}
			if err != nil {
				page.Unreadable++ // its status is compared all the same
			}
		}
		// A row whose time cannot be read is no place to go on from.
		if at, err := s.shopTime(at); err == nil {
			page.Next = ScanKey{Time: at, ID: id.String}
		} else {
			page.Unreadable++
		}
		if wanted && checkOrderID(o.id) == nil && (q.Statuses == nil || slices.Contains(q.Statuses, o.status)) {
			orders = append(orders, o)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, page, fmt.Errorf("store: read orders: %w", err)
	}
	page.Done = page.Read < limit
	if !page.Done && page.Next == (ScanKey{}) {
		return nil, page, fmt.Errorf("store: read orders: no row of %d has a %s that can be read", page.Read, s.schema.Columns.CreateTime)
	}
	return orders, page, nil
}

func (s *Store) pageQuery(ctx context.Context, q Scan, limit int, numericID, updatedUnix bool) (*sql.Rows, error) {
	where, bounds, err := s.pageWhere(q, numericID, updatedUnix)
	if err != nil {
		return nil, err
	}
	c := s.schema.Columns
	timeColumn, _ := s.timeColumn(q, updatedUnix)
	t, id := "o."+quote(timeColumn), "o."+quote(c.ID)
	status, updated := "''", "NULL"
	if c.Status != "" {
		status = "o." + quote(c.Status)
	}
	if c.UpdatedAt != "" {
		updated = "o." + quote(c.UpdatedAt)
	}
	filter, args := s.schema.filterSQL()
	args = append(append(args, bounds...), limit)
	return s.db.WithContext(ctx).Raw("SELECT "+id+", "+status+", "+t+", "+updated+", CASE WHEN "+filter+" THEN 1 ELSE 0 END FROM "+
		quote(s.schema.Tables.Order)+" o"+where+" ORDER BY "+t+", "+id+" LIMIT ?", args...).Rows()
}

// timeColumn is the column that q goes by, and whether it holds seconds.
func (s *Store) timeColumn(q Scan, updatedUnix bool) (name string, unix bool) {
	if c := s.schema.Columns; c.UpdatedAt != "" && !q.ByCreateTime {
		return c.UpdatedAt, updatedUnix
	}
	return s.schema.Columns.CreateTime, s.schema.Time == Unix
}

// pageWhere is the condition on time and key, from its WHERE on.
func (s *Store) pageWhere(q Scan, numericID, updatedUnix bool) (condition string, args []any, err error) {
	timeColumn, unix := s.timeColumn(q, updatedUnix)
	value := func(t time.Time) any {
		if unix {
			return t.Unix()
		}
		return s.wallClock(t)
	}
	t, id := "o."+quote(timeColumn), "o."+quote(s.schema.Columns.ID)
	where := []string{t + " IS NOT NULL"}
	from := q.From
	if q.After.Time.After(from) {
		from = q.After.Time // the index is entered here; the condition on (time, key) alone would not say so
	}
	if !from.IsZero() {
		where, args = append(where, t+" >= ?"), append(args, value(from))
	}
	if !q.To.IsZero() {
		where, args = append(where, t+" <= ?"), append(args, value(q.To))
	}
	if q.After != (ScanKey{}) {
		after, ok := idArg(q.After.ID, numericID)
		if !ok {
			return "", nil, fmt.Errorf("the place to go on from names no order")
		}
		where = append(where, "("+t+" > ? OR ("+t+" = ? AND "+id+" > ?))")
		args = append(args, value(q.After.Time), value(q.After.Time), after)
	}
	return " WHERE " + strings.Join(where, " AND "), args, nil
}

// shopTime reads a time of the shop's, as seconds or as DATETIME; NULL is the zero time.
func (s *Store) shopTime(v any) (time.Time, error) {
	if n, ok := v.(int64); ok {
		return time.Unix(n, 0), nil
	}
	var seconds sql.NullInt64
	if text, ok := v.([]byte); ok && seconds.Scan(text) == nil { // a text protocol answer
		return time.Unix(seconds.Int64, 0), nil
	}
	return s.shopClock(v)
}

// updatedMark is a value of updated_at in a form that only compares, the same on every server and driver; it is never empty.
func (s *Store) updatedMark(v any) (string, error) {
	if v == nil {
		return "-", nil
	}
	t, err := s.shopTime(v)
	return strconv.FormatInt(t.UnixMicro(), 10), err
}
