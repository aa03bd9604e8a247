package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// FirstRefundAsk is how long after a payment of trade became known Douyin is asked for refunds that
// it opened: their callbacks have come by then, or are lost.
const FirstRefundAsk = 24 * time.Hour

// RefundAsk is a payment of trade whose refunds Douyin is to be asked for.
type RefundAsk struct {
	OutOrderNo string // the shop's number of the payment
	DueAt      time.Time
}

// DueRefundAsks lists payments that were paid and are due at now, the longest due first.
func (s *Store) DueRefundAsks(ctx context.Context, now time.Time, limit int) ([]RefundAsk, error) {
	all, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (a RefundAsk, err error) {
		var due timestamp
		err = rows.Scan(&a.OutOrderNo, &due)
		a.DueAt = due.Time
		return a, err
	}, "SELECT `out_order_no`, `refunds_due_at` FROM `ordersync_payment` WHERE `refunds_due_at` <= ? ORDER BY `refunds_due_at`, `out_order_no` LIMIT ?",
		s.sql.time(now), limit)
	return all, wrapRefundAsk("due", err)
}

// PostponeRefundAsk makes a payment due at until instead, where it is still due as it was seen. The
// zero time: nobody asks any more.
func (s *Store) PostponeRefundAsk(ctx context.Context, seen RefundAsk, until time.Time) error {
	var due any
	if !until.IsZero() {
		due = s.sql.time(until)
	}
	_, err := s.exec(ctx, "UPDATE `ordersync_payment` SET `refunds_due_at` = ? WHERE `out_order_no` = ? AND `refunds_due_at` = ?",
		due, seen.OutOrderNo, s.sql.time(seen.DueAt))
	return wrapRefundAsk("postpone", err)
}

// AskRefunds makes an order's payment of trade due at a time. asked is false where the order has none
// that was paid: then there is nothing to ask Douyin for.
func (s *Store) AskRefunds(ctx context.Context, orderID string, at time.Time) (ask RefundAsk, asked bool, err error) {
	order, err := s.LoadOrder(ctx, orderID)
	if err != nil && order.Order.OrderNo == "" {
		return RefundAsk{}, false, wrapRefundAsk("ask", err)
	}
	p, paid, err := s.Payment(ctx, order.Order.OrderNo)
	if err != nil || !paid || p.System != Trade {
		return RefundAsk{}, false, wrapRefundAsk("ask", err)
	}
	ask = RefundAsk{OutOrderNo: p.OutOrderNo, DueAt: at}
	_, err = s.exec(ctx, "UPDATE `ordersync_payment` SET `refunds_due_at` = ? WHERE `out_order_no` = ?", s.sql.time(at), ask.OutOrderNo)
	return ask, err == nil, wrapRefundAsk("ask", err)
}

// expectRefunds makes a payment due for the first time.
func (s *Store) expectRefunds(tx *gorm.DB, outOrderNo string, due time.Time) error {
	return tx.Exec("UPDATE `ordersync_payment` SET `refunds_due_at` = ? WHERE `out_order_no` = ?", s.sql.time(due), outOrderNo).Error
}

func wrapRefundAsk(what string, err error) error {
	if err != nil {
		return fmt.Errorf("store: %s refunds of a payment: %w", what, err)
	}
	return nil
}
