package trade

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/ordersync/ordersync/douyin"
)

const (
	appID  = "tt0123456789abcdef"
	secret = "app-secret-5e1"
)

// fakeTokens hands out its list from front to back.
type fakeTokens struct {
	mu      sync.Mutex
	list    []string
	invalid int
}

func (f *fakeTokens) Token(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list[0], nil
}

func (f *fakeTokens) Invalidate(_ context.Context, stale string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.invalid++
	if f.list[0] == stale && len(f.list) > 1 {
		f.list = f.list[1:]
	}
	return nil
}

type reply struct {
	status int
	body   string
}

// far is Douyin's side: it answers from its list, the last one again and again, and keeps what it
// was sent: "path|access-token|body".
type far struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func newFar(t *testing.T, replies ...reply) *far {
	t.Helper()
	f := &far{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s with %s", r.Method, r.Header.Get("Content-Type"))
		}
		f.mu.Lock()
		f.seen = append(f.seen, r.URL.Path+"|"+r.Header.Get("access-token")+"|"+string(body))
		answer := replies[min(len(f.seen), len(replies))-1]
		f.mu.Unlock()
		if answer.status != 0 {
			w.WriteHeader(answer.status)
		}
		_, _ = io.WriteString(w, answer.body)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *far) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

func newTestClient(t *testing.T, base string, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{BaseURL: base, AppID: appID, Secret: secret, NotifyURL: "https://shop.example.com/cb"}
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewClient(cfg, &fakeTokens{list: []string{"clt.one", "clt.two"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const okEmpty = `{"err_no":0,"err_msg":"success","log_id":"L1"}`

func aRefund() Refund {
	return Refund{
		OrderID: "motb1", OutRefundNo: "R1", Amount: 1990, Items: []RefundItem{{"motb3", 1990}},
		Reasons: []Reason{{ReasonOther, "不想要了"}}, Page: Page{"pages/refund/detail", `{"id":"1"}`},
	}
}

func aSettlement() Settlement {
	return Settlement{OutOrderNo: "T1", OutSettleNo: "S1", Desc: "结算"}
}

// every call, for what holds of all of them.
func every(c *Client) map[string]func() (douyin.Receipt, error) {
	ctx := context.Background()
	return map[string]func() (douyin.Receipt, error){
		OpOrderQuery:   func() (douyin.Receipt, error) { _, r, err := c.QueryOrder(ctx, "T1", ""); return r, err },
		OpRefundCreate: func() (douyin.Receipt, error) { _, r, err := c.CreateRefund(ctx, aRefund()); return r, err },
		OpRefundQuery:  func() (douyin.Receipt, error) { _, r, err := c.QueryRefunds(ctx, "R1", "", ""); return r, err },
		OpRefundAudit:  func() (douyin.Receipt, error) { return c.Audit(ctx, Verdict{RefundID: "motb9", Agree: true}) },
		OpSettleCreate: func() (douyin.Receipt, error) { _, r, err := c.Settle(ctx, aSettlement()); return r, err },
		OpSettleQuery: func() (douyin.Receipt, error) {
			_, r, err := c.QuerySettles(ctx, SettleKey{OutSettleNo: "S1"})
			return r, err
		},
		OpFulfil:   func() (douyin.Receipt, error) { return c.Fulfil(ctx, Fulfilment{"motb1", []string{"i"}, "DONE"}) },
		OpTagQuery: func() (douyin.Receipt, error) { _, r, err := c.QueryTags(ctx, 0); return r, err },
	}
}

func fails(t *testing.T, op string, err error) *douyin.Error {
	t.Helper()
	var e *douyin.Error
	if !errors.As(err, &e) || e.Op != op {
		t.Fatalf("%s: %v", op, err)
	}
	return e
}
