package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for _, path := range []string{"/", "/v1/orders", "/v1/orders/1/pusch", "/v1/orders//push", "/v1/orders/../push", "/v1/orders/%2E%2E/push", "/v1/orders/1/push/", "/debug/pprof/"} {
		wantProblem(t, f.ask("POST", path, ""), http.StatusNotFound, "")
	}
	for path, c := range map[string]struct{ method, allow string }{
		"/v1/orders/1/push": {"DELETE", "POST"},
		"/v1/orders/1":      {"PUT", "GET, HEAD"},
		"/healthz":          {"POST", "GET, HEAD"},
	} {
		w := f.ask(c.method, path, "")
		wantProblem(t, w, http.StatusMethodNotAllowed, "")
		if got := w.Header().Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow %q, want %q", c.method, path, got, c.allow)
		}
	}
}

func TestAPanicIsA500AndStandsInTheLog(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.queue.fail = func(string) error { panic("a bug with a secret in it") }
	w := f.ask("POST", "/v1/orders/1/push", "")
	wantProblem(t, w, http.StatusInternalServerError, "")
	if strings.Contains(w.Body.String(), "secret") || w.Header().Get("X-Request-Id") != "request-1" {
		t.Errorf("answer: %v %s", w.Header(), w.Body)
	}
	if !strings.Contains(f.log.String(), `"level":"error"`) || !strings.Contains(f.log.String(), "serve_test.go") {
		t.Errorf("log: %s", f.log)
	}
}

func TestARequestEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, p *Parts) {
		c.Timeout = time.Millisecond
		p.Ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	})
	wantProblem(t, f.ask("GET", "/readyz", ""), http.StatusServiceUnavailable, "")
}

// A client that announces a body and never sends it must not hold a goroutine for ever.
func TestABodyThatNeverArrivesEndsWithTheTimeout(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, _ *Parts) { c.Timeout = 50 * time.Millisecond })
	server := httptest.NewServer(f)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	_, err = conn.Write([]byte("POST /v1/orders/1/push HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400") {
		t.Errorf("got %q, %v", answer[:n], err)
	}
}

// failing keeps no callback.
type failing func(context.Context) error

func (f failing) Accept(ctx context.Context, _ douyin.Callback, _ []byte) (CallbackResult, error) {
	return "", f(ctx)
}

// A caller who goes away before the answer is none of our faults; what fails while he waits is one.
func TestACallerWhoGoesAwayIsNoErrorInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		leaves bool
		want   string
	}{"gone": {true, `"level":"info","caller":"gone"`}, "waits": {false, `"level":"error"`}} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			f := setUp(t, func(cfg *Config, p *Parts) {
				cfg.CallbackTokens = []string{callbackToken}
				p.Callbacks = failing(func(ctx context.Context) error {
					if !c.leaves {
						return errors.New("the table is full")
					}
					leave()
					<-ctx.Done()
					return ctx.Err()
				})
			})
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/callbacks/douyin", strings.NewReader(signedCallback))
			f.ServeHTTP(httptest.NewRecorder(), r)
			if said := f.log.String(); !strings.Contains(said, c.want) || !strings.Contains(said, `"status":500`) {
				t.Errorf("the log has no %s: %s", c.want, said)
			}
		})
	}
}

func TestOneLogLinePerRequestWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.ask("POST", "/v1/orders/77/push?access_token=query-secret", `{"revision":"body-secret"}`)
	var line map[string]any
	if err := json.Unmarshal([]byte(f.log.String()), &line); err != nil {
		t.Fatalf("not one JSON line: %s", f.log)
	}
	if line["path"] != "/v1/orders/77/push" || line["status"] != 202.0 || line["request"] != "request-1" || line["method"] != "POST" {
		t.Errorf("log: %s", f.log)
	}
	f.ask("POST", "/v1/orders/77/push", `{"x":1}`, with("Authorization", "Bearer wrong-token-secret"))
	for _, secret := range []string{token, "secret"} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, f.log)
		}
	}
}

func TestOrderStatus(t *testing.T) {
	t.Parallel()
	china := time.FixedZone("CST", 8*3600)
	f := setUp(t, func(cfg *Config, _ *Parts) { cfg.Zone = china })
	wantProblem(t, f.ask("GET", "/v1/orders/9", ""), http.StatusNotFound, "")
	wantProblem(t, f.ask("GET", "/v1/orders/a%20b", ""), http.StatusUnprocessableEntity, "order_id")
	f.orders.err = errDown
	wantProblem(t, f.ask("GET", "/v1/orders/9", ""), http.StatusServiceUnavailable, "")

	at := time.Date(2026, 11, 22, 20, 5, 6, 7, time.UTC)
	f.orders.err, f.orders.found = nil, true
	f.orders.status = OrderStatus{Outcome: "pushed", ShopStatus: "1", PushedAt: &at,
		Douyin:  &Held{Status: douyin.Paid, Text: douyin.Paid.Text(), UpdateTime: 1763841906000},
		History: []Event{{At: at, Call: "push", Attempt: 1, Cause: "paid", Outcome: "pushed", LogID: "2026", DurationMS: 12}}}
	wantJSON(t, f.ask("GET", "/v1/orders/9", ""), http.StatusOK,
		`{"order_id":"9","shop_status":"1","outcome":"pushed","douyin":{"status":1,"text":"已支付","update_time":1763841906000},"attempts":0,`+
			`"pushed_at":"2026-11-23T04:05:06+08:00","refunds":[],"settlements":[],"history":[{"at":"2026-11-23T04:05:06+08:00","call":"push","attempt":1,"cause":"paid","outcome":"pushed","log_id":"2026","duration_ms":12}]}`)
	f.orders.status = OrderStatus{Outcome: "pushed", Message: "1\x1b[31mX\u009b2J\u202e"} // as a shop may have written it
	wantJSON(t, f.ask("GET", "/v1/orders/9", ""), http.StatusOK,
		`{"order_id":"9","outcome":"pushed","message":"1\u001b[31mX\u009b2J\u202e","attempts":0,"refunds":[],"settlements":[],"history":[]}`)
	f.orders.status = OrderStatus{Outcome: "pending"}
	wantJSON(t, f.ask("GET", "/v1/orders/9", ""), http.StatusOK, `{"order_id":"9","outcome":"pending","attempts":0,"refunds":[],"settlements":[],"history":[]}`)
}

func TestAPartThatIsMissingSaysSo(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(_ *Config, p *Parts) { p.Orders = nil })
	wantProblem(t, f.ask("GET", "/v1/orders/9", ""), http.StatusNotImplemented, "")
}

func TestReadyAndAlive(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	wantJSON(t, f.ask("GET", "/readyz", ""), http.StatusOK, `{"status":"ready"}`)
	f.ready = errors.New("Error 1045: Access denied for user 'shop'@'10.0.0.9'")
	w := f.ask("GET", "/readyz", "")
	wantProblem(t, w, http.StatusServiceUnavailable, "")
	if strings.Contains(w.Body.String(), "shop") {
		t.Errorf("an open page tells the inside: %s", w.Body)
	}
	f.ready = missing{"mysql lacks our tables", "redis does not answer"}
	w = f.ask("GET", "/readyz", "")
	wantProblem(t, w, http.StatusServiceUnavailable, "")
	if !strings.Contains(w.Body.String(), `"detail":"mysql lacks our tables; redis does not answer"`) {
		t.Errorf("it does not say which part: %s", w.Body)
	}
	wantJSON(t, f.ask("GET", "/healthz", ""), http.StatusOK, `{"status":"ok"}`)
}

// missing is an error of Parts.Ready that says which parts.
type missing []string

func (m missing) Error() string     { return strings.Join(m, ", ") + " at 10.0.0.9" }
func (m missing) Missing() []string { return m }
