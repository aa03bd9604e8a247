package desk

import (
	"context"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Unowned are the payments, refunds and settlements that have a number and belong to no order of the
// shop's.
type Unowned struct {
	Payments    []gateway.OrderPayment     `json:"payments"`
	Refunds     []gateway.RefundStatus     `json:"refunds"`
	Settlements []gateway.SettlementStatus `json:"settlements"`
}

// Unowned looks for them by our number or Douyin's. found is false where there are none.
func (l Lookup) Unowned(ctx context.Context, number string) (u Unowned, found bool, err error) {
	rows, err := l.Store.FindUnowned(ctx, number)
	if err != nil || rows.None() {
		return Unowned{}, false, err
	}
	u = Unowned{Payments: []gateway.OrderPayment{}, Refunds: []gateway.RefundStatus{}, Settlements: []gateway.SettlementStatus{}}
	for i := range rows.Payments {
		u.Payments = append(u.Payments, *orderPayment(rows.Payments[i]))
	}
	if len(rows.Payments) == 0 { // else the row says more
		for _, ask := range rows.Asks {
			u.Payments = append(u.Payments, *orderPayment(expected(ask)))
		}
	}
	for i := range rows.Refunds {
		u.Refunds = append(u.Refunds, refundStatus(rows.Refunds[i]))
	}
	for i := range rows.Settlements {
		u.Settlements = append(u.Settlements, settlementStatus(rows.Settlements[i]))
	}
	return u, true, nil
}

// payment is what is known of the payment of an out_order_no; the zero value: nothing.
func (l Lookup) payment(ctx context.Context, outOrderNo string) (store.Payment, error) {
	p, found, err := l.Store.AnyPayment(ctx, outOrderNo)
	if err != nil || found {
		return p, err
	}
	ask, found, err := l.Store.PaymentAsk(ctx, outOrderNo)
	if err != nil || !found {
		return store.Payment{}, err
	}
	return expected(ask), nil
}

// expected is a payment that was asked for, while nobody has confirmed it.
func expected(a store.PaymentAsk) store.Payment {
	return store.Payment{
		System: a.System, State: store.PaymentProcess, OutOrderNo: a.OutOrderNo, Total: a.Total, Alarm: a.Alarm, Message: a.Message, CreatedAt: a.CreatedAt,
	}
}

// orderPayment is nil for the zero value.
func orderPayment(p store.Payment) *gateway.OrderPayment {
	if p.OutOrderNo == "" {
		return nil
	}
	out := &gateway.OrderPayment{
		System: string(p.System), OutOrderNo: p.OutOrderNo, DouyinOrderID: p.DouyinOrderID, PayStatus: string(p.State),
		TotalAmount: int64(p.Total), Discount: int64(p.Discount), Currency: p.Currency, Message: p.Message,
	}
	if p.Ack.At == nil {
		out.Alarm = p.Alarm
	}
	if !p.PaidAt.IsZero() {
		out.PaidAt = &p.PaidAt
	}
	return out
}
