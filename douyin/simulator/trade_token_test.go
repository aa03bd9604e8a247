package simulator

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestClientTokenCodes(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct{ body, want string }{
		{`{"grant_type":"client_credential","client_key":"tt0123456789abcdef"}`, `"error_code":10002`},
		{`{"grant_type":"client_credential","client_key":"tt0123456789abcdef","client_secret":""}`, `"error_code":10002`},
		{`{"grant_type":"code","client_key":"tt0123456789abcdef","client_secret":"s3cr3t"}`, `"error_code":10002`},
		{`{"appid":"tt0123456789abcdef","secret":"s3cr3t","grant_type":"client_credential"}`, `"error_code":10002`},
		{`x`, `"error_code":10002`},
		{`{"grant_type":"client_credential","client_key":"tt1","client_secret":"s3cr3t"}`, `"error_code":10003`},
		{`{"grant_type":"client_credential","client_key":"tt0123456789abcdef","client_secret":"x"}`, `"error_code":10013`},
	} {
		rec := w.raw("/oauth/client_token/", "", c.body)
		if got := rec.Body.String(); rec.Code != 200 || !strings.Contains(got, c.want) || !strings.Contains(got, `"message":"error"`) || strings.Contains(got, "s3cr3t") {
			t.Errorf("%s: HTTP %d %s, want %s", c.body, rec.Code, got, c.want)
		}
	}
	rec := w.raw("/oauth/client_token/", "", `{"grant_type":"client_credential","client_key":"tt0123456789abcdef","client_secret":"s3cr3t"}`)
	if got := rec.Body.String(); !strings.HasSuffix(got, `"description":"","error_code":0,"expires_in":7200},"message":"success"}`) {
		t.Errorf("answer %s", got)
	}
}

func TestOnlyTheNewestTwoClientTokensLive(t *testing.T) {
	w := newWorld(t, nil)
	w.requested(orderData("T1"))
	code := func(token string) int {
		w.token = token
		code, _ := w.call("order_query", `{"out_order_no":"T1"}`)
		return code
	}
	want := func(when string, tokens map[string]int) {
		t.Helper()
		for token, n := range tokens {
			if got := code(token); got != n {
				t.Errorf("%s: %d, want %d", when, got, n)
			}
		}
	}
	first := w.token
	second := w.fetchToken()
	want("two", map[string]int{first: 0, second: 0})
	third := w.fetchToken()
	want("three", map[string]int{first: codeTradeTokenOld, second: 0, third: 0})
	w.bell.advance(previousTokenLife)
	want("after five minutes", map[string]int{second: codeTradeTokenOld, third: 0})
	w.bell.advance(2*time.Hour - previousTokenLife)
	want("after two hours", map[string]int{third: codeTradeTokenOld})
	fourth := w.fetchToken()
	w.Revoke()
	want("revoked", map[string]int{fourth: codeTradeTokenOld, "clt.nobody": codeTradeToken})
}

func TestMoreThanFiveHundredTokensInFiveMinutesAreAViolation(t *testing.T) {
	w := newWorld(t, nil) // has fetched one
	for range mostTokenFetches - 1 {
		w.fetchToken()
	}
	w.noViolations()
	body := `{"grant_type":"client_credential","client_key":"tt0123456789abcdef","client_secret":"s3cr3t"}`
	w.bell.advance(tokenFetchWindow - time.Second)
	if got := w.raw("/oauth/client_token/", "", body).Body.String(); !strings.Contains(got, `"error_code":10020`) {
		t.Errorf("fetch 501: %s", got)
	}
	w.violation(TokenFlood, "")
	w.bell.advance(time.Second)
	w.fetchToken()
}

func TestTheTokensCodeIsASetting(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.TokenCode = 11002 })
	w.token = "clt.x"
	w.wantCode(11002, "order_query", `{"out_order_no":"T1"}`)
}

func TestATokenCanBeRevokedByTheScript(t *testing.T) {
	w := newWorld(t, nil)
	w.requested(orderData("T1"))
	if err := w.SetFaults(Plan{Faults: []Fault{{Op: "trade.order_query", Kind: TokenRevoked, Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	w.wantCode(codeTradeTokenOld, "order_query", `{"out_order_no":"T1"}`)
	w.token = w.fetchToken()
	w.mustCall("order_query", `{"out_order_no":"T1"}`)
	if err := w.SetFaults(Plan{Faults: []Fault{{Op: "trade.token", Kind: TokenRevoked}}}); err == nil {
		t.Error("a fetch of a token can find it revoked?")
	}
}

func TestScriptedCodesAreThoseOfTrade(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		kind Kind
		op   string
		path string
		code int
	}{
		{Busy, "trade.order_query", tradePath + "order_query/", codeTradeOften},
		{SystemError, "trade.refund_create", tradePath + "refund_create/", codeTradeSystem},
		{SystemError, "trade.settle_create", tradePath + "settle_create/", codeSettleSystem},
		{Busy, "trade.token", "/oauth/client_token/", codeClientOften},
	} {
		if err := w.SetFaults(Plan{Faults: []Fault{{Op: c.op, Kind: c.kind}}}); err != nil {
			t.Fatal(err)
		}
		if got := w.raw(c.path, w.token, `{}`).Body.String(); !strings.Contains(got, strconv.Itoa(c.code)) {
			t.Errorf("%s of %s: %s, want %d", c.kind, c.op, got, c.code)
		}
	}
}
