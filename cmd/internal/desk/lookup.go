package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// historyRows is how much of an order's log a lookup shows.
const historyRows = 50

// putAsideRows is how many rows of the outbox a lookup shows at most.
const putAsideRows = 20

// Lookup tells what is known of one order: GET /v1/orders/{id} and `ordersync status`.
type Lookup struct{ Store *store.Store }

var (
	_ gateway.Orders = Lookup{}
	_ gateway.Ledger = Lookup{}
)

// OrderStatus reads our row and our log of an order. An order that was never asked for is looked up in the shop: found then
// means that the shop has it, and its outcome is "unknown".
func (l Lookup) OrderStatus(ctx context.Context, orderID string) (gateway.OrderStatus, bool, error) {
	state, found, err := l.Store.Order(ctx, orderID)
	if err != nil {
		return gateway.OrderStatus{}, false, err
	}
	if !found {
		return l.neverAsked(ctx, orderID)
	}
	rows, err := l.Store.Log(ctx, orderID, historyRows)
	if err != nil {
		return gateway.OrderStatus{}, false, err
	}
	out := orderStatus(state, rows)
	err = errors.Join(l.addMoney(ctx, &out), l.addPutAside(ctx, &out))
	return out, true, err
}

// addPutAside adds what the shop asked for the order's money and nobody can carry out.
func (l Lookup) addPutAside(ctx context.Context, out *gateway.OrderStatus) error {
	bad, err := l.Store.BadOutboxRowsOf(ctx, out.OrderID, putAsideRows)
	for _, r := range bad {
		out.PutAside = append(out.PutAside, gateway.PutAside{Kind: r.Kind, Reason: r.Reason, WrittenAt: r.CreatedAt})
	}
	return err
}

// addMoney adds the order's refunds and settlements, newest first.
func (l Lookup) addMoney(ctx context.Context, out *gateway.OrderStatus) error {
	refunds, err := l.Store.Instructions(ctx, store.Refund, out.OrderID)
	if err != nil {
		return err
	}
	for _, i := range slices.Backward(refunds) {
		out.Refunds = append(out.Refunds, refundStatus(i))
	}
	settlements, err := l.Store.Instructions(ctx, store.Settlement, out.OrderID)
	if err != nil {
		return err
	}
	for _, i := range slices.Backward(settlements) {
		out.Settlements = append(out.Settlements, settlementStatus(i))
	}
	return nil
}

// RefundStatus reads one refund.
func (l Lookup) RefundStatus(ctx context.Context, outRefundNo string) (gateway.RefundStatus, bool, error) {
	i, found, err := l.Store.Instruction(ctx, store.Refund, outRefundNo)
	if err != nil || !found {
		return gateway.RefundStatus{}, false, err
	}
	return refundStatus(i), true, nil
}

// SettlementStatus reads one settlement.
func (l Lookup) SettlementStatus(ctx context.Context, outSettleNo string) (gateway.SettlementStatus, bool, error) {
	i, found, err := l.Store.Instruction(ctx, store.Settlement, outSettleNo)
	if err != nil || !found {
		return gateway.SettlementStatus{}, false, err
	}
	return settlementStatus(i), true, nil
}

func refundStatus(i store.Instruction) gateway.RefundStatus {
	return gateway.RefundStatus{
		OutRefundNo: i.Number, OrderID: i.OrderID, AmountFen: int64(i.Amount), Reason: i.Text, RefundNo: i.PlatformNo, Progress: progress(i),
	}
}

func settlementStatus(i store.Instruction) gateway.SettlementStatus {
	out := gateway.SettlementStatus{
		OutSettleNo: i.Number, OrderID: i.OrderID, Desc: i.Text, Finish: i.Finish, AmountFen: int64(i.Amount), SettleNo: i.PlatformNo,
		NotBefore: i.NotBefore, Progress: progress(i),
	}
	receivers, err := i.Receivers()
	if err != nil {
		return out // the worker says so where it ends the settlement
	}
	for _, r := range receivers {
		out.Params = append(out.Params, tasks.Receiver{MerchantUID: r.MerchantUID, AmountFen: int64(r.Amount)})
	}
	return out
}

func progress(i store.Instruction) gateway.Progress {
	p := gateway.Progress{
		State: string(i.State), Kind: i.Kind, Code: i.Code, Message: i.Message, LogID: i.LogID, Alarm: i.NeedsPerson(), Attempts: i.Attempts,
		CreatedAt: i.CreatedAt, FinishedAt: i.FinishedAt,
	}
	if !i.State.Final() {
		p.DueAt = i.DueAt
	}
	return p
}

func (l Lookup) neverAsked(ctx context.Context, orderID string) (gateway.OrderStatus, bool, error) {
	out := gateway.OrderStatus{OrderID: orderID, Outcome: "unknown"}
	snapshot, err := l.Store.LoadOrder(ctx, orderID)
	var unusable *store.ColumnError
	switch {
	case errors.Is(err, store.ErrOrderNotFound):
		return gateway.OrderStatus{}, false, nil
	case errors.As(err, &unusable): // it is there, and this is what a push would say of it
		out.Message = unusable.Error()
	case err != nil:
		return gateway.OrderStatus{}, false, err
	}
	out.OrderNo, out.ShopStatus = snapshot.Order.OrderNo, snapshot.Order.Status
	return out, true, l.addPutAside(ctx, &out)
}

func orderStatus(o store.OrderState, rows []store.LogRow) gateway.OrderStatus {
	out := gateway.OrderStatus{
		OrderID: o.OrderID, OrderNo: o.OrderNo, ShopStatus: o.ShopStatus, Outcome: string(o.Outcome), Kind: o.Kind, Code: o.Code,
		Message: o.Message, LogID: o.LogID, Attempts: o.Attempts, PushedAt: o.PushedAt, DueAt: o.DueAt,
		History: make([]gateway.Event, 0, len(rows)),
	}
	if o.Open == 0 && o.Digest != "" { // otherwise nobody knows what Douyin holds: see store.OrderState
		s := douyin.OrderStatus(o.Status)
		out.Douyin = &gateway.Held{Status: s, Text: s.Text(), UpdateTime: o.UpdateTime}
	}
	for i := range rows {
		out.History = append(out.History, event(&rows[i]))
	}
	return out
}

func event(r *store.LogRow) gateway.Event {
	return gateway.Event{
		At: r.At, Call: r.Call, Number: r.Number, Attempt: r.Attempt, Cause: r.Cause, Outcome: string(r.Outcome), Kind: r.Kind, Code: r.Code,
		Message: r.Message, LogID: r.LogID, DurationMS: int64(r.Duration / time.Millisecond),
	}
}
