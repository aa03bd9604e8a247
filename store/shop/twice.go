package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/ordersync/ordersync/store/cell"
)

// TwoRows tells what there are two of where a statement of Orders has yielded two rows for an order.
// refused is a *ColumnError, and err the database's. Only an order that is refused pays for it.
func (r *Reading) TwoRows(ctx context.Context, db Querier, orderID string) (refused, err error) {
	if !r.ByNames() {
		return r.twoAnswers(ctx, db, orderID)
	}
	var o Order
	row := r.Row()
	err = each(ctx, db, r.Own().In(r.IDs([]string{orderID})), row.IntoOwn(), func() { o, _ = row.Own() })
	if err != nil {
		return nil, err
	}
	t, c := r.schema.Tables, r.schema.Columns
	for _, key := range []Place{
		{t.Order, c.ID, orderID}, {t.User, c.User.ID, o.UserID}, {t.Product, c.Product.ID, o.ProductID}, {t.Course, c.Course.ID, o.CourseID},
	} {
		var n int
		q := Statement{"SELECT COUNT(*) FROM (SELECT 1 FROM " + Quote(key.Table) + " WHERE " + Quote(key.Column) + " = ? LIMIT 2) two", []any{key.Row}}
		if err := each(ctx, db, q, []any{&n}, func() {}); err != nil {
			return nil, err
		}
		if n > 1 {
			return key.Refused(cell.TwoRows, fmt.Sprintf("two rows of %s have %s %s", key.Table, key.Column, key.Row)), nil
		}
	}
	return Place{t.Order, c.ID, orderID}.Refused(cell.TwoRows, "one of them is gone by now"), nil
}

// twoAnswers compares the rows that a SELECT answers for one order.
func (r *Reading) twoAnswers(ctx context.Context, db Querier, orderID string) (refused, err error) {
	columns := r.orderColumns
	now, first := make([]sql.NullString, len(columns)), []sql.NullString(nil)
	into := make([]any, len(columns))
	for i := range now {
		into[i] = &now[i]
	}
	differ := map[string]bool{}
	err = each(ctx, db, r.Orders("", "").In(r.IDs([]string{orderID})), into, func() {
		if first == nil {
			first = append(first, now...)
		}
		for i, c := range columns {
			if now[i] != first[i] {
				differ[c] = true
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range columns {
		if differ[c] {
			names = append(names, c)
		}
	}
	in := "they are the same"
	if names != nil {
		in = "they differ in " + strings.Join(names, ", ")
	}
	return r.schema.Place("rows", Order{ID: orderID}).Refused(cell.TwoRows, in), nil
}

// each runs a statement and calls row for each of its rows.
func each(ctx context.Context, db Querier, q Statement, into []any, row func()) (err error) {
	rows, err := db.QueryContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row()
	}
	return rows.Err()
}
