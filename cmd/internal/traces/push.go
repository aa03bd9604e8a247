package traces

import (
	"context"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
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

func (o orders) LoadOrder(ctx context.Context, orderID string) (s store.OrderSnapshot, err error) {
	o.step(ctx, "load order", func(ctx context.Context, _ trace.Span) error {
		s, err = o.next.LoadOrder(ctx, orderID)
		return err
	})
	return s, err
}

func (o orders) BeginPush(ctx context.Context, b store.Begin) (seq int64, err error) {
	o.step(ctx, "announce push", func(ctx context.Context, _ trace.Span) error {
		seq, err = o.next.BeginPush(ctx, b)
		return err
	})
	return seq, err
}

func (o orders) RecordPush(ctx context.Context, p store.Push) (changed bool, err error) {
	o.step(ctx, "record push", func(ctx context.Context, span trace.Span) error {
		changed, err = o.next.RecordPush(ctx, p)
		what := outcome(string(p.Outcome), p.Kind)
		span.SetAttributes(append(what, changedKey.Bool(changed))...)
		ended(ctx, what...)
		return err
	})
	return changed, err
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

func (p pusher) PushOrder(ctx context.Context, o douyin.OrderPush) (r douyin.Receipt, err error) {
	p.step(ctx, douyin.OpOrderPush, func(ctx context.Context, span trace.Span) error {
		r, err = p.next.PushOrder(ctx, o)
		called(span, r)
		return err
	}, opKey.String(douyin.OpOrderPush))
	return r, err
}

// called notes the end of a call to Douyin.
func called(span trace.Span, r douyin.Receipt) {
	if r.HTTPStatus != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(r.HTTPStatus))
	}
	answered(span, r.LogID)
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
	g.step(ctx, "gate", func(ctx context.Context, _ trace.Span) error {
		done, err = g.next.Enter(ctx, op)
		return err
	}, opKey.String(op))
	return done, err
}
