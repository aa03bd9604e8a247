package tasks

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// tracing is a shop that traces itself.
type tracing struct {
	spans    *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

func newTracing() tracing {
	spans := tracetest.NewSpanRecorder()
	return tracing{spans, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))}
}

func (tr tracing) start() (context.Context, trace.Span) {
	return tr.provider.Tracer("shop").Start(context.Background(), "checkout")
}

func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	out := map[string]any{}
	for _, a := range s.Attributes() {
		out[string(a.Key)] = a.Value.AsInterface()
	}
	return out
}

func TestATaskContinuesTheTraceInWhichItWasAskedFor(t *testing.T) {
	t.Parallel()
	redis, tr := startRedis(t), newTracing()
	ctx, checkout := tr.start()
	for _, c := range []struct {
		request     Request
		id, queue   string
		key, number string
	}{
		{PushOrder{OrderID: "7", Revision: "r1", Cause: CausePaid, AskedAt: 5}, "push:7:r1", "push", "ordersync.order_id", "7"},
		{PushOrder{OrderID: strings.Repeat("7", MaxIDBytes), Revision: "r1", Cause: CauseSweep, AskedAt: 5}, "push:" + strings.Repeat("7", MaxIDBytes) + ":r1", "sweep", "ordersync.order_id", strings.Repeat("7", MaxIDBytes)},
		{Refund{OutRefundNo: "R7", Revision: "r1"}, "refund:R7:r1", "refund", "ordersync.number", "R7"},
		{Settle{OutSettleNo: "S7", Revision: "r1"}, "settle:S7:r1", "settle", "ordersync.number", "S7"},
	} {
		if fresh, err := Hurry(ctx, redis.client, c.request); err != nil || !fresh {
			t.Fatalf("%s: %v, %v", c.id, fresh, err)
		}
		info, err := redis.inspector.GetTaskInfo(c.queue, c.id)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := c.request.Task()
		if err != nil {
			t.Fatal(err)
		}
		if string(info.Payload) != string(plain.Payload()) || len(plain.Headers()) != 0 {
			t.Errorf("%s: payload %s, want it as without a trace: %s", c.id, info.Payload, plain.Payload())
		}
		ended := tr.spans.Ended()
		span := ended[len(ended)-1]
		got := trace.SpanContextFromContext(TraceContext(context.Background(), asynq.NewTaskWithHeaders(info.Type, info.Payload, info.Headers)))
		if got.TraceID() != checkout.SpanContext().TraceID() || got.SpanID() != span.SpanContext().SpanID() || !got.IsRemote() || !got.IsSampled() {
			t.Errorf("%s carries %v, want the span of its sending %v", c.id, got, span.SpanContext())
		}
		if span.Name() != "send "+c.queue || span.SpanKind() != trace.SpanKindProducer || span.Parent().SpanID() != checkout.SpanContext().SpanID() {
			t.Errorf("span %q of kind %v beneath %v", span.Name(), span.SpanKind(), span.Parent().SpanID())
		}
		a := attributes(span)
		if a["messaging.system"] != "asynq" || a["messaging.destination.name"] != c.queue || a["messaging.operation.type"] != "send" ||
			a[c.key] != c.number || a["ordersync.fresh"] != true {
			t.Errorf("%s: attributes %v", c.id, a)
		}
	}
}

func TestWithoutATraceNothingIsCarriedAndNothingAllocated(t *testing.T) { // not parallel: it counts allocations
	redis := startRedis(t)
	if _, err := Enqueue(context.Background(), redis.client, PushOrder{OrderID: "7", Revision: "r1"}); err != nil {
		t.Fatal(err)
	}
	info, err := redis.inspector.GetTaskInfo(QueuePush, "push:7:r1")
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Headers) != 0 {
		t.Errorf("carries %v", info.Headers)
	}
	ctx, task := context.WithValue(context.Background(), tracing{}, 1), asynq.NewTask("x", nil)
	if TraceContext(ctx, task) != ctx {
		t.Error("a task without headers changed the context")
	}
	if n := testing.AllocsPerRun(100, func() { traced(ctx); TraceContext(ctx, task) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestALotIsOneSpanAndEveryTaskCarriesIt(t *testing.T) {
	t.Parallel()
	redis, tr := startRedis(t), newTracing()
	ctx, _ := tr.start()
	lot := []Wanted{
		{PushOrder: PushOrder{OrderID: "1", Revision: "r"}}, {PushOrder: PushOrder{OrderID: "2", Revision: "r"}},
		{PushOrder: PushOrder{OrderID: "no such id"}}, {PushOrder: PushOrder{OrderID: "3", Revision: "r", Cause: CauseSweep}},
	}
	EnqueueMany(ctx, redis.client, lot)
	ended := tr.spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans, want 1", len(ended))
	}
	span, a := ended[0], attributes(ended[0])
	if span.Name() != "send" || a["messaging.batch.message_count"] != int64(4) || a["messaging.destination.name"] != nil {
		t.Errorf("span %q with %v: the lot travels on two queues", span.Name(), a)
	}
	if span.Status().Code != codes.Error || !strings.Contains(span.Status().Description, "order_id") {
		t.Errorf("status %v, want that of the bad item", span.Status())
	}
	for queue, id := range map[string]string{QueuePush: "push:2:r", QueueSweep: "push:3:r"} {
		info, err := redis.inspector.GetTaskInfo(queue, id)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(info.Headers["traceparent"], span.SpanContext().SpanID().String()) {
			t.Errorf("%s carries %v, want %v", id, info.Headers, span.SpanContext().SpanID())
		}
	}
}

func TestATraceThatIsNotSampledTravelsAsSuch(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	off := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	ctx, _ := off.Tracer("shop").Start(context.Background(), "checkout")
	if _, err := Enqueue(ctx, redis.client, PushOrder{OrderID: "7", Revision: "r1"}); err != nil {
		t.Fatal(err)
	}
	info, err := redis.inspector.GetTaskInfo(QueuePush, "push:7:r1")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(info.Headers["traceparent"], "-00") {
		t.Errorf("traceparent %q, want the flag that says not sampled", info.Headers["traceparent"])
	}
}

func TestALongTracestateStaysBehind(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]bool{100: true, 500: true, 513: false} {
		state, err := trace.ParseTraceState("a=" + strings.Repeat("x", min(size, 250)-2))
		if err == nil && size > 250 {
			state, err = trace.ParseTraceState(state.String() + ",b=" + strings.Repeat("x", 200) + ",c=" + strings.Repeat("x", size-250-203-3))
		}
		if err != nil || len(state.String()) != size {
			t.Fatalf("%d: %d bytes, %v", size, len(state.String()), err)
		}
		ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceState: state}))
		if _, there := carried(ctx)["tracestate"]; there != want {
			t.Errorf("%d bytes of tracestate travel: %v, want %v", size, there, want)
		}
	}
}

func TestHeadersThatAreNoTraceAreNone(t *testing.T) {
	t.Parallel()
	for _, headers := range []map[string]string{
		{"traceparent": ""}, {"traceparent": "00-00000000000000000000000000000000-0000000000000000-01"}, {"traceparent": "\xff\x00"},
		{"traceparent": strings.Repeat("0", 1<<16)}, {"other": "x"},
	} {
		if traced(TraceContext(context.Background(), asynq.NewTaskWithHeaders("x", nil, headers))) {
			t.Errorf("%.80v is taken for a trace", headers)
		}
	}
}

func TestASpanOfAFailureIsValidText(t *testing.T) {
	t.Parallel()
	tr, q := newTracing(), newFakeQueue()
	q.answer = func(string) error { return errors.New("redis: \xff\xfe") }
	ctx, _ := tr.start()
	if _, err := Enqueue(ctx, q, PushOrder{OrderID: "7", Cause: "\xff"}); err == nil {
		t.Fatal("taken")
	}
	if _, err := Enqueue(ctx, q, PushOrder{OrderID: "7"}); err == nil {
		t.Fatal("taken")
	}
	for _, s := range tr.spans.Ended() {
		text := s.Status().Description
		for _, v := range attributes(s) {
			if word, ok := v.(string); ok {
				text += word
			}
		}
		if s.Status().Code != codes.Error || strings.ToValidUTF8(text, "") != text {
			t.Errorf("status %v, text %q", s.Status(), text)
		}
	}
}
