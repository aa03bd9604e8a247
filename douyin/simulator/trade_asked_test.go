package simulator

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// asked opens a refund of a paid order.
func (w *world) asked(q AskedRefund) string {
	w.t.Helper()
	id, err := w.AskRefund(q)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestABuyersRefundWithoutAudit(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	id := w.asked(AskedRefund{Order: "T1", Amount: 500, Reasons: []string{"不想要了"}, Description: "买错了"})
	h := w.shop.next(t, "pre_create_refund")
	open := w.Trade()
	want := `{"app_id":"tt0123456789abcdef","open_id":"_000sim00000000001","refund_id":"` + id + `","order_id":"` + order + `","out_order_no":"T1","refund_total_amount":500,"need_refund_audit":2,"refund_audit_deadline":1768893795000,"create_refund_time":1768634595000,"refund_source":1,"refund_reason":["不想要了"],"refund_description":"买错了","cp_extra":"","refund_item_detail":{"item_order_quantity":1,"item_order_detail":[{"item_order_id":"` + item + `","refund_amount":500}]}}`
	if h.msg != want {
		t.Errorf("pre_create_refund\n%s\nwant\n%s", h.msg, want)
	}
	if len(open.Movements) != 1 {
		t.Errorf("money moved before the result: %+v", open.Movements)
	}
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"out_refund_no":"DY`+id+`"`) || !strings.Contains(h.msg, `"refund_type":1`) {
		t.Errorf("callback %s", h.msg)
	}
	if got := w.mustCall("refund_query", `{"out_refund_no":"DY`+id+`"}`); !strings.Contains(got, `"refund_status":"SUCCESS"`) || !strings.Contains(got, `"need_refund_audit":2`) {
		t.Errorf("refund_query %s", got)
	}
	w.wantCode(codeTradeState, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":1}`) // it needs none
	w.wantCode(codeRefundExists, "refund_create", refundOf1(order, item, "DY"+id, 1))
}

func TestAnAuditDecides(t *testing.T) {
	for _, c := range []struct {
		name, word string
		second     string // the opposite word
		status     Status
		audit      Audit
		moved      int
	}{
		{"yes", `"refund_audit_status":1`, `"refund_audit_status":2,"deny_message":"no"`, Succeeded, AuditAgreed, 2},
		{"no", `"refund_audit_status":2,"deny_message":"已使用"`, `"refund_audit_status":1`, Failed, AuditDenied, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.paid(orderData("T1"))
			w.shop.answers(func(h heard) string { return `{"err_no":1,"err_tips":"later"}` })
			id := w.asked(AskedRefund{Order: "T1", Audit: true})
			w.shop.next(t, "pre_create_refund")
			word := `{"refund_id":"` + id + `",` + c.word + `}`
			w.wantCode(codeAuditEarly, "refund_audit_callback", word)
			w.shop.answers(politely)
			w.bell.pass(t, askPause)
			w.shop.next(t, "pre_create_refund")
			until(t, "the answer", func() bool { return w.refund(id).Audit == AuditAwaited })
			w.wantCode(codeTradeParameter, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":2}`)
			w.wantCode(codeTradeParameter, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":2,"deny_message":"`+strings.Repeat("x", 513)+`"}`)
			w.wantCode(codeTradeParameter, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":3}`)
			w.wantCode(codeTradeUnreadable, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":"1"}`)
			w.wantCode(codeTradeUnknown, "refund_audit_callback", `{"refund_id":"motb1","refund_audit_status":1}`)
			w.wantCode(codeTradeUnknown, "refund_audit_callback", `{"refund_id":"DY`+id+`","refund_audit_status":1}`)
			if data := w.mustCall("refund_audit_callback", word); data != "" {
				t.Errorf("the audit's answer has data %s", data)
			}
			if c.moved == 2 {
				w.bell.pass(t, resultDelay)
				w.shop.next(t, "refund")
			}
			if r := w.refund(id); r.Status != c.status || r.Audit != c.audit {
				t.Errorf("refund %+v", r)
			}
			w.wantCode(codeTradeState, "refund_audit_callback", word)
			w.noViolations()
			w.wantCode(codeTradeState, "refund_audit_callback", `{"refund_id":"`+id+`",`+c.second+`}`)
			w.violation(SecondWord, id)
			w.bell.advance(auditWindow) // the deadline changes nothing any more
			if m := w.Trade().Movements; len(m) != c.moved {
				t.Errorf("movements %+v", m)
			}
			if o := w.Trade().Orders[0].Items[0]; o.Refunding != 0 {
				t.Errorf("item %+v", o)
			}
		})
	}
}

func TestDouyinDecidesAtTheDeadline(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(h heard) string
		number bool // the shop's number is known
	}{
		{"answered, not audited", politely, true},
		{"never answered", always1(`{"err_no":0,"err_tips":"success"}`), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.paid(orderData("T1"))
			w.shop.answers(func(h heard) string {
				if h.kind != "pre_create_refund" {
					return success
				}
				return c.answer(h)
			})
			id := w.asked(AskedRefund{Order: "T1", Audit: true})
			w.shop.next(t, "pre_create_refund")
			until(t, "the answer", func() bool { return w.refund(id).Asked.Deliveries == 1 })
			w.bell.pass(t, auditWindow)
			w.bell.pass(t, resultDelay)
			var msg string
			for msg == "" { // a last question may come before the result
				if h := <-w.shop.came; h.kind == "refund" {
					msg = h.msg
				}
			}
			number := ""
			if c.number {
				number = "DY" + id
			}
			if !strings.Contains(msg, `"out_refund_no":"`+number+`"`) || !strings.Contains(msg, `"status":"SUCCESS"`) {
				t.Errorf("callback %s", msg)
			}
			if r := w.refund(id); r.Audit != AuditOvertime {
				t.Errorf("refund %+v", r)
			}
			w.wantCode(codeTradeToken+5, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":1}`)
			w.token = w.fetchToken()
			w.wantCode(codeTradeState, "refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":1}`)
		})
	}
}

func always1(answer string) func(heard) string { return func(heard) string { return answer } }

func TestPreCreateRefundIsAskedUntilItIsAnsweredWithContent(t *testing.T) {
	w := newWorld(t, nil)
	w.paid(orderData("T1"))
	bad := []string{
		``, success, `{"err_no":0,"err_tips":"success","data":{}}`,
		strings.Replace(answerTo("R1"), `"err_no":0`, `"err_no":1`, 1),
		strings.Replace(answerTo("R1"), `"err_no":0`, `"err_no":"0"`, 1),
		answerTo(""), answerTo(strings.Repeat("x", 65)),
		strings.Replace(answerTo("R1"), `"pages/refund/detail"`, `"/pages/refund/detail"`, 1),
		strings.Replace(answerTo("R1"), `"data"`, `"x":1,"data"`, 1),
	}
	asked := 0
	w.shop.answers(func(h heard) string {
		if asked++; asked <= len(bad) {
			return bad[asked-1]
		}
		return answerTo("R1")
	})
	id := w.asked(AskedRefund{Order: "T1", Audit: true})
	first := w.shop.next(t, "pre_create_refund")
	for range bad {
		w.bell.pass(t, askPause)
		again := w.shop.next(t, "pre_create_refund")
		if again.body != first.body || again.header.Get("Byte-Signature") == first.header.Get("Byte-Signature") {
			t.Error("a redelivery has another body, or the same signature")
		}
	}
	until(t, "the answer", func() bool { return w.refund(id).Asked.Answered })
	if r := w.refund(id); r.OutRefundNo != "R1" || r.Asked.Deliveries != len(bad)+1 {
		t.Errorf("refund %+v", r)
	}
	w.noViolations()
}

func TestAnAnswerThatDiffersIsAViolation(t *testing.T) {
	w := newWorld(t, nil)
	w.paid(orderData("T1"))
	id := w.asked(AskedRefund{Order: "T1", Audit: true})
	w.shop.next(t, "pre_create_refund")
	until(t, "the answer", func() bool { return w.refund(id).Asked.Answered })
	again := func(answer func(heard) string, deliveries int) {
		t.Helper()
		w.shop.answers(answer)
		if err := w.AskAgain(id); err != nil {
			t.Fatal(err)
		}
		w.shop.next(t, "pre_create_refund")
		until(t, "the delivery", func() bool { return w.refund(id).Asked.Deliveries == deliveries })
	}
	again(politely, 2)
	again(func(h heard) string { return " " + strings.Replace(politely(h), `:`, ` : `, 1) }, 3) // the same content
	w.noViolations()
	again(always1(answerTo("R9")), 4)
	w.violation(AnswerDiffers, id)
	if r := w.refund(id); r.OutRefundNo != "DY"+id {
		t.Errorf("the second answer counts: %+v", r)
	}
	if err := w.AskAgain("motb1"); !errors.Is(err, ErrNoAsked) {
		t.Errorf("AskAgain of nothing: %v", err)
	}
}

func TestANumberOfAnotherRefundIsAViolation(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	w.shop.answers(always1(answerTo("R1")))
	id := w.asked(AskedRefund{Order: "T1"})
	w.shop.next(t, "pre_create_refund")
	until(t, "the delivery", func() bool { return w.refund(id).Asked.Deliveries == 1 })
	w.violation(NumberReused, id)
	if r := w.refund(id); r.OutRefundNo != "" || r.Status != Processing {
		t.Errorf("refund %+v", r)
	}
}

func TestWhoMayAskForWhat(t *testing.T) {
	w := newWorld(t, nil)
	w.requested(orderData("T0"))
	w.paid(orderData("T1"))
	for _, q := range []AskedRefund{
		{Order: "T0"}, {Order: "T1", Amount: 1991}, {Order: "T1", Amount: -1}, {Order: "T1", By: "nobody"}, {Order: "T1", By: "expiry", Audit: true},
	} {
		if _, err := w.AskRefund(q); !errors.Is(err, ErrAsked) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := w.AskRefund(AskedRefund{Order: "T9"}); !errors.Is(err, ErrNoOrder) {
		t.Errorf("an unknown order: %v", err)
	}
	id := w.asked(AskedRefund{Order: "T1", Amount: 90, By: "service"})
	if h := w.shop.next(t, "pre_create_refund"); !strings.Contains(h.msg, `"refund_source":4`) {
		t.Errorf("asked %s", h.msg)
	}
	if _, err := w.AskRefund(AskedRefund{Order: "T1"}); !errors.Is(err, ErrAsked) {
		t.Errorf("a second refund beside one under way: %v", err)
	}
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"refund_type":4`) || w.refund(id).Status != Succeeded {
		t.Errorf("callback %s", h.msg)
	}
	w.asked(AskedRefund{Order: "T1", By: "expiry"}) // the rest, and nobody is asked
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"out_refund_no":""`) || strings.Contains(h.msg, "refund_type") || !strings.Contains(h.msg, `"refund_total_amount":1900`) {
		t.Errorf("callback %s", h.msg)
	}
	w.noViolations()
}

func TestTheAuditWindowFollowsTheScale(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RedeliveryScale = 0.001; c.Trade.DeniedStatus = Processing })
	w.paid(orderData("T1"))
	id := w.asked(AskedRefund{Order: "T1", Audit: true})
	w.shop.next(t, "pre_create_refund")
	until(t, "the answer", func() bool { return w.refund(id).Audit == AuditAwaited })
	if r := w.refund(id); r.Deadline.Sub(r.CreatedAt) != 259200*time.Millisecond {
		t.Errorf("refund %+v", r)
	}
	w.mustCall("refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":2,"deny_message":"x"}`)
	if got := w.mustCall("refund_query", `{"refund_id":"`+id+`"}`); !strings.Contains(got, `"refund_status":"PROCESSING"`) || !strings.Contains(got, `"audit_status":"DENY","deny_message":"x"`) {
		t.Errorf("refund_query %s", got)
	}
	w.bell.pass(t, 259200*time.Millisecond)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := w.refund(id); r.Audit != AuditDenied || len(w.Trade().Movements) != 1 {
		t.Errorf("the deadline undid a no: %+v", r)
	}
}
