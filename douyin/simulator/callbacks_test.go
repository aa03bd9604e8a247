package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// shop is the receiver of callbacks. Each answer of it is asked from the test.
type shop struct {
	url      string
	received chan string
}

// newShop answers each callback with what answer returns for its number, counted from 0.
func newShop(t *testing.T, answer func(n int) string) *shop {
	t.Helper()
	sh := &shop{received: make(chan string, 100)}
	n := make(chan int, 1)
	n <- 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		i := <-n
		n <- i + 1
		sh.received <- string(body)
		_, _ = io.WriteString(w, answer(i))
	}))
	t.Cleanup(srv.Close)
	sh.url = srv.URL + "/callbacks/douyin"
	return sh
}

const success = `{"err_no":0,"err_tips":"success"}`

func always(answer string) func(int) string { return func(int) string { return answer } }

// next waits for a callback, checks its signature and returns its type and msg.
func (sh *shop) next(t *testing.T) (kind, msg string) {
	t.Helper()
	select {
	case body := <-sh.received:
		var e struct {
			Timestamp, Nonce, Msg, Type string
			Signature                   string `json:"msg_signature"`
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatalf("callback %s: %v", body, err)
		}
		if want := callbackSignature("cb_token_for_tests", e.Timestamp, e.Nonce, e.Msg); e.Signature != want || len(e.Nonce) > 4 || len(e.Timestamp) > 12 {
			t.Errorf("callback %s: signature, want %s", body, want)
		}
		return e.Type, e.Msg
	case <-time.After(10 * time.Second):
		t.Fatal("no callback came")
		return "", ""
	}
}

func TestCallbacksSayWhatHappened(t *testing.T) {
	sh := newShop(t, always(success))
	s := paidSim(t, Config{NotifyURL: sh.url, Now: newClock().Now})
	expect := func(kind, msg string) {
		t.Helper()
		if k, m := sh.next(t); k != kind || m != msg {
			t.Errorf("callback %s\n%s\nwant %s\n%s", k, m, kind, msg)
		}
	}
	expect("payment", `{"appid":"tt0123456789abcdef","cp_orderno":"T7","cp_extra":"","way":"1","channel_no":"","channel_gateway_no":"","payment_order_no":"","out_channel_order_no":"","total_amount":1980,"status":"SUCCESS","seller_uid":"73744242495132490630","extra":"","item_id":"","paid_at":1768634595,"message":"","order_id":"7398108028000000001"}`)
	mustEcpay(t, s, "create_refund", strings.TrimSuffix(refundBody("R1", 100), "}")+`,"cp_extra":"mine"}`)
	expect("refund", `{"appid":"tt0123456789abcdef","cp_refundno":"R1","cp_extra":"mine","status":"SUCCESS","refund_amount":100,"is_all_settled":false,"refunded_at":1768634595,"message":"","order_id":"7398108028000000001","refund_no":"7398108028000000002"}`)
	mustEcpay(t, s, "settle", settleBody("S1"))
	expect("settle", `{"appid":"tt0123456789abcdef","cp_settle_no":"S1","cp_extra":"","status":"SUCCESS","rake":11,"commission":0,"settle_detail":"商户号73744242495132490630-分成金额(分)1880","settled_at":1768634595,"message":"SUCCESS","order_id":"7398108028000000001","settle_amount":1880,"settle_no":"7398108028000000003","out_order_no":"T7","is_auto_settle":false}`)
	until(t, "the last answer", func() bool { return settlementOf(s, "S1").Callback.Answered })
	if n := s.Stats().Calls["callback.settle"].OK; n != 1 {
		t.Errorf("%d settle callbacks answered, want 1", n)
	}
}

func TestTheRequestsOwnAddressIsPreferred(t *testing.T) {
	console, own := newShop(t, always(success)), newShop(t, always(success))
	s := paidSim(t, Config{NotifyURL: console.url})
	console.next(t)
	mustEcpay(t, s, "create_refund", strings.TrimSuffix(refundBody("R1", 100), "}")+`,"notify_url":"`+own.url+`"}`)
	if kind, _ := own.next(t); kind != "refund" {
		t.Errorf("a callback of type %s", kind)
	}
}

func TestACallbackIsDeliveredUntilItIsAnsweredWithSuccess(t *testing.T) {
	answers := []string{
		``, `success`, `{"err_no":0}`, `{"err_no":0,"err_tips":"ok"}`, `{"err_no":400,"err_tips":"success"}`,
		`{"err_no":0,"err_tips":"success","data":{}}`, success,
	}
	sh := newShop(t, func(n int) string { return answers[min(n, len(answers)-1)] })
	s := paidSim(t, Config{NotifyURL: sh.url, RedeliveryScale: 1e-7})
	_, first := sh.next(t)
	for range len(answers) - 1 {
		if _, again := sh.next(t); again != first {
			t.Errorf("a redelivery says %s, the first said %s", again, first)
		}
	}
	until(t, "the answer", func() bool { return s.Money().Payments[0].Callback.Answered })
	if n := s.Money().Payments[0].Callback.Deliveries; n != len(answers) {
		t.Errorf("%d deliveries, want %d", n, len(answers))
	}
}

func TestACallbackIsGivenUpAfterSixteenDeliveries(t *testing.T) {
	sh := newShop(t, always("no"))
	s := paidSim(t, Config{NotifyURL: sh.url, RedeliveryScale: 1e-9})
	for range 16 {
		sh.next(t)
	}
	until(t, "the last delivery", func() bool { return s.Money().Payments[0].Callback.Deliveries == 16 })
	if err := s.Close(); err != nil { // waits for the delivery to end
		t.Fatal(err)
	}
	if c := s.Money().Payments[0].Callback; c.Deliveries != 16 || c.Answered {
		t.Errorf("callback %+v", c)
	}
}

func TestTheRedeliveriesTakeADay(t *testing.T) {
	total := time.Duration(0)
	for _, d := range redeliveries {
		total += d
	}
	if len(redeliveries) != 15 || total != 24*time.Hour+4*time.Minute {
		t.Errorf("%d redeliveries in %s, want 15 in 24h4m0s", len(redeliveries), total)
	}
}

func TestCallbackFaults(t *testing.T) {
	t.Run("lost", func(t *testing.T) {
		sh := newShop(t, always(success))
		s := paidSim(t, Config{NotifyURL: sh.url})
		sh.next(t)
		if err := s.SetFaults(Plan{Faults: []Fault{{Kind: Lost}}}); err != nil {
			t.Fatal(err)
		}
		mustEcpay(t, s, "create_refund", refundBody("R1", 100))
		until(t, "the result", finished(s, "R1"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if len(sh.received) != 0 || refundOf(s, "R1").Callback.Deliveries != 0 {
			t.Error("a lost callback was delivered")
		}
	})
	t.Run("duplicate", func(t *testing.T) {
		sh := newShop(t, always(success))
		s := paidSim(t, Config{NotifyURL: sh.url})
		sh.next(t)
		if err := s.SetFaults(Plan{Faults: []Fault{{Op: "callback.refund", Kind: Duplicate}}}); err != nil {
			t.Fatal(err)
		}
		mustEcpay(t, s, "create_refund", refundBody("R1", 100))
		_, first := sh.next(t)
		if _, second := sh.next(t); second != first {
			t.Errorf("duplicates differ: %s and %s", first, second)
		}
		until(t, "both answers", func() bool { return refundOf(s, "R1").Callback == Callback{2, true} })
		if m := s.Money().Movements; len(m) != 2 {
			t.Errorf("movements %+v", m)
		}
	})
	t.Run("early", func(t *testing.T) {
		sh := newShop(t, always(success))
		s := paidSim(t, Config{NotifyURL: sh.url, ResultDelay: time.Hour})
		sh.next(t)
		if err := s.SetFaults(Plan{Faults: []Fault{{Kind: Early}}}); err != nil {
			t.Fatal(err)
		}
		for i, call := range []struct{ method, body string }{{"create_refund", refundBody("R1", 100)}, {"settle", settleBody("S1")}} {
			mustEcpay(t, s, call.method, call.body)
			if len(sh.received) != 1 {
				t.Fatalf("call %d was answered before its callback", i)
			}
			sh.next(t)
		}
	})
	t.Run("late", func(t *testing.T) {
		sh := newShop(t, always(success))
		s := paidSim(t, Config{NotifyURL: sh.url})
		sh.next(t)
		if err := s.SetFaults(Plan{Faults: []Fault{{Kind: Late, DelayMS: 30}}}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		mustEcpay(t, s, "create_refund", refundBody("R1", 100))
		sh.next(t)
		if took := time.Since(start); took < 30*time.Millisecond {
			t.Errorf("a late callback came after %s", took)
		}
	})
}

func TestCloseEndsDeliveriesAndResults(t *testing.T) {
	sh := newShop(t, always("no"))
	s := paidSim(t, Config{NotifyURL: sh.url, ResultDelay: time.Hour})
	mustEcpay(t, s, "create_refund", refundBody("R1", 100)) // waits an hour for its result
	sh.next(t)                                              // and the payment waits 15 s for its second delivery
	// Close returns only when both goroutines have ended; twice is harmless
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mustEcpay(t, s, "create_refund", refundBody("R2", 100)) // a call after Close starts nothing
	if n := len(s.Money().Movements); n != 1 {
		t.Errorf("%d movements, want the payment alone", n)
	}
}

func TestAResetForgetsMoneyThatIsOnItsWay(t *testing.T) {
	sh := newShop(t, always(success))
	s := paidSim(t, Config{NotifyURL: sh.url, ResultDelay: 20 * time.Millisecond})
	sh.next(t)
	mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	s.Reset()
	sh.next(t) // the result comes all the same
	if m := s.Money(); len(m.Movements) != 0 || len(m.Refunds) != 0 {
		t.Errorf("money %+v", m)
	}
}
