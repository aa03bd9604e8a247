package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

// leastValid is how long a payment can be made at least, whatever was asked for: Douyin has
// lengthened shorter times.
const leastValid = 15 * time.Minute

// Expectations are the payments that are asked after when no callback comes: a *store.Store.
type Expectations interface {
	ExpectPayment(ctx context.Context, a store.PaymentAsk) (fresh bool, err error)
	ForgetPayment(ctx context.Context, seen store.PaymentAsk) error
}

// Payments writes a payment of ecpay down before it asks Douyin for it, so that it is asked after for as
// long as it can be paid. What is asked of it beside goes to Douyin.
type Payments struct {
	gateway.Payments // Douyin's client
	Rows             Expectations
	Now              func() time.Time
}

var _ gateway.Payments = Payments{}

// CreateOrder is that of gateway.Payments. Nothing is asked of Douyin where the payment cannot be
// written down.
func (p Payments) CreateOrder(ctx context.Context, o douyin.PaymentOrder) (douyin.CreatedOrder, douyin.Receipt, error) {
	if tasks.CheckNumber("out_order_no", o.OutOrderNo) != nil {
		return p.Payments.CreateOrder(ctx, o) // which refuses it by name
	}
	now := p.Now()
	due := now.Add(worker.FirstPaymentAsk)
	valid := min(max(time.Duration(o.ValidTime)*time.Second, leastValid), douyin.MaxValidSeconds*time.Second)
	ask := store.PaymentAsk{OutOrderNo: o.OutOrderNo, Total: store.Fen(o.TotalAmount), ValidUntil: now.Add(valid), DueAt: &due, CreatedAt: now}
	fresh, err := p.Rows.ExpectPayment(ctx, ask)
	var conflict *store.ConflictError
	switch {
	case errors.As(err, &conflict): // it is a payment of trade
		return douyin.CreatedOrder{}, douyin.Receipt{}, fmt.Errorf("%w (%w)", gateway.ErrConflict, err)
	case err != nil:
		return douyin.CreatedOrder{}, douyin.Receipt{}, err
	}
	created, r, err := p.Payments.CreateOrder(ctx, o)
	if err != nil && fresh && neverMade(err) {
		err = errors.Join(err, p.Rows.ForgetPayment(ctx, ask))
	}
	return created, r, err
}

// neverMade tells whether Douyin has certainly made no payment.
func neverMade(err error) bool {
	var field *douyin.FieldError
	var d *douyin.Error
	return errors.As(err, &field) || errors.As(err, &d) && !d.MayHave
}
