package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Cashier writes instructions about money down and lets the workers know: over HTTP, from the
// shell, from the outbox.
type Cashier struct {
	Store *store.Store
	Queue tasks.Enqueuer
	// SettleAfter is how long after its payment an order is settled.
	SettleAfter time.Duration
}

var _ gateway.Instructions = Cashier{}

// Refund writes the refund down. When it returns nil the refund will be carried out, whatever
// becomes of Redis: the row is due, and the scheduler looks.
func (c Cashier) Refund(ctx context.Context, r tasks.RefundRequest) (gateway.RefundStatus, bool, error) {
	if err := r.Validate(); err != nil {
		return gateway.RefundStatus{}, false, err
	}
	if err := c.fits(ctx, store.Refund, r.OutRefundNo, r.OrderID, func(l limits) error { return l.refund(r) }); err != nil {
		return gateway.RefundStatus{}, false, instructionError(err)
	}
	i, fresh, err := c.Store.CreateRefund(ctx, store.NewRefund{
		Number: r.OutRefundNo, OrderID: r.OrderID, Amount: store.Fen(r.AmountFen), Reason: r.Reason, DueAt: time.Now(),
		Options: store.RefundOptions{CPExtra: r.CPExtra, NotifyURL: r.NotifyURL, DisableMsg: r.DisableMsg, MsgPage: r.MsgPage, ReasonCode: r.ReasonCode},
	})
	if err != nil {
		return gateway.RefundStatus{}, false, instructionError(err)
	}
	if fresh {
		c.hurry(ctx, tasks.Refund{OutRefundNo: r.OutRefundNo, Revision: "created"})
		c.push(ctx, r.OrderID)
	}
	return refundStatus(i), fresh, nil
}

// Settle writes the settlement down. It is carried out once settle.after has passed since the
// payment.
func (c Cashier) Settle(ctx context.Context, r tasks.SettleRequest) (gateway.SettlementStatus, bool, error) {
	if err := r.Validate(); err != nil {
		return gateway.SettlementStatus{}, false, err
	}
	if err := c.fits(ctx, store.Settlement, r.OutSettleNo, r.OrderID, func(l limits) error { return l.settle(r) }); err != nil {
		return gateway.SettlementStatus{}, false, instructionError(err)
	}
	receivers := make([]store.Receiver, len(r.Params))
	for i, p := range r.Params {
		receivers[i] = store.Receiver{MerchantUID: p.MerchantUID, Amount: store.Fen(p.AmountFen)}
	}
	// A number that stands already is answered also when the shop's order is gone.
	_, standing, err := c.Store.Instruction(ctx, store.Settlement, r.OutSettleNo)
	var notBefore time.Time
	if err == nil && !standing {
		notBefore, err = c.notBefore(ctx, r.OrderID)
	}
	if err != nil {
		return gateway.SettlementStatus{}, false, instructionError(err)
	}
	i, fresh, err := c.Store.CreateSettlement(ctx, store.NewSettlement{
		Number: r.OutSettleNo, OrderID: r.OrderID, Desc: r.Desc, Params: receivers, Finish: r.Finish,
		Options: store.SettleOptions{CPExtra: r.CPExtra, NotifyURL: r.NotifyURL}, NotBefore: notBefore, DueAt: time.Now(),
	})
	if err != nil {
		return gateway.SettlementStatus{}, false, instructionError(err)
	}
	if fresh && !notBefore.After(time.Now()) {
		c.hurry(ctx, tasks.Settle{OutSettleNo: r.OutSettleNo, Revision: "created"})
	}
	return settlementStatus(i), fresh, nil
}

// notBefore counts from the payment that Douyin confirmed; where none is recorded, from the order's
// creation.
func (c Cashier) notBefore(ctx context.Context, orderID string) (time.Time, error) {
	order, err := c.Store.LoadOrder(ctx, orderID)
	var column *store.ColumnError
	if err != nil && !errors.As(err, &column) {
		return time.Time{}, err
	}
	paidAt := order.Order.CreateTime
	payment, found, err := c.Store.Payment(ctx, order.Order.OrderNo)
	if err != nil {
		return time.Time{}, err
	}
	if found {
		paidAt = payment.PaidAt
	}
	return paidAt.Add(c.SettleAfter), nil
}

// hurry enqueues what the scheduler would enqueue within a minute. Failing changes nothing but the
// time.
func (c Cashier) hurry(ctx context.Context, r tasks.Request) {
	_, _ = tasks.Hurry(ctx, c.Queue, r) // the row is due: the scheduler does it otherwise
}

// push lets Douyin see what changed about an order. The order is due for the sweep in any case.
func (c Cashier) push(ctx context.Context, orderID string) {
	_, _ = tasks.Enqueue(ctx, c.Queue, tasks.PushOrder{OrderID: orderID, Cause: tasks.CauseRefund})
}

// instructionError says in the gateway's words what the store refused.
func instructionError(err error) error {
	var (
		conflict *store.ConflictError
		exceeds  *store.ExceedsPaidError
		busy     *store.BusyError
		column   *store.ColumnError
	)
	switch {
	case errors.As(err, &conflict):
		return fmt.Errorf("%w (%w)", gateway.ErrConflict, err)
	case errors.As(err, &exceeds):
		return &gateway.ExceedsError{PaidFen: int64(exceeds.Paid), AlreadyFen: int64(exceeds.Already), AskedFen: int64(exceeds.Asked)}
	case errors.As(err, &busy):
		return fmt.Errorf("%w (%w)", gateway.ErrBusy, err)
	case errors.Is(err, store.ErrOrderNotFound):
		return gateway.ErrOrderNotFound
	case errors.As(err, &column):
		return &tasks.PayloadError{Field: "order_id", Reason: "the shop's order cannot be used: " + column.Error()}
	}
	return err
}
