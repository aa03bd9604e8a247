package traces

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// Tick makes a trace of every run of a job (scheduler.Job.Do). It is for jobs that ring seldom.
func (t *Traces) Tick(name string, next func(context.Context) (bool, error)) func(context.Context) (bool, error) {
	if t == nil {
		return next
	}
	return func(ctx context.Context) (more bool, err error) {
		t.step(ctx, name, func(ctx context.Context, _ trace.Span) error {
			more, err = next(ctx)
			return err
		})
		return more, err
	}
}

// OutboxRow makes a trace of every row of the outbox that is handed over: the shop wrote it without one.
func (t *Traces) OutboxRow(next func(context.Context, store.OutboxRow) error) func(context.Context, store.OutboxRow) error {
	if t == nil {
		return next
	}
	return func(ctx context.Context, r store.OutboxRow) (err error) {
		t.step(ctx, "outbox "+kind(r.Kind), func(ctx context.Context, _ trace.Span) error {
			err = next(ctx, r)
			return err
		}, tasks.OrderIDKey.String(fit(r.OrderID)), attribute.Int64("ordersync.outbox_row", r.ID))
		return err
	}
}

// InboxEntry makes a trace of every entry of the Redis stream that is handed over.
func (t *Traces) InboxEntry(next func(context.Context, inbox.Entry) error) func(context.Context, inbox.Entry) error {
	if t == nil {
		return next
	}
	return func(ctx context.Context, e inbox.Entry) (err error) {
		t.step(ctx, "inbox "+kind(e.Kind()), func(ctx context.Context, _ trace.Span) error {
			err = next(ctx, e)
			return err
		}, attribute.String("ordersync.inbox_entry", fit(e.ID)))
		return err
	}
}

// kind keeps a foreign word from becoming a span's name.
func kind(word string) string {
	switch word {
	case tasks.KindPush, tasks.KindRefund, tasks.KindSettle, tasks.KindAudit:
		return word
	}
	return "unknown"
}
