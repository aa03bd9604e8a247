package simulator

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func settleOf(order, no string) string {
	return `{"app_id":"tt0123456789abcdef","out_order_no":"` + order + `","out_settle_no":"` + no + `","settle_desc":"课程结算"}`
}

func withField(body, field string) string { return strings.TrimSuffix(body, "}") + "," + field + "}" }

func TestASettlement(t *testing.T) {
	w := newWorld(t, nil)
	order, _ := w.paid(orderData("T1"))
	body := withField(settleOf("T1", "S1"), `"settle_params":"[{\"merchant_uid\":\"71\",\"amount\":500}]","ext":"mine"`)
	if got := w.mustCall("settle_query", `{"app_id":"tt0123456789abcdef","out_settle_no":"S1"}`); got != `[]` {
		t.Errorf("settle_query of nothing: %s", got)
	}
	if got, want := w.mustCall("settle_create", body), `{"settle_id":"7308352427000000003","wallet_settle_id":"7308352427000000004"}`; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	w.wantCode(codeSettleNothing, "settle_create", settleOf("T1", "S2"))
	w.bell.pass(t, resultDelay)
	want := `{"app_id":"tt0123456789abcdef","status":"SUCCESS","order_id":"` + order + `","cp_extra":"mine","message":"SUCCESS","event_time":1768634595050,"settle_id":"7308352427000000003","out_settle_no":"S1","rake":11,"commission":0,"settle_detail":"商户号71-分成金额(分)500,商户号73744242495132490630-分成金额(分)1479","settle_amount":1990,"is_auto_settle":false}`
	if h := w.shop.next(t, "settle"); h.msg != want {
		t.Errorf("callback\n%s\nwant\n%s", h.msg, want)
	}
	row := `[{"order_id":"` + order + `","out_order_no":"T1","out_settle_no":"S1","settle_id":"7308352427000000003","wallet_settle_id":"7308352427000000004","item_order_id":"","settle_status":"SUCCESS","settle_amount":1990,"settle_detail":"商户号71-分成金额(分)500,商户号73744242495132490630-分成金额(分)1479","rake":11,"commission":0,"cp_extra":"mine","settle_at":1768634595050}]`
	for _, key := range []string{`"out_settle_no":"S1"`, `"settle_id":"7308352427000000003"`, `"order_id":"` + order + `"`, `"out_order_no":"T1"`} {
		if got := w.mustCall("settle_query", `{"app_id":"tt0123456789abcdef",`+key+`}`); got != row {
			t.Errorf("settle_query %s\n%s\nwant\n%s", key, got, row)
		}
	}
	w.wantCode(codeSettleExists, "settle_create", body)
	w.noViolations()
	w.wantCode(codeSettleNothing, "settle_create", settleOf("T1", "S3"))
	w.wantCode(codeSettleExists, "settle_create", settleOf("T1", "S1"))
	w.violation(ChangedRequest, "S1")
}

func TestSettlementsAreJudged(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.SettleAfter = 7 * 24 * time.Hour })
	w.requested(orderData("T0"))
	_, item := w.paid(orderData("T1"))
	_, other := w.paid(orderData("T2"))
	right := settleOf("T1", "S1")
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		code int
		body string
	}{
		{codeSettleUnknown, settleOf("T9", "S1")},
		{codeSettleUnpaid, settleOf("T0", "S1")},
		{codeSettleEarly, right},
		{codeSettleNoItem, withField(right, `"item_order_id":"`+item+`"`)},
		{codeSettleForeignItem, withField(right, `"item_order_id":"`+other+`"`)},
		{codeSettleItem, withField(right, `"item_order_id":"motb9"`)},
		{codeSettleMissing, strings.Replace(right, `"settle_desc":"课程结算"`, `"settle_desc":""`, 1)},
		{codeSettleMissing, strings.Replace(right, `,"settle_desc":"课程结算"`, ``, 1)},
		{codeSettleTooLong, strings.Replace(right, `课程结算`, strings.Repeat("课", 81), 1)},
		{codeSettleTooLong, settleOf("T1", long(65))},
		{codeSettleTooLong, withField(right, `"ext":"`+long(2049)+`"`)},
		{codeSettleTooLong, withField(right, `"settle_params":"[{\"merchant_uid\":\"71\",\"amount\":500}`+strings.Repeat(" ", 480)+`]"`)},
		{codeTradeParameter, withField(right, `"settle_params":"[{\"merchant_uid\":\"71\",\"amount\":0}]"`)},
		{codeTradeUnreadable, withField(right, `"settle_params":[]`)},
		{codeTradeParameter, withField(right, `"finish":"true"`)},
		{codeTradeParameter, withField(right, `"cp_extra":"x"`)},
		{codeTradeForeign, strings.Replace(right, testApp, "tt1", 1)},
		{codeTradeUnreadable, `x`},
	} {
		w.wantCode(c.code, "settle_create", c.body)
	}
	w.wantCode(codeSettleMissing, "settle_query", `{"app_id":"tt0123456789abcdef"}`)
	w.wantCode(codeSettleMissing, "settle_query", `{"out_settle_no":"S1"}`)
	w.bell.advance(7*24*time.Hour - 1)
	w.token = w.fetchToken()
	w.wantCode(codeSettleEarly, "settle_create", right)
	w.bell.advance(1)
	w.noViolations()
	w.wantCode(codeSettleNothing, "settle_create", withField(right, `"settle_params":"[{\"merchant_uid\":\"71\",\"amount\":1991}]"`))
	w.violation(TooMuch, "S1")
	w.mustCall("settle_create", right)
}

func TestSettlementsAndRefundsNeverExceedWhatWasPaid(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	w.mustCall("refund_create", refundOf1(order, item, "R1", 990))
	w.wantCode(codeSettleNoItem, "settle_create", settleOf("T1", "S1")) // a refund is under way
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	w.mustCall("settle_create", withField(settleOf("T1", "S1"), `"item_order_id":"`+item+`"`))
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "settle"); !strings.Contains(h.msg, `"settle_amount":1000`) || !strings.Contains(h.msg, `"item_order_id":"`+item+`"`) {
		t.Errorf("callback %s", h.msg)
	}
	w.wantCode(codeSettleItems, "settle_create", settleOf("T1", "S2"))
	w.wantCode(codeSettleNothing, "settle_create", withField(settleOf("T1", "S2"), `"item_order_id":"`+item+`"`))
	w.mustCall("refund_create", refundOf1(order, item, "R2", 1000))
	w.bell.pass(t, resultDelay)
	if h := w.shop.next(t, "refund"); !strings.Contains(h.msg, `"is_all_settled":true`) {
		t.Errorf("callback %s", h.msg)
	}
	w.noViolations()
}

func TestDouyinSettlesByItself(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.AutoSettle, c.Trade.SettleAfter = true, 7*24*time.Hour })
	order, item := w.paid(orderData("T1"))
	w.wantCode(codeSettleAuto, "settle_create", settleOf("T1", "S1"))
	w.bell.advance(7*24*time.Hour - time.Hour)
	w.token = w.fetchToken()
	w.mustCall("refund_create", refundOf1(order, item, "R1", 990))
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "refund")
	w.bell.advance(time.Hour)
	w.bell.pass(t, resultDelay)
	h := w.shop.next(t, "settle")
	number := field1(h.msg, "settle_id")
	if field1(h.msg, "out_settle_no") != number || !strings.Contains(h.msg, `"is_auto_settle":true`) || !strings.Contains(h.msg, `"settle_amount":1000`) {
		t.Errorf("callback %s", h.msg)
	}
	if err := w.SettleTrade("T1"); !errors.Is(err, ErrNotSettled) {
		t.Errorf("settled twice: %v", err)
	}
}

func TestAnAutomaticSettlementWaitsForARefund(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.AutoSettle, c.Trade.SettleAfter = true, time.Hour })
	w.paid(orderData("T1"))
	id := w.asked(AskedRefund{Order: "T1", Amount: 990, Audit: true})
	w.shop.next(t, "pre_create_refund")
	until(t, "the answer", func() bool { return w.refund(id).Audit == AuditAwaited })
	w.bell.pass(t, time.Hour)
	w.mustCall("refund_audit_callback", `{"refund_id":"`+id+`","refund_audit_status":2,"deny_message":"x"}`)
	until(t, "the settlement", func() bool {
		if len(w.Trade().Settlements) == 0 {
			w.bell.advance(askPause)
			return false
		}
		return true
	})
	w.bell.pass(t, resultDelay)
	w.shop.next(t, "settle")
}

func TestFulfilmentComesBeforeSettlement(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.FulfilStates = [3]string{"", "DOING", "DONE"} })
	data := strings.NewReplacer(`"type":401`, `"type":201`, `888041996`, `888009228`).Replace(orderData("T1"))
	unpaid := w.requested(strings.Replace(data, "T1", "T0", 1))
	order, item := w.paid(data)
	plain, plainItem := w.paid(orderData("T2"))
	push := func(order, item, state string) string {
		return `{"order_id":"` + order + `","item_order_id_list":["` + item + `"],"to_status":"` + state + `"}`
	}
	w.wantCode(codeSettleEarly, "settle_create", settleOf("T1", "S1"))
	w.wantCode(codeTradeState, "fulfill_push_status", push(unpaid, item, "DONE"))
	w.wantCode(codeTradeState, "fulfill_push_status", push(plain, plainItem, "DONE"))
	w.wantCode(codeTradeUnknown, "fulfill_push_status", push("motb1", item, "DONE"))
	w.wantCode(codeTradeParameter, "fulfill_push_status", push(order, "motb1", "DONE"))
	w.wantCode(codeTradeParameter, "fulfill_push_status", push(order, item, "FULFILLED"))
	w.wantCode(codeTradeParameter, "fulfill_push_status", `{"order_id":"`+order+`","to_status":"DONE"}`)
	w.mustCall("fulfill_push_status", push(order, item, "DOING"))
	w.mustCall("fulfill_push_status", push(order, item, "DOING"))
	w.wantCode(codeSettleEarly, "settle_create", settleOf("T1", "S1"))
	if data := w.mustCall("fulfill_push_status", push(order, item, "DONE")); data != "" {
		t.Errorf("the answer has data %s", data)
	}
	w.noViolations()
	w.wantCode(codeTradeState, "fulfill_push_status", push(order, item, "DOING"))
	w.violation(FulfilBackwards, order)
	w.mustCall("settle_create", settleOf("T1", "S1"))
}

func TestTagQueryTellsGroupsAndStates(t *testing.T) {
	w := newWorld(t, nil)
	want := `{"tag_detail_list":[{"tag_group_id":"tag_group_7272625659888041996","tag_list":[{"tag_id":"tag_7272625659888041996","tag_name":"内容充值","tag_type":1,"tag_descs":["内容充值"],"biz_line":1,"goods_type":401}],"rule_list":[{"rule_id":"rule_7272625659888041996_WAITING","rule_type":1,"refund_rule":{"biz_status":"WAITING","merchant_audit_type":0,"refund_type":0}}]}]}`
	if got := w.mustCall("tag_query", `{"goods_type":401}`); got != want {
		t.Errorf("tag_query\n%s\nwant\n%s", got, want)
	}
	if got := w.mustCall("tag_query", `{}`); strings.Count(got, `"tag_group_id"`) != 9 || !strings.Contains(got, `"biz_status":"FULFILLED"`) {
		t.Errorf("tag_query %s", got)
	}
	if got := w.mustCall("tag_query", `{"goods_type":404}`); got != `{"tag_detail_list":[]}` {
		t.Errorf("tag_query %s", got)
	}
	w.wantCode(codeTradeUnreadable, "tag_query", `{"goods_type":"401"}`)
}
