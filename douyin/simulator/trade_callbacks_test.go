package simulator

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTradeCallbacksAreRedeliveredByTheirSchedules(t *testing.T) {
	for _, c := range []struct {
		name   string
		pauses []time.Duration
		total  time.Duration
		n      int
	}{
		{"payment", paymentPauses, 57*time.Second + 28*time.Minute, 10},
		{"refund", refundPauses, 50*time.Second + 28*time.Minute, 10},
		{"settle", settlePauses, 45*time.Second + (127+11*128)*time.Minute, 20},
	} {
		var total time.Duration
		for _, d := range c.pauses {
			total += d
		}
		if len(c.pauses) != c.n || total != c.total {
			t.Errorf("%s: %d redeliveries in %s, want %d in %s", c.name, len(c.pauses), total, c.n, c.total)
		}
	}
	w := newWorld(t, nil)
	w.requested(orderData("T1"))
	w.shop.answers(always1(`{"err_no":400,"err_tips":"bad sign"}`))
	if err := w.PayTrade("T1", 0, 0); err != nil {
		t.Fatal(err)
	}
	first := w.shop.next(t, "payment")
	for _, d := range paymentPauses {
		w.bell.pass(t, d)
		if again := w.shop.next(t, "payment"); again.body != first.body {
			t.Errorf("a redelivery says %s", again.body)
		}
	}
	until(t, "the last delivery", func() bool { return w.Trade().Orders[0].Callback == Callback{11, false} })
}

func TestFaultsOfTradeCallbacks(t *testing.T) {
	script := func(t *testing.T, f ...Fault) (*world, string, string) {
		w := newWorld(t, nil)
		order, item := w.paid(orderData("T1"))
		if err := w.SetFaults(Plan{Faults: f}); err != nil {
			t.Fatal(err)
		}
		return w, order, item
	}
	t.Run("lost", func(t *testing.T) {
		w, order, item := script(t, Fault{Op: "trade.callback_refund", Kind: Lost})
		w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
		w.bell.pass(t, resultDelay)
		until(t, "the result", func() bool { return w.Trade().Refunds[0].Status == Succeeded })
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(w.shop.came) != 0 {
			t.Error("a lost callback was delivered")
		}
	})
	t.Run("twice", func(t *testing.T) {
		w, order, item := script(t, Fault{Op: "trade.callback_refund", Kind: Duplicate})
		w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
		w.bell.pass(t, resultDelay)
		if first, second := w.shop.next(t, "refund"), w.shop.next(t, "refund"); first.body != second.body {
			t.Error("duplicates differ")
		}
		until(t, "both answers", func() bool { return w.Trade().Refunds[0].Callback == Callback{2, true} })
		if m := w.Trade().Movements; len(m) != 2 {
			t.Errorf("movements %+v", m)
		}
	})
	t.Run("late, so that it is overtaken", func(t *testing.T) {
		w, order, item := script(t, Fault{Op: "trade.callback_refund", Kind: Late, DelayMS: 300, OrderID: "R1"})
		w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
		w.bell.pass(t, resultDelay)
		until(t, "the first result", func() bool { return w.Trade().Refunds[0].Status == Succeeded })
		w.mustCall("refund_create", refundOf1(order, item, "R2", 200))
		w.bell.pass(t, resultDelay)
		if h := w.shop.next(t, "refund"); field1(h.msg, "out_refund_no") != "R2" {
			t.Errorf("first came %s", h.msg)
		}
		w.bell.pass(t, 300*time.Millisecond)
		if h := w.shop.next(t, "refund"); field1(h.msg, "out_refund_no") != "R1" {
			t.Errorf("second came %s", h.msg)
		}
	})
	t.Run("early", func(t *testing.T) {
		w, order, item := script(t, Fault{Op: "trade.callback_refund", Kind: Early}, Fault{Op: "trade.callback_settle", Kind: Early})
		w.mustCall("refund_create", refundOf1(order, item, "R1", 100))
		if len(w.shop.came) != 1 {
			t.Fatal("the call was answered before its callback")
		}
		w.shop.next(t, "refund")
		w.mustCall("settle_create", settleOf("T1", "S1"))
		if len(w.shop.came) != 1 {
			t.Fatal("the call was answered before its callback")
		}
	})
	t.Run("a question lost", func(t *testing.T) {
		w, _, _ := script(t, Fault{Op: "trade.pre_create_refund", Kind: Lost})
		id := w.asked(AskedRefund{Order: "T1"})
		w.bell.pass(t, askPause)
		w.shop.next(t, "pre_create_refund")
		until(t, "the answer", func() bool { return w.refund(id).Asked == Callback{1, true} })
	})
	t.Run("a question twice", func(t *testing.T) {
		w, _, _ := script(t, Fault{Op: "trade.pre_create_refund", Kind: Duplicate})
		n := 0
		w.shop.answers(func(h heard) string { // another number each time, as a careless shop makes it
			n++
			return answerTo("R" + strings.Repeat("1", n))
		})
		id := w.asked(AskedRefund{Order: "T1", Audit: true})
		w.shop.next(t, "pre_create_refund")
		w.shop.next(t, "pre_create_refund")
		until(t, "both", func() bool { return w.refund(id).Asked.Deliveries == 2 })
		w.violation(AnswerDiffers, id)
	})
}

func TestAnAnswerInTimeIsAwaitedNoLonger(t *testing.T) {
	hold := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(hold)
	w := newWorld(t, func(c *Config) { c.Trade.ExtensionURL, c.Trade.AnswerTime = slow.URL, time.Millisecond })
	w.paid(orderData("T1"))
	id := w.asked(AskedRefund{Order: "T1"})
	until(t, "the delivery", func() bool { return w.refund(id).Asked.Deliveries == 1 })
	if r := w.refund(id); r.Asked.Answered || r.OutRefundNo != "" {
		t.Errorf("refund %+v", r)
	}
}

// The way of a program that knows the control interface only.
func TestTheBuyerOverHTTP(t *testing.T) {
	w := newWorld(t, nil)
	send := func(path, body string, status int) string {
		t.Helper()
		rec := w.raw("/_sim/trade/"+path, "", body)
		if rec.Code != status {
			t.Errorf("%s %s: HTTP %d %s, want %d", path, body, rec.Code, rec.Body, status)
		}
		return strings.TrimSpace(rec.Body.String())
	}
	get := func(path string) string {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/_sim/trade/"+path, nil))
		if rec.Code != http.StatusOK {
			t.Errorf("%s: HTTP %d", path, rec.Code)
		}
		return rec.Body.String()
	}
	der, err := x509.MarshalPKIXPublicKey(&testAppKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	send("app_key", string(appendJSON(nil, map[string]string{"public_key": key, "key_version": "2"})), 200)
	send("app_key", `{"public_key":"x"}`, 400)

	request := func(data, auth string) string {
		return string(appendJSON(nil, map[string]string{"data": data, "byteAuthorization": auth}))
	}
	data := orderData("T1")
	got := send("request_order", request(data, w.authorize(data)), 200)
	if want := `{"orderId":"motb73383242802200000000001","errMsg":"requestOrder:ok"}`; got != want {
		t.Errorf("request_order %s, want %s", got, want)
	}
	if got, want := send("request_order", request(data+" ", w.authorize(data)), 400), `{"errNo":11004,"errMsg":"requestOrder:fail 签名校验异常","reason":"signature: does not fit data"}`; got != want {
		t.Errorf("request_order %s, want %s", got, want)
	}
	whole := string(appendJSON(nil, map[string]any{"data": data, "byteAuthorization": w.authorize(data), "system": "trade", "err_no": 0, "err_tips": "success"}))
	if again := send("request_order", whole, 200); again != got {
		t.Errorf("request_order of a whole answer %s, want %s", again, got)
	}
	if got := send("request_order", request(data, "x"), 400); !strings.Contains(got, "签名参数异常") {
		t.Errorf("request_order %s", got)
	}
	if got := send("request_order", "", 400); !strings.Contains(got, "the body is empty") {
		t.Errorf("request_order of nothing: %s", got)
	}
	send("pay", `{"out_order_no":"T9"}`, 404)
	send("pay", `{"out_order_no":"T1","pay_channel":7}`, 409)
	send("pay", `{"out_order_no":"T1","pay_channel":1}`, 200)
	w.shop.next(t, "payment")
	send("pay", `{"order_id":"motb73383242802200000000001"}`, 409)
	send("pay", `{"x":1}`, 400)
	send("cancel", `{"out_order_no":"T1"}`, 409)
	got = send("ask_refund", `{"out_order_no":"T1","amount":90,"by":"user","audit":true,"reasons":["x"],"description":"y"}`, 200)
	h := w.shop.next(t, "pre_create_refund")
	if want := `{"refund_id":"` + field1(h.msg, "refund_id") + `"}`; got != want || !strings.Contains(h.msg, `"need_refund_audit":1`) {
		t.Errorf("ask_refund %s, asked %s", got, h.msg)
	}
	until(t, "the answer", func() bool { return w.Trade().Refunds[0].Asked.Answered })
	send("ask_refund", `{"out_order_no":"T1"}`, 409)
	send("ask_again", got, 200)
	w.shop.next(t, "pre_create_refund")
	send("ask_again", `{"refund_id":"motb1"}`, 404)
	send("settle", `{"out_order_no":"T1"}`, 409)
	send("settle", `{"out_order_no":"T9"}`, 404)
	if got := get("platform_key"); got != w.PlatformKey() || !strings.HasPrefix(got, "-----BEGIN PUBLIC KEY-----") {
		t.Errorf("platform_key %s", got)
	}
	if got := strings.TrimSpace(get("violations")); got != "[]" {
		t.Errorf("violations %s", got)
	}
	var book TradeBook
	if err := json.Unmarshal([]byte(get("ledger")), &book); err != nil || len(book.Orders) != 1 || len(book.Refunds) != 1 || book.Orders[0].Channel != 1 {
		t.Errorf("ledger %+v: %v", book, err)
	}
	if strings.Contains(get("ledger"), "_000sim") {
		t.Error("the ledger tells an open_id")
	}
}
