package trade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

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

// Every call, byte by byte, and what is read from an answer.
func TestCalls(t *testing.T) {
	ctx := context.Background()
	refundAnswer := `{"err_no":0,"data":{"refund_id":"motb9","refund_audit_deadline":1764633600000}}`
	settleAnswer := `{"err_no":0,"data":{"settle_id":7308352427978230016,"wallet_settle_id":"w"}}`
	cases := []struct {
		name, answer, path, body string
		call                     func(*Client) (any, douyin.Receipt, error)
		want                     any
	}{
		{
			"order, the official example", string(file(t, "order_query.json")), "order_query", `{"out_order_no":"ext_order_123"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryOrder(ctx, "ext_order_123", "")) },
			PaymentState{
				AppID: "tt123123123", OrderID: "motb52726742593307630520952", OutOrderNo: "ext_order_123", Status: Process, TotalAmount: 1000, PayChannel: "1",
				ChannelPayID: "2iu2082897r9hflquf", MerchantUID: "287484783", OrderedAt: time.UnixMilli(1692775192000), PaidAt: time.UnixMilli(1692775192000),
				Items: []OrderItem{{ItemOrderID: "motb52726742593307630520952", SkuID: "1234123", Amount: 100}},
			},
		},
		{
			"order by Douyin's id, diamonds, numbers as text",
			`{"err_no":"0","data":{"order_id":"motb1","out_order_no":"T1","pay_status":"SUCCESS","total_amount":"100","currency":"DIAMOND","total_currency_amount":"100","item_order_list":[{"item_order_id":"i","sku_id":7,"item_order_currency_amount":100}]}}`,
			"order_query", `{"order_id":"motb1"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryOrder(ctx, "", "motb1")) },
			PaymentState{
				OrderID: "motb1", OutOrderNo: "T1", Status: Success, TotalAmount: 100, Currency: Diamond, TotalDiamonds: 100,
				Items: []OrderItem{{ItemOrderID: "i", SkuID: "7", Diamonds: 100}},
			},
		},
		{
			"refund of items", refundAnswer, "refund_create",
			`{"order_id":"motb1","out_refund_no":"R1","cp_extra":"","order_entry_schema":{"path":"pages/refund/detail","params":"{\"id\":\"1\"}"},"refund_total_amount":1990,` +
				`"item_order_detail":[{"item_order_id":"motb3","refund_amount":1990}],"refund_reason":[{"code":999,"text":"不想要了"}],"notify_url":"https://shop.example.com/cb"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.CreateRefund(ctx, aRefund())) }, "motb9",
		},
		{
			"refund of all", refundAnswer, "refund_create",
			`{"order_id":"motb1","out_refund_no":"R1","cp_extra":"x<y","order_entry_schema":{"path":"p"},"refund_total_amount":1990,"refund_all":true,` +
				`"refund_reason":[{"code":101,"text":"a"}],"notify_url":"https://h/","currency":"DIAMOND"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				f := aRefund()
				f.All, f.Items, f.CPExtra, f.Page, f.NotifyURL, f.Currency = true, nil, "x<y", Page{Path: "p"}, "https://h/", Diamond
				f.Reasons = []Reason{{ReasonUnwanted, "a"}}
				return three(c.CreateRefund(ctx, f))
			}, "motb9",
		},
		{
			"refunds by order",
			`{"err_no":0,"data":{"refund_list":[{"order_id":"motb1","refund_id":"motb9","refund_status":"SUCCESS","refund_total_amount":"5","create_at":1764374400000,"refund_at":1764374401000,` +
				`"refund_source":1,"message":"m","item_order_detail":[{"item_order_id":"i","refund_amount":5}],"merchant_audit_detail":{"need_refund_audit":1,"refund_audit_deadline":1764633600000,"audit_status":"OVERTIME","deny_message":""}},` +
				`{"order_id":"motb1","refund_id":"motb8","out_refund_no":"R1","refund_status":"NEWS","refund_total_amount":1,"create_at":1764374400000}]}}`,
			"refund_query", `{"order_id":"motb1"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryRefunds(ctx, "", "", "motb1")) },
			[]RefundState{
				{
					OrderID: "motb1", RefundID: "motb9", Status: Success, Amount: 5, CreatedAt: time.UnixMilli(1764374400000), RefundedAt: time.UnixMilli(1764374401000),
					Source: 1, Message: "m", Items: []RefundItem{{"i", 5}}, NeedAudit: true, Deadline: time.UnixMilli(1764633600000), Audit: AuditOvertime,
				},
				{OrderID: "motb1", RefundID: "motb8", OutRefundNo: "R1", Status: "NEWS", Amount: 1, CreatedAt: time.UnixMilli(1764374400000)},
			},
		},
		{
			"no refund", `{"err_no":0,"data":{"refund_list":null}}`, "refund_query", `{"out_refund_no":"R1"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryRefunds(ctx, "R1", "", "")) }, []RefundState(nil),
		},
		{
			"agree", okEmpty, "refund_audit_callback", `{"refund_id":"motb9","refund_audit_status":1}`,
			func(c *Client) (any, douyin.Receipt, error) {
				return two(c.Audit(ctx, Verdict{RefundID: "motb9", Agree: true, Denied: "not sent"}))
			}, nil,
		},
		{
			"deny", okEmpty, "refund_audit_callback", `{"refund_id":"motb9","refund_audit_status":2,"deny_message":"课程已学完"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				return two(c.Audit(ctx, Verdict{RefundID: "motb9", Denied: "课程已学完"}))
			}, nil,
		},
		{
			"settle", settleAnswer, "settle_create",
			`{"app_id":"tt0123456789abcdef","out_order_no":"T1","out_settle_no":"S1","settle_desc":"结算","notify_url":"https://shop.example.com/cb"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.Settle(ctx, aSettlement())) }, "7308352427978230016",
		},
		{
			"settle an item, with a receiver", settleAnswer, "settle_create",
			`{"app_id":"tt0123456789abcdef","out_order_no":"T1","out_settle_no":"S1","settle_desc":"结算","settle_params":"[{\"merchant_uid\":\"7\",\"amount\":100}]","item_order_id":"i","ext":"e","notify_url":"https://shop.example.com/cb"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				s := aSettlement()
				s.Receivers, s.ItemOrderID, s.Ext = []douyin.Receiver{{MerchantUID: "7", Amount: 100}}, "i", "e"
				return three(c.Settle(ctx, s))
			}, "7308352427978230016",
		},
		{
			"settlements",
			`{"err_no":0,"data":[{"order_id":"motb1","out_order_no":"T1","out_settle_no":"S1","settle_id":"7","wallet_settle_id":"w","item_order_id":"","settle_status":"SUCCESS","settle_amount":19800,` +
				`"settle_detail":"d","rake":692,"commission":"1","cp_extra":"e","settle_at":1701794819000}]}`,
			"settle_query", `{"app_id":"tt0123456789abcdef","out_settle_no":"S1"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				return three(c.QuerySettles(ctx, SettleKey{OutSettleNo: "S1"}))
			},
			[]SettleState{{
				OrderID: "motb1", OutOrderNo: "T1", OutSettleNo: "S1", SettleID: "7", WalletSettleID: "w", Status: Success, Amount: 19800, Rake: 692,
				Commission: 1, Detail: "d", CPExtra: "e", SettledAt: time.UnixMilli(1701794819000),
			}},
		},
		{
			"an unknown settlement is an empty list", `{"err_no":0,"data":[]}`, "settle_query", `{"app_id":"tt0123456789abcdef","order_id":"motb1"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				return three(c.QuerySettles(ctx, SettleKey{OrderID: "motb1"}))
			},
			[]SettleState(nil),
		},
		{
			"fulfil, err_no as text", `{"err_no":"0"}`, "fulfill_push_status", `{"order_id":"motb1","item_order_id_list":["i","j"],"to_status":"DONE"}`,
			func(c *Client) (any, douyin.Receipt, error) {
				return two(c.Fulfil(ctx, Fulfilment{"motb1", []string{"i", "j"}, "DONE"}))
			}, nil,
		},
		{
			"tags",
			`{"err_no":0,"data":{"tag_detail_list":[{"tag_group_id":"tag_group_1","tag_list":[{"tag_id":"t","tag_name":"n","tag_type":1,"tag_descs":["d"],"biz_line":2,"goods_type":401}],` +
				`"rule_list":[{"rule_id":"r","rule_type":1,"refund_rule":{"biz_status":"INIT","merchant_audit_type":2,"refund_type":3}}]}]}}`,
			"tag_query", `{"goods_type":401}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryTags(ctx, 401)) },
			[]TagGroup{{
				ID: "tag_group_1", Tags: []Tag{{ID: "t", Name: "n", Type: 1, Texts: []string{"d"}, BizLine: 2, GoodsType: 401}},
				Rules: []TagRule{{ID: "r", Type: 1, BizStatus: "INIT", Audit: 2, RefundType: 3}},
			}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFar(t, reply{body: c.answer})
			got, r, err := c.call(newTestClient(t, f.URL))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v\n got %+v\nwant %+v", err, got, c.want)
			}
			if want := "/api/trade_basic/v1/developer/" + c.path + "/|clt.one|" + c.body; len(f.sent()) != 1 || f.sent()[0] != want {
				t.Errorf("\nsent %q\nwant %q", f.sent(), want)
			}
			if string(r.Request) != c.body || string(r.Response) != c.answer || r.HTTPStatus != 200 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func three[T any](v T, r douyin.Receipt, err error) (any, douyin.Receipt, error) { return v, r, err }

func two(r douyin.Receipt, err error) (any, douyin.Receipt, error) { return nil, r, err }

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

func TestRequestsThatAreNotSent(t *testing.T) {
	f := newFar(t, reply{body: okEmpty})
	c := newTestClient(t, f.URL)
	ctx := context.Background()
	refund := func(change func(*Refund)) error {
		r := aRefund()
		change(&r)
		_, _, err := c.CreateRefund(ctx, r)
		return err
	}
	settle := func(change func(*Settlement)) error {
		s := aSettlement()
		change(&s)
		_, _, err := c.Settle(ctx, s)
		return err
	}
	items := make([]RefundItem, 100)
	receivers := make([]douyin.Receiver, 16) // 33 bytes each and more
	for i := range items {
		items[i] = RefundItem{fmt.Sprint(i), 1}
	}
	for i := range receivers {
		receivers[i] = douyin.Receiver{MerchantUID: fmt.Sprint(i), Amount: 1}
	}
	_, _, noKey := c.QueryOrder(ctx, "", "")
	_, _, twoKeys := c.QueryRefunds(ctx, "R1", "r", "")
	_, _, longKey := c.QuerySettles(ctx, SettleKey{OrderID: strings.Repeat("o", 65)})
	_, deny := c.Audit(ctx, Verdict{RefundID: "r"})
	_, longDeny := c.Audit(ctx, Verdict{RefundID: "r", Denied: strings.Repeat("x", 513)})
	_, noItem := c.Fulfil(ctx, Fulfilment{OrderID: "o", ToStatus: "DONE"})
	_, badItem := c.Fulfil(ctx, Fulfilment{OrderID: "o", ItemOrderIDs: []string{"i", ""}, ToStatus: "DONE"})
	_, noStatus := c.Fulfil(ctx, Fulfilment{OrderID: "o", ItemOrderIDs: []string{"i"}})
	for i, c := range []struct {
		err   error
		field string
	}{
		{refund(func(r *Refund) { r.OrderID = "" }), "order_id"},
		{refund(func(r *Refund) { r.OutRefundNo = "R 1" }), "out_refund_no"},
		{refund(func(r *Refund) { r.Amount = 0 }), "refund_total_amount"},
		{refund(func(r *Refund) { r.Amount = 1989 }), "refund_total_amount"},
		{refund(func(r *Refund) { r.All = true }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items = nil }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items, r.Amount = items, 100 }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items[0].Amount = 0 }), "item_order_detail[0].refund_amount"},
		{refund(func(r *Refund) { r.Items, r.Amount = []RefundItem{{"i", 1}, {"i", 1}}, 2 }), "item_order_detail[1].item_order_id"},
		{refund(func(r *Refund) { r.Reasons = nil }), "refund_reason"},
		{refund(func(r *Refund) { r.Reasons[0].Code = 1 }), "refund_reason[0].code"},
		{refund(func(r *Refund) { r.Reasons[0].Text = strings.Repeat("x", 50) }), "refund_reason[0].text"},
		{refund(func(r *Refund) { r.Page.Path = "/p" }), "order_entry_schema.path"},
		{refund(func(r *Refund) { r.NotifyURL = "ftp://h/" }), "notify_url"},
		{refund(func(r *Refund) { r.CPExtra = strings.Repeat("x", 2049) }), "cp_extra"},
		{refund(func(r *Refund) { r.Currency = "USD" }), "currency"},
		{settle(func(s *Settlement) { s.OutSettleNo = "" }), "out_settle_no"},
		{settle(func(s *Settlement) { s.OutOrderNo = "" }), "out_order_no"},
		{settle(func(s *Settlement) { s.Desc = strings.Repeat("结", 81) }), "settle_desc"},
		{settle(func(s *Settlement) { s.Receivers = receivers }), "settle_params"},
		{settle(func(s *Settlement) { s.Receivers = []douyin.Receiver{{MerchantUID: "7"}} }), "settle_params[0].amount"},
		{settle(func(s *Settlement) { s.Ext = strings.Repeat("x", 2049) }), "ext"},
		{noKey, "out_order_no"}, {twoKeys, "out_refund_no"}, {longKey, "order_id"},
		{deny, "deny_message"}, {longDeny, "deny_message"},
		{noItem, "item_order_id_list"}, {badItem, "item_order_id_list[1]"}, {noStatus, "to_status"},
	} {
		var e *douyin.Error
		var f *douyin.FieldError
		if !errors.As(c.err, &e) || e.Kind != douyin.Rejected || e.MayHave || !errors.As(c.err, &f) || f.Field != c.field {
			t.Errorf("%d: want %s, got %v", i, c.field, c.err)
		}
	}
	if len(f.sent()) != 0 {
		t.Errorf("sent %q", f.sent())
	}
	if err := settle(func(s *Settlement) { s.Desc = strings.Repeat("结", 80) }); fails(t, OpSettleCreate, err).Kind != douyin.Unavailable {
		t.Errorf("80 characters: %v", err)
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
