package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/store/gather"
)

// sameNumber is what an order is refused for whose number another order has, too.
func (s *Store) sameNumber(orderID, other string) error {
	return s.schema.Place("order_no", Order{ID: orderID}).Refused(cell.TwoOrders, orderID+" and "+other)
}

// sameInBatch refuses the orders of a batch that have one number.
func (s *Store) sameInBatch(batch map[string]*loaded) {
	byNumber := map[string]string{}
	for id, l := range batch {
		no := l.snapshot.Order.OrderNo
		if no == "" {
			continue
		}
		other, there := byNumber[no]
		if !there {
			byNumber[no] = id
			continue
		}
		for a, b := range map[string]string{id: other, other: id} {
			if l := batch[a]; l.err == nil {
				l.err = s.sameNumber(a, b)
			}
		}
	}
}

// refuseSameNumber looks once more, behind the attempts that were announced, for other orders with their
// numbers: of two that were read before either was known, at least the later one meets the other here. The
// attempt of an order that is refused stays open: its seq comes with the error.
func (s *Store) refuseSameNumber(ctx context.Context, calls []*gather.Call[*Begin, int64]) {
	if !s.numbersMayRepeat() {
		return
	}
	byNumber := map[string][]*gather.Call[*Begin, int64]{}
	var numbers, ours []any
	for _, c := range calls {
		if no := c.Key.OrderNo; c.Err == nil && no != "" {
			byNumber[no] = append(byNumber[no], c)
			numbers, ours = append(numbers, no), append(ours, c.Key.OrderID)
		}
	}
	if len(numbers) == 0 {
		return
	}
	// Order and number of the others: an order is none, and what came together is compared here.
	known, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (k [2]string, err error) { return k, rows.Scan(&k[0], &k[1]) },
		"SELECT `order_id`, `order_no` FROM `ordersync_order` WHERE `order_no` IN ("+places(len(numbers))+") AND `order_id` NOT IN ("+places(len(ours))+")",
		append(numbers, ours...)...)
	if err != nil {
		for _, same := range byNumber {
			for _, c := range same {
				c.Err = fmt.Errorf("store: orders of one number: %w", err)
			}
		}
		return
	}
	for no, same := range byNumber {
		for _, c := range same {
			if len(same) > 1 {
				known = append(known, [2]string{c.Key.OrderID, no})
			}
		}
	}
	for _, k := range known {
		for _, c := range byNumber[k[1]] {
			if other := k[0]; other != c.Key.OrderID && c.Err == nil && s.hasNumber(ctx, other, k[1]) {
				c.Err = s.sameNumber(c.Key.OrderID, other)
			}
		}
	}
}

// numbersMayRepeat tells whether two of the shop's orders may have one number. Of a shop that nothing
// was read of yet nothing is known.
func (s *Store) numbersMayRepeat() bool {
	s.shop.mu.Lock()
	defer s.shop.mu.Unlock()
	return s.shop.Reading != nil && !s.shop.KeyIsNumber()
}

// hasNumber tells whether the shop's order has the number now: our row of it may be older than a number that was mended.
func (s *Store) hasNumber(ctx context.Context, orderID, no string) bool {
	now, there := s.readOwn(ctx, []string{orderID})[orderID]
	return there && now.OrderNo == no
}
