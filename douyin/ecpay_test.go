package douyin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var ctx = context.Background()

// calls makes every signed call with good values.
var calls = map[string]func(*Client) (Receipt, error){
	OpOrderCreate:     func(c *Client) (Receipt, error) { _, r, err := c.CreateOrder(ctx, aPayment()); return r, err },
	OpOrderQuery:      func(c *Client) (Receipt, error) { _, r, err := c.QueryOrder(ctx, "T1"); return r, err },
	OpRefundCreate:    func(c *Client) (Receipt, error) { _, r, err := c.CreateRefund(ctx, aRefund()); return r, err },
	OpRefundQuery:     func(c *Client) (Receipt, error) { _, r, err := c.QueryRefund(ctx, "R1"); return r, err },
	OpSettleCreate:    func(c *Client) (Receipt, error) { _, r, err := c.Settle(ctx, aSettlement()); return r, err },
	OpSettleQuery:     func(c *Client) (Receipt, error) { _, r, err := c.QuerySettle(ctx, "S1"); return r, err },
	OpSettleUnsettled: func(c *Client) (Receipt, error) { _, r, err := c.UnsettleAmount(ctx, "T1"); return r, err },
}

func aPayment() PaymentOrder {
	return PaymentOrder{OutOrderNo: "T1", TotalAmount: 1000000, Subject: "\u3000摄影 & 课 ", Body: "body", ValidTime: 7200}
}

func aRefund() Refund {
	return Refund{OutOrderNo: "T1", OutRefundNo: "R1", Amount: 100, Reason: "用户取消订单"}
}

func aSettlement() Settlement {
	return Settlement{OutOrderNo: "T1", OutSettleNo: "S1", Desc: "分账", Params: `[{"merchant_uid":"7044","amount":30}]`, Finish: true}
}

// fixed makes a client whose requests are known in every byte.
func fixed(t *testing.T, base string, change ...func(*Config)) *Client {
	t.Helper()
	return newTestClient(t, base, nil, append([]func(*Config){func(cfg *Config) {
		cfg.Salt, cfg.NotifyURL = "your_payment_salt", "https://shop.example.com/cb"
	}}, change...)...)
}

func TestSignedRequests(t *testing.T) {
	cases := []struct {
		op, path, body, answer string
		call                   func(*Client) (any, error)
		want                   any
	}{
		{
			OpOrderCreate, "create_order",
			`{"app_id":"tt0123456789abcdef","body":"body","notify_url":"https://shop.example.com/cb","out_order_no":"T1","sign":"%s","subject":"摄影 & 课","total_amount":1000000,"valid_time":7200}`,
			`{"err_no":0,"err_tips":"","data":{"order_id":"N7290","order_token":"CgsIAR"}}`,
			func(c *Client) (any, error) { v, _, err := c.CreateOrder(ctx, aPayment()); return v, err },
			CreatedOrder{"N7290", "CgsIAR"},
		},
		{
			OpOrderQuery, "query_order", `{"app_id":"tt0123456789abcdef","out_order_no":"T1","sign":"%s"}`,
			`{"err_no":0,"err_tips":"","out_order_no":"T1","order_id":7376826336364513572,"payment_info":{"total_fee":1,"order_status":"SUCCESS",` +
				`"pay_time":"2024-06-10 04:23:02","way":10,"channel_no":"42","channel_gateway_no":"43","seller_uid":"7","item_id":"v","cp_extra":"x","new":{}}}`,
			func(c *Client) (any, error) { v, _, err := c.QueryOrder(ctx, "T1"); return v, err },
			OrderPayment{
				OutOrderNo: "T1", OrderID: "7376826336364513572", Status: ResultSuccess, TotalFee: 1, PayTime: "2024-06-10 04:23:02", Way: 10,
				ChannelNo: "42", ChannelGatewayNo: "43", SellerUID: "7", ItemID: "v", CPExtra: "x",
			},
		},
		{
			OpRefundCreate, "create_refund",
			`{"app_id":"tt0123456789abcdef","notify_url":"https://shop.example.com/cb","out_order_no":"T1","out_refund_no":"R1","reason":"用户取消订单","refund_amount":100,"sign":"%s"}`,
			`{"err_no":0,"err_tips":"受理成功","refund_no":"7398"}`,
			func(c *Client) (any, error) { v, _, err := c.CreateRefund(ctx, aRefund()); return v, err },
			"7398",
		},
		{
			OpRefundQuery, "query_refund", `{"app_id":"tt0123456789abcdef","out_refund_no":"R1","sign":"%s"}`,
			`{"err_no":0,"err_tips":"","refundInfo":{"refund_no":"7398","refund_amount":100,"refund_status":"FAIL","refunded_at":0,"is_all_settled":true,"cp_extra":"","msg":"余额不足"}}`,
			func(c *Client) (any, error) { v, _, err := c.QueryRefund(ctx, "R1"); return v, err },
			RefundState{RefundNo: "7398", Status: ResultFail, Amount: 100, AllSettled: true, Message: "余额不足"},
		},
		{
			OpSettleCreate, "settle",
			`{"app_id":"tt0123456789abcdef","finish":"true","notify_url":"https://shop.example.com/cb","out_order_no":"T1","out_settle_no":"S1",` +
				`"settle_desc":"分账","settle_params":"[{\"merchant_uid\":\"7044\",\"amount\":30}]","sign":"%s"}`,
			`{"err_no":0,"err_tips":"","settle_no":"7399"}`,
			func(c *Client) (any, error) { v, _, err := c.Settle(ctx, aSettlement()); return v, err },
			"7399",
		},
		{
			OpSettleQuery, "query_settle", `{"app_id":"tt0123456789abcdef","out_settle_no":"S1","sign":"%s"}`,
			`{"err_no":0,"err_tips":"","settle_info":{"settle_no":"7399","settle_amount":1980,"settle_status":"SUCCESS","settle_detail":"d","settled_at":1643161456,` +
				`"rake":12,"commission":"3","cp_extra":"","msg":""}}`,
			func(c *Client) (any, error) { v, _, err := c.QuerySettle(ctx, "S1"); return v, err },
			SettleState{SettleNo: "7399", Status: ResultSuccess, Amount: 1980, Detail: "d", SettledAt: 1643161456, Rake: 12, Commission: 3},
		},
		{
			OpSettleUnsettled, "unsettle_amount", `{"app_id":"tt0123456789abcdef","out_order_no":"T1","sign":"%s"}`,
			`{"err_no":0,"err_tips":"","data":{"out_order_no":"T1","unsettle_amount":700,"detail":{"pay_info":{"out_order_no":"T1","amount":1000},` +
				`"refund_info":[{"out_refund_no":"R1","amount":100},{"out_refund_no":"R2","amount":200}],"payment_rake":6,"life_rake":1,"commission":2}}}`,
			func(c *Client) (any, error) { v, _, err := c.UnsettleAmount(ctx, "T1"); return v, err },
			Unsettled{Amount: 700, Paid: 1000, Refunded: 300, PaymentRake: 6, LifeRake: 1, Commission: 2},
		},
	}
	for _, tc := range cases {
		t.Run(tc.op, func(t *testing.T) {
			f := newFar(t, reply{body: tc.answer})
			got, err := tc.call(fixed(t, f.URL))
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%+v, %v\nwant %+v", got, err, tc.want)
			}
			sign, err := Sign(decodeNumbers(t, fmt.Sprintf(tc.body, "x")), "your_payment_salt")
			if err != nil {
				t.Fatal(err)
			}
			if sent, want := f.sent(), "/api/apps/ecpay/v1/"+tc.path+" "+fmt.Sprintf(tc.body, sign); len(sent) != 1 || sent[0] != want {
				t.Errorf("sent %q\nwant %q", sent, want)
			}
			g := &gateSpy{}
			r, err := calls[tc.op](fixed(t, f.URL, func(cfg *Config) { cfg.Gate = g }))
			if err != nil || !reflect.DeepEqual(g.ops, []string{tc.op}) || len(g.ends) != 1 {
				t.Errorf("gate %v %v, %v", g.ops, g.ends, err)
			}
			if want := fmt.Sprintf(tc.body, "***"); string(r.Request) != want {
				t.Errorf("receipt %s\nwant %s", r.Request, want)
			}
			if want := strings.ReplaceAll(tc.answer, "CgsIAR", "***"); string(r.Response) != want {
				t.Errorf("receipt %s\nwant %s", r.Response, want)
			}
		})
	}
}

func TestTheSignatureOfARealRequestIsThePublishedOne(t *testing.T) {
	// Vector R1's content, as far as our call sends it, and R5 and R6 as they are.
	const salt = "oDxWDBr4U7FAAQ8hnGDm29i4A6pbTMDKme4WLLvA"
	f := newFar(t, reply{body: `{"err_no":2010}`})
	c := fixed(t, f.URL, func(cfg *Config) { cfg.Salt = salt })
	_, _, _ = c.QueryOrder(ctx, "202406100423024876")
	_, _, _ = c.QueryRefund(ctx, "202408040747147327")
	sent := f.sent()
	if !strings.Contains(sent[0], `"sign":"7517fb55db55327c396e5b7c9cb1be31"`) || !strings.Contains(sent[1], `"sign":"fa6511979b1185cf98df2538f63ee1a3"`) {
		t.Errorf("%q", sent)
	}
}

func TestEveryOptionalFieldIsSentAndSigned(t *testing.T) {
	f := newFar(t, reply{body: `{"err_no":2010}`})
	c := fixed(t, f.URL, func(cfg *Config) { cfg.ThirdpartyID = "tta4" })
	o := aPayment()
	o.CPExtra, o.NotifyURL, o.DisableMsg, o.MsgPage = "extra", "https://other.example.com:443/cb", true, "pages/a?id=1&b=2"
	o.StoreUID, o.ExpandOrderInfo, o.LimitPayWay = "st", `{"original_delivery_fee":15,"actual_delivery_fee":10}`, "LIMIT_WX,LIMIT_ALI"
	_, _, _ = c.CreateOrder(ctx, o)
	sent := decodeNumbers(t, strings.TrimPrefix(f.sent()[0], "/api/apps/ecpay/v1/create_order "))
	for field, want := range map[string]string{
		"cp_extra": "extra", "notify_url": o.NotifyURL, "disable_msg": "1", "msg_page": o.MsgPage, "store_uid": "st",
		"expand_order_info": o.ExpandOrderInfo, "limit_pay_way": "LIMIT_WX,LIMIT_ALI", "thirdparty_id": "tta4",
	} {
		if got := fmt.Sprint(sent[field]); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	if sign, err := Sign(sent, "your_payment_salt"); err != nil || sign != sent["sign"] {
		t.Errorf("signed %v, want %s, %v", sent["sign"], sign, err)
	}
}

func TestWhatEcpayAnswersMean(t *testing.T) {
	unavailable := []string{OpOrderCreate, OpOrderQuery, OpRefundCreate, OpRefundQuery, OpSettleCreate, OpSettleQuery, OpSettleUnsettled}
	queries := []string{OpOrderQuery, OpRefundQuery, OpSettleQuery, OpSettleUnsettled}
	commands := []string{OpOrderCreate, OpRefundCreate, OpSettleCreate}
	all := unavailable
	cases := []struct {
		name  string
		reply reply
		ops   []string
		kind  Kind
		may   bool
		cause error
	}{
		{"internal", reply{body: `{"err_no":1000,"err_tips":"系统错误"}`}, all, Unavailable, true, nil},
		{"busy", reply{header: map[string]string{"Retry-After": "2"}, body: `{"err_no":1001,"err_tips":"系统繁忙"}`}, all, Throttled, false, nil},
		{"signature", reply{body: `{"err_no":2008,"err_tips":"签名校验异常，请使用正确的签名"}`}, all, Unauthorized, false, ErrConfiguration},
		{"app does not exist", reply{body: `{"err_no":2042,"err_tips":"app_id不存在"}`}, all, Unauthorized, false, ErrConfiguration},
		{"app is not one", reply{body: `{"err_no":2020,"err_tips":"x"}`}, all, Unauthorized, false, ErrConfiguration},
		{"provider is not one", reply{body: `{"err_no":2047,"err_tips":"x"}`}, all, Unauthorized, false, ErrConfiguration},
		{"provider is not authorised", reply{body: `{"err_no":2048,"err_tips":"x"}`}, all, Unauthorized, false, ErrConfiguration},
		{"another app's merchant", reply{body: `{"err_no":4000,"err_tips":"商户不存在，请更换"}`}, all, Unauthorized, false, ErrConfiguration},
		{"business parameter", reply{body: `{"err_no":2010,"err_tips":"退款金额超过可退金额"}`}, all, Rejected, false, nil},
		{"a proxy's page", reply{status: 400, body: `<html>400</html>`}, all, Doubtful, false, nil},
		{"number nobody knows", reply{body: `{"err_no":4711,"err_tips":"余额不足"}`}, all, Doubtful, false, nil},
		{"no payment", reply{body: `{"err_no":2000,"err_tips":"支付记录不存在"}`}, []string{OpOrderQuery, OpSettleUnsettled}, Rejected, false, ErrNotFound},
		{"no payment to pay back", reply{body: `{"err_no":2000,"err_tips":"支付记录不存在"}`}, commands, Rejected, false, nil},
		{"no payment, asked for a refund", reply{body: `{"err_no":2000,"err_tips":"支付记录不存在"}`}, []string{OpRefundQuery, OpSettleQuery}, Doubtful, false, nil},
		{"refund not found", reply{body: `{"err_no":3101,"err_tips":"x"}`}, []string{OpRefundQuery, OpSettleQuery}, Rejected, false, ErrNotFound},
		{"not found in words", reply{body: `{"err_no":4408,"err_tips":"结算记录不存在"}`}, []string{OpSettleQuery}, Rejected, false, ErrNotFound},
		{"something else is not found", reply{body: `{"err_no":4712,"err_tips":"商户信息不存在，请稍后"}`}, queries, Doubtful, false, nil},
		{"being worked on", reply{body: `{"err_no":2010,"err_tips":"处理中，请勿重复提交"}`}, commands[1:], Doubtful, false, nil},
		{"a command about something that does not exist", reply{body: `{"err_no":4711,"err_tips":"商户不存在"}`}, commands, Doubtful, false, nil},
		{"dead number", reply{body: `{"err_no":2010,"err_tips":"该单号首次请求已失败，请更换新的单号重新发起"}`}, commands[1:], Doubtful, false, ErrNumberDead},
		{"too early", reply{body: `{"err_no":4711,"err_tips":"订单未到可结算时间"}`}, commands[2:], Doubtful, false, ErrNotYet},
		{"success without content", reply{body: `{"err_no":0,"err_tips":""}`}, all, Unavailable, true, nil},
		{"success with nonsense", reply{body: `{"err_no":0,"data":7,"refund_no":{},"settle_no":{},"refundInfo":[],"settle_info":[],"payment_info":[]}`}, all, Unavailable, true, nil},
		{"502", reply{status: 502}, all, Unavailable, true, nil},
	}
	for _, tc := range cases {
		f := newFar(t, tc.reply)
		c := fixed(t, f.URL)
		for _, op := range tc.ops {
			_, err := calls[op](c)
			var e *Error
			if !errors.As(err, &e) || e.Op != op || e.Kind != tc.kind || e.MayHave != tc.may {
				t.Errorf("%s, %s: %v", op, tc.name, err)
				continue
			}
			for _, cause := range []error{ErrNotFound, ErrNumberDead, ErrNotYet, ErrConfiguration} {
				if errors.Is(err, cause) != errors.Is(tc.cause, cause) {
					t.Errorf("%s, %s: %v", op, tc.name, err)
				}
			}
			if tc.kind == Throttled && e.RetryAfter != 2*time.Second {
				t.Errorf("%s: waits %s", op, e.RetryAfter)
			}
		}
		if n := len(f.sent()); n != len(tc.ops) {
			t.Errorf("%s: %d exchanges for %d calls: something was retried", tc.name, n, len(tc.ops))
		}
	}
}

func TestAnAnswerAboutAnotherOrderIsNotBelieved(t *testing.T) {
	f := newFar(t, reply{body: `{"err_no":0,"out_order_no":"T2","payment_info":{"order_status":"SUCCESS","total_fee":1}}`})
	if v, _, err := fixed(t, f.URL).QueryOrder(ctx, "T1"); kindOf(err) != Unavailable || v != (OrderPayment{}) {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestWithoutASaltNothingIsSent(t *testing.T) {
	f := newFar(t, reply{body: `{"err_no":0}`})
	for op, call := range calls {
		_, err := call(fixed(t, f.URL, func(cfg *Config) { cfg.Salt = "" }))
		if kindOf(err) != Unauthorized || !errors.Is(err, ErrNoSalt) {
			t.Errorf("%s: %v", op, err)
		}
	}
	if n := len(f.sent()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestSignedCallsShowNeitherSaltNorOrderToken(t *testing.T) {
	padding := strings.Repeat("p", maxReceiptBytes-len(`{"err_no":0,"data":{"order_id":"1","order_token":"CgsIAR","pad":""}}`)-3)
	echo := `{"err_no":%d,"err_tips":"your_payment_salt app-secret-5e1","pad":"` + padding + `","data":{"order_id":"1","order_token":"CgsIARtoken"}}`
	for _, code := range []int{0, 2008} {
		f := newFar(t, reply{body: fmt.Sprintf(echo, code)})
		for op, call := range calls {
			r, err := call(fixed(t, f.URL))
			text := fmt.Sprintf("%v %+v %s %s", err, err, r.Request, r.Response)
			for _, hidden := range []string{"your_payment_salt", "app-secret-5e1"} {
				if strings.Contains(text, hidden) {
					t.Errorf("%s shows %s", op, hidden)
				}
			}
			if op == OpOrderCreate && strings.Contains(text, "CgsI") {
				t.Errorf("%d: the order token is seen in %s", code, r.Response)
			}
		}
	}
}

func TestATimeOfAQueryOutsideTheYears2000To2100IsNotTold(t *testing.T) {
	for at, want := range map[string]int64{"1704067200": 1704067200, "1000000000000000000": 0, `"-5"`: 0, "1": 0} {
		c := fixed(t, newFar(t, reply{body: `{"err_no":0,"refundInfo":{"refund_status":"SUCCESS","refund_amount":1,"refunded_at":` + at + `},` +
			`"settle_info":{"settle_status":"SUCCESS","settle_amount":1,"settled_at":` + at + `}}`}).URL)
		if got, _, err := c.QueryRefund(ctx, "R1"); err != nil || got.RefundedAt != want {
			t.Errorf("refund, %s: %d, %v", at, got.RefundedAt, err)
		}
		if got, _, err := c.QuerySettle(ctx, "S1"); err != nil || got.SettledAt != want {
			t.Errorf("settlement, %s: %d, %v", at, got.SettledAt, err)
		}
	}
}
