package traces

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

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
			var log bytes.Buffer // both Close and the export write
			on, err := New(Config{Endpoint: endpoint, SampleRatio: 1, Log: zerolog.New(zerolog.SyncWriter(&log))})
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

// taken is what a collector was sent.
type taken struct {
	path, token string
	spans       int
	service     string
}

// collect is a collector that hands on what it takes.
func collect(t *testing.T) (url string, all <-chan taken) {
	t.Helper()
	out := make(chan taken, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var export collector.ExportTraceServiceRequest
		if err := errors.Join(err, proto.Unmarshal(body, &export)); err != nil {
			t.Error(err)
		}
		got := taken{path: r.URL.Path, token: r.Header.Get("X-Token")}
		for _, resource := range export.GetResourceSpans() {
			for _, a := range resource.GetResource().GetAttributes() {
				if a.GetKey() == "service.name" {
					got.service = a.GetValue().GetStringValue()
				}
			}
			for _, scope := range resource.GetScopeSpans() {
				got.spans += len(scope.GetSpans())
			}
		}
		out <- got
	}))
	t.Cleanup(server.Close)
	return server.URL, out
}

func TestOurKeysWinOverTheStandardsVariables(t *testing.T) {
	url, all := collect(t)
	for name, c := range map[string]struct {
		environ map[string]string
		cfg     Config
		want    taken
	}{
		"our keys":                 {nil, Config{Endpoint: url, Headers: map[string]string{"x-token": "ours"}, SampleRatio: 1}, taken{"/v1/traces", "ours", 4, "ordersync"}},
		"a path is taken as it is": {nil, Config{Endpoint: url + "/adapt/otlp", SampleRatio: 1}, taken{"/adapt/otlp", "", 4, "ordersync"}},
		"the standard's variables": {
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/base", "OTEL_EXPORTER_OTLP_HEADERS": "x-token=theirs", "OTEL_SERVICE_NAME": "shop-orders"},
			Config{SampleRatio: 1}, taken{"/base/v1/traces", "theirs", 4, "shop-orders"},
		},
		"both": {
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "x-token=theirs"},
			Config{Endpoint: url, Headers: map[string]string{"x-token": "ours"}, SampleRatio: 1}, taken{"/v1/traces", "ours", 4, "ordersync"},
		},
		"the standard's sampler": {
			map[string]string{"OTEL_TRACES_SAMPLER": "always_off"}, Config{Endpoint: url, SampleRatio: 1, Sampler: true}, taken{},
		},
		"our ratio over their sampler": {
			map[string]string{"OTEL_TRACES_SAMPLER": "always_on"}, Config{Endpoint: url, SampleRatio: 0}, taken{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.environ {
				t.Setenv(k, v)
			}
			c.cfg.Log = zerolog.Nop()
			on, err := New(c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			for range 4 {
				_, span := on.tracer.Start(t.Context(), "x")
				span.End()
			}
			on.Close(t.Context())
			var got taken
			select {
			case got = <-all:
			default: // nothing was sent
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestACallersDecisionCountsWhateverOurRatioIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags   string
		ratio   float64
		sampled bool
	}{{"01", 0, true}, {"00", 1, false}} {
		on, err := New(Config{Endpoint: "http://127.0.0.1:1", SampleRatio: c.ratio, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/orders/push", http.NoBody)
		r.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"+c.flags)
		ctx, end := on.request(r, "POST /v1/orders/push", true)
		end(http.StatusOK, "id")
		if got := trace.SpanContextFromContext(ctx); got.IsSampled() != c.sampled || got.TraceID().String() != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("flags %s, ratio %v: %v", c.flags, c.ratio, got)
		}
		ctx, end = on.request(r, "POST /callbacks/douyin", false)
		end(http.StatusOK, "id")
		if got := trace.SpanContextFromContext(ctx); got.IsSampled() == c.sampled {
			t.Errorf("a stranger's flags %s decided: %v", c.flags, got)
		}
		on.Close(t.Context())
	}
}
