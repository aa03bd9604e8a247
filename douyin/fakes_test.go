package douyin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// fakeTokens hands out its list from front to back: Invalidate moves on when the stale one is
// current.
type fakeTokens struct {
	mu    sync.Mutex
	list  []string
	err   error
	calls int
}

func (f *fakeTokens) Token(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	return f.list[0], f.err
}

func (f *fakeTokens) Invalidate(_ context.Context, stale string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list[0] == stale && len(f.list) > 1 {
		f.list = f.list[1:]
	}
	return nil
}

// far is Douyin's side: it answers from its list, the last one again and again, and keeps what it
// was sent.
type far struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
}

type reply struct {
	status int
	header map[string]string
	body   string
}

func newFar(t *testing.T, replies ...reply) *far {
	t.Helper()
	f := &far{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.mu.Lock()
		f.bodies = append(f.bodies, r.URL.Path+" "+string(body))
		answer := replies[min(len(f.bodies), len(replies))-1]
		f.mu.Unlock()
		for k, v := range answer.header {
			w.Header().Set(k, v)
		}
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
	return append([]string(nil), f.bodies...)
}

func newTestClient(t *testing.T, base string, tokens Tokens, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{BaseURL: base, AppID: "tt0123456789abcdef", Secret: "app-secret-5e1", Salt: "pay-salt-77c"}
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewClient(cfg, tokens)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.caller.http.CloseIdleConnections)
	return c
}

// anOrder is what the shop's row of TestPushEqualsThePHPClass holds.
func anOrder() OrderPush {
	return OrderPush{
		OpenID: "_000open_id-Z", Status: Paid, UpdateTime: 1700000000123, PaymentOrderNo: "N72900000001",
		Detail: OrderDetail{
			OrderID: "123", CreateTime: 1699999990000, Amount: 1, TotalPrice: 1990, DetailURL: "pages/course/course",
			Items: []OrderItem{{Img: "https://cdn.example.com/a&b.jpg", Title: "摄影<入门>课", SubTitle: "摄影<入门>课", Amount: 1, Price: 2990}},
		},
	}
}
