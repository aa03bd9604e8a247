package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks/client"
)

// answer is one answer of a script; silent cuts the connection.
type answer struct {
	status int
	kind   string // Content-Type; empty: problem+json from 400 on, else json
	body   string
	header map[string]string
	silent bool
}

// script is a gateway that answers what the test has written down, in order, and remembers what it
// was sent.
type script struct {
	*httptest.Server
	sent  []string // method, path, body
	token []string
	waits []time.Duration
}

func play(t *testing.T, cfg client.Config, answers ...answer) (*script, *client.Client) {
	t.Helper()
	s := &script{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.sent = append(s.sent, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		s.token = append(s.token, r.Header.Get("Authorization"))
		if len(s.sent) > len(answers) {
			t.Errorf("the client asks once more: %s", s.sent[len(s.sent)-1])
			return
		}
		a := answers[len(s.sent)-1]
		if a.silent {
			panic(http.ErrAbortHandler)
		}
		switch {
		case a.kind != "":
			w.Header().Set("Content-Type", a.kind)
		case a.status >= 400:
			w.Header().Set("Content-Type", "application/problem+json")
		default:
			w.Header().Set("Content-Type", "application/json")
		}
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	s.Server.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	cfg.URL = s.URL
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.WaitBy(func(ctx context.Context, d time.Duration) error {
		s.waits = append(s.waits, d)
		return ctx.Err()
	})
	return s, c
}

const queued = `{"order_id":"7","status":"queued","revision":"paid","task_id":"push:7:paid","queue":"push"}`

func problem(status int) string {
	return fmt.Sprintf(`{"type":"about:blank","title":"x","status":%d,"detail":"too much","field":"amount_fen","code":2010,"log_id":"L1","paid_fen":1000}`, status)
}

func TestAProblemSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: client.ErrRefused, 401: client.ErrUnauthorized, 403: client.ErrUnauthorized, 404: client.ErrNotFound, 409: client.ErrConflict,
		413: client.ErrRefused, 415: client.ErrRefused, 422: client.ErrRefused, 500: client.ErrUnavailable, 503: client.ErrUnavailable,
	} {
		_, c := play(t, client.Config{Retries: -1}, answer{status: status, body: problem(status), header: map[string]string{"X-Request-Id": "id-1", "Retry-After": "7"}})
		_, err := c.RefundStatus(t.Context(), "R1")
		var p *client.Problem
		if !errors.Is(err, want) || !errors.As(err, &p) {
			t.Fatalf("HTTP %d: %v, want %v", status, err, want)
		}
		if p.Status != status || p.Field != "amount_fen" || p.Code != 2010 || p.LogID != "L1" || *p.PaidFen != 1000 || p.RequestID != "id-1" || p.RetryAfter != 7*time.Second {
			t.Errorf("HTTP %d: %+v", status, p)
		}
		if got := err.Error(); got != "client: amount_fen: too much" {
			t.Errorf("HTTP %d says %q", status, got)
		}
		for _, other := range []error{client.ErrRefused, client.ErrUnauthorized, client.ErrNotFound, client.ErrConflict, client.ErrUnavailable, client.ErrWrongAddress} {
			if errors.Is(err, other) && !errors.Is(want, other) {
				t.Errorf("HTTP %d is %v too", status, other)
			}
		}
	}
}

func TestWhatMayPassIsTriedAgainAndWhatComesAgainIsNot(t *testing.T) {
	t.Parallel()
	for status, tries := range map[int]int{
		408: 3, 429: 3, 502: 3, 503: 3, 504: 3, 500: 1, 501: 1, 400: 1, 401: 1, 404: 1, 409: 1, 422: 1,
	} {
		s, c := play(t, client.Config{}, answer{status: status, body: problem(status)}, answer{status: status, body: problem(status)}, answer{status: status, body: problem(status)})
		if _, err := c.Push(t.Context(), "7", client.Push{}); err == nil || len(s.sent) != tries {
			t.Errorf("HTTP %d: %d tries, want %d; %v", status, len(s.sent), tries, err)
		}
	}
}

// A push that was heard and whose answer was lost would be two without a revision of the client's.
func TestAllTriesOfAPushAreOneChange(t *testing.T) {
	t.Parallel()
	s, c := play(t, client.Config{Token: "the-token"}, answer{silent: true}, answer{status: 202, body: `{"order_id":"7","sta`}, answer{status: 202, body: queued},
		answer{status: 202, body: queued})
	for range 2 {
		q, err := c.Push(t.Context(), "7", client.Push{Cause: "paid"})
		if err != nil || q.Status != client.StatusQueued || q.TaskID != "push:7:paid" {
			t.Fatalf("%+v, %v", q, err)
		}
	}
	if s.sent[0] != s.sent[1] || s.sent[1] != s.sent[2] || s.sent[2] == s.sent[3] || !strings.HasPrefix(s.sent[0], `POST /v1/orders/7/push {"revision":"`) {
		t.Errorf("sent %q", s.sent)
	}
	if s.token[0] != "Bearer the-token" {
		t.Errorf("Authorization %q", s.token[0])
	}
}

func TestTheWaitObeysRetryAfterAndHasABound(t *testing.T) {
	t.Parallel()
	down := func(after string) answer {
		return answer{status: 503, body: problem(503), header: map[string]string{"Retry-After": after}}
	}
	s, c := play(t, client.Config{Retries: 4}, down("5"), down(""), down("x"), down("10"), answer{status: 202, body: queued})
	if _, err := c.Push(t.Context(), "7", client.Push{}); err != nil {
		t.Fatal(err)
	}
	if len(s.waits) != 4 || s.waits[0] != 5*time.Second || s.waits[3] != 10*time.Second ||
		s.waits[1] < 100*time.Millisecond || s.waits[1] >= 300*time.Millisecond || s.waits[2] < 200*time.Millisecond || s.waits[2] >= 600*time.Millisecond {
		t.Errorf("waits %v", s.waits)
	}

	// Beyond MaxWait, and beyond the context's deadline, the call ends at once.
	short, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, c2 := range []struct {
		ctx context.Context
		cfg client.Config
	}{{t.Context(), client.Config{MaxWait: 4 * time.Second}}, {short, client.Config{MaxWait: time.Hour}}} {
		s, c := play(t, c2.cfg, down("120"))
		_, err := c.Push(c2.ctx, "7", client.Push{})
		var p *client.Problem
		if !errors.As(err, &p) || p.RetryAfter != 2*time.Minute || len(s.sent) != 1 || len(s.waits) != 0 {
			t.Errorf("%v after %d tries and waits %v", err, len(s.sent), s.waits)
		}
	}
	at := time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat)
	s, c = play(t, client.Config{}, down(at), answer{status: 202, body: queued})
	if _, err := c.Push(t.Context(), "7", client.Push{}); err != nil || s.waits[0] <= time.Second || s.waits[0] > 3*time.Second {
		t.Errorf("a date: waits %v, %v", s.waits, err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, c := play(t, client.Config{Retries: 5}, answer{status: 503, body: problem(503)})
	c.WaitBy(func(context.Context, time.Duration) error {
		cancel()
		return ctx.Err()
	})
	if _, err := c.Push(ctx, "7", client.Push{}); !errors.Is(err, client.ErrUnavailable) || len(s.sent) != 1 {
		t.Errorf("%v after %d tries", err, len(s.sent))
	}
	if _, err := c.Push(ctx, "7", client.Push{}); !errors.Is(err, context.Canceled) || len(s.sent) != 1 {
		t.Errorf("%v after %d tries", err, len(s.sent))
	}
}

func TestAWrongAddressIsToldFromAMissingRecord(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{
		"a page":            {status: 200, kind: "text/html; charset=utf-8", body: "<html>welcome</html>"},
		"another server":    {status: 404, kind: "text/plain; charset=utf-8", body: "404 page not found"},
		"another API":       {status: 404, kind: "application/json", body: `{"detail":"no"}`},
		"a redirect":        {status: 302, header: map[string]string{"Location": "/sign-in"}},
		"a path too many":   {status: 404, body: `{"type":"about:blank","title":"Not Found","status":404,"detail":"no such path: see /openapi.yaml"}`},
		"the callback port": {status: 404, body: `{"type":"about:blank","title":"Not Found","status":404,"detail":"no such path on this port"}`},
	} {
		s, c := play(t, client.Config{Token: "the-token"}, a)
		_, err := c.Order(t.Context(), "7")
		if !errors.Is(err, client.ErrWrongAddress) || errors.Is(err, client.ErrNotFound) || !strings.Contains(err.Error(), s.URL) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for status, want := range map[int]error{401: client.ErrUnauthorized, 413: client.ErrRefused, 502: client.ErrUnavailable} {
		_, c := play(t, client.Config{Retries: -1}, answer{status: status, kind: "text/html", body: "<html>"})
		if _, err := c.Order(t.Context(), "7"); !errors.Is(err, want) {
			t.Errorf("a proxy's %d: %v", status, err)
		}
	}
	// The operators' port is the one behind the gateway's: its sign-in is no word on a token.
	s, c := play(t, client.Config{Token: "the-token"}, answer{status: 401, kind: "text/html", body: "<html>"})
	if _, err := c.Order(t.Context(), "7"); err == nil || !strings.Contains(err.Error(), "is "+s.URL+" the operators' port (admin.addr)") {
		t.Errorf("the operators' port: %v", err)
	}
}

func TestSilenceIsUnavailable(t *testing.T) {
	t.Parallel()
	s, c := play(t, client.Config{Token: "the-token", Retries: -1})
	s.Close()
	_, err := c.Order(t.Context(), "7")
	if !errors.Is(err, client.ErrUnavailable) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, c, c), "the-token") {
		t.Errorf("%v", err)
	}
}

func TestIdsAreEscapedAndNoneIsAnotherPath(t *testing.T) {
	t.Parallel()
	s, c := play(t, client.Config{}, answer{status: 200, body: `{}`})
	if _, err := c.Order(t.Context(), "订单/7"); err != nil || s.sent[0] != "GET /v1/orders/%E8%AE%A2%E5%8D%95%2F7" {
		t.Errorf("%q, %v", s.sent, err)
	}
	for _, id := range []string{"", " ", ".", ".."} {
		var p *client.Problem
		if _, err := c.Refund(t.Context(), id, client.Refund{}); !errors.Is(err, client.ErrRefused) || !errors.As(err, &p) || p.Field != "order_id" {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := c.Agree(t.Context(), id); !errors.As(err, &p) || p.Field != "out_refund_no" {
			t.Errorf("%q: %v", id, err)
		}
	}
	if len(s.sent) != 1 {
		t.Errorf("sent %q", s.sent)
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []client.Config{
		{URL: "gateway:8080"}, {URL: "ftp://x"}, {URL: "http://"}, {URL: "http://x?y"}, {URL: "http://user:very-secret@x"}, {Token: "very-secret\r\nX: y"},
		{Timeout: -1}, {MaxWait: -1}, {Retries: 11},
	} {
		if _, err := client.New(cfg); err == nil || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%q: %v", cfg.URL, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", client.Config{Token: "very-secret"}, client.Config{Token: "very-secret"}, client.Config{Token: "very-secret"}); strings.Contains(text, "very-secret") {
		t.Error("a printed Config shows the token")
	}
	if _, err := client.New(client.Config{}); err != nil {
		t.Error(err)
	}
}

// The token goes to the gateway and to nobody else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	_, c := play(t, client.Config{Token: "the-token", HTTP: &http.Client{}}, answer{status: 307, header: map[string]string{"Location": elsewhere.URL}})
	if _, err := c.Push(t.Context(), "7", client.Push{}); !errors.Is(err, client.ErrWrongAddress) {
		t.Error(err)
	}
}
