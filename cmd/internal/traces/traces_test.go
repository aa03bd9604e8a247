package traces

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
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
		out[string(a.Key)] = a.Value.Emit()
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
		"Bank":         off.Bank(store.Refund, n) == worker.Bank(n),
		"HTTP":         off.HTTP() == nil,
		"Request":      off.Request() == nil,
	} {
		if !same {
			t.Errorf("%s wraps", name)
		}
	}
	var calls int
	off.Tick("x", func(context.Context) (bool, error) { calls++; return false, nil })(t.Context())                      //nolint:errcheck // counts
	off.OutboxRow(func(context.Context, store.OutboxRow) error { calls++; return nil })(t.Context(), store.OutboxRow{}) //nolint:errcheck // counts
	if calls != 2 {
		t.Errorf("%d calls went through, want 2", calls)
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
	h := &worker.PushOrder{Orders: &inFlight{}, Build: &worker.Builder{DetailURL: "pages/a"}, Log: zerolog.Nop()}
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

func TestWhatASweepAskedForIsLinkedAndNotBeneath(t *testing.T) {
	t.Parallel()
	on, spans := recorded()
	ctx, asked := on.tracer.Start(t.Context(), "sweep")
	task := asynq.NewTaskWithHeaders(tasks.TypePushOrder, []byte(`{"order_id":"7"}`), map[string]string{
		"traceparent": "00-" + asked.SpanContext().TraceID().String() + "-" + asked.SpanContext().SpanID().String() + "-01",
	})
	ran := on.Handler(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
		if !trace.SpanContextFromContext(ctx).IsValid() {
			t.Error("the handler runs outside its span")
		}
		return nil
	}))
	_ = ctx
	if err := ran.ProcessTask(t.Context(), task); err != nil { // without asynq's own values there is no queue
		t.Fatal(err)
	}
	span := spans.Ended()[0]
	if span.Parent().SpanID() != asked.SpanContext().SpanID() || len(span.Links()) != 1 {
		t.Errorf("parent %v, links %v", span.Parent(), span.Links())
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

// failing is a collector that is away, for as long as err says so.
type failing struct {
	sdktrace.SpanExporter
	err error
}

func (f *failing) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return f.err }

func TestACollectorThatFailsIsToldOfSeldom(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &failing{err: errors.New("away")}
	r := &reporting{SpanExporter: f, log: zerolog.New(&log), now: func() time.Time { return now }}
	batch := make([]sdktrace.ReadOnlySpan, 10)
	lines := func(after time.Duration, batches int) string {
		log.Reset()
		now = now.Add(after)
		for range batches {
			if err := r.ExportSpans(t.Context(), batch); err != nil {
				t.Errorf("an error went on: %v", err)
			}
		}
		return log.String()
	}
	const first = `{"level":"warn","why":"away","lost":10,"message":"traces do not arrive at the collector; the work goes on without them"}` + "\n"
	if got := lines(0, 5); got != first {
		t.Errorf("at first: %s", got)
	}
	if got := lines(tellEvery-time.Second, 5); got != "" {
		t.Errorf("within ten minutes: %s", got)
	}
	if got := lines(time.Second, 5); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"lost":110`) {
		t.Errorf("after ten minutes: %s", got)
	}
	f.err = nil
	if got := lines(time.Second, 5); got != `{"level":"info","lost":150,"message":"traces arrive again"}`+"\n" {
		t.Errorf("when it is back: %s", got)
	}
	f.err = errors.New("away")
	if got := lines(time.Second, 5); got != first {
		t.Errorf("the next outage: %s", got)
	}
}

func TestAnErrorAboutTheCollectorShowsNoAddressAndNoForeignWords(t *testing.T) {
	t.Parallel()
	const secret = "canary"
	for text, want := range map[string]string{
		"failed to send to https://c.example.com/adapt_" + secret + "/traces: 401 Unauthorized (body: no such token " + secret + ")": "failed to send to the collector 401 Unauthorized body",
		"retry-able request failure: body: " + secret:                          "retry-able request failure: body",
		"OTLP partial success: " + secret + " (3 spans rejected)":              "OTLP partial success",
		`Post "https://c.example.com/` + secret + `": dial tcp: lookup failed`: `Post "the collector": dial tcp: lookup failed`,
	} {
		if got := tidy(errors.New(text)); got != want || strings.Contains(got, secret) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	if got := tidy(&url.Error{Op: "Post", URL: "http://u:" + secret + "@h/x", Err: errors.New("refused")}); strings.Contains(got, secret) {
		t.Error(got)
	}
}

// A header with a token that is badly written down must not be quoted on stderr, which is what OpenTelemetry would do.
func TestABadVariableIsNotQuoted(t *testing.T) {
	const secret = "canary%zz"
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization="+secret)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", secret)
	var log bytes.Buffer
	on, err := New(Config{SampleRatio: 1, Log: zerolog.New(&log)})
	if err != nil {
		t.Fatal(err)
	}
	on.Close(t.Context())
	otel.Handle(errors.New("failed to send to http://c.example.com/" + secret + ": 500"))
	if got := log.String(); !strings.Contains(got, "header") || strings.Contains(got, "canary") {
		t.Errorf("log: %s", got)
	}
}

func TestACollectorThatHangsOrIsAwayHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-held
	}))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(held) })
	for name, endpoint := range map[string]string{"hangs": hangs.URL, "away": "http://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			on, err := New(Config{Endpoint: endpoint, SampleRatio: 1, Log: zerolog.New(&log)})
			if err != nil {
				t.Fatal(err)
			}
			for range 5000 { // more than the queue takes
				_, span := on.tracer.Start(t.Context(), "x")
				span.End()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			closed := make(chan struct{})
			go func() { defer close(closed); on.Close(ctx) }()
			select {
			case <-closed:
			case <-time.After(flushTimeout):
				t.Fatal("Close waits for the collector")
			}
		})
	}
}
