package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// FailureWindow bounds what FailureGroups and Failures look at: that many orders, those that failed last.
const FailureWindow = 20_000

// failureWindow reads the newest failures through the index on failed_at; its one argument is the limit. No condition of an
// outer statement may move into it, or a rare group would read the whole index.
const failureWindow = "(SELECT `order_id`, `kind`, `code`, `failed_at`, `due_at` FROM `ordersync_order` WHERE `failed_at` IS NOT NULL ORDER BY `failed_at` DESC LIMIT ?) f"

// FailureGroup is the orders that were refused or given up for one reason.
type FailureGroup struct {
	Kind   string
	Code   int
	Count  int
	Asked  int // of these, due for another push already
	Oldest time.Time
	Newest time.Time
	Sample OrderState // one of them, for its words
}

// FailureGroups are the reasons for which orders stand refused or given up, the most frequent first. complete is false when
// there are more than FailureWindow such orders: the older ones are not counted.
func (s *Store) FailureGroups(ctx context.Context) (groups []FailureGroup, complete bool, err error) {
	groups, err = collect(s.db.WithContext(ctx), func(rows *sql.Rows) (g FailureGroup, err error) {
		var oldest, newest timestamp
		err = rows.Scan(&g.Kind, &g.Code, &g.Count, &g.Asked, &oldest, &newest, &g.Sample.OrderID)
		g.Oldest, g.Newest = oldest.Time, newest.Time
		return g, err
	}, "SELECT f.`kind`, f.`code`, COUNT(*), SUM(CASE WHEN f.`due_at` <= ? THEN 1 ELSE 0 END), MIN(f.`failed_at`), MAX(f.`failed_at`), MAX(f.`order_id`) FROM "+
		failureWindow+" GROUP BY f.`kind`, f.`code` ORDER BY COUNT(*) DESC, f.`kind`, f.`code`", s.sql.time(s.Clock()), FailureWindow)
	if err != nil {
		return nil, false, fmt.Errorf("store: failure groups: %w", err)
	}
	if len(groups) == 0 {
		return nil, true, nil
	}
	var samples []string
	total := 0
	for i := range groups {
		samples, total = append(samples, groups[i].Sample.OrderID), total+groups[i].Count
	}
	states, err := s.states(ctx, samples)
	if err != nil {
		return nil, false, err
	}
	for i := range groups {
		groups[i].Sample = states[samples[i]]
	}
	return groups, total < FailureWindow, nil
}

// FailureKey is where a page of Failures ended.
type FailureKey struct {
	FailedAt time.Time
	OrderID  string
}

// FailureQuery asks for one page of a group.
type FailureQuery struct {
	Kind  string
	Code  int
	After FailureKey // of the last order of the page before; zero: from the newest
	Idle  bool       // only those that are not due for another push already
	Limit int
}

// Failure is an order that was refused or given up.
type Failure struct {
	OrderState
	FailedAt time.Time
}

// Key is what the next page begins after.
func (f *Failure) Key() FailureKey { return FailureKey{f.FailedAt, f.OrderID} }

// Failures reads one page of a group, newest first. Fewer than Limit: there are no more. It sees FailureWindow orders, as
// FailureGroups does.
func (s *Store) Failures(ctx context.Context, q FailureQuery) ([]Failure, error) {
	where, args := "f.`kind` = ? AND f.`code` = ?", []any{FailureWindow, q.Kind, q.Code}
	if q.After != (FailureKey{}) {
		at := s.sql.time(q.After.FailedAt)
		where, args = where+" AND (f.`failed_at` < ? OR f.`failed_at` = ? AND f.`order_id` < ?)", append(args, at, at, q.After.OrderID)
	}
	if q.Idle {
		where, args = where+" AND (f.`due_at` IS NULL OR f.`due_at` > ?)", append(args, s.sql.time(s.Clock()))
	}
	page, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (f Failure, err error) {
		var at timestamp
		err = rows.Scan(&f.OrderID, &at)
		f.FailedAt = at.Time
		return f, err
	}, "SELECT f.`order_id`, f.`failed_at` FROM "+failureWindow+" WHERE "+where+" ORDER BY f.`failed_at` DESC, f.`order_id` DESC LIMIT ?", append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: failures: %w", err)
	}
	if len(page) == 0 {
		return nil, nil
	}
	ids := make([]string, len(page))
	for i := range page {
		ids[i] = page[i].OrderID
	}
	states, err := s.states(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range page {
		page[i].OrderState = states[page[i].OrderID] // rows of this table are never deleted
	}
	return page, nil
}

// Match is an order that FindOrders found, and what its number is.
type Match struct {
	OrderID string
	What    MatchKind
	Number  string // as it was searched for
}

// MatchKind is what a number turned out to be.
type MatchKind string

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

// FindOrders finds the orders that a number belongs to, whatever kind of number it is: at most a few. It reads by keys and
// indexes only; the one on the shop's order_no is the shop's.
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
