package simulator

import (
	"strings"
	"testing"
	"time"
)

func TestAnOlderPushIsAnsweredWithSuccessAndIgnored(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	for _, p := range [][3]string{
		{"6", "已退款", "1768634595200"}, // accepted
		{"1", "已支付", "1768634595100"}, // older
		{"1", "已支付", "1768634595200"}, // as old, another content
		{"6", "已退款", "1768634595200"}, // the same again
		{"1", "已支付", "1768634595"},    // older, in seconds
	} {
		mustPush(t, s, orderPush(token, p[0], p[1], p[2]))
	}
	o := mustOrder(t, s, "7")
	if o.Status != 6 || o.UpdateTime != 1768634595200 {
		t.Errorf("held %+v", o)
	}
	var got []Result
	for _, p := range o.History {
		got = append(got, p.Result)
	}
	want := []Result{Accepted, Ignored, Ignored, Repeated, Ignored}
	if len(got) != len(want) {
		t.Fatalf("history %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("history %v, want %v", got, want)
		}
	}
	if o.Pushes != 5 || o.Accepted != 1 || o.Ignored != 3 || o.Repeated != 1 || o.Regressions != 0 {
		t.Errorf("counts %+v", o.Counts)
	}
}

func TestAnOlderPushThatTakesEffectIsARegression(t *testing.T) {
	s := newSim(t, Config{OnOldUpdate: AcceptOld})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "6", "已退款", "1768634595200"))
	mustPush(t, s, orderPush(token, "6", "已退款", "1768634595100"))
	o := mustOrder(t, s, "7")
	if o.UpdateTime != 1768634595100 || o.Regressions != 1 || !o.History[1].Regression || s.Stats().Regressions != 1 {
		t.Errorf("held %+v", o)
	}
}

func TestAnOlderStatusIsARegressionWhateverItsTime(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "6", "已退款", "1768634595200"))
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595300"))
	if l := s.Ledger(); l.Regressions != 1 || l.Orders[0].Regressions != 1 {
		t.Errorf("ledger %+v", l)
	}
}

func TestEmptyFieldsClearNothing(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595200"))
	mustPush(t, s, strings.Replace(orderPush(token, "5", "退款中", "1768634595300"), `"N7290"`, `""`, 1))
	o := mustOrder(t, s, "7")
	if o.PaymentOrderNo != "N7290" || o.Status != 5 {
		t.Errorf("held %+v", o)
	}
	if o.History[1].PaymentOrderNo != "" {
		t.Errorf("the history tells %q, want what was sent", o.History[1].PaymentOrderNo)
	}
}

func TestASumThatDiffersIsOnlyNoted(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595200"))
	mustPush(t, s, strings.Replace(orderPush(token, "1", "已支付", "1768634595300"), `\"price\":1980`, `\"price\":1981`, 1))
	o := mustOrder(t, s, "7")
	if o.History[0].SumDiffers || !o.History[1].SumDiffers {
		t.Errorf("history %+v", o.History)
	}
}

func TestAPushWithoutAPaymentIsRefusedWhenPaymentsAreRequired(t *testing.T) {
	s := newSim(t, Config{RequirePayment: true})
	code, words := push(t, s, orderPush(fetch(t, s), "1", "已支付", "1768634595200"))
	if code != 40022 || words != "担保交易支付订单不存在" {
		t.Errorf("answer %d %s", code, words)
	}
	if o := mustOrder(t, s, "7"); o.Held || o.Refused != 1 || o.LastRefusal != 40022 {
		t.Errorf("order %+v", o)
	}
}

func TestTheLedgerStaysBounded(t *testing.T) {
	s := newSim(t, Config{MaxOrders: 1, History: 3})
	token := fetch(t, s)
	for _, ms := range []string{"100", "200", "300", "400", "500"} {
		mustPush(t, s, orderPush(token, "1", "已支付", "1768634595"+ms))
	}
	o := mustOrder(t, s, "7")
	if len(o.History) != 3 || o.History[0].UpdateTime != 1768634595300 || o.Pushes != 5 {
		t.Errorf("%d pushes kept of %d, the oldest %d", len(o.History), o.Pushes, o.History[0].UpdateTime)
	}
	body := strings.Replace(orderPush(token, "1", "已支付", "1768634595100"), `\"7\"`, `\"8\"`, 1)
	if code, words := push(t, s, body); code != -1 {
		t.Errorf("an order beyond the bound: %d %s", code, words)
	}
}

func TestASlimLedgerKeepsStateAndCounts(t *testing.T) {
	c := newClock()
	s := newSim(t, Config{Slim: true, Now: c.Now})
	token := fetch(t, s)
	mustPush(t, s, orderPush(token, "1", "已支付", "1768634595200"))
	c.advance(time.Second)
	mustPush(t, s, orderPush(token, "6", "已退款", "1768634595300"))
	o := mustOrder(t, s, "7")
	if o.Status != 6 || o.UpdateTime != 1768634595300 || o.Accepted != 2 || o.Detail != nil || o.History != nil {
		t.Errorf("order %+v", o)
	}
}
