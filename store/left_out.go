package store

import (
	"context"
	"database/sql"

	"github.com/ordersync/ordersync/store/shop"
)

// LeftOut tells whether the shop's own table has an order that the WHERE of shop.sql.order, or
// Schema.Filter, leaves out: it is there, and not Douyin's business. The table is that behind the
// column that is the order's key; where the key is no bare column nothing is known, and there is false.
// So it is where somebody asks for an order that nobody has.
func (s *Store) LeftOut(ctx context.Context, orderID string) (table string, there bool, err error) {
	r, err := s.reading(ctx)
	if err != nil {
		return "", false, err
	}
	ids := r.IDs([]string{orderID})
	if len(ids) == 0 {
		return "", false, nil
	}
	table, column := s.schema.Tables.Order, s.schema.Columns.ID
	if !r.ByNames() {
		if table, column, err = s.keyOf(ctx, r); err != nil || column == "" {
			return "", false, err
		}
	}
	rows, err := s.querier(ctx).QueryContext(ctx, "SELECT "+quote(column)+" FROM "+quote(table)+" WHERE "+quote(column)+" = ? LIMIT 1", ids...)
	switch {
	case foreignText(err, orderID):
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var key sql.NullString
	if rows.Next() {
		if err := rows.Scan(&key); err != nil {
			return "", false, err
		}
		_, text := ids[0].(string)
		there = !text || key.String == orderID // to most collations A-1 and a-1 are one
	}
	return table, there, rows.Err()
}

// keyOf is the table and the column behind the id of shop.sql.order. Empty: it is no bare column.
func (s *Store) keyOf(ctx context.Context, r *shopReading) (table, column string, err error) {
	if s.sql.sqlite {
		return "", "", nil
	}
	q := r.Orders("", "").In(r.SampleIDs())
	p, err := s.explainStatement(ctx, shop.Statement{SQL: q.SQL, Args: q.Args})
	if err != nil {
		return "", "", err
	}
	alias, column := p.origin("id")
	if column == "" {
		return "", "", nil
	}
	var here string
	err = s.db.WithContext(ctx).Raw("SELECT DATABASE()").Row().Scan(&here)
	return p.tables()[alias].called(here), column, err
}
