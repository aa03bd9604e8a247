package trade

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

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
			"a refund whose details are in another form",
			`{"err_no":0,"data":{"refund_list":[{"order_id":"o","refund_id":"r","out_refund_no":"R1","refund_status":"FAIL","refund_total_amount":5,"item_order_detail":{"a":1},"merchant_audit_detail":"none"}]}}`,
			"refund_query", `{"out_refund_no":"R1"}`,
			func(c *Client) (any, douyin.Receipt, error) { return three(c.QueryRefunds(ctx, "R1", "", "")) },
			[]RefundState{{OrderID: "o", RefundID: "r", OutRefundNo: "R1", Status: Fail, Amount: 5}},
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

// An answer of success without what it should hold says neither that there is something nor that
// there is nothing: who believed it would move money twice.
func TestAnAnswerWithoutAListIsNoAnswer(t *testing.T) {
	ctx := context.Background()
	for answer, none := range map[string]bool{
		`{"err_no":0,"err_msg":"success"}`: false, `{"err_no":0,"data":null}`: false, `{"err_no":0,"data":{}}`: false, `{"err_no":0,"data":"x"}`: false,
		`{"data":{"refund_list":[]}}`: false, `{"err_no":0,"data":{"refund_list":{}}}`: false, `{"err_no":0,"data":{"refund_list":[]}}`: true,
	} {
		states, _, err := newTestClient(t, newFar(t, reply{body: answer}).URL).QueryRefunds(ctx, "R1", "", "")
		if (err == nil) != none || len(states) > 0 || errors.Is(err, douyin.ErrNotFound) {
			t.Errorf("refunds, %s: %v, %v", answer, states, err)
		}
	}
	for answer, none := range map[string]bool{
		`{"err_no":0,"err_msg":"success"}`: false, `{"err_no":0,"data":{}}`: false, `{"data":[]}`: false,
		`{"err_no":0,"data":[]}`: true, `{"err_no":0,"data":null}`: true, // an empty list, as some servers write it
	} {
		states, _, err := newTestClient(t, newFar(t, reply{body: answer}).URL).QuerySettles(ctx, SettleKey{OutSettleNo: "S1"})
		if (err == nil) != none || len(states) > 0 || errors.Is(err, douyin.ErrNotFound) {
			t.Errorf("settlements, %s: %v, %v", answer, states, err)
		}
	}
}
