package traces

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
	"github.com/ordersync/ordersync/worker"
)

// recorded is a Traces whose spans a test can read.
func recorded() (*Traces, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return &Traces{tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")}, spans
}

func texts(s sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

type nothing struct {
	worker.Orders
	worker.Pusher
	worker.Instructions
	worker.Answers
	worker.Bank
	douyin.Gate
	asynq.Handler
}

func TestWhatIsOffWrapsNothing(t *testing.T) {
	t.Parallel()
	var off *Traces
	n := &nothing{}
	for name, same := range map[string]bool{
		"Handler":      off.Handler(n) == asynq.Handler(n),
		"Orders":       off.Orders(n) == worker.Orders(n),
		"Pusher":       off.Pusher(n) == worker.Pusher(n),
		"Gate":         off.Gate(n) == douyin.Gate(n),
		"Instructions": off.Instructions(n) == worker.Instructions(n),
		"Answers":      off.Answers(n) == worker.Answers(n),
		"Bank":         off.Bank(store.Refund, worker.Branch{Bank: n}).Bank == worker.Bank(n),
		"HTTP":         off.HTTP() == nil,
		"Request":      off.Request() == nil,
	} {
		if !same {
			t.Errorf("%s wraps", name)
		}
	}
	var calls int
	_, _ = off.Tick("x", func(context.Context) (bool, error) { calls++; return false, nil })(t.Context())
	_ = off.OutboxRow(func(context.Context, store.OutboxRow) error { calls++; return nil })(t.Context(), store.OutboxRow{})
	_ = off.InboxEntry(func(context.Context, inbox.Entry) error { calls++; return nil })(t.Context(), inbox.Entry{})
	if calls != 3 {
		t.Errorf("%d calls went through, want 3", calls)
	}
	off.Close(t.Context())
}

func TestAHandlerThatIsNotThereStaysAway(t *testing.T) {
	t.Parallel()
	on, _ := recorded()
	if on.Handler(nil) != nil || on.Gate(nil) != nil {
		t.Error("nothing became something")
	}
}

// A parked task comes back; a person who looks for errors must not find it.
func TestAPostponedRunIsNoError(t *testing.T) {
	t.Parallel()
	on, spans := recorded()
	h := &worker.PushHandler{Orders: &inFlight{}, Line: &worker.Line{}, Build: &worker.Builder{DetailURL: "pages/a"}, Log: zerolog.Nop()}
	task, err := tasks.PushOrder{OrderID: "7"}.Task()
	if err != nil {
		t.Fatal(err)
	}
	for name, next := range map[string]asynq.Handler{
		"failed": asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return errors.New("broken") }), "postponed": h,
	} {
		err := on.Handler(next).ProcessTask(t.Context(), task)
		ended := spans.Ended()
		span := ended[len(ended)-1]
		wants := codes.Error
		if name == "postponed" {
			wants = codes.Unset
		}
		if err == nil || span.Status().Code != wants || (texts(span)["ordersync.postponed"] == "true") != (name == "postponed") {
			t.Errorf("%s: error %v, status %v, %v", name, err, span.Status(), texts(span))
		}
	}
}

// inFlight has an order that another task is pushing.
type inFlight struct{ worker.Orders }

func (inFlight) LoadOrder(context.Context, string) (store.OrderSnapshot, error) {
	return snapshot(), nil
}

func TestARunIsLinkedToWhatAskedForItAndContinuesItsTrace(t *testing.T) {
	t.Parallel()
	on, spans := recorded()
	_, asked := on.tracer.Start(t.Context(), "send push")
	task := asynq.NewTaskWithHeaders(tasks.TypePushOrder, []byte(`{"order_id":"7"}`), map[string]string{
		"traceparent": "00-" + asked.SpanContext().TraceID().String() + "-" + asked.SpanContext().SpanID().String() + "-01",
	})
	var within trace.SpanContext
	run := on.Handler(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
		within = trace.SpanContextFromContext(ctx)
		return nil
	}))
	if err := run.ProcessTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if within.TraceID() != asked.SpanContext().TraceID() || within.SpanID() == asked.SpanContext().SpanID() {
		t.Errorf("the handler runs within %v", within)
	}
	if err := run.ProcessTask(t.Context(), asynq.NewTask(tasks.TypePushOrder, []byte(`{`))); err != nil {
		t.Fatal(err)
	}
	span, alone := spans.Ended()[0], spans.Ended()[1]
	if span.Parent().SpanID() != asked.SpanContext().SpanID() || len(span.Links()) != 1 || texts(span)["ordersync.order_id"] != "7" {
		t.Errorf("parent %v, links %v, %v", span.Parent(), span.Links(), texts(span))
	}
	if alone.Parent().IsValid() || len(alone.Links()) != 0 {
		t.Errorf("a task that nobody traced: parent %v, links %v", alone.Parent(), alone.Links())
	}
}

func TestAnExchangeShowsItsNumberAndNothingElseOfTheBody(t *testing.T) {
	t.Parallel()
	const secret = "canary-token"
	for name, c := range map[string]struct {
		status int
		body   string
		want   map[string]string // "": not there
		code   codes.Code
	}{
		"success":       {200, `{"err_no":0,"data":{"access_token":"` + secret + `"}}`, map[string]string{"douyin.err_no": "0", "error.type": ""}, codes.Unset},
		"order centre":  {200, `{"err_code":40022,"err_msg":"` + secret + `"}`, map[string]string{"douyin.err_no": "40022", "error.type": "err_no"}, codes.Error},
		"server fault":  {502, "<html>" + secret, map[string]string{"douyin.err_no": "", "error.type": "502"}, codes.Error},
		"no number":     {200, `{"` + secret + `":1}`, map[string]string{"douyin.err_no": ""}, codes.Unset},
		"half a number": {200, `{"err_no":` + strings.Repeat(" ", maxCodeBytes) + `7}`, map[string]string{"douyin.err_no": ""}, codes.Unset},
	} {
		on, spans := recorded()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Tt-Logid", "log-1")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/x?access_token="+secret, strings.NewReader(secret))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", secret)
		answer, err := on.HTTP().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != c.body {
			t.Errorf("%s: the caller reads %q, %v", name, body, err)
		}
		_ = answer.Body.Close()
		server.Close()
		span := spans.Ended()[0]
		got := texts(span)
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: %s = %q, want %q", name, key, got[key], want)
			}
		}
		if span.Status().Code != c.code || got["douyin.log_id"] != "log-1" || got["http.response.status_code"] != fmt.Sprint(c.status) || span.Name() != "POST /api/x" {
			t.Errorf("%s: span %q %v %v", name, span.Name(), span.Status(), got)
		}
		if all := fmt.Sprint(got, span.Status(), span.Events(), span.Name()); strings.Contains(all, secret) {
			t.Errorf("%s: the span shows a secret: %s", name, all)
		}
	}
}

func TestAnExchangeWithoutAnAnswerEnds(t *testing.T) {
	t.Parallel()
	on, spans := recorded()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/api/x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := on.HTTP().Do(r); err == nil {
		_ = answer.Body.Close()
		t.Fatal("somebody answered")
	}
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Status().Code != codes.Error {
		t.Errorf("spans %v", ended)
	}
}
