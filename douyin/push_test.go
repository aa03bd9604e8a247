package douyin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

const ok200 = `{"err_code":0,"err_msg":"","body":""}`

// What PHP's json_encode makes of the class's array for this row (id 123, price 29.90, amount
// 19.90).
const phpBody = `{"access_token":"0801121abc","app_name":"douyin","open_id":"_000open_id-Z","update_time":1700000000123,` +
	`"order_detail":"{\"order_id\":\"123\",\"create_time\":1699999990000,\"status\":\"\\u5df2\\u652f\\u4ed8\",\"amount\":1,` +
	`\"total_price\":1990,\"detail_url\":\"pages\\\/course\\\/course\",\"item_list\":[{\"img\":\"https:\\\/\\\/cdn.example.com\\\/a&b.jpg\",` +
	`\"title\":\"\\u6444\\u5f71<\\u5165\\u95e8>\\u8bfe\",\"sub_title\":\"\\u6444\\u5f71<\\u5165\\u95e8>\\u8bfe\",\"amount\":1,\"price\":2990}]}",` +
	`"order_type":0,"order_status":1,"payment_order_no":"N72900000001"}`

const ourBody = `{"access_token":"0801121abc","app_name":"douyin","open_id":"_000open_id-Z","update_time":1700000000123,` +
	`"order_detail":"{\"order_id\":\"123\",\"create_time\":1699999990000,\"status\":\"已支付\",\"amount\":1,` +
	`\"total_price\":1990,\"detail_url\":\"pages/course/course\",\"item_list\":[{\"img\":\"https://cdn.example.com/a&b.jpg\",` +
	`\"title\":\"摄影<入门>课\",\"sub_title\":\"摄影<入门>课\",\"amount\":1,\"price\":2990}]}",` +
	`"order_type":0,"order_status":1,"payment_order_no":"N72900000001"}`

func decodeNumbers(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func TestPushEqualsThePHPClass(t *testing.T) {
	f := newFar(t, reply{body: ok200})
	r, err := newTestClient(t, f.URL, &fakeTokens{list: []string{"0801121abc"}}).PushOrder(context.Background(), anOrder())
	if err != nil {
		t.Fatal(err)
	}
	sent := f.sent()
	if len(sent) != 1 || sent[0] != "/api/apps/order/v2/push "+ourBody {
		t.Fatalf("sent %q\nwant %q", sent, ourBody)
	}
	ours, php := decodeNumbers(t, ourBody), decodeNumbers(t, phpBody)
	for _, m := range []map[string]any{ours, php} {
		m["order_detail"] = decodeNumbers(t, m["order_detail"].(string))
	}
	if !reflect.DeepEqual(ours, php) {
		t.Errorf("ours and the class's differ:\n%v\n%v", ours, php)
	}
	want := strings.NewReplacer("0801121abc", "***", "_000open_id-Z", "***").Replace(ourBody)
	if string(r.Request) != want || string(r.Response) != ok200 || r.HTTPStatus != 200 {
		t.Errorf("receipt %d %s %s", r.HTTPStatus, r.Request, r.Response)
	}
}

func TestItemCodeIsSentOnlyWhenThereIsOne(t *testing.T) {
	o := anOrder()
	o.Detail.Items[0].ItemCode = "SKU1"
	detail, err := o.detail()
	if err != nil || !strings.Contains(string(detail), `"item_list":[{"item_code":"SKU1","img":`) {
		t.Errorf("%s, %v", detail, err)
	}
}

func TestARefusedTokenIsReplacedExactlyOnce(t *testing.T) {
	refusal := reply{body: `{"err_code":40004,"err_msg":"access_token error"}`}
	cases := []struct {
		name    string
		tokens  []string
		replies []reply
		sent    []string
		kind    Kind // 0: success
	}{
		{"fresh one is good", []string{"old", "new"}, []reply{refusal, {body: ok200}}, []string{"old", "new"}, 0},
		{"fresh one is refused too", []string{"old", "new", "newer"}, []reply{refusal}, []string{"old", "new"}, Unauthorized},
		{"no other token is had", []string{"old"}, []reply{refusal}, []string{"old"}, Unauthorized},
		{"another failure follows", []string{"old", "new"}, []reply{refusal, {status: 502}}, []string{"old", "new"}, Unavailable},
		{"40014 about a token", []string{"old", "new"}, []reply{{body: `{"err_code":40014,"err_msg":"bad access Token"}`}, {body: ok200}}, []string{"old", "new"}, 0},
		{"40014 about parameters", []string{"old", "new"}, []reply{{body: `{"err_code":40014,"err_msg":"http 参数错误"}`}}, []string{"old"}, Rejected},
		{"5xx is not retried", []string{"old", "new"}, []reply{{status: 500}}, []string{"old"}, Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFar(t, c.replies...)
			_, err := newTestClient(t, f.URL, &fakeTokens{list: c.tokens}).PushOrder(context.Background(), anOrder())
			sent := f.sent()
			if len(sent) != len(c.sent) {
				t.Fatalf("%d exchanges, want %d", len(sent), len(c.sent))
			}
			for i := range sent {
				if !strings.Contains(sent[i], `{"access_token":"`+c.sent[i]+`",`) {
					t.Errorf("exchange %d: %s", i, sent[i])
				}
			}
			if kindOf(err) != c.kind {
				t.Errorf("%v", err)
			}
		})
	}
}

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// gateSpy is a Gate that tells what it saw.
type gateSpy struct {
	refuse error
	ops    []string
	ends   []error
}

func (g *gateSpy) Enter(_ context.Context, op string) (func(error), error) {
	g.ops = append(g.ops, op)
	return func(err error) { g.ends = append(g.ends, err) }, g.refuse
}

func TestTheGateSeesEveryEnd(t *testing.T) {
	f := newFar(t, reply{body: ok200})
	tokenFault := &Error{Op: OpTokenFetch, Kind: Unauthorized, Err: ErrCredentials}
	cases := []struct {
		name   string
		tokens *fakeTokens
		order  OrderPush
		ops    int
		end    error
	}{
		{"success", &fakeTokens{list: []string{"a"}}, anOrder(), 1, nil},
		{"no token", &fakeTokens{list: []string{""}, err: tokenFault}, anOrder(), 1, tokenFault},
		{"invalid order never comes to the gate", &fakeTokens{list: []string{"a"}}, OrderPush{}, 0, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := &gateSpy{}
			_, _ = newTestClient(t, f.URL, c.tokens, func(cfg *Config) { cfg.Gate = g }).PushOrder(context.Background(), c.order)
			if len(g.ops) != c.ops || len(g.ends) != c.ops || (c.ops == 1 && !errors.Is(g.ends[0], c.end)) {
				t.Errorf("ops %v, ends %v", g.ops, g.ends)
			}
		})
	}
	t.Run("a closed gate sends nothing", func(t *testing.T) {
		before := len(f.sent())
		g := &gateSpy{refuse: &Error{Op: OpOrderPush, Kind: Paused, RetryAfter: time.Second}}
		_, err := newTestClient(t, f.URL, &fakeTokens{list: []string{"a"}}, func(cfg *Config) { cfg.Gate = g }).PushOrder(context.Background(), anOrder())
		if kindOf(err) != Paused || len(f.sent()) != before || len(g.ends) != 0 {
			t.Errorf("%v, %d sent, ends %v", err, len(f.sent())-before, g.ends)
		}
	})
}

func TestDigestNamesTheContent(t *testing.T) {
	base := anOrder().Digest()
	if want := "0d35cc4be8dd2b2a70d4b6a0d4a55801688b006f1644c9038633dae738e9822b"; base != want {
		t.Errorf("digest %s, want %s: every order would be pushed again", base, want)
	}
	same := anOrder()
	same.UpdateTime++
	if same.Digest() != base {
		t.Error("update_time is part of the digest")
	}
	changes := map[string]func(*OrderPush){
		"open_id":          func(o *OrderPush) { o.OpenID += "x" },
		"status":           func(o *OrderPush) { o.Status = Refunded },
		"payment_order_no": func(o *OrderPush) { o.PaymentOrderNo = "" },
		"order_id":         func(o *OrderPush) { o.Detail.OrderID = "124" },
		"create_time":      func(o *OrderPush) { o.Detail.CreateTime++ },
		"amount":           func(o *OrderPush) { o.Detail.Amount = 2 },
		"total_price":      func(o *OrderPush) { o.Detail.TotalPrice = 1 },
		"detail_url":       func(o *OrderPush) { o.Detail.DetailURL += "?id=1" },
		"item_code":        func(o *OrderPush) { o.Detail.Items[0].ItemCode = "s" },
		"img":              func(o *OrderPush) { o.Detail.Items[0].Img += "2" },
		"title":            func(o *OrderPush) { o.Detail.Items[0].Title += "2" },
		"sub_title":        func(o *OrderPush) { o.Detail.Items[0].SubTitle = "" },
		"item amount":      func(o *OrderPush) { o.Detail.Items[0].Amount = 3 },
		"price":            func(o *OrderPush) { o.Detail.Items[0].Price = 0 },
		"item count":       func(o *OrderPush) { o.Detail.Items = append(o.Detail.Items, o.Detail.Items[0]) },
	}
	for name, change := range changes {
		o := anOrder()
		change(&o)
		if o.Digest() == base {
			t.Errorf("%s is not part of the digest", name)
		}
	}
}

func TestOneExchangeTakesAtMostTheTimeout(t *testing.T) {
	hang := newHangingFar(t)
	c := newTestClient(t, hang, &fakeTokens{list: []string{"a"}}, func(cfg *Config) { cfg.Timeout = 30 * time.Millisecond })
	_, err := c.PushOrder(context.Background(), anOrder())
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unavailable || !e.MayHave || !errors.Is(err, context.DeadlineExceeded) || !e.Outage() {
		t.Errorf("%#v", err)
	}
}

func TestACallerThatGoesAwayIsNoOutage(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := newTestClient(t, "http://127.0.0.1:1", &fakeTokens{list: []string{"a"}}).PushOrder(ctx, anOrder())
	var e *Error
	if !errors.As(err, &e) || e.MayHave || e.Outage() || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v", err)
	}
}

// answering is a transport that costs nothing.
type answering struct{}

func (answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(ok200))}, nil
}

// BenchmarkPushOrder is our own part of a push: without a network, a token cache or a gate.
func BenchmarkPushOrder(b *testing.B) {
	c, err := NewClient(Config{AppID: "tt1", Secret: "s3cret-of-app", Salt: "s4lt-of-app", HTTP: &http.Client{Transport: answering{}}},
		&fakeTokens{list: []string{"0801121abc"}})
	if err != nil {
		b.Fatal(err)
	}
	o := anOrder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.PushOrder(context.Background(), o); err != nil {
			b.Fatal(err)
		}
	}
}
