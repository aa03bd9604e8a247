package douyin

import (
	"errors"
	"strings"
	"testing"
)

func TestLimitsAreCheckedBeforeSending(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	payment := func(change func(*PaymentOrder)) func(*Client) error {
		return func(c *Client) error { o := aPayment(); change(&o); _, _, err := c.CreateOrder(ctx, o); return err }
	}
	refund := func(change func(*Refund)) func(*Client) error {
		return func(c *Client) error { o := aRefund(); change(&o); _, _, err := c.CreateRefund(ctx, o); return err }
	}
	settle := func(change func(*Settlement)) func(*Client) error {
		return func(c *Client) error { o := aSettlement(); change(&o); _, _, err := c.Settle(ctx, o); return err }
	}
	params := func(text string) func(*Client) error { return settle(func(s *Settlement) { s.Params = text }) }
	cases := []struct {
		field string
		call  func(*Client) error
	}{
		{"out_order_no", payment(func(o *PaymentOrder) { o.OutOrderNo = "" })},
		{"out_order_no", payment(func(o *PaymentOrder) { o.OutOrderNo = long(65) })},
		{"out_order_no", payment(func(o *PaymentOrder) { o.OutOrderNo = "T 1" })},
		{"out_order_no", payment(func(o *PaymentOrder) { o.OutOrderNo = " T1" })},
		{"total_amount", payment(func(o *PaymentOrder) { o.TotalAmount = 0 })},
		{"total_amount", payment(func(o *PaymentOrder) { o.TotalAmount = MaxFen + 1 })},
		{"subject", payment(func(o *PaymentOrder) { o.Subject = "\u3000\u3000" })},
		{"subject", payment(func(o *PaymentOrder) { o.Subject = strings.Repeat("课", 43) })},
		{"subject", payment(func(o *PaymentOrder) { o.Subject = "\xff" })},
		{"body", payment(func(o *PaymentOrder) { o.Body = "null" })},
		{"body", payment(func(o *PaymentOrder) { o.Body = long(129) })},
		{"valid_time", payment(func(o *PaymentOrder) { o.ValidTime = 299 })},
		{"valid_time", payment(func(o *PaymentOrder) { o.ValidTime = 172801 })},
		{"cp_extra", payment(func(o *PaymentOrder) { o.CPExtra = long(2049) })},
		{"notify_url", payment(func(o *PaymentOrder) { o.NotifyURL = "ftp://shop.example.com" })},
		{"notify_url", payment(func(o *PaymentOrder) { o.NotifyURL = "https://" })},
		{"notify_url", payment(func(o *PaymentOrder) { o.NotifyURL = "https://u:p@shop.example.com/" })},
		{"notify_url", payment(func(o *PaymentOrder) { o.NotifyURL = "https://a/" + long(247) })},
		{"store_uid", payment(func(o *PaymentOrder) { o.StoreUID = long(65) })},
		{"expand_order_info", payment(func(o *PaymentOrder) { o.ExpandOrderInfo = "{" })},
		{"limit_pay_way", payment(func(o *PaymentOrder) { o.LimitPayWay = long(65) })},
		{"out_refund_no", refund(func(r *Refund) { r.OutRefundNo = "R/1" })},
		{"refund_amount", refund(func(r *Refund) { r.Amount = 0 })},
		{"refund_amount", refund(func(r *Refund) { r.Amount = -5 })},
		{"reason", refund(func(r *Refund) { r.Reason = "" })},
		{"reason", refund(func(r *Refund) { r.Reason = long(101) })},
		{"out_settle_no", settle(func(s *Settlement) { s.OutSettleNo = "" })},
		{"settle_desc", settle(func(s *Settlement) { s.Desc = strings.Repeat("分", 81) })},
		{"settle_desc", settle(func(s *Settlement) { s.Desc = " " })},
		{"settle_params", params("{}")},
		{"settle_params", params(`[{"merchant_uid":"1","amount":1}] x`)},
		{"settle_params", params(`[{"merchant_uid":"1","amount":"10"}]`)},
		{"settle_params", params(`[{"merchant_uid":"1","amount":1.5}]`)},
		{"settle_params", params(`[{"merchant_uid":"1","amount":1,"x":1}]`)},
		{"settle_params", params("[" + strings.Repeat(`{"merchant_uid":"1","amount":1},`, 4) + `{"merchant_uid":"1","amount":1}]`)},
		{"settle_params", params(`[{"merchant_uid":"1","amount":10000000000},{"merchant_uid":"1","amount":1}]`)},
		{"settle_params", params(`[` + strings.Repeat(" ", 2047) + `]`)},
		{"settle_params[0].merchant_uid", params(`[{"merchant_uid":"","amount":1}]`)},
		{"settle_params[1].amount", params(`[{"merchant_uid":"1","amount":1},{"merchant_uid":"1","amount":0}]`)},
		{"out_order_no", func(c *Client) error { _, _, err := c.QueryOrder(ctx, ""); return err }},
		{"out_refund_no", func(c *Client) error { _, _, err := c.QueryRefund(ctx, "ü"); return err }},
		{"out_settle_no", func(c *Client) error { _, _, err := c.QuerySettle(ctx, long(65)); return err }},
		{"out_order_no", func(c *Client) error { _, _, err := c.UnsettleAmount(ctx, "a b"); return err }},
	}
	f := newFar(t, reply{body: `{"err_no":0}`})
	c := fixed(t, f.URL)
	for _, tc := range cases {
		err := tc.call(c)
		var fault *FieldError
		if !errors.As(err, &fault) || fault.Field != tc.field || kindOf(err) != Rejected {
			t.Errorf("want %s, found %v", tc.field, err)
		}
	}
	if sent := f.sent(); len(sent) != 0 {
		t.Errorf("sent %q", sent)
	}
}

func TestNotifyURLMayBePlainOnlyForASimulator(t *testing.T) {
	for base, ok := range map[string]bool{"http://127.0.0.1:9": true, "https://127.0.0.1:9": false} {
		p := fixed(t, base).params()
		p.notify("http://127.0.0.1:8080/callbacks/douyin", "")
		if (p.fault == nil) != ok {
			t.Errorf("%s: %v", base, p.fault)
		}
		p = fixed(t, base).params()
		p.notify("https://127.0.0.1:8443/cb", "")
		if (p.fault == nil) != ok {
			t.Errorf("%s with another port: %v", base, p.fault)
		}
	}
}

// A faulty address in the configuration ended every refund and settlement for good: it is no fault
// of theirs, and they wait.
func TestAFaultyConfiguredNotifyURLIsNoFaultOfTheRequest(t *testing.T) {
	f := newFar(t, reply{body: `{"err_no":0}`})
	for _, bad := range []string{"http://shop.example.com/cb", "https://u:p@shop.example.com/", "https://shop.example.com:8443/", "https://a/" + strings.Repeat("x", 247)} {
		c := fixed(t, f.URL)
		c.cfg.BaseURL, c.cfg.NotifyURL = "https://127.0.0.1:9", bad
		for name, call := range map[string]func(notifyURL string) error{
			"payment":    func(u string) error { o := aPayment(); o.NotifyURL = u; _, _, err := c.CreateOrder(ctx, o); return err },
			"refund":     func(u string) error { r := aRefund(); r.NotifyURL = u; _, _, err := c.CreateRefund(ctx, r); return err },
			"settlement": func(u string) error { s := aSettlement(); s.NotifyURL = u; _, _, err := c.Settle(ctx, s); return err },
		} {
			err := call("")
			var e *Error
			var fault *FieldError
			if !errors.As(err, &e) || e.Kind != Unauthorized || e.HTTPStatus != 0 || e.MayHave ||
				!errors.Is(err, ErrConfiguration) || !errors.As(err, &fault) || fault.Field != "notify_url" {
				t.Errorf("%s, configured %q: %v", name, bad, err)
			}
			if err := call(bad); kindOf(err) != Rejected || errors.Is(err, ErrConfiguration) {
				t.Errorf("%s, given %q: %v", name, bad, err)
			}
		}
		r := aRefund()
		r.Reason = "" // the request's own fault comes first: no configuration mends it
		if _, _, err := c.CreateRefund(ctx, r); kindOf(err) != Rejected {
			t.Errorf("a faulty request: %v", err)
		}
	}
	if sent := f.sent(); len(sent) != 0 {
		t.Errorf("sent %q", sent)
	}
}

func TestEncodeReceivers(t *testing.T) {
	text, err := EncodeReceivers([]Receiver{{"7044", 30}, {"7045", 1}})
	if err != nil || text != `[{"merchant_uid":"7044","amount":30},{"merchant_uid":"7045","amount":1}]` {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := EncodeReceivers(nil); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := EncodeReceivers([]Receiver{{"7044", 0}}); err == nil {
		t.Error("an amount of 0 is accepted")
	}
}
