package douyin

import (
	"errors"
	"strings"
	"testing"
)

// A field that nobody needs changes its type: before, the payment was answered with 400 and after a
// day it was lost.
func TestOnlyNumberStatusAndAmountMustBeWhatTheyAre(t *testing.T) {
	t.Parallel()
	payment := func(more string) string {
		return `{"appid":"tt1","cp_orderno":"O1","status":"SUCCESS","total_amount":100` + more + `}`
	}
	for more, paidAt := range map[string]int64{
		``:                                    0,
		`,"extra":{"cps_info":"poi"}`:         0,
		`,"extra":[1,2]`:                      0,
		`,"paid_at":1704067200`:               1704067200,
		`,"paid_at":"1704067200"`:             1704067200,
		`,"paid_at":1704067200000`:            1704067200,
		`,"paid_at":"2024-01-01 08:00:00"`:    1704067200,
		`,"paid_at":"yesterday"`:              0,
		`,"paid_at":{"seconds":1}`:            0,
		`,"paid_at":-5`:                       0,
		`,"paid_at":1000000000000000000`:      0, // no year that a database takes
		`,"paid_at":9223372036854775807`:      0,
		`,"paid_at":"9999-12-31 23:59:59"`:    0,
		`,"paid_at":"1999-12-31 23:59:59"`:    0,
		`,"paid_at":946684799`:                0,
		`,"paid_at":946684800`:                946684800,
		`,"paid_at":4133980799`:               4133980799,
		`,"paid_at":4133980800`:               0,
		`,"way":2,"seller_uid":true`:          0,
		`,"is_all_settled":"true"`:            0,
		`,"item_id":null,"channel_no":{}`:     0,
		`,"order_id":7376826336364513572`:     0,
		`,"message":["a"],"cp_extra":{"a":1}`: 0,
	} {
		c, err := VerifyCallback(callbackOf(t, "payment", payment(more)), cbToken)
		if err != nil || c.Unread != "" || c.Payment == nil {
			t.Errorf("%s: %+v, %v", more, c, err)
			continue
		}
		if c.Payment.OutOrderNo != "O1" || c.Payment.TotalAmount != 100 || c.Payment.PaidAt != paidAt || c.AppID() != "tt1" {
			t.Errorf("%s: %+v", more, c.Payment)
		}
	}
	for kind, words := range map[string][]string{"payment": {"SUCCESS", "FAIL", "PROCESSING", "TIMEOUT"}, "refund": {"SUCCESS", "FAIL", "PROCESSING"}, "settle": {"SUCCESS", "FAIL", "PROCESSING"}} {
		for _, word := range words {
			no := map[string]string{"payment": "cp_orderno", "refund": "cp_refundno", "settle": "cp_settle_no"}[kind]
			c, err := VerifyCallback(callbackOf(t, kind, `{"`+no+`":"`+strings.Repeat("x", 64)+`","status":"`+word+`","total_amount":1,"refund_amount":1}`), cbToken)
			if err != nil || c.Unread != "" || c.Status() != Result(word) {
				t.Errorf("%s %s: %+v, %v", kind, word, c, err)
			}
		}
	}
	for _, settled := range []string{`true`, `"true"`, `1`, `"1"`} {
		c, err := VerifyCallback(callbackOf(t, "refund", `{"cp_refundno":"R1","status":"SUCCESS","refund_amount":"1","is_all_settled":`+settled+`}`), cbToken)
		if err != nil || c.Refund == nil || !c.Refund.AllSettled {
			t.Errorf("is_all_settled %s: %+v, %v", settled, c, err)
		}
	}
	c, err := VerifyCallback(callbackOf(t, "settle", `{"cp_settle_no":"S1","status":"SUCCESS","rake":{},"commission":"x","settled_at":""}`), cbToken)
	if err != nil || c.Settle == nil || c.Settle.Amount != 0 || c.Settle.Rake != 0 {
		t.Errorf("settle: %+v, %v", c, err)
	}
}

// What is signed and cannot be understood is kept under a key of its own, and nothing is acted
// upon.
func TestASignedCallbackThatCannotBeUnderstoodSaysWhy(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 64)
	for _, c := range []struct{ kind, msg, unread, number string }{
		{"Settle", settleMsg, "type", ""},
		{"brand_new", `{"status":"SUCCESS"}`, "type", ""},
		{"refund", `{"status":"SUCCESS"}`, "cp_refundno", ""},
		{"payment", `{"status":"SUCCESS","cp_refundno":"1","cp_orderno":"2","total_amount":1}`, "cp_orderno", "2"},
		{"refund", `{"cp_refundno":"1","refund_amount":1}`, "status", "1"},
		{"refund", `{"cp_refundno":"1","status":{"a":1},"refund_amount":1}`, "status", "1"},
		{"payment", `{"cp_orderno":"1","status":"SUCCESS"}`, "total_amount", "1"},
		{"payment", `{"cp_orderno":"1","status":"SUCCESS","total_amount":1.5}`, "total_amount", "1"},
		{"payment", `{"cp_orderno":"1","status":"SUCCESS","total_amount":true}`, "total_amount", "1"},
		{"refund", `{"cp_refundno":"1","status":"SUCCESS","refund_amount":-1}`, "refund_amount", "1"},
		{"settle", `{"cp_settle_no":"1","status":"SUCCESS","settle_amount":{}}`, "settle_amount", "1"},
		{"payment", `{"cp_orderno":"` + long + `1","status":"SUCCESS","total_amount":1}`, "cp_orderno", long + "1"},
		{"refund", `{"cp_refundno":"` + long + `1","status":"SUCCESS","refund_amount":1}`, "cp_refundno", long + "1"},
		{"settle", `{"cp_settle_no":"` + long + `1","status":"SUCCESS"}`, "cp_settle_no", long + "1"},
		{"payment", `{"cp_orderno":" ","status":"SUCCESS","total_amount":1}`, "cp_orderno", " "},
		{"payment", `{"cp_orderno":"1","status":"success","total_amount":1}`, "status", "1"},
		{"payment", `{"cp_orderno":"1","status":1,"total_amount":1}`, "status", "1"},
		{"payment", `{"cp_orderno":"1","status":"` + long[:40] + `","total_amount":1}`, "status", "1"},
		{"refund", `{"cp_refundno":"1","status":"TIMEOUT","refund_amount":1}`, "status", "1"},
		{"settle", `{"cp_settle_no":"1","status":"Fail"}`, "status", "1"},
		{"payment", `cp_orderno`, "msg", ""},
		{"payment", `[]`, "msg", ""},
		{"payment", `{"cp_orderno":{}}`, "cp_orderno", ""},
	} {
		got, err := VerifyCallback(callbackOf(t, c.kind, c.msg), cbToken)
		if err != nil || got.Unread != c.unread || got.Number() != c.number || got.Msg != c.msg {
			t.Errorf("%s %s: %+v, %v; want %q unread", c.kind, c.msg, got, err, c.unread)
		}
		if got.Payment != nil || got.Refund != nil || got.Settle != nil || got.Status() != "" {
			t.Errorf("%s %s is acted upon: %+v", c.kind, c.msg, got)
		}
		if key := got.DedupKey(); len(key) != len("unread:")+64 {
			t.Errorf("%s %s: dedup key %q", c.kind, c.msg, key)
		}
	}
	if _, err := VerifyCallback(callbackOf(t, "payment", settleMsg), cbToken); !errors.Is(err, ErrCallbackType) {
		t.Errorf("a settlement that is called a payment: %v", err)
	}
	one, _ := VerifyCallback(callbackOf(t, "new_one", settleMsg), cbToken)
	two, _ := VerifyCallback(callbackOf(t, "new_two", settleMsg), cbToken)
	if one.DedupKey() != two.DedupKey() {
		t.Error("the type, which is not signed, makes two callbacks of one")
	}
}
