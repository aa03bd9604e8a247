package assembly

import (
	"context"
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// historyRows is how much of an order's log a lookup shows.
const historyRows = 50

// Lookup tells what is known of one order: GET /v1/orders/{id} and `ordersync status`.
type Lookup struct{ store *store.Store }

var _ gateway.Orders = Lookup{}

// Lookup needs the store only.
func (a *Assembly) Lookup() (Lookup, error) {
	s, err := a.Store()
	return Lookup{s}, err
}

// OrderStatus reads our row and our log of an order. An order that was never asked for is looked up in the shop: found then
// means that the shop has it, and its outcome is "unknown".
func (l Lookup) OrderStatus(ctx context.Context, orderID string) (gateway.OrderStatus, bool, error) {
	state, found, err := l.store.Order(ctx, orderID)
	if err != nil {
		return gateway.OrderStatus{}, false, err
	}
	if !found {
		return l.neverAsked(ctx, orderID)
	}
	rows, err := l.store.Log(ctx, orderID, historyRows)
	if err != nil {
		return gateway.OrderStatus{}, false, err
	}
	return orderStatus(state, rows), true, nil
}

func (l Lookup) neverAsked(ctx context.Context, orderID string) (gateway.OrderStatus, bool, error) {
	out := gateway.OrderStatus{OrderID: orderID, Outcome: "unknown"}
	snapshot, err := l.store.LoadOrder(ctx, orderID)
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
	return out, true, nil
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
		At: r.At, Call: r.Call, Attempt: r.Attempt, Cause: r.Cause, Outcome: string(r.Outcome), Kind: r.Kind, Code: r.Code,
		Message: r.Message, LogID: r.LogID, DurationMS: int64(r.Duration / time.Millisecond),
	}
}
