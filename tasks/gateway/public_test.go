package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The first shop that follows the README puts nginx with its defaults in front: Host:
// 127.0.0.1:8080 and nothing that tells of a proxy. Then a refund from anywhere was 202.
func TestWhereDouyinCallsBackTheAPIWantsATokenEvenOnLoopback(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, _ *Parts) { c.Tokens, c.Loopback, c.TokensNeeded = nil, true, "douyin.callback_token" })
	for _, route := range f.routes {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		path = strings.NewReplacer("{id}", "1", "{no}", "1", "{out_order_no}", "1").Replace(path)
		w := f.ask(method, path, "", without("Authorization"), func(r *http.Request) { r.Host = "127.0.0.1:8080" })
		p := wantProblem(t, w, http.StatusForbidden, "")
		if !strings.Contains(p.Detail, "gateway.tokens") || !strings.Contains(p.Detail, "douyin.callback_token") {
			t.Errorf("%s: %q does not say what to set and why", route, p.Detail)
		}
	}
	if len(f.queue.tasks) != 0 {
		t.Error("queued without a token")
	}
	if w := f.ask("GET", "/readyz", "", without("Authorization")); w.Code != http.StatusOK {
		t.Errorf("/readyz: HTTP %d", w.Code)
	}
}

func TestWithoutTokensNobodyBehindAProxyIsServed(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, _ *Parts) { c.Tokens, c.Loopback = nil, true })
	for _, header := range []string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything", "x-real-ip", "Via",
	} {
		w := f.ask("POST", "/v1/orders/1/push", "", without("Authorization"), with(header, "203.0.113.9"))
		if p := wantProblem(t, w, http.StatusForbidden, ""); !strings.Contains(p.Detail, http.CanonicalHeaderKey(header)) {
			t.Errorf("%s: %q", header, p.Detail)
		}
	}
	if w := f.ask("POST", "/v1/orders/1/push", "", without("Authorization"), with("X-Request-Id", "7")); w.Code != http.StatusAccepted {
		t.Errorf("without a proxy: HTTP %d %s", w.Code, w.Body)
	}
}

// A token says who it is, through any number of proxies.
func TestWithATokenAProxyMayStandInFront(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, _ *Parts) { c.TokensNeeded = "douyin.callback_token" })
	if w := f.ask("POST", "/v1/orders/1/push", "", with("X-Forwarded-For", "203.0.113.9")); w.Code != http.StatusAccepted {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}

func TestTheCallbackPortHasTheCallbackAndHealthzAndNothingElse(t *testing.T) {
	t.Parallel()
	c, counts := &fakeCallbacks{}, map[CallbackResult]int{}
	f := setUp(t, withCallbacks(c, counts), func(c *Config, _ *Parts) { c.Tokens, c.Loopback = nil, true })
	port := f.CallbackPort()
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		port.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
		return w
	}
	wantJSON(t, ask("POST", "/callbacks/douyin", signedCallback), http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
	wantJSON(t, ask("GET", "/healthz", ""), http.StatusOK, `{"status":"ok"}`)
	if len(c.accepted) != 1 {
		t.Errorf("stored %d callbacks", len(c.accepted))
	}
	served := 0
	for _, route := range f.routes {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{id}", "1", "{no}", "1", "{out_order_no}", "1").Replace(path)
		if path == "/healthz" || path == "/callbacks/douyin" {
			served++
			continue
		}
		wantProblem(t, ask(method, path, ""), http.StatusNotFound, "")
	}
	if served != 2 || len(f.routes) <= served {
		t.Errorf("the gateway has %v", f.routes)
	}
	for _, path := range []string{"//v1/orders/1/push", "/callbacks/../v1/orders/1/push", "/callbacks/douyin/../../v1/orders/1/push", "/", "/callbacks/", "/metrics"} {
		wantProblem(t, ask("POST", path, ""), http.StatusNotFound, "")
	}
	wantProblem(t, ask("GET", "/callbacks/douyin", ""), http.StatusMethodNotAllowed, "")
	if len(f.queue.tasks) != 0 {
		t.Error("queued from the callback port")
	}
}
