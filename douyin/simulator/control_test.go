package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func control(s *Server, method, path, body string) (int, string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestControlInterface(t *testing.T) {
	s := newSim(t, Config{Now: newClock().Now})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595123"))
	push(t, s, orderPush("wrong", "1", "已支付", "1768634595124"))
	for _, tt := range []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"GET", "/_sim/ledger", "", 200, `"order_id":"7","held":true,"order_status":1,"status":"已支付","update_time":1768634595123,"payment_order_no":"N7290"`},
		{"GET", "/_sim/orders/7", "", 200, `"history":[{"at":"`},
		{"GET", "/_sim/orders/8", "", 404, `"error"`},
		{"GET", "/_sim/stats", "", 200, `"order.push":{"ok":1,"codes":{"40002":1}},"token.fetch":{"ok":1}`},
		{"GET", "/_sim/faults", "", 200, `{"profile":"off"}`},
		{"POST", "/_sim/faults", `{"profile":"gale"}`, 400, `gale`},
		{"POST", "/_sim/faults", `{"faults":[{"op":"order.push","kind":"busy","count":1}]}`, 200, `"kind":"busy"`},
		{"POST", pushPath, orderPush(token, "1", "已支付", "1768634595125"), 200, `40014`}, // no Content-Type, but the fault comes first
		{"POST", "/_sim/faults", `off`, 200, `"profile":"off"`},
		{"POST", "/_sim/revoke", "", 200, `{}`},
		{"GET", "/_sim/revoke", "", 405, ``},
		{"POST", "/_sim/reset", "", 200, `{}`},
		{"GET", "/_sim/ledger", "", 200, `"orders":[]`},
		{"GET", "/_sim/stats", "", 200, `"orders":0,"held":0,"regressions":0`},
	} {
		status, answer := control(s, tt.method, tt.path, tt.body)
		if tt.path == pushPath {
			if !strings.Contains(answer, "1001") {
				t.Errorf("a fault set by the control interface does not bite: %s", answer)
			}
			continue
		}
		if status != tt.status || !strings.Contains(answer, tt.contains) {
			t.Errorf("%s %s: %d %s\nwant %d with %s", tt.method, tt.path, status, answer, tt.status, tt.contains)
		}
	}
}

func TestTheControlInterfaceShowsNoOpenIDAndNoToken(t *testing.T) {
	s := newSim(t, Config{Secret: "s3cr3t"})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595123"))
	push(t, s, strings.Replace(orderPush(token, "1", "已支付", "1768634595123"), "_000abc-DEF", "_000abc-DEF ", 1))
	for _, path := range []string{"/_sim/ledger", "/_sim/orders/7", "/_sim/stats", "/_sim/faults"} {
		status, answer := control(s, http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Errorf("%s: HTTP %d", path, status)
		}
		for _, secret := range []string{token, "_000abc-DEF", "s3cr3t"} {
			if strings.Contains(answer, secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
}

// A page of another site, open in the browser of whoever has a simulator, changes nothing. A program,
// which sends no Origin, is answered under whatever name it calls.
func TestAnotherSitesPageControlsNothing(t *testing.T) {
	s := newSim(t, Config{})
	if err := s.AddPaid("E1", 100, time.Now()); err != nil {
		t.Fatal(err)
	}
	ask := func(path string, header http.Header) int {
		r := httptest.NewRequest(http.MethodPost, "http://simulator:9000"+path, strings.NewReader(`{}`))
		r.Header = header
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for _, path := range []string{
		"/_sim/reset", "/_sim/revoke", "/_sim/faults", "/_sim/pay", "/_sim/trade/app_key", "/_sim/trade/request_order", "/_sim/trade/pay",
		"/_sim/trade/cancel", "/_sim/trade/settle", "/_sim/trade/ask_refund", "/_sim/trade/ask_again",
	} {
		for _, foreign := range []http.Header{
			{"Origin": {"http://evil.example"}}, {"Origin": {"null"}}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://simulator:9001"}},
		} {
			if code := ask(path, foreign); code != http.StatusForbidden {
				t.Errorf("%s with %v: HTTP %d", path, foreign, code)
			}
		}
		for _, own := range []http.Header{{}, {"Origin": {"http://simulator:9000"}}, {"Sec-Fetch-Site": {"same-origin"}}} {
			if code := ask(path, own); code == http.StatusForbidden {
				t.Errorf("%s with %v: HTTP %d", path, own, code)
			}
		}
	}
}
