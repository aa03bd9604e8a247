package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Match is an order that FindOrders found, and what its number is.
type Match struct {
	OrderID string // the shop's key
	What    MatchKind
	Number  string // as it was searched for
}

// MatchKind is what a number turned out to be.
type MatchKind string

// The kinds of number.
const (
	MatchOrder            MatchKind = "order"             // the shop's key
	MatchOrderNo          MatchKind = "order_no"          // what Douyin gets as order_id
	MatchRefund           MatchKind = "refund"            // out_refund_no
	MatchSettlement       MatchKind = "settlement"        // out_settle_no
	MatchDouyinOrder      MatchKind = "douyin_order"      // Douyin's number of a payment
	MatchDouyinRefund     MatchKind = "douyin_refund"     // refund_no
	MatchDouyinSettlement MatchKind = "douyin_settlement" // settle_no
)

// matchLimit bounds what one index finds for one number.
const matchLimit = 5

// FindOrders finds the orders that a number belongs to, whatever kind of number it is: at most a few.
// What could be no number, empty or of more than 64 bytes, finds none. It reads by keys and indexes
// only; the one on the shop's order_no is the shop's.
func (s *Store) FindOrders(ctx context.Context, number string) ([]Match, error) {
	var found []Match
	add := func(orderID string, what MatchKind) {
		same := func(m Match) bool { return m.OrderID == orderID && (m.What == what || what == MatchOrderNo) }
		if orderID != "" && !slices.ContainsFunc(found, same) {
			found = append(found, Match{orderID, what, number})
		}
	}
	if cut.To(number, maxID) != number || strings.TrimSpace(number) == "" {
		return nil, nil
	}
	if err := s.findByOrder(ctx, number, add); err != nil {
		return nil, err
	}
	for _, by := range []struct {
		table, column string
		what          MatchKind
	}{
		{"ordersync_refund", "out_refund_no", MatchRefund}, {"ordersync_settlement", "out_settle_no", MatchSettlement},
		{"ordersync_payment", "out_order_no", MatchOrderNo}, {"ordersync_payment", "douyin_order_id", MatchDouyinOrder},
		{"ordersync_refund", "refund_no", MatchDouyinRefund}, {"ordersync_settlement", "settle_no", MatchDouyinSettlement},
	} {
		ids, err := collect(s.db.WithContext(ctx), scanID, "SELECT `order_id` FROM "+quote(by.table)+" WHERE "+quote(by.column)+" = ? LIMIT ?", number, matchLimit)
		if err != nil {
			return nil, fmt.Errorf("store: find orders: %w", err)
		}
		for _, id := range ids {
			add(id, by.what)
		}
	}
	return found, nil
}

// findByOrder looks for the number as the shop's key and as what Douyin calls the order.
func (s *Store) findByOrder(ctx context.Context, number string, add func(string, MatchKind)) error {
	_, known, err := s.Order(ctx, number)
	if err != nil {
		return err
	}
	if known {
		add(number, MatchOrder)
	}
	for _, as := range []struct {
		what MatchKind
		load func(context.Context, string) (OrderSnapshot, error)
	}{{MatchOrder, s.LoadOrder}, {MatchOrderNo, s.ShopOrderByNo}} {
		order, err := as.load(ctx, number)
		var column *ColumnError
		switch {
		case err == nil || errors.As(err, &column):
			add(order.Order.ID, as.what)
		case !errors.Is(err, ErrOrderNotFound):
			return err
		}
	}
	return nil
}
