package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store/servertest"
)

const token = "a-token-of-the-test"

// fixture is a gateway over parts of the test's own.
type fixture struct {
	*Gateway
	t      *testing.T
	queue  *fakeQueue
	orders *fakeOrders
	ready  error
	log    *servertest.Buffer
}

// fakeQueue is a tasks.Enqueuer that remembers, and refuses an id that it has seen.
type fakeQueue struct {
	mu    sync.Mutex
	tasks map[string][]asynq.Option // by payload
	fail  func(payload string) error
}

var askedAt = regexp.MustCompile(`,"asked_at":\d+`)

func (q *fakeQueue) EnqueueContext(ctx context.Context, t *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	payload := askedAt.ReplaceAllString(string(t.Payload()), "") // the same change asked twice is one
	if q.fail != nil {
		if err := q.fail(payload); err != nil {
			return nil, err
		}
	}
	if _, ok := q.tasks[payload]; ok {
		return nil, asynq.ErrTaskIDConflict
	}
	q.tasks[payload] = opts
	return &asynq.TaskInfo{}, nil
}

type fakeOrders struct {
	status OrderStatus
	found  bool
	err    error
}

func (o *fakeOrders) OrderStatus(_ context.Context, id string) (OrderStatus, bool, error) {
	o.status.OrderID = id
	return o.status, o.found, o.err
}

func setUp(t *testing.T, change ...func(*Config, *Parts)) *fixture {
	t.Helper()
	f := &fixture{t: t, queue: &fakeQueue{tasks: map[string][]asynq.Option{}}, orders: &fakeOrders{}, log: &servertest.Buffer{}}
	cfg := Config{Tokens: []string{"an-older-token", token}, Log: zerolog.New(f.log), NewID: func() string { return "request-1" }}
	parts := Parts{Queue: f.queue, Orders: f.orders, Ready: func(context.Context) error { return f.ready }}
	for _, c := range change {
		c(&cfg, &parts)
	}
	g, err := New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	f.Gateway = g
	return f
}

// ask sends a request with the token and, where there is a body, as JSON, and holds the exchange to
// openapi.yaml.
func (f *fixture) ask(method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	holdTo(f.t, f, r, []byte(body), w)
	return w
}

func without(header string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(header) }
}

func with(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

// wantProblem checks that an answer is a whole problem document with this status and field.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, field string) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("HTTP %d, body %q is not JSON: %v", w.Code, w.Body, err)
	}
	if w.Code != status || p.Status != status || p.Field != field {
		t.Errorf("HTTP %d with %s; want %d and field %q", w.Code, w.Body, status, field)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Detail == "" {
		t.Errorf("not a whole problem document: %s %s", w.Header().Get("Content-Type"), w.Body)
	}
	return p
}

func wantJSON(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || got != body {
		t.Errorf("HTTP %d %s\nwant %d %s", w.Code, got, status, body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

var errDown = errors.New("dial tcp 10.0.0.9:6379: connection refused")

// brokenBody fails in the middle, as a cut connection does.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (brokenBody) Close() error             { return nil }
