package simulator

import (
	"strings"
	"testing"
	"time"
)

func unsettledNow(t testing.TB, s *Server) string {
	t.Helper()
	return mustEcpay(t, s, "unsettle_amount", `{"app_id":"tt0123456789abcdef","out_order_no":"T7"}`)
}

func withParams(body, params string) string {
	return strings.TrimSuffix(body, "}") + `,"settle_params":"` + strings.ReplaceAll(params, `"`, `\"`) + `"}`
}

func TestASettlementMovesWhatIsLeft(t *testing.T) {
	s := paidSim(t, Config{Now: newClock().Now})
	mustEcpay(t, s, "create_refund", refundBody("R1", 980))
	until(t, "the refund", finished(s, "R1"))
	if got, want := unsettledNow(t, s), `{"err_no":0,"err_tips":"","data":{"out_order_no":"T7","unsettle_amount":1000,"detail":{"pay_info":{"out_order_no":"T7","amount":1980},"refund_info":[{"out_refund_no":"R1","amount":980}],"payment_rake":6,"life_rake":0,"commission":0}}}`; got != want {
		t.Errorf("unsettled\n%s\nwant\n%s", got, want)
	}
	answer := mustEcpay(t, s, "settle", withParams(settleBody("S1"), `[{"merchant_uid":"71111","amount":300}]`))
	if want := `{"err_no":0,"err_tips":"","settle_no":"7398108028000000003"}`; answer != want {
		t.Errorf("answer %s, want %s", answer, want)
	}
	until(t, "the result", finished(s, "S1"))
	got := mustEcpay(t, s, "query_settle", `{"app_id":"tt0123456789abcdef","out_settle_no":"S1"}`)
	if want := `{"err_no":0,"err_tips":"","settle_info":{"settle_no":"7398108028000000003","settle_amount":1000,"settle_status":"SUCCESS","settle_detail":"商户号71111-分成金额(分)300,商户号73744242495132490630-分成金额(分)700","settled_at":1768634595,"rake":6,"commission":0,"cp_extra":"","msg":"SUCCESS"}}`; got != want {
		t.Errorf("query\n%s\nwant\n%s", got, want)
	}
	if again := mustEcpay(t, s, "settle", withParams(settleBody("S1"), `[{"merchant_uid":"71111","amount":300}]`)); again != answer {
		t.Errorf("the same number: %s, then %s", answer, again)
	}
	wantAnomalies(t, s)
	if code, words, _ := ecpayCall(t, s, "settle", settleBody("S2")); code != 2010 || words != "可结算金额不足" {
		t.Errorf("settled again: %d %s", code, words)
	}
	if p := s.Money().Payments[0]; p.Settled != 1000 || !p.Finished {
		t.Errorf("payment %+v", p)
	}
	wantAnomalies(t, s, TooMuch)
}

func TestAnUnfinishedSettlementMovesOnlyTheReceiversShares(t *testing.T) {
	s := paidSim(t, Config{})
	body := strings.TrimSuffix(withParams(settleBody("S1"), `[{"merchant_uid":"71111","amount":300},{"merchant_uid":"72222","amount":80}]`), "}") + `,"finish":"false"}`
	mustEcpay(t, s, "settle", body)
	until(t, "the result", finished(s, "S1"))
	if st := settlementOf(s, "S1"); st.Amount != 380 || st.Status != Succeeded {
		t.Errorf("settlement %+v", st)
	}
	if got := unsettledNow(t, s); !strings.Contains(got, `"unsettle_amount":1600`) {
		t.Errorf("unsettled %s", got)
	}
	mustEcpay(t, s, "settle", settleBody("S2"))
	until(t, "the rest", finished(s, "S2"))
	if p := s.Money().Payments[0]; p.Settled != 1980 || !p.Finished {
		t.Errorf("payment %+v", p)
	}
	wantAnomalies(t, s)
}

func TestOneSettlementAtATime(t *testing.T) {
	s := paidSim(t, Config{ResultDelay: time.Hour})
	mustEcpay(t, s, "settle", settleBody("S1"))
	for range 2 { // the number stays usable
		if code, words, _ := ecpayCall(t, s, "settle", settleBody("S2")); code != 2010 || !strings.Contains(words, "处理中") {
			t.Errorf("a second one: %d %s", code, words)
		}
	}
	wantAnomalies(t, s)
}

func TestASettlementBeforeItsTimeIsADelay(t *testing.T) {
	c := newClock()
	s := paidSim(t, Config{Now: c.Now, SettleAfter: 7 * 24 * time.Hour, SettleTooEarly: 23113})
	if code, words, _ := ecpayCall(t, s, "settle", settleBody("S1")); code != 23113 || words != "订单未到可结算时间" {
		t.Errorf("too early: %d %s", code, words)
	}
	c.advance(7 * 24 * time.Hour)
	mustEcpay(t, s, "settle", settleBody("S1"))
	wantAnomalies(t, s)
}

func TestAfterAFailedSettlementANewNumberIsNeeded(t *testing.T) {
	s := paidSim(t, Config{})
	if err := s.SetFaults(Plan{Faults: []Fault{{Op: "settle.result", Kind: Fail, Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	first := mustEcpay(t, s, "settle", settleBody("S1"))
	until(t, "the result", finished(s, "S1"))
	if again := mustEcpay(t, s, "settle", settleBody("S1")); again != first {
		t.Errorf("the same number: %s, then %s", first, again)
	}
	if st := settlementOf(s, "S1"); st.Status != Failed {
		t.Errorf("settlement %+v", st)
	}
	mustEcpay(t, s, "settle", settleBody("S2"))
	until(t, "the second result", finished(s, "S2"))
	if p := s.Money().Payments[0]; p.Settled != 1980 {
		t.Errorf("payment %+v", p)
	}
}

func TestASettlementDuringARefundIsNoted(t *testing.T) {
	s := paidSim(t, Config{ResultDelay: time.Hour})
	mustEcpay(t, s, "create_refund", refundBody("R1", 980))
	mustEcpay(t, s, "settle", settleBody("S1"))
	if st := settlementOf(s, "S1"); st.Amount != 1000 {
		t.Errorf("settlement %+v: what is being refunded must not be settled", st)
	}
	wantAnomalies(t, s, RefundInFlight)
}
