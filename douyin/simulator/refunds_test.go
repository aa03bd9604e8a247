package simulator

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestARefundIsAcceptedAndSucceedsLater(t *testing.T) {
	c := newClock()
	s := paidSim(t, Config{Now: c.Now})
	answer := mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	if want := `{"err_no":0,"err_tips":"受理成功","refund_no":"7398108028000000002"}`; answer != want {
		t.Errorf("answer %s, want %s", answer, want)
	}
	until(t, "the result", finished(s, "R1"))
	if got, want := mustEcpay(t, s, "query_refund", queryRefundBody("R1")), `{"err_no":0,"err_tips":"success","refundInfo":{"refund_no":"7398108028000000002","refund_amount":100,"refund_status":"SUCCESS","refunded_at":1768634595,"is_all_settled":false,"cp_extra":"","msg":""}}`; got != want {
		t.Errorf("query\n%s\nwant\n%s", got, want)
	}
	if m := s.Money().Movements; len(m) != 2 || m[1] != (Movement{c.Now(), "refund", "R1", "T7", 100}) {
		t.Errorf("movements %+v", m)
	}
	wantAnomalies(t, s)
}

func TestARefundHasNoResultBeforeItsTime(t *testing.T) {
	s := paidSim(t, Config{ResultDelay: time.Hour})
	mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	if got := mustEcpay(t, s, "query_refund", queryRefundBody("R1")); !strings.Contains(got, `"refund_status":"PROCESSING","refunded_at":0`) {
		t.Errorf("query %s", got)
	}
	if m := s.Money(); len(m.Movements) != 1 || m.Payments[0].Refunding != 100 {
		t.Errorf("money %+v", m)
	}
}

func TestTheSameRefundNumberMovesMoneyOnce(t *testing.T) {
	s := paidSim(t, Config{})
	first := mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	until(t, "the result", finished(s, "R1"))
	if again := mustEcpay(t, s, "create_refund", refundBody("R1", 100)); again != first {
		t.Errorf("answers %s and %s", first, again)
	}
	wantAnomalies(t, s)
	if changed := mustEcpay(t, s, "create_refund", refundBody("R1", 999)); changed != first {
		t.Errorf("a changed request: %s", changed)
	}
	r := refundOf(s, "R1")
	if m := s.Money().Movements; len(m) != 2 || r.Amount != 100 || r.Requests != 3 {
		t.Errorf("refund %+v, movements %+v", r, m)
	}
	wantAnomalies(t, s, ChangedRequest)
}

func TestANumberWhoseFirstRequestFailedIsDead(t *testing.T) {
	s := paidSim(t, Config{})
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R1", 5000)); code != 2010 || !strings.Contains(words, "超过") {
		t.Fatalf("too much: %d %s", code, words)
	}
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R1", 100)); code != 2010 || !strings.Contains(words, "更换新的单号") {
		t.Errorf("the same number: %d %s", code, words)
	}
	if code, _, _ := ecpayCall(t, s, "query_refund", queryRefundBody("R1")); code != 3101 {
		t.Errorf("query of a number never accepted: %d, want 3101", code)
	}
	mustEcpay(t, s, "create_refund", refundBody("R2", 100))
	wantAnomalies(t, s, TooMuch, ChangedRequest, DeadNumber)
}

func TestAMalformedRequestDoesNotUseUpItsNumber(t *testing.T) {
	s := paidSim(t, Config{})
	if code, _, _ := ecpayCall(t, s, "create_refund", refundBody("R1", 0)); code != 2010 {
		t.Fatalf("code %d, want 2010", code)
	}
	mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	wantAnomalies(t, s)
}

func TestARefundCanFailAfterItWasAccepted(t *testing.T) {
	s := paidSim(t, Config{})
	if err := s.SetFaults(Plan{Faults: []Fault{{Op: "refund.result", Kind: Fail, OrderID: "R1"}}}); err != nil {
		t.Fatal(err)
	}
	mustEcpay(t, s, "create_refund", refundBody("R1", 1980))
	until(t, "the result", finished(s, "R1"))
	if got := mustEcpay(t, s, "query_refund", queryRefundBody("R1")); !strings.Contains(got, `"refund_status":"FAIL"`) {
		t.Errorf("query %s", got)
	}
	mustEcpay(t, s, "create_refund", refundBody("R2", 1980)) // the money is free again
	until(t, "the second result", finished(s, "R2"))
	if m := s.Money(); len(m.Movements) != 2 || m.Payments[0].Refunded != 1980 || m.Payments[0].Refunding != 0 {
		t.Errorf("money %+v", m)
	}
	wantAnomalies(t, s)
}

func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	s := paidSim(t, Config{})
	var wg sync.WaitGroup
	for i := range 40 { // 40 times 100 fen of 1980
		wg.Go(func() { ecpayCall(t, s, "create_refund", refundBody(fmt.Sprintf("R%d", i), 100)) })
	}
	wg.Wait()
	until(t, "all results", func() bool { return s.Money().Payments[0].Refunding == 0 })
	p := s.Money().Payments[0]
	if p.Refunded != 1900 || p.refunds != 19 {
		t.Errorf("refunded %d in %d refunds, want 1900 in 19", p.Refunded, p.refunds)
	}
	for _, a := range s.Anomalies() {
		if a.Kind != TooMuch {
			t.Errorf("anomaly %+v", a)
		}
	}
}

func TestAnOrderCannotBeRefundedUnpaidOrAfterAYear(t *testing.T) {
	c := newClock()
	s := newSim(t, Config{Salt: "your_payment_salt", Now: c.Now})
	mustEcpay(t, s, "create_order", orderBody)
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R1", 1)); code != 2010 || words != "订单未支付" {
		t.Errorf("unpaid: %d %s", code, words)
	}
	if err := s.Pay("T7"); err != nil {
		t.Fatal(err)
	}
	c.advance(366 * 24 * time.Hour)
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R2", 1)); code != 2010 || !strings.Contains(words, "一年") {
		t.Errorf("after a year: %d %s", code, words)
	}
}

func TestTheFiftyFirstRefundOfAnOrderIsRefused(t *testing.T) {
	s := paidSim(t, Config{})
	for i := range 50 {
		mustEcpay(t, s, "create_refund", refundBody(fmt.Sprintf("R%d", i), 1))
	}
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R50", 1)); code != 2010 || !strings.Contains(words, "次数") {
		t.Errorf("answer %d %s", code, words)
	}
}

func TestTwoNumbersForOneIntentShowAsTwins(t *testing.T) {
	s := paidSim(t, Config{})
	mustEcpay(t, s, "create_refund", refundBody("R1", 100))
	mustEcpay(t, s, "create_refund", strings.Replace(refundBody("R2", 100), "订单 R2", "订单 R1", 1))
	until(t, "both results", func() bool { return finished(s, "R1")() && finished(s, "R2")() })
	wantAnomalies(t, s, TwinRefund)
}

func TestMoneyThatMovedTwiceIsVisible(t *testing.T) {
	s := paidSim(t, Config{})
	again := Movement{time.Now(), "refund", "R1", "T7", 1980}
	s.bank.mu.Lock()
	s.bank.moved(s.bank.payments["T7"], again)
	s.bank.moved(s.bank.payments["T7"], again)
	s.bank.mu.Unlock()
	wantAnomalies(t, s, MovedTwice, Overdrawn)
}

func TestACutAfterTheEffectMovesMoneyOnce(t *testing.T) {
	s, url := overTCP(t, Config{Salt: "your_payment_salt", ResultDelay: time.Microsecond})
	if err := s.AddPaid("T7", 1980, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.SetFaults(Plan{Faults: []Fault{
		{Op: "refund.create", Kind: CutAfter, OrderID: "R1", Count: 1},
		{Op: "refund.create", Kind: SystemErrorAfter, OrderID: "R1", Count: 1},
		{Op: "refund.create", Kind: Busy, OrderID: "R1", Count: 1},
	}}); err != nil {
		t.Fatal(err)
	}
	body := signed(t, s, refundBody("R1", 100))
	for i, want := range []string{"", `"err_no":1000`, `"err_no":1001`, `"err_tips":"受理成功"`} {
		_, _, answer, err := exchange(t.Context(), t, url+ecpayPath+"create_refund", body)
		if (want == "") != (err != nil) || !strings.Contains(answer, want) {
			t.Fatalf("request %d: %q, %v; want %q", i, answer, err, want)
		}
	}
	until(t, "the result", finished(s, "R1"))
	if r, m := refundOf(s, "R1"), s.Money().Movements; r.Requests != 3 || len(m) != 2 {
		t.Errorf("refund %+v, movements %+v", r, m)
	}
	wantAnomalies(t, s)
}

func TestMoneyThatIsBeingRefundedCannotBeRefundedAgain(t *testing.T) {
	s := paidSim(t, Config{ResultDelay: time.Hour})
	mustEcpay(t, s, "create_refund", refundBody("R1", 1980))
	if code, words, _ := ecpayCall(t, s, "create_refund", refundBody("R2", 1)); code != 2010 || !strings.Contains(words, "超过") {
		t.Errorf("answer %d %s", code, words)
	}
	wantAnomalies(t, s, TooMuch)
}
