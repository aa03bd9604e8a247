package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

const (
	historyRows  = 50 // of an order's log in an OrderStatus
	putAsideRows = 20 // of the outbox
)

// Lookup tells what is known of one order: Order to whoever shows it in a way of its own,
// OrderStatus to GET /v1/orders/{id} and `ordersync status`.
type Lookup struct{ Store *store.Store }

var (
	_ gateway.Orders      = Lookup{}
	_ gateway.MoneyStatus = Lookup{}
)

// OrderStatus is the reading in the gateway's words. An order that was never asked for is looked up
// in the shop: found then means that the shop has it, and its outcome is OutcomeUnknown. What is no key
// is taken for a number of an order.
func (l Lookup) OrderStatus(ctx context.Context, orderID string) (gateway.OrderStatus, bool, error) {
	depth := Depth{Calls: historyRows, PutAside: putAsideRows, Payment: true}
	o, err := l.Order(ctx, orderID, depth)
	if errors.Is(err, ErrNoOrder) { // it may be a number: order_id of the answer says of which order
		if orderID, _, err = l.Find(ctx, orderID); err == nil {
			o, err = l.Order(ctx, orderID, depth)
		}
	}
	var several *SeveralError
	var column *store.ColumnError
	switch {
	case errors.Is(err, ErrNoOrder), errors.As(err, &several), errors.As(err, &column): // a number of several is the key of none
		return gateway.OrderStatus{}, false, nil
	case err != nil:
		return gateway.OrderStatus{}, false, err
	}
	return orderStatus(&o), true, nil
}

// Find is the key of the one order that a number names, and what the number is: the shop's key, which
// goes first where the shop has that order, or a number that belongs to this order alone. Errors: ErrNoOrder, *SeveralError, the
// database's, or *store.ColumnError where two of the shop's orders have the number.
func (l Lookup) Find(ctx context.Context, number string) (id string, what store.MatchKind, err error) {
	matches, err := l.Store.FindOrders(ctx, number)
	if err != nil {
		return "", "", err
	}
	if len(matches) == 0 { // the shop may have it twice
		_, err = l.Store.ShopOrderByNo(ctx, number)
		if err == nil || errors.Is(err, store.ErrOrderNotFound) {
			err = ErrNoOrder
		}
		return "", "", err
	}
	if len(matches) > 1 { // a push of a number, as if it were a key, leaves a row of ours that the shop has not
		matches = slices.DeleteFunc(matches, func(m store.Match) bool {
			if m.What != store.MatchOrder || err != nil {
				return false
			}
			_, failed := l.Store.LoadOrder(ctx, m.OrderID)
			gone := errors.Is(failed, store.ErrOrderNotFound)
			var column *store.ColumnError
			if !gone && failed != nil && !errors.As(failed, &column) {
				err = failed
			}
			return gone
		})
		if err != nil {
			return "", "", err
		}
	}
	first := matches[0]
	var ids []string
	for _, m := range matches {
		if m.What == store.MatchOrder {
			return m.OrderID, m.What, nil
		}
		if !slices.Contains(ids, m.OrderID) {
			ids = append(ids, m.OrderID)
		}
	}
	if len(ids) > 1 {
		return "", "", &SeveralError{number, ids}
	}
	return first.OrderID, first.What, nil
}

// SeveralError: a number belongs to several orders.
type SeveralError struct {
	Number string
	IDs    []string // their keys
}

func (e *SeveralError) Error() string {
	return fmt.Sprintf("%q is a number of the orders %s: name one by its key", e.Number, strings.Join(e.IDs, ", "))
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
		System:      string(i.System),
		RefundAudit: refundAudit(i),
	}
}

func settlementStatus(i store.Instruction) gateway.SettlementStatus {
	out := gateway.SettlementStatus{
		OutSettleNo: i.Number, OrderID: i.OrderID, Desc: i.Text, Finish: i.Finish, AmountFen: int64(i.Amount), SettleNo: i.PlatformNo,
		NotBefore: i.NotBefore, System: string(i.System), Origin: string(i.Origin), Progress: progress(i),
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

func orderStatus(o *Order) gateway.OrderStatus {
	out := gateway.OrderStatus{
		OrderID: o.ID, OrderNo: o.OrderNo(), Outcome: o.Outcome(), System: string(o.System()), Fulfilled: o.State.Fulfilled,
		Refunds: []gateway.RefundStatus{}, Settlements: []gateway.SettlementStatus{}, History: []gateway.Event{}, // none, and not unknown
	}
	for _, r := range o.PutAside {
		out.PutAside = append(out.PutAside, gateway.PutAside{Kind: r.Kind, Reason: r.Reason, WrittenAt: r.CreatedAt})
	}
	out.Payment = orderPayment(o.Payment)
	if !o.Asked {
		out.ShopStatus, out.Message = o.Shop.Order.Status, o.Unusable
		return out
	}
	s := o.State
	out.ShopStatus, out.Kind, out.Code, out.Message, out.LogID = s.ShopStatus, s.Kind, s.Code, s.Message, s.LogID
	out.Attempts, out.PushedAt, out.DueAt = s.Attempts, s.PushedAt, s.DueAt
	if status, told := o.Told(); told {
		out.Douyin = &gateway.Held{Status: status, Text: status.Text(), UpdateTime: s.UpdateTime}
	} else if s.PushedAt != nil && s.Status != 0 {
		last := douyin.OrderStatus(s.Status)
		out.Confirmed = &gateway.Confirmed{Status: last, Text: last.Text(), At: *s.PushedAt, Open: s.Open > 0}
	}
	for _, i := range slices.Backward(o.Refunds) {
		out.Refunds = append(out.Refunds, refundStatus(i))
	}
	for _, i := range slices.Backward(o.Settlements) {
		out.Settlements = append(out.Settlements, settlementStatus(i))
	}
	for i := range o.Calls {
		out.History = append(out.History, event(&o.Calls[i]))
	}
	return out
}

func event(r *store.LogRow) gateway.Event {
	return gateway.Event{
		At: r.At, Call: r.Call, Number: r.Number, Attempt: r.Attempt, Cause: r.Cause, Outcome: string(r.Outcome), Kind: r.Kind, Code: r.Code,
		Message: r.Message, LogID: r.LogID, DurationMS: int64(r.Duration / time.Millisecond),
	}
}
