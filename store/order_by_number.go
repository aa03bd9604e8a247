package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// ShopOrderByNo finds the shop's order by what Douyin calls it. ErrOrderNotFound when there is none,
// or it is not Douyin's; *ColumnError where two orders have the number.
func (s *Store) ShopOrderByNo(ctx context.Context, orderNo string) (OrderSnapshot, error) {
	r, err := s.reading(ctx)
	if err != nil {
		return OrderSnapshot{}, err
	}
	if r.KeyIsNumber() {
		return s.LoadOrder(ctx, orderNo)
	}
	ids, err := s.numbered(ctx, r, orderNo)
	switch {
	case err != nil:
		return OrderSnapshot{}, err
	case len(ids) == 0:
		return OrderSnapshot{}, ErrOrderNotFound
	case len(ids) > 1:
		return OrderSnapshot{}, s.sameNumber(ids[0], ids[1])
	}
	return s.LoadOrder(ctx, ids[0])
}

// numbered are the keys of the orders whose number is orderNo, byte for byte.
func (s *Store) numbered(ctx context.Context, r *shopReading, orderNo string) (ids []string, err error) {
	q, ok := r.ByNumber(orderNo, sameNumberLimit)
	if !ok {
		return nil, nil
	}
	rows, err := s.querier(ctx).QueryContext(ctx, q.SQL, q.Args...)
	switch {
	case foreignText(err, orderNo):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("store: order by number: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, no sql.NullString
		if err := rows.Scan(&id, &no); err != nil {
			return nil, fmt.Errorf("store: order by number: %w", err)
		}
		if no.String == orderNo && !slices.Contains(ids, id.String) {
			ids = append(ids, id.String)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: order by number: %w", err)
	}
	return ids, nil
}

// sameNumberLimit bounds the orders that a collation takes for those with one number.
const sameNumberLimit = 10
