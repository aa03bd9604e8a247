package simulator

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTheBuyerPays(t *testing.T) {
	w := newWorld(t, nil)
	id := w.requested(orderData("T1"))
	if err := w.PayTrade("T1", 0, 90); err != nil {
		t.Fatal(err)
	}
	h := w.shop.next(t, "payment")
	want := `{"app_id":"tt0123456789abcdef","out_order_no":"T1","order_id":"motb73383242802200000000001","status":"SUCCESS","total_amount":1990,"discount_amount":90,"pay_channel":10,"channel_pay_id":"TP73383242802200000000001","user_bill_pay_id":"DTPS73383242802200000000001","merchant_uid":"73744242495132490630","event_time":1768634595000}`
	if h.msg != want {
		t.Errorf("payment callback\n%s\nwant\n%s", h.msg, want)
	}
	for name, want := range map[string]string{
		"Byte-Identifyname": "/msg/basic/payment/notify", "Byte-Env": "prod", "Byte-Timestamp": "1768634595", "Content-Type": "application/json",
	} {
		if got := h.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	answer := `{"order_id":"` + id + `","out_order_no":"T1","app_id":"tt0123456789abcdef","pay_status":"SUCCESS","pay_time":1768634595000,"pay_channel":10,"channel_pay_id":"TP73383242802200000000001","trade_time":1768634595000,"total_amount":1990,"discount_amount":90,"merchant_uid":"73744242495132490630","item_order_list":[{"item_order_id":"motb73383242802200000000002","sku_id":"C1001","item_order_amount":1990}]}`
	for _, body := range []string{`{"order_id":"` + id + `"}`, `{"out_order_no":"T1"}`} {
		if got := w.mustCall("order_query", body); got != answer {
			t.Errorf("order_query %s\n%s\nwant\n%s", body, got, answer)
		}
	}
	if err := w.PayTrade(id, 0, 0); !errors.Is(err, ErrNotPending) {
		t.Errorf("paid twice: %v", err)
	}
	if m := w.Trade().Movements; len(m) != 1 || m[0].Amount != 1900 || m[0].Kind != "payment" {
		t.Errorf("movements %+v", m)
	}
	w.wantCode(codeNoCPS, "query_cps", `{"order_id":"`+id+`"}`)
}

func TestAnOrderIsClosedByItsBuyerOrByTime(t *testing.T) {
	w := newWorld(t, nil)
	first := w.requested(orderData("T1"))
	w.requested(orderData("T2"))
	if err := w.CancelTrade(first); err != nil {
		t.Fatal(err)
	}
	if h := w.shop.next(t, "payment"); !strings.Contains(h.msg, `"status":"CANCEL"`) || !strings.Contains(h.msg, `"message":"USER_CANCEL"`) {
		t.Errorf("callback %s", h.msg)
	}
	w.bell.advance(1799 * time.Second)
	if got := w.mustCall("order_query", `{"out_order_no":"T2"}`); !strings.Contains(got, `"pay_status":"PROCESS"`) {
		t.Errorf("order_query %s", got)
	}
	w.bell.advance(time.Second)
	if h := w.shop.next(t, "payment"); !strings.Contains(h.msg, `"out_order_no":"T2"`) || !strings.Contains(h.msg, `"message":"TIME_OUT"`) {
		t.Errorf("callback %s", h.msg)
	}
	for _, no := range []string{"T1", "T2"} {
		if got := w.mustCall("order_query", `{"out_order_no":"`+no+`"}`); !strings.Contains(got, `"pay_status":"TIMEOUT"`) {
			t.Errorf("order_query %s: %s", no, got)
		}
		if err := w.PayTrade(no, 0, 0); !errors.Is(err, ErrNotPending) {
			t.Errorf("a closed order was paid: %v", err)
		}
	}
	if len(w.shop.came) != 0 {
		t.Errorf("a closed order was closed again")
	}
}

func TestHowAnOrderCanBePaid(t *testing.T) {
	w := newWorld(t, nil)
	w.requested(strings.Replace(orderData("T1"), `"totalAmount"`, `"limitPayWayList":[1],"totalAmount"`, 1))
	w.requested(strings.Replace(orderData("T2"), `"totalAmount"`, `"currency":"DIAMOND","totalAmount"`, 1))
	for _, c := range []struct {
		no                string
		channel, discount int64
	}{{"T1", 1, 0}, {"T1", 20, 0}, {"T1", 7, 0}, {"T1", 10, 1990}, {"T1", 10, -1}, {"T2", 10, 0}} {
		if err := w.PayTrade(c.no, c.channel, c.discount); !errors.Is(err, ErrPayment) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := w.PayTrade("T3", 0, 0); !errors.Is(err, ErrNoOrder) {
		t.Errorf("an unknown order: %v", err)
	}
	if err := w.PayTrade("T2", 0, 0); err != nil {
		t.Fatal(err)
	}
	if h := w.shop.next(t, "payment"); !strings.Contains(h.msg, `"pay_channel":20`) || !strings.HasSuffix(h.msg, `"currency":"DIAMOND"}`) {
		t.Errorf("callback %s", h.msg)
	}
}

func TestCallsAreJudgedByTokenFormAndFields(t *testing.T) {
	w := newWorld(t, nil)
	id, _ := w.paid(orderData("T1"))
	for _, c := range []struct {
		code       int
		name, body string
	}{
		{codeTradeParameter, "order_query", `{}`},
		{codeTradeParameter, "order_query", `{"order_id":""}`},
		{codeTradeParameter, "order_query", `{"order_id":"` + id + `","app_id":"x"}`},
		{codeTradeParameter, "order_query", `{"order_id":"` + strings.Repeat("x", 65) + `"}`},
		{codeTradeUnreadable, "order_query", `{"order_id":7}`},
		{codeTradeUnreadable, "order_query", `{"order_id":null}`},
		{codeTradeUnreadable, "order_query", `{"order_id":"a","order_id":"a"}`},
		{codeTradeUnreadable, "order_query", `[]`},
		{codeTradeUnreadable, "order_query", ``},
		{codeTradeUnknown, "order_query", `{"order_id":"motb1"}`},
		{codeTradeUnknown, "order_query", `{"out_order_no":"T9"}`},
		{codeTradeUnreadable, "settle_query", `{`},
	} {
		w.wantCode(c.code, c.name, c.body)
	}
	body := `{"order_id":"` + id + `"}`
	for token, code := range map[string]int{"": codeTradeToken, "clt.x": codeTradeToken} {
		if rec := w.raw("/api/trade_basic/v1/developer/order_query/", token, body); !strings.Contains(rec.Body.String(), `"err_no":`+strconv.Itoa(code)) {
			t.Errorf("token %q: %s", token, rec.Body)
		}
	}
	if rec := w.raw("/api/trade_basic/v1/developer/order_query", w.token, body); rec.Code != 404 {
		t.Errorf("without the last slash: HTTP %d", rec.Code)
	}
}

func TestAnotherAppsDataIsRefused(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AppID = "" })
	id, item := w.paid(orderData("T1"))
	rec := w.raw("/oauth/client_token/", "", `{"grant_type":"client_credential","client_key":"tt9","client_secret":"s3cr3t"}`)
	_, rest, _ := strings.Cut(rec.Body.String(), `"access_token":"`)
	w.token, _, _ = strings.Cut(rest, `"`)
	w.wantCode(codeTradeForeign, "order_query", `{"order_id":"`+id+`"}`)
	w.wantCode(codeTradeForeign, "refund_create", refundOf1(id, item, "R1", 100))
	w.wantCode(codeTradeForeign, "settle_create", `{"app_id":"tt0123456789abcdef","out_order_no":"T1","out_settle_no":"S1","settle_desc":"x"}`)
	w.wantCode(codeTradeUnknown, "order_query", `{"out_order_no":"T1"}`) // the shop's numbers are each app's own
}

// The order centre must not be told of an order of trade.
func TestAPushOfATradeOrderIsAViolation(t *testing.T) {
	w := newWorld(t, nil)
	token := fetch(t, w.Server)
	mustPush(t, w.Server, orderPush(token, "1", "已支付", "1768634594"))
	w.requested(orderData("N7290"))
	if code, _ := push(t, w.Server, orderPush(token, "4", "已核销", "1768634595")); code != codeNoPayment {
		t.Errorf("a push that names a trade order as its payment: %d, want %d", code, codeNoPayment)
	}
	w.violation(PushedTrade, "N7290")
}

func TestAResetForgetsTrade(t *testing.T) {
	w := newWorld(t, nil)
	order, item := w.paid(orderData("T1"))
	w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
	w.Reset()
	w.bell.pass(t, resultDelay)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if b := w.Trade(); len(b.Orders)+len(b.Refunds)+len(b.Movements)+len(b.Violations) != 0 {
		t.Errorf("the book after a reset: %+v", b)
	}
}

// A simulator that starts anew beside the same database makes other numbers, of both generations.
func TestNumbersAreCountedFrom(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.NumbersAfter = 96_018_855_000 })
	if id, want := w.requested(orderData("T1")), "motb73383242802296018855001"; id != want {
		t.Errorf("order %s, want %s", id, want)
	}
	w.trade.mu.Lock()
	settle := w.trade.settleID()
	w.trade.mu.Unlock()
	if want := "7308352523018855003"; settle != want {
		t.Errorf("settlement %s, want %s", settle, want)
	}
	w.bank.mu.Lock()
	number := w.bank.number()
	w.bank.mu.Unlock()
	if want := "7398108124018855001"; number != want {
		t.Errorf("number of ecpay %s, want %s", number, want)
	}
}
