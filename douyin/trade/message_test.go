package trade

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const requestMsg = `{"app_id":"tt1","open_id":"_000secret","refund_id":"motb9","order_id":"motb1","out_order_no":"T1","refund_total_amount":"1990",` +
	`"need_refund_audit":1,"refund_audit_deadline":1764633600000,"create_refund_time":1764374400000,"refund_source":1,"refund_reason":["不想要了"],` +
	`"refund_description":"d","refund_item_detail":{"item_order_quantity":1,"item_order_detail":[{"item_order_id":"motb3","refund_amount":"1990"}]},"news":{"a":[1]}}`

func TestReadRefundRequest(t *testing.T) {
	c := verified(t, envelope(t, "pre_create_refund", requestMsg))
	want := &RefundRequest{
		AppID: "tt1", RefundID: "motb9", OrderID: "motb1", OutOrderNo: "T1", Amount: 1990, NeedAudit: true,
		Deadline: time.UnixMilli(1764633600000), CreatedAt: time.UnixMilli(1764374400000), Source: 1, Reasons: []string{"不想要了"},
		Description: "d", Items: []RefundItem{{"motb3", 1990}},
	}
	if !reflect.DeepEqual(c.RefundRequest, want) || c.DedupKey() != "trade:pre_create_refund:motb9:" || c.Msg != requestMsg {
		t.Errorf("%+v %s", c.RefundRequest, c.DedupKey())
	}
	if shown := fmt.Sprintf("%v %+v %#v %+v", c, c, c, *c.RefundRequest); strings.Contains(shown, "_000secret") || !strings.Contains(shown, "motb9") {
		t.Errorf("the open_id is shown: %s", shown)
	}
	for text, need := range map[string]bool{`1`: true, `"1"`: true, `2`: false, `"2"`: false, `3`: true, `null`: true, `{}`: true} {
		msg := strings.Replace(requestMsg, `"need_refund_audit":1`, `"need_refund_audit":`+text, 1)
		if c := verified(t, envelope(t, "pre_create_refund", msg)); c.RefundRequest == nil || c.RefundRequest.NeedAudit != need {
			t.Errorf("need_refund_audit %s: %+v", text, c.RefundRequest)
		}
	}
}

// The live callback of an automatic settlement (LIVE-2023-12).
const settleMsg = `{"app_id":"tt444732fadb75092d01","status":"SUCCESS","order_id":"ots73020527038978317161476","cp_extra":"","message":"SUCCESS",` +
	`"event_time":1701794819000,"settle_id":"7308352427978230016","out_settle_no":"7308352427978230016","rake":692,"commission":0,` +
	`"settle_detail":"商户号72789245768543296350-分成金额(分)19108","settle_amount":19800,"is_auto_settle":true}`

func TestReadSettle(t *testing.T) {
	c := verified(t, strings.Replace(envelope(t, "settle", settleMsg), "3.0", "2.0", 1))
	want := &SettleNotice{
		AppID: "tt444732fadb75092d01", OrderID: "ots73020527038978317161476", SettleID: "7308352427978230016", OutSettleNo: "7308352427978230016",
		Status: Success, Amount: 19800, Rake: 692, Detail: "商户号72789245768543296350-分成金额(分)19108", Auto: true,
		EventTime: time.UnixMilli(1701794819000), Message: "SUCCESS",
	}
	if !reflect.DeepEqual(c.Settle, want) || c.Version != "2.0" || c.DedupKey() != "trade:settle:7308352427978230016:SUCCESS" {
		t.Errorf("%+v %s", c.Settle, c.DedupKey())
	}
	c = verified(t, envelope(t, "settle", `{"status":"FAIL","order_id":"o","settle_id":77,"settle_amount":"1"}`))
	if c.Settle == nil || c.Number() != "77" || c.Settle.Status != Fail || c.Settle.Amount != 1 {
		t.Errorf("%+v", c)
	}
}

func TestReadCancelledPayment(t *testing.T) {
	c := verified(t, envelope(t, "payment", `{"app_id":"tt1","out_order_no":"T1","order_id":"motb1","status":"CANCEL","message":"USER_CANCEL","event_time":"1708586777000"}`))
	if c.Payment == nil || c.Payment.Status != Cancel || c.Payment.Message != "USER_CANCEL" || c.Payment.EventTime.UnixMilli() != 1708586777000 {
		t.Errorf("%+v", c)
	}
}

// What is signed is never lost: it comes back with what could not be understood.
func TestUnread(t *testing.T) {
	pay := `{"app_id":"tt1","out_order_no":"T1","order_id":"motb1","status":"SUCCESS","total_amount":1}`
	swap := func(msg, from, to string) string {
		if !strings.Contains(msg, from) {
			t.Fatalf("%s has no %s", msg, from)
		}
		return strings.Replace(msg, from, to, 1)
	}
	cases := []struct{ name, body, unread, number string }{
		{"no JSON", "hello", "body", ""},
		{"a field twice", `{"version":"3.0","msg":"{}","type":"payment","type":"refund"}`, "body", ""},
		{"unknown type", envelope(t, "sign_callback", pay), "type", ""},
		{"no type", `{"version":"3.0","msg":"{}"}`, "type", ""},
		{"msg is an object", `{"version":"3.0","msg":7,"type":"payment"}`, "msg", ""},
		{"msg has a field twice", envelope(t, "payment", swap(pay, `"total_amount":1`, `"total_amount":1,"total_amount":2`)), "msg", ""},
		{"no number", envelope(t, "payment", swap(pay, `"out_order_no":"T1",`, "")), "out_order_no", ""},
		{"number is null", envelope(t, "payment", swap(pay, `"T1"`, "null")), "out_order_no", ""},
		{"long number", envelope(t, "payment", swap(pay, "T1", strings.Repeat("9", 65))), "out_order_no", ""},
		{"number with a space at its end", envelope(t, "payment", swap(pay, "T1", "T1 ")), "out_order_no", ""},
		{"no order_id", envelope(t, "payment", swap(pay, `"order_id":"motb1",`, "")), "order_id", "T1"},
		{"strange status", envelope(t, "payment", swap(pay, "SUCCESS", "FAIL")), "status", "T1"},
		{"no amount", envelope(t, "payment", swap(pay, `,"total_amount":1`, "")), "total_amount", "T1"},
		{"a float", envelope(t, "payment", swap(pay, `:1}`, `:1.0}`)), "total_amount", "T1"},
		{"negative", envelope(t, "payment", swap(pay, `:1}`, `:-1}`)), "total_amount", "T1"},
		{"discount", envelope(t, "payment", swap(pay, `:1}`, `:1,"discount_amount":"x"}`)), "discount_amount", "T1"},
		{"refund's amount", envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"FAIL","refund_total_amount":[]}`), "refund_total_amount", "r"},
		{"refund's status", envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"PROCESSING","refund_total_amount":1}`), "status", "r"},
		{"request without an amount", envelope(t, "pre_create_refund", `{"refund_id":"r","order_id":"o","out_order_no":"T"}`), "refund_total_amount", "r"},
		{"settlement without numbers", envelope(t, "settle", `{"order_id":"o","status":"FAIL","settle_amount":1}`), "settle_id", ""},
	}
	keys := map[string]bool{}
	for _, c := range cases {
		got := verified(t, c.body)
		if got.Unread != c.unread || got.Number() != c.number || got.Payment != nil || got.Refund != nil || got.Settle != nil || got.RefundRequest != nil {
			t.Errorf("%s: %+v, number %q", c.name, got, got.Number())
		}
		if !strings.HasPrefix(got.DedupKey(), "trade:unread:") || keys[got.DedupKey()] {
			t.Errorf("%s: key %s", c.name, got.DedupKey())
		}
		keys[got.DedupKey()] = true
	}
	// What no column could hold is no number of the shop's, and loses no refund.
	for _, no := range []string{`"` + strings.Repeat("9", 65) + `"`, `{"a":"b"}`, `"R1 "`, `[]`, `null`} {
		c := verified(t, envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"SUCCESS","refund_total_amount":1,"out_refund_no":`+no+`}`))
		if c.Refund == nil || c.Refund.OutRefundNo != "" {
			t.Errorf("out_refund_no %s: %+v", no, c)
		}
	}
	if c := verified(t, envelope(t, "pre_create_refund", swap(requestMsg, `["不想要了"]`, `"不想要了"`))); c.RefundRequest == nil || c.RefundRequest.Reasons != nil {
		t.Errorf("reasons in another form: %+v", c)
	}
	if c := verified(t, envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"FAIL","refund_total_amount":1,"refund_item_detail":"x"}`)); c.Refund == nil {
		t.Errorf("items in another form: %+v", c)
	}
}
