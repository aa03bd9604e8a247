package simulator

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// refundOf1 is refund_create of a part of one item.
func refundOf1(order, item, no string, amount int) string {
	n := strconv.Itoa(amount)
	return `{"order_id":"` + order + `","out_refund_no":"` + no + `","cp_extra":"mine","order_entry_schema":{"path":"pages/refund/detail"},"refund_total_amount":` + n +
		`,"item_order_detail":[{"item_order_id":"` + item + `","refund_amount":` + n + `}],"refund_reason":[{"code":999,"text":"其他"}]}`
}

func refundAll(order, no string, amount int) string {
	return `{"order_id":"` + order + `","out_refund_no":"` + no + `","cp_extra":"","order_entry_schema":{"path":"pages/refund/detail"},"refund_total_amount":` + strconv.Itoa(amount) +
		`,"refund_all":true,"refund_reason":[{"code":101,"text":"不想要了"}]}`
}

func TestADeveloperRefund(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	if got, want := w.mustCall("refund_create", refundOf1(order, item, "R1", 100)), `{"refund_id":"motb73383242802200000000003","refund_audit_deadline":1768893795000}`; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	w.wantCode(codeRefundState, "refund_create", refundOf1(order, item, "R2", 100)) // one is under way
	w.bell.pass(t, resultDelay)
	h := w.shop.next(t, "refund")
	want := `{"app_id":"tt0123456789abcdef","status":"SUCCESS","order_id":"` + order + `","cp_extra":"mine","message":"","event_time":1768634595050,"refund_id":"motb73383242802200000000003","out_refund_no":"R1","refund_total_amount":100,"is_all_settled":false,"refund_item_detail":{"item_order_quantity":1,"item_order_detail":[{"item_order_id":"` + item + `","refund_amount":100}]},"refund_type":2}`
	if h.msg != want {
		t.Errorf("callback\n%s\nwant\n%s", h.msg, want)
	}
	row := `{"refund_list":[{"order_id":"` + order + `","refund_id":"motb73383242802200000000003","out_refund_no":"R1","refund_status":"SUCCESS","refund_total_amount":100,"create_at":1768634595000,"refund_at":1768634595050,"refund_source":2,"message":"","item_order_detail":[{"item_order_id":"` + item + `","refund_amount":100}],"merchant_audit_detail":{"need_refund_audit":2,"refund_audit_deadline":1768893795000,"audit_status":"AGREE"}}]}`
	for _, body := range []string{`{"out_refund_no":"R1"}`, `{"refund_id":"motb73383242802200000000003"}`, `{"order_id":"` + order + `"}`} {
		if got := w.mustCall("refund_query", body); got != row {
			t.Errorf("refund_query %s\n%s\nwant\n%s", body, got, row)
		}
	}
	w.wantCode(codeRefundExists, "refund_create", refundOf1(order, item, "R1", 100))
	w.noViolations()
	w.wantCode(codeRefundExists, "refund_create", refundOf1(order, item, "R1", 101))
	w.violation(ChangedRequest, "R1")
	if m := w.Trade().Movements; len(m) != 2 {
		t.Errorf("movements %+v", m)
	}
}

func TestTradeRefundsNeverExceedWhatWasPaid(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	w.wantCode(codeRefundTooMuch, "refund_create", refundOf1(order, item, "R1", 1991))
	w.wantCode(codeRefundTooMuch, "refund_create", refundAll(order, "R1", 1989))
	w.mustCall("refund_create", refundOf1(order, item, "R1", 1900)) // a refused number is not used up
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	w.wantCode(codeRefundTooMuch, "refund_create", refundOf1(order, item, "R2", 91))
	w.wantCode(codeRefundState, "refund_create", refundAll(order, "R2", 1990)) // a refund was made
	w.mustCall("refund_create", refundOf1(order, item, "R2", 90))
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	w.wantCode(codeRefundNothing, "refund_create", refundOf1(order, item, "R3", 1))
	o := w.Trade().Orders[0].Items[0]
	if o.Refunded != 1990 || o.Refunding != 0 {
		t.Errorf("item %+v", o)
	}
}

func TestARefundOfAll(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	body := refundAll(order, "R1", 1990)
	w.wantCode(codeTradeParameter, "refund_create", strings.Replace(body, `"refund_all"`, `"item_order_detail":[{"item_order_id":"`+item+`","refund_amount":1990}],"refund_all"`, 1))
	w.mustCall("refund_create", body)
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"refund_total_amount":1990`) {
		t.Errorf("callback %s", h.msg)
	}
}

func TestRefundsAreJudged(t *testing.T) {
	w := newWorld(t, nil)
	unpaid := w.requested(orderData("T2"))
	order, item := w.paid(orderData("T1"))
	right := refundOf1(order, item, "R1", 100)
	in := func(old, with string) string {
		if !strings.Contains(right, old) {
			t.Fatalf("the body has no %s", old)
		}
		return strings.Replace(right, old, with, 1)
	}
	for _, c := range []struct {
		code int
		body string
	}{
		{codeRefundUnpaid, refundAll(unpaid, "R1", 1990)},
		{codeTradeUnknown, in(order, "motb1")},
		{codeTradeParameter, in(`"cp_extra":"mine",`, ``)},
		{codeTradeParameter, in(`"cp_extra":"mine"`, `"cp_extra":"`+strings.Repeat("x", 2049)+`"`)},
		{codeTradeParameter, in(`"order_entry_schema":{"path":"pages/refund/detail"},`, ``)},
		{codeTradeParameter, in(`"R1"`, `"`+strings.Repeat("R", 65)+`"`)},
		{codeTradeParameter, in(`[{"code":999,"text":"其他"}]`, `[]`)},
		{codeTradeUnreadable, in(`[{"code":999,"text":"其他"}]`, `["其他"]`)},
		{codeTradeUnreadable, in(`"code":999`, `"code":"999"`)},
		{codeTradeParameter, in(`"code":999`, `"code":1`)},
		{codeTradeParameter, in(`其他`, strings.Repeat("他", 50))},
		{codeTradeUnreadable, in(`"refund_total_amount":100`, `"refund_total_amount":"100"`)},
		{codeTradeUnreadable, in(`"refund_total_amount":100`, `"refund_total_amount":100.0`)},
		{codeTradeParameter, in(`"refund_total_amount":100`, `"refund_total_amount":99`)},
		{codeTradeParameter, in(`"refund_amount":100`, `"refund_amount":0`)},
		{codeTradeParameter, in(item, "motb9")},
		{codeTradeParameter, in(`"refund_reason"`, `"refund_amount":1,"refund_reason"`)},
		{codeTradeParameter, in(`"refund_reason"`, `"currency":"DIAMOND","refund_reason"`)},
		{codeTradeParameter, in(`"refund_reason"`, `"notify_url":"x","refund_reason"`)},
		{codeRefundItems, in(`{"item_order_id":"`+item+`","refund_amount":100}`, strings.TrimSuffix(strings.Repeat(`{"item_order_id":"x","refund_amount":1},`, 101), ","))},
	} {
		w.wantCode(c.code, "refund_create", c.body)
	}
	w.wantCode(codeTradeUnknown, "refund_query", `{"out_refund_no":"R1"}`)
	w.wantCode(codeTradeUnknown, "refund_query", `{"refund_id":"motb1"}`)
	w.wantCode(codeTradeParameter, "refund_query", `{}`)
	w.bell.advance(oneYear + time.Second)
	w.token = w.fetchToken()
	w.wantCode(codeTradeState, "refund_create", right)
	w.noViolations()
}

func TestAFailedRefundGivesItsMoneyBack(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	if err := w.SetFaults(Plan{Faults: []Fault{{Op: "trade.refund_result", Kind: Fail, Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	w.mustCall("refund_create", refundOf1(order, item, "R1", 1990))
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"status":"FAIL"`) {
		t.Errorf("callback %s", h.msg)
	}
	w.mustCall("refund_create", refundOf1(order, item, "R2", 1990))
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	if m := w.Trade().Movements; len(m) != 2 {
		t.Errorf("movements %+v", m)
	}
	w.noViolations()
}

func TestOneIntentWithTwoNumbersIsSeen(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	for _, no := range []string{"R1", "R2"} {
		w.mustCall("refund_create", refundOf1(order, item, no, 100))
		w.bell.pass(t, resultDelay)
		w.shop.next(t, "refund")
	}
	w.violation(TwinRefund, "R2")
}
