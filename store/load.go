package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/gather"
)

// LoadOrder reads one order with all that a push needs, in one consistent view of the database. Calls made at the same time
// share one statement. Errors: ErrOrderNotFound, *ColumnError (the snapshot then still holds what could be read), or the
// database's.
func (s *Store) LoadOrder(ctx context.Context, orderID string) (OrderSnapshot, error) {
	return s.loads.Do(ctx, orderID)
}

// buildLoadSQL makes the two SELECTs up to their lists of ids: of the orders alone, and of all that a push needs.
func (s *Store) buildLoadSQL() {
	c, t := s.schema.Columns, s.schema.Tables
	column := func(name string) string { // a column the shop does not have reads as empty
		if name == "" {
			return "''"
		}
		return "o." + quote(name)
	}
	filter, _ := s.schema.filterSQL()
	order := strings.Join([]string{
		column(c.ID), column(c.OrderNo), column(c.UserID), column(c.ProductID), column(c.CourseID), column(c.Price), column(c.Amount),
		column(c.CreateTime), column(c.SN), column(c.ThirdOrderNum), column(c.Status), column(c.UpdatedAt),
	}, ", ")
	where := " WHERE " + filter + " AND o." + quote(c.ID) + " IN ("
	s.orderSQL = "SELECT " + order + " FROM " + quote(t.Order) + " o" + where
	s.loadSQL = "SELECT " + strings.Join([]string{
		order,
		"u." + quote(c.User.ID), "u." + quote(c.User.OpenID),
		"p." + quote(c.Product.ID), "p." + quote(c.Product.CoverImg),
		"c." + quote(c.Course.ID), "c." + quote(c.Course.Name),
		columnList("s.", pushStateColumns), columnList("s.", refundColumns), "pay.`total_fen`", s.sql.clock(),
	}, ", ") +
		" FROM " + quote(t.Order) + " o" +
		" LEFT JOIN " + quote(t.User) + " u ON u." + quote(c.User.ID) + " = o." + quote(c.UserID) +
		" LEFT JOIN " + quote(t.Product) + " p ON p." + quote(c.Product.ID) + " = o." + quote(c.ProductID) +
		" LEFT JOIN " + quote(t.Course) + " c ON c." + quote(c.Course.ID) + " = o." + quote(c.CourseID) +
		" LEFT JOIN `ordersync_order` s ON s.`order_id` = " + s.sql.text("o."+quote(c.ID)) +
		// What was paid matters only beside a refund, and looking each payment up costs as much as the user's row.
		" LEFT JOIN `ordersync_payment` pay ON (s.`refunded_fen` > 0 OR s.`refunding_fen` > 0 OR s.`refund_failed_fen` > 0) AND pay.`out_order_no` = " +
		s.sql.text("o."+quote(c.OrderNo)) +
		where
}

// idArg is an order id in the type of the shop's key; ok is false when the shop can have no such order. A text would make
// MySQL compare as floating point numbers, and a number would make it read every row of a text key.
func idArg(orderID string, numeric bool) (arg any, ok bool) {
	if !numeric {
		return orderID, orderID != ""
	}
	n, err := strconv.ParseInt(orderID, 10, 64)
	if err == nil && strconv.FormatInt(n, 10) == orderID {
		return n, true
	}
	u, err := strconv.ParseUint(orderID, 10, 64)
	if err == nil && strconv.FormatUint(u, 10) == orderID {
		return u, true
	}
	return nil, false
}

// loadBatch answers many LoadOrder calls with one SELECT.
func (s *Store) loadBatch(ctx context.Context, calls []*gather.Call[string, OrderSnapshot]) (rest func()) {
	found := make(map[string]loaded, len(calls))
	p := parts[*gather.Call[string, OrderSnapshot]]{
		run:  func(calls []*gather.Call[string, OrderSnapshot]) error { return s.loadOrders(ctx, calls, found) },
		fail: failCall[string, OrderSnapshot],
	}
	p.do(calls)
	for _, c := range calls {
		l, ok := found[c.Key]
		switch {
		case c.Err != nil: // its statement failed
		case !ok:
			c.Err = ErrOrderNotFound
		default:
			c.Value, c.Err = l.snapshot, l.err
		}
	}
	return nil
}

// loaded is one order's answer: an error here is that order's alone.
type loaded struct {
	snapshot OrderSnapshot
	err      error
}

// loadOrders adds the orders of the calls to found.
func (s *Store) loadOrders(ctx context.Context, calls []*gather.Call[string, OrderSnapshot], found map[string]loaded) error {
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = c.Key
	}
	var r orderRow
	sent, heard := s.cfg.Now(), false
	return s.scanOrders(ctx, s.loadSQL, ids, r.into(), func() {
		if r.clock.Valid && !heard { // all rows of a statement have one time
			heard = true
			s.compare(time.UnixMicro(r.clock.Int64), sent, s.cfg.Now())
		}
		// By the row's own text: where MySQL's collation took another id for the same, nobody finds it.
		snapshot, err := s.snapshot(&r)
		found[r.id.String] = loaded{snapshot, err}
	})
}

// scanOrders runs a SELECT of buildLoadSQL and calls row for each of its rows, which it scans into into. Ids that the shop
// cannot have are not asked for.
func (s *Store) scanOrders(ctx context.Context, query string, ids []string, into []any, row func()) error {
	args, err := s.orderArgs(ctx, ids)
	if err != nil || args == nil {
		return err
	}
	_, others := s.schema.filterSQL()
	query += places(len(args)) + ")"
	rows, err := queryIn(s.db.WithContext(ctx), query, append(others, args...))
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

// orderArgs are the ids that the shop can have, each once, in the type of its key.
func (s *Store) orderArgs(ctx context.Context, ids []string) (args []any, err error) {
	numeric, _, err := s.types(ctx)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		arg, ok := idArg(id, numeric)
		if ok && !asked[id] && s.shop.id.holds(id) {
			asked[id] = true
			args = append(args, arg)
		}
	}
	return args, nil
}

// orderRow is a row of the load statement as it comes.
type orderRow struct {
	id, orderNo, userID, productID, courseID, price, amount, sn, thirdOrderNum, status sql.NullString

	createTime, updated                                          any
	foundUser, openID, foundProduct, coverImg, foundCourse, name sql.NullString

	state stateRow

	refunded, refunding, refundFailed, paid sql.NullInt64

	clock sql.NullInt64 // of the database
}

// refundColumns are the columns of ordersync_order that sum its refunds up. Only a change of a refund writes them.
var refundColumns = []string{"refunded_fen", "refunding_fen", "refund_failed_fen"}

// intoOrder are the shop's columns of the order, which come first.
func (r *orderRow) intoOrder() []any {
	return []any{
		&r.id, &r.orderNo, &r.userID, &r.productID, &r.courseID, &r.price, &r.amount, &r.createTime, &r.sn, &r.thirdOrderNum, &r.status,
		&r.updated,
	}
}

func (r *orderRow) into() []any {
	columns := append(append(r.intoOrder(),
		&r.foundUser, &r.openID, &r.foundProduct, &r.coverImg, &r.foundCourse, &r.name,
	), r.state.intoForPush()...)
	return append(columns, &r.refunded, &r.refunding, &r.refundFailed, &r.paid, &r.clock)
}

// order makes the shop's values of a row usable. The error is a *ColumnError for the first that is not; the rest is filled.
func (s *Store) order(r *orderRow) (Order, error) {
	var first error
	refuse := func(column string, reason error) {
		if reason != nil && first == nil {
			first = &ColumnError{Table: s.schema.Tables.Order, Column: column, Row: r.id.String, Reason: reason.Error()}
		}
	}
	c := s.schema.Columns
	price, err := s.fen(r.price)
	refuse(c.Price, err)
	amount, err := s.fen(r.amount)
	refuse(c.Amount, err)
	created, err := s.createTime(r.createTime)
	refuse(c.CreateTime, err)
	var updated string
	if c.UpdatedAt != "" {
		updated, err = s.updatedMark(r.updated)
		refuse(c.UpdatedAt, err)
	}
	return Order{
		ID: r.id.String, OrderNo: r.orderNo.String, UserID: r.userID.String, ProductID: r.productID.String, CourseID: r.courseID.String,
		Price: price, Amount: amount, CreateTime: created, SN: r.sn.String, ThirdOrderNum: r.thirdOrderNum.String, Status: r.status.String,
		Updated: updated,
	}, first
}

// snapshot is a whole row. The error is that of its order.
func (s *Store) snapshot(r *orderRow) (OrderSnapshot, error) {
	order, err := s.order(r)
	paid := order.Amount
	if r.paid.Valid {
		paid = Fen(r.paid.Int64)
	}
	return OrderSnapshot{
		Order:   order,
		User:    User{Found: r.foundUser.Valid, OpenID: r.openID.String},
		Product: Product{Found: r.foundProduct.Valid, CoverImg: r.coverImg.String},
		Course:  Course{Found: r.foundCourse.Valid, Name: r.name.String},
		State:   r.state.state(),
		Refunds: RefundSummary{
			Paid: paid, Succeeded: Fen(r.refunded.Int64), InFlight: Fen(r.refunding.Int64), LastFailed: Fen(r.refundFailed.Int64),
		},
	}, err
}

func (s *Store) fen(v sql.NullString) (Fen, error) {
	switch {
	case !v.Valid:
		return 0, errMoneyIsNull
	case s.schema.Money == InFen:
		return parseFen(v.String)
	}
	return ParseYuan(v.String)
}

func (s *Store) createTime(v any) (time.Time, error) {
	if v == nil {
		return time.Time{}, errors.New("is NULL")
	}
	if s.schema.Time == Datetime {
		t, err := s.shopClock(v)
		if err != nil {
			return time.Time{}, errors.New("is not a DATETIME, as shop.time says")
		}
		return t, nil
	}
	var seconds sql.NullInt64
	if err := seconds.Scan(v); err != nil {
		return time.Time{}, errors.New("is not a number of seconds, as shop.time says")
	}
	return time.Unix(seconds.Int64, 0), nil
}
