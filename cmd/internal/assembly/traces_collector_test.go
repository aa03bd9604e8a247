package assembly

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is a collector: it takes OTLP over HTTP as the protocol's own package reads it.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  bytes.Buffer // everything that was ever sent here, to look for secrets
	headers []http.Header
	spans   spans
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &export); err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", req.URL.Path, req.Header.Get("Content-Type"), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies.Write(body)
		r.headers = append(r.headers, req.Header)
		for _, resource := range export.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					r.spans = append(r.spans, newSpan(s))
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// span is one span as a test asks about it.
type span struct {
	name, trace, id, parent string
	kind                    otlp.Span_SpanKind
	failed                  bool
	text                    map[string]string
	number                  map[string]int64
	links                   []string // "trace-span"
}

func newSpan(s *otlp.Span) span {
	out := span{
		name: s.GetName(), trace: hex.EncodeToString(s.GetTraceId()), id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()),
		kind: s.GetKind(), failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR, text: map[string]string{}, number: map[string]int64{},
	}
	for _, a := range s.GetAttributes() {
		out.text[a.GetKey()] = a.GetValue().GetStringValue()
		out.number[a.GetKey()] = a.GetValue().GetIntValue()
	}
	for _, l := range s.GetLinks() {
		out.links = append(out.links, hex.EncodeToString(l.GetTraceId())+"-"+hex.EncodeToString(l.GetSpanId()))
	}
	return out
}

type spans []span

func (all spans) where(is func(span) bool) (found spans) {
	for _, s := range all {
		if is(s) {
			found = append(found, s)
		}
	}
	return found
}

func (all spans) named(name string) spans {
	return all.where(func(s span) bool { return s.name == name })
}

func (all spans) beneath(parent span) spans {
	return all.where(func(s span) bool { return s.trace == parent.trace && s.parent == parent.id })
}

// only is the one span there must be.
func (all spans) only(t *testing.T, what string) span {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%s: %d spans, want 1: %+v", what, len(all), all)
	}
	return all[0]
}

// names of spans, for comparing; in the order in which they ended.
func (all spans) names() (names []string) {
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}
