package traces

import (
	"context"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// Orders makes spans of what a push reads and writes.
func (t *Traces) Orders(next worker.Orders) worker.Orders {
	if t == nil {
		return next
	}
	return orders{t, next}
}

type orders struct {
	*Traces
	next worker.Orders
}

func (o orders) LoadOrder(ctx context.Context, orderID string) (store.OrderSnapshot, error) {
	return stepped(ctx, o.Traces, "load order", func(ctx context.Context, _ oteltrace.Span) (store.OrderSnapshot, error) {
		return o.next.LoadOrder(ctx, orderID)
	})
}

func (o orders) BeginPush(ctx context.Context, b store.Begin) (seq int64, err error) {
	return stepped(ctx, o.Traces, "announce push", func(ctx context.Context, _ oteltrace.Span) (int64, error) {
		return o.next.BeginPush(ctx, b)
	})
}

func (o orders) RecordPush(ctx context.Context, p store.Push) (changed bool, err error) {
	return stepped(ctx, o.Traces, "record push", func(ctx context.Context, span oteltrace.Span) (bool, error) {
		changed, err := o.next.RecordPush(ctx, p)
		what := outcome(string(p.Outcome), p.Kind)
		span.SetAttributes(append(what, changedKey.Bool(changed))...)
		ended(ctx, what...)
		return changed, err
	})
}

// Pusher makes a span of every call of PushOrder: the wait for a token and one or two exchanges.
func (t *Traces) Pusher(next worker.Pusher) worker.Pusher {
	if t == nil {
		return next
	}
	return pusher{t, next}
}

type pusher struct {
	*Traces
	next worker.Pusher
}

func (p pusher) PushOrder(ctx context.Context, o douyin.OrderPush) (douyin.Receipt, error) {
	return stepped(ctx, p.Traces, douyin.OpOrderPush, func(ctx context.Context, span oteltrace.Span) (douyin.Receipt, error) {
		r, err := p.next.PushOrder(ctx, o)
		called(span, r)
		return r, err
	}, opKey.String(douyin.OpOrderPush))
}

// Fulfiller makes a span of every call of Fulfil, as Pusher does of PushOrder.
func (t *Traces) Fulfiller(next Fulfils) Fulfils {
	if t == nil {
		return next
	}
	return fulfiller{t, next}
}

// Fulfils is Douyin as worker.Keeper tells it.
type Fulfils interface {
	Fulfil(ctx context.Context, f trade.Fulfilment) (douyin.Receipt, error)
}

type fulfiller struct {
	*Traces
	next Fulfils
}

func (f fulfiller) Fulfil(ctx context.Context, what trade.Fulfilment) (douyin.Receipt, error) {
	return stepped(ctx, f.Traces, trade.OpFulfil, func(ctx context.Context, span oteltrace.Span) (douyin.Receipt, error) {
		r, err := f.next.Fulfil(ctx, what)
		called(span, r)
		return r, err
	}, opKey.String(trade.OpFulfil))
}

// called notes the end of a call to Douyin.
func called(span oteltrace.Span, r douyin.Receipt) {
	if r.HTTPStatus != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(r.HTTPStatus))
	}
	noteLogID(span, r.LogID)
}

// Gate makes spans of the waits at a gate.
func (t *Traces) Gate(next douyin.Gate) douyin.Gate {
	if t == nil || next == nil {
		return next
	}
	return gate{t, next}
}

type gate struct {
	*Traces
	next douyin.Gate
}

func (g gate) Enter(ctx context.Context, op string) (done func(error), err error) {
	return stepped(ctx, g.Traces, "gate", func(ctx context.Context, _ oteltrace.Span) (func(error), error) {
		return g.next.Enter(ctx, op)
	}, opKey.String(op))
}
