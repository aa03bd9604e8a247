package tasks

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of spans that OpenTelemetry has no name for. An order id and a developer number name
// no person.
const (
	OrderIDKey = attribute.Key("ordersync.order_id")
	CauseKey   = attribute.Key("ordersync.cause")
	NumberKey  = attribute.Key("ordersync.number") // of a refund or a settlement
)

const (
	tracerName = "github.com/ordersync/ordersync/tasks"
	// maxTracestate is what everybody has to pass on (W3C Trace Context, 3.3.1.5). More may come
	// from outside, up to 16 KB, and would lie in Redis with every task.
	maxTracestate = 512
)

// w3c writes and reads traceparent and tracestate (W3C Trace Context). Nothing else of a context
// travels: no baggage.
var w3c propagation.TraceContext

// TraceContext returns ctx with the span that enqueued t as a remote one; ctx itself where nobody
// traced.
func TraceContext(ctx context.Context, t *asynq.Task) context.Context {
	if len(t.Headers()) == 0 {
		return ctx
	}
	return w3c.Extract(ctx, propagation.MapCarrier(t.Headers()))
}

// headed is a Request of this package: it can carry headers, and tells a span what it is about.
type headed interface {
	task(headers map[string]string) (*asynq.Task, error)
	about() (queue string, what []attribute.KeyValue)
}

var (
	_ headed = PushOrder{}
	_ headed = Refund{}
	_ headed = Settle{}
	_ headed = Audit{}
)

func (p PushOrder) about() (string, []attribute.KeyValue) {
	return p.Queue(), []attribute.KeyValue{OrderIDKey.String(label(p.OrderID)), CauseKey.String(label(string(p.cause())))}
}

func (r Refund) about() (string, []attribute.KeyValue) {
	return QueueRefund, []attribute.KeyValue{NumberKey.String(label(r.OutRefundNo))}
}

func (s Settle) about() (string, []attribute.KeyValue) {
	return QueueSettle, []attribute.KeyValue{NumberKey.String(label(s.OutSettleNo))}
}

func (a Audit) about() (string, []attribute.KeyValue) {
	return QueueRefund, []attribute.KeyValue{NumberKey.String(label(a.OutRefundNo))}
}

// traced tells whether somebody traces what ctx belongs to. It is all that a call costs where
// nobody does.
func traced(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsValid() }

// enqueueTraced is Enqueue under a span of its own, whose context the task carries.
func enqueueTraced(ctx context.Context, q Enqueuer, r Request, opts []asynq.Option) (fresh bool, err error) {
	var queue string
	var what []attribute.KeyValue
	if own, ok := r.(headed); ok {
		queue, what = own.about()
	}
	ctx, span := startSend(ctx, queue, what...)
	defer span.End()
	fresh, err = enqueue(ctx, q, r, carried(ctx), opts)
	span.SetAttributes(attribute.Bool("ordersync.fresh", fresh))
	failed(span, err)
	return fresh, err
}

// enqueueManyTraced is EnqueueMany under one span: a lot of 500 is not 500 spans of sending. Its
// context is the one that every task of the lot carries.
func enqueueManyTraced(ctx context.Context, q Enqueuer, items []Wanted) []Result {
	queue := items[0].Queue()
	if slices.ContainsFunc(items, func(w Wanted) bool { return w.Queue() != queue }) {
		queue = "" // they travel on several
	}
	ctx, span := startSend(ctx, queue, semconv.MessagingBatchMessageCount(len(items)))
	defer span.End()
	results := enqueueMany(ctx, q, items, carried(ctx))
	if i := slices.IndexFunc(results, func(r Result) bool { return r.Err != nil }); i >= 0 {
		failed(span, results[i].Err)
	}
	return results
}

// startSend starts a span of the messaging conventions (semconv 1.43, messaging-spans): kind
// PRODUCER, named "send <queue>". It comes from whoever made the span in ctx, so that a shop's
// Enqueue is traced by the shop's own settings.
func startSend(ctx context.Context, queue string, what ...attribute.KeyValue) (context.Context, trace.Span) {
	name := "send"
	what = append(what, semconv.MessagingSystemKey.String("asynq"), semconv.MessagingOperationName("send"), semconv.MessagingOperationTypeSend)
	if queue != "" {
		name += " " + queue
		what = append(what, semconv.MessagingDestinationName(queue))
	}
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer(tracerName)
	return tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(what...))
}

// carried are the headers that take ctx's span along with a task.
func carried(ctx context.Context) map[string]string {
	headers := propagation.MapCarrier{}
	w3c.Inject(ctx, headers)
	if len(headers["tracestate"]) > maxTracestate {
		delete(headers, "tracestate")
	}
	return headers
}

// failed marks a span. Text that is not UTF-8 would cost the whole batch of spans: protobuf refuses
// it.
func failed(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, strings.ToValidUTF8(err.Error(), "\uFFFD"))
	}
}

// label is a word of a request that was not checked yet: whole where it is fit to be one.
func label(word string) string {
	if len(word) <= MaxIDBytes && utf8.ValidString(word) {
		return word
	}
	return quoted(word)
}
