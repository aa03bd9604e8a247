package traces

import (
	"context"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// Handler makes a span of every run of a task: kind CONSUMER, named "process <queue>". It continues the trace in which the task was
// asked for; what the sweep or a backfill asked for begins one (see the package comment).
func (t *Traces) Handler(next asynq.Handler) asynq.Handler {
	if t == nil || next == nil {
		return next
	}
	return runs{t, next}
}

type runs struct {
	*Traces
	next asynq.Handler
}

// runKey finds the span of the run from within its steps.
type runKey struct{}

// ProcessTask implements asynq.Handler.
func (r runs) ProcessTask(ctx context.Context, task *asynq.Task) error {
	queue, _ := asynq.GetQueueName(ctx)
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(messaging(ctx, queue)...)}
	parent := tasks.TraceContext(ctx, task)
	if asked := trace.SpanContextFromContext(parent); asked.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: asked}))
	}
	if queue == tasks.QueueSweep || queue == tasks.QueueBackfill {
		options = append(options, trace.WithNewRoot())
	}
	ctx, span := r.tracer.Start(parent, "process "+queue, options...)
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(about(task)...)
	}
	err := r.next.ProcessTask(context.WithValue(ctx, runKey{}, span), task)
	if worker.Postponed(err) { // no failure: the task comes back without having used up an attempt
		span.SetAttributes(postponedKey.Bool(true))
		return err
	}
	failed(span, err)
	return err
}

// messaging are the attributes that the conventions ask for.
func messaging(ctx context.Context, queue string) []attribute.KeyValue {
	id, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	return []attribute.KeyValue{
		semconv.MessagingSystemKey.String("asynq"), semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
		semconv.MessagingDestinationName(queue), semconv.MessagingMessageID(id), attemptKey.Int(retried + 1),
	}
}

// about names what a task is about. A payload that cannot be read names nothing; the handler says so.
func about(task *asynq.Task) []attribute.KeyValue {
	switch task.Type() {
	case tasks.TypePushOrder:
		if p, err := tasks.ParsePushOrder(task); err == nil {
			return []attribute.KeyValue{tasks.OrderIDKey.String(p.OrderID), tasks.CauseKey.String(string(p.Cause))}
		}
	case tasks.TypeRefund:
		if p, err := tasks.ParseRefund(task); err == nil {
			return []attribute.KeyValue{tasks.NumberKey.String(p.OutRefundNo)}
		}
	case tasks.TypeRefunds:
		if p, err := tasks.ParseAskRefunds(task); err == nil {
			return []attribute.KeyValue{tasks.NumberKey.String(p.OutOrderNo)}
		}
	case tasks.TypePayment:
		if p, err := tasks.ParseAskPayment(task); err == nil {
			return []attribute.KeyValue{tasks.NumberKey.String(p.OutOrderNo)}
		}
	case tasks.TypeSettle:
		if p, err := tasks.ParseSettle(task); err == nil {
			return []attribute.KeyValue{tasks.NumberKey.String(p.OutSettleNo)}
		}
	}
	return nil
}

// ended notes at the run what was written down of it.
func ended(ctx context.Context, what ...attribute.KeyValue) {
	if run, ok := ctx.Value(runKey{}).(trace.Span); ok {
		run.SetAttributes(what...)
	}
}

// outcome is what a run came to, in the words of the tables.
func outcome(became, complaint string) []attribute.KeyValue {
	what := []attribute.KeyValue{outcomeKey.String(became)}
	if complaint != "" {
		what = append(what, kindKey.String(complaint))
	}
	return what
}
