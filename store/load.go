package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/store/gather"
	"github.com/ordersync/ordersync/store/shop"
)

// LoadOrder reads one order with all that a push needs. Calls made at the same time share one
// statement; where lines have rows of their own, those are read by a second one, behind the first:
// whoever writes an order with its lines in one transaction is never seen without them. Errors:
// ErrOrderNotFound, *ColumnError (the snapshot then still holds what could be read), or the database's.
func (s *Store) LoadOrder(ctx context.Context, orderID string) (OrderSnapshot, error) {
	snapshot, err := s.loads.Do(ctx, orderID)
	if snapshot == nil {
		return OrderSnapshot{}, err
	}
	return *snapshot, err
}

// shopReading is the shop as it was found at the first call, with the statements over it.
type shopReading struct {
	mu sync.Mutex
	*shop.Reading
	load, own shop.Statement
}

// reading asks the database for the shop's columns at the first call; a failure is not remembered.
func (s *Store) reading(ctx context.Context) (*shopReading, error) {
	r := &s.shop
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Reading != nil {
		return r, nil
	}
	found, err := shop.Open(ctx, s.querier(ctx), s.schema, shop.Database{SQLite: s.sql.sqlite, Zone: s.zone})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	id, no := s.sql.text(found.ID()), s.sql.text(found.OrderNo())
	same := "NULL" // a key is no other order's
	if !found.KeyIsNumber() {
		same = "CASE WHEN " + no + " > '' THEN (SELECT MIN(d.`order_id`) FROM `ordersync_order` d WHERE d.`order_no` = " + no + " AND d.`order_id` <> " + id + ") END"
	}
	more := ", " + columnList("s.", pushStateColumns) + ", " + columnList("s.", refundColumns) + ", pay.`total_fen` - pay.`discount_fen`, " + same + ", " + s.sql.clock()
	joins := s.ourJoins(id, no)
	if s.cfg.ShopOnly {
		more, joins = strings.Repeat(", NULL", len(pushStateColumns)+len(refundColumns)+2)+", "+s.sql.clock(), ""
	}
	r.load, r.own = found.Orders(more, joins), found.Own()
	if s.cfg.Trade.On {
		signs := ", s.`pushed_at`, pay.`system`"
		if s.cfg.ShopOnly {
			signs = ", NULL, NULL"
		}
		r.load = found.OrdersAndTrade(more+signs, joins)
	}
	r.Reading = found
	return r, nil
}

// ourJoins are what we know of an order's side at Douyin, by its key and its number.
func (s *Store) ourJoins(id, no string) string {
	// What was paid matters only beside a refund, and looking each payment up costs as much as the user's row. With trade the payment
	// also tells the system, as long as that is not decided.
	matters := "s.`refunded_fen` > 0 OR s.`refunding_fen` > 0 OR s.`refund_failed_fen` > 0"
	if s.cfg.Trade.On {
		matters += " OR COALESCE(s.`system`, '') = ''"
	}
	return " LEFT JOIN `ordersync_order` s ON s.`order_id` = " + id +
		" LEFT JOIN `ordersync_payment` pay ON (" + matters + ") AND pay.`out_order_no` = " + no
}

// CheckReading tells whether the shop's tables, or its SELECTs, can be read as the configuration
// describes them. The error names what is to be changed.
func (s *Store) CheckReading(ctx context.Context) error {
	_, err := s.reading(ctx)
	return err
}

// querier runs SELECTs on the connections behind the store, or on the one of its transaction.
func (s *Store) querier(ctx context.Context) shop.Querier {
	return s.db.WithContext(ctx).Statement.ConnPool
}

// loadBatch answers many LoadOrder calls with one SELECT.
func (s *Store) loadBatch(ctx context.Context, calls []*gather.Call[string, *OrderSnapshot]) (rest func()) {
	found := make(map[string]*loaded, len(calls))
	p := parts[*gather.Call[string, *OrderSnapshot]]{
		run:   func(calls []*gather.Call[string, *OrderSnapshot]) error { return s.loadOrders(ctx, calls, found) },
		fail:  failCall[string, *OrderSnapshot],
		apart: oneOrder,
	}
	p.do(calls)
	for _, c := range calls {
		l, ok := found[c.Key]
		switch {
		case foreignText(c.Err, c.Key):
			c.Err = ErrOrderNotFound
		case c.Err != nil && badRow(c.Err):
			c.Value = &OrderSnapshot{Order: s.asSwept(ctx, c.Key)}
			c.Err = s.rowRefused(c.Key, c.Err)
		case c.Err != nil: // its statement failed
		case !ok:
			c.Err = ErrOrderNotFound
		default:
			c.Value, c.Err = &l.snapshot, l.err
		}
	}
	return nil
}

// asSwept is what the sweep reads of an order whose row fails its statement. The record of a refusal has to
// have that, or the next sweep takes the order for one that changed. A status that fails, too, is empty in
// both.
func (s *Store) asSwept(ctx context.Context, orderID string) Order {
	seen := shop.Seen{ID: orderID}
	if r, err := s.reading(ctx); err != nil || r.Statuses(ctx, s.querier(ctx), []*shop.Seen{&seen}) != nil {
		seen.Status, seen.Updated = "", ""
	}
	return Order{ID: orderID, Status: seen.Status, Updated: seen.Updated}
}

// rowRefused is what an order is refused for whose row fails its statement.
func (s *Store) rowRefused(orderID string, err error) error {
	place := s.schema.Place("id", Order{ID: orderID})
	if place.Table == "" {
		place.Column = "rows"
	}
	var words *mysql.MySQLError
	if errors.As(err, &words) { // without what we were about
		err = words
	}
	return place.Refused(cell.Statement, err.Error())
}

// loaded is one order's answer: an error here is that order's alone.
type loaded struct {
	snapshot OrderSnapshot
	err      error
}

// loadOrders adds the orders of the calls to found, all of them or none.
func (s *Store) loadOrders(ctx context.Context, calls []*gather.Call[string, *OrderSnapshot], found map[string]*loaded) error {
	r, err := s.reading(ctx)
	if err != nil {
		return err
	}
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = c.Key
	}
	row := loadRow{Row: r.Row()}
	sent, heard := s.cfg.Now(), false
	batch := make(map[string]*loaded, len(ids))
	var twice []string
	same := map[string]string{}
	err = s.scanOrders(ctx, r, r.load, ids, row.into(s.cfg.Trade.On), func() {
		if row.clock.Valid && !heard { // all rows of a statement have one time
			heard = true
			s.compare(time.UnixMicro(row.clock.Int64), sent, s.cfg.Now())
		}
		// By the row's own text: where MySQL's collation took another id for the same, nobody finds it.
		if _, there := batch[row.ID()]; there {
			twice = append(twice, row.ID())
			return
		}
		snapshot, err := s.snapshot(&row)
		batch[row.ID()] = &loaded{snapshot, err}
		if row.same.Valid {
			same[row.ID()] = row.same.String
		}
	})
	if err != nil {
		return err
	}
	if r.HasLines() {
		if err := s.addLines(ctx, r, batch); err != nil {
			return err
		}
	}
	for _, id := range twice {
		l := batch[id]
		if l.err, err = r.TwoRows(ctx, s.querier(ctx), id); err != nil {
			return err
		}
	}
	if !r.KeyIsNumber() {
		s.sameInBatch(batch)
	}
	for id, other := range same {
		l := batch[id]
		if l.err == nil && s.hasNumber(ctx, other, l.snapshot.Order.OrderNo) {
			l.err = s.sameNumber(id, other)
		}
	}
	maps.Copy(found, batch)
	return nil
}

// addLines reads the lines of a batch's orders.
func (s *Store) addLines(ctx context.Context, r *shopReading, batch map[string]*loaded) error {
	lines, err := r.Lines(ctx, s.querier(ctx), slices.Collect(maps.Keys(batch)))
	if err != nil {
		return fmt.Errorf("store: load orders: %w", err)
	}
	for id, l := range batch {
		l.snapshot.Lines = lines.Of[id]
		if l.err == nil {
			l.err = lines.Bad[id]
		}
	}
	return nil
}

// scanOrders runs a statement for ids and calls row for each of its rows, which it scans into into.
// Ids that the shop cannot have are not asked for.
func (s *Store) scanOrders(ctx context.Context, r *shopReading, q shop.Statement, ids []string, into []any, row func()) error {
	args := r.IDs(ids)
	if args == nil {
		return nil
	}
	q = q.In(args)
	rows, err := s.querier(ctx).QueryContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return fmt.Errorf("store: load orders: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("store: load orders: %w", err)
		}
		row()
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: load orders: %w", err)
	}
	return nil
}

// readOwn reads the orders' own rows. One that cannot be read, or whose values cannot be used, is
// left out.
func (s *Store) readOwn(ctx context.Context, ids []string) map[string]Order {
	orders := make(map[string]Order, len(ids))
	p := parts[string]{apart: oneOrder, fail: func(string, error) {}, run: func(ids []string) error {
		r, err := s.reading(ctx)
		if err != nil {
			return err
		}
		row := r.Row()
		return s.scanOrders(ctx, r, r.own, ids, row.IntoOwn(), func() {
			if o, err := row.Own(); err == nil {
				orders[o.ID] = o
			}
		})
	}}
	p.do(ids)
	return orders
}

// oneOrder tells whether a statement over the shop's tables may have failed for one order alone: any
// error that does not speak of the server as a whole, or of a statement that had no time.
func oneOrder(err error) bool {
	if badRow(err) {
		return true
	}
	_, known := errorNumber(err)
	return known && !Unwell(err) && !Busy(err) && !outOfTime(err)
}
