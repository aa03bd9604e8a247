package trade

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	for _, body := range []string{
		`{"err_no":28001003,"err_msg":"access_token invalid"}`, `{"err_no":28001008}`, `{"err_no":11002}`, `{"err_no":2190002}`, `{"err_no":2190008}`,
		`{"data":{"error_code":28001008,"description":"expired"}}`, `{"extra":{"error_code":2190008},"data":{}}`, `{"err_no":0,"data":{"error_code":28001003}}`,
	} {
		f := newFar(t, reply{body: body}, reply{body: okEmpty})
		if _, err := every(newTestClient(t, f.URL))[OpRefundAudit](); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if sent := f.sent(); len(sent) != 2 || !strings.Contains(sent[0], "|clt.one|") || !strings.Contains(sent[1], "|clt.two|") {
			t.Errorf("%s: sent %q", body, sent)
		}
		f = newFar(t, reply{body: body})
		_, err := every(newTestClient(t, f.URL))[OpRefundAudit]()
		if e := fails(t, OpRefundAudit, err); e.Kind != douyin.Unauthorized || e.MayHave || len(f.sent()) != 2 {
			t.Errorf("%s again: %v, %d exchanges", body, err, len(f.sent()))
		}
	}
	for _, code := range []int{11006, 28001014, 28001016, 28001018, 28001019, 2190004} { // a right is missing: no token helps
		f := newFar(t, reply{body: fmt.Sprintf(`{"err_no":%d}`, code)})
		_, err := every(newTestClient(t, f.URL))[OpRefundAudit]()
		if e := fails(t, OpRefundAudit, err); e.Kind != douyin.Unauthorized || !errors.Is(err, douyin.ErrConfiguration) || !errors.Is(err, ErrRight) || len(f.sent()) != 1 {
			t.Errorf("%d: %v, %d exchanges", code, err, len(f.sent()))
		}
	}
}

// What an answer without an outcome, or with one that is none, means for money.
func TestUnknownOutcomes(t *testing.T) {
	answers := map[string]struct {
		reply
		kind douyin.Kind
		may  bool
	}{
		"system":          {reply{200, `{"err_no":13000}`}, douyin.Unavailable, true},
		"gateway busy":    {reply{200, `{"err_no":28001005}`}, douyin.Unavailable, true},
		"proxy":           {reply{502, `<html>`}, douyin.Unavailable, true},
		"nothing":         {reply{200, ``}, douyin.Unavailable, true},
		"no code":         {reply{200, `{"data":{}}`}, douyin.Unavailable, true},
		"unknown code":    {reply{200, `{"err_no":99999}`}, douyin.Doubtful, false},
		"unknown, 400":    {reply{400, `{"err_no":99999}`}, douyin.Doubtful, false},
		"400 of a proxy":  {reply{400, `bad request`}, douyin.Doubtful, false},
		"gateway's doubt": {reply{200, `{"err_no":0,"data":{"error_code":99999}}`}, douyin.Doubtful, false},
		"parameter, 400":  {reply{400, `{"err_no":10000,"err_msg":"参数不合法"}`}, douyin.Rejected, false},
		"throttled":       {reply{200, `{"err_no":12001}`}, douyin.Throttled, false},
		"HTTP 429":        {reply{429, ``}, douyin.Throttled, false},
	}
	for name, a := range answers {
		f := newFar(t, a.reply)
		for op, call := range every(newTestClient(t, f.URL)) {
			_, err := call()
			if e := fails(t, op, err); e.Kind != a.kind || e.MayHave != a.may {
				t.Errorf("%s, %s: %v, MayHave %t", name, op, err, e.MayHave)
			}
		}
	}
	for name, body := range map[string]string{
		"no data": okEmpty, "no id": `{"err_no":0,"data":{}}`, "id of another type": `{"err_no":0,"data":{"refund_id":[],"settle_id":{}}}`, "data is text": `{"err_no":0,"data":"x"}`,
	} {
		calls := every(newTestClient(t, newFar(t, reply{body: body}).URL))
		for _, op := range []string{OpRefundCreate, OpSettleCreate, OpOrderQuery} {
			_, err := calls[op]()
			if e := fails(t, op, err); e.Kind != douyin.Unavailable || !e.MayHave {
				t.Errorf("%s, %s: %v", name, op, err)
			}
		}
	}
	calls := every(newTestClient(t, "http://127.0.0.1:1"))
	_, err := calls[OpRefundCreate]()
	if e := fails(t, OpRefundCreate, err); e.Kind != douyin.Unavailable || e.MayHave {
		t.Errorf("nobody there: %v", err)
	}
}

// An answer about something else than what was asked is none.
func TestForeignAnswers(t *testing.T) {
	for op, body := range map[string]string{
		OpOrderQuery:  `{"err_no":0,"data":{"order_id":"o","out_order_no":"T2","pay_status":"SUCCESS","total_amount":1}}`,
		OpRefundQuery: `{"err_no":0,"data":{"refund_list":[{"order_id":"o","refund_id":"r","out_refund_no":"R2","refund_status":"SUCCESS","refund_total_amount":1}]}}`,
		OpSettleQuery: `{"err_no":0,"data":[{"out_settle_no":"S2","settle_id":"s","settle_status":"SUCCESS","settle_amount":1}]}`,
	} {
		r, err := every(newTestClient(t, newFar(t, reply{body: body}).URL))[op]()
		if e := fails(t, op, err); e.Kind != douyin.Unavailable || !e.MayHave || len(r.Response) == 0 {
			t.Errorf("%s: %v", op, err)
		}
	}
	for op, body := range map[string]string{
		OpOrderQuery:  `{"err_no":0,"data":{"order_id":"o","out_order_no":"T1","pay_status":"SUCCESS","total_amount":1.00}}`,
		OpRefundQuery: `{"err_no":0,"data":{"refund_list":[{"order_id":"o","refund_id":"r","out_refund_no":"R1","refund_total_amount":1}]}}`,
		OpSettleQuery: `{"err_no":0,"data":[{"out_settle_no":"S1","settle_id":"s","settle_status":"SUCCESS"}]}`,
		OpTagQuery:    `{"err_no":0,"data":[]}`,
	} {
		_, err := every(newTestClient(t, newFar(t, reply{body: body}).URL))[op]()
		if e := fails(t, op, err); e.Kind != douyin.Unavailable || !e.MayHave {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestNothingSecretLeaves(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"err_no":10000,"err_msg":"bad %s %s","data":{"echo":%q}}`, r.Header.Get("Access-Token"), secret, r.Header.Get("Access-Token"))
	}))
	t.Cleanup(echo.Close)
	c := newTestClient(t, echo.URL)
	for op, call := range every(c) {
		r, err := call()
		shown := fmt.Sprintf("%v %+v %s %s %v %#v", err, err, r.Request, r.Response, c, c)
		if err == nil || strings.Contains(shown, "clt.one") || strings.Contains(shown, secret) || !strings.Contains(shown, "bad *** ***") {
			t.Errorf("%s: %s", op, shown)
		}
	}
}

type gateKeeper struct {
	mu      sync.Mutex
	entered []string
	ended   []error
	closed  bool
}

func (g *gateKeeper) Enter(_ context.Context, op string) (func(error), error) {
	if g.closed {
		return nil, &douyin.Error{Op: op, Kind: douyin.Paused}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entered = append(g.entered, op)
	return func(err error) { g.ended = append(g.ended, err) }, nil
}

func TestEveryCallPassesTheGateAndIsReported(t *testing.T) {
	gate := &gateKeeper{}
	var reported []string
	f := newFar(t, reply{body: `{"err_no":0,"data":"x","log_id":"20261129L"}`})
	c := newTestClient(t, f.URL, func(cfg *Config) {
		cfg.Gate = gate
		cfg.OnCall = func(op string, _ time.Duration, _ error) { reported = append(reported, op) }
	})
	calls := every(c)
	if len(calls) != len(methods) || len(DefaultRates()) != len(methods) {
		t.Fatalf("%d calls, %d methods, %d rates", len(calls), len(methods), len(DefaultRates()))
	}
	for op, call := range calls {
		r, err := call()
		last := len(gate.entered) - 1
		if gate.entered[last] != op || !errors.Is(gate.ended[last], err) || reported[last] != op || r.LogID != "20261129L" || DefaultRates()[op] == 0 {
			t.Errorf("%s: gate %s told %v, reported %s, %v, log id %q", op, gate.entered[last], gate.ended[last], reported[last], err, r.LogID)
		}
	}
	gate.closed = true
	before := len(f.sent())
	if _, err := calls[OpSettleCreate](); fails(t, OpSettleCreate, err).Kind != douyin.Paused || len(f.sent()) != before {
		t.Error("a closed gate was passed")
	}
}

func TestNewClientRefuses(t *testing.T) {
	tokens := &fakeTokens{list: []string{"clt.one"}}
	for name, cfg := range map[string]Config{
		"no app": {}, "plain notify": {AppID: appID, NotifyURL: "http://h/"}, "base": {AppID: appID, BaseURL: "ftp://h"},
	} {
		if _, err := NewClient(cfg, tokens); err == nil || !strings.HasPrefix(err.Error(), "trade: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewClient(Config{AppID: appID}, nil); err == nil {
		t.Error("no tokens")
	}
	c, err := NewClient(Config{AppID: appID}, tokens)
	if err != nil || !strings.Contains(c.String(), `"https://open.douyin.com"`) {
		t.Errorf("%v %v", c, err)
	}
	if _, err := NewClient(Config{AppID: appID, BaseURL: "http://127.0.0.1:1", NotifyURL: "http://127.0.0.1:2/cb"}, tokens); err != nil {
		t.Error(err)
	}
}
