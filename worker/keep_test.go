package worker

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

// tradeFake is Douyin's side of trade and the payments of a shop, for one order.
type tradeFake struct {
	payment *store.Payment // nil: ordersync knows none
	answer  trade.PaymentState
	asked   error // of order_query
	asks    int

	refundAsks int

	heard   []store.TradePayment
	told    []trade.Fulfilment
	answers []error // of fulfill_push_status, in turn; then nil
	onTell  func()
}

func (f *tradeFake) AnyPayment(context.Context, string) (store.Payment, bool, error) {
	if f.payment == nil {
		return store.Payment{}, false, nil
	}
	return *f.payment, true, nil
}

func (f *tradeFake) HearTradePayment(_ context.Context, n store.TradePayment) (store.Accepted, error) {
	f.heard = append(f.heard, n)
	f.payment = &store.Payment{System: store.Trade, State: n.State, OutOrderNo: n.OutOrderNo, DouyinOrderID: n.DouyinOrderID, Items: n.Items}
	return store.Accepted{}, nil
}

func (f *tradeFake) AskRefunds(_ context.Context, _ string, at time.Time) (store.RefundAsk, bool, error) {
	if f.payment == nil || f.payment.State != store.PaymentSuccess {
		return store.RefundAsk{}, false, nil
	}
	f.refundAsks++
	return store.RefundAsk{DueAt: at}, true, nil
}

func (f *tradeFake) QueryOrder(_ context.Context, _, _ string) (trade.PaymentState, douyin.Receipt, error) {
	f.asks++
	return f.answer, douyin.Receipt{}, f.asked
}

func (f *tradeFake) Fulfil(_ context.Context, what trade.Fulfilment) (douyin.Receipt, error) {
	f.told = append(f.told, what)
	if f.onTell != nil {
		f.onTell()
	}
	r := douyin.Receipt{LogID: "L2", HTTPStatus: 200}
	if n := len(f.told); n <= len(f.answers) {
		return r, f.answers[n-1]
	}
	return r, nil
}

func (f *tradeFake) words() (all []string) {
	for _, t := range f.told {
		all = append(all, t.ToStatus)
	}
	return all
}

var testFulfil = map[douyin.OrderStatus]string{douyin.Paid: "DOING", douyin.Redeemed: "DONE"}

func paidInTrade() *store.Payment {
	return &store.Payment{System: store.Trade, State: store.PaymentSuccess, DouyinOrderID: "motb1", Items: []store.PaymentItem{{ItemOrderID: "i1"}, {ItemOrderID: "i2"}}}
}

// newKeep is a handler whose order is one of trade.
func newKeep(words map[douyin.OrderStatus]string) (*PushHandler, *memory, *douyinFake, *tradeFake) {
	m, d, f := &memory{s: testSnapshot()}, &douyinFake{}, &tradeFake{payment: paidInTrade()}
	m.s.System = store.Trade
	h := newPush(m, d)
	h.Build.Statuses["4"] = douyin.Redeemed
	h.Keep = &Keeper{Words: words, Payments: f, Asking: f, Telling: f}
	return h, m, d, f
}

func refusedState() error {
	return &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Doubtful, Code: 20001, HTTPStatus: 200, Message: "订单状态不允许"}
}

func TestAnOrderOfTradeIsNeverPushed(t *testing.T) {
	for name, spoil := range map[string]func(h *PushHandler, m *memory){
		"as it is":              func(*PushHandler, *memory) {},
		"nothing is configured": func(h *PushHandler, _ *memory) { h.Keep = nil },
		"no open_id":            func(_ *PushHandler, m *memory) { m.s.User.OpenID = "" },
		"a status without word": func(_ *PushHandler, m *memory) { m.s.Order.Status = "77" },
		"an amount that is none": func(_ *PushHandler, m *memory) {
			m.loadErr = testBuilder().Shop.Place("amount", m.s.Order).Refused(cell.NotTime, "")
		},
		"two orders of one number": func(_ *PushHandler, m *memory) {
			m.loadErr = testBuilder().Shop.Place("order_no", m.s.Order).Refused(cell.TwoOrders, "1 and 2")
		},
		"a refund": func(_ *PushHandler, m *memory) { m.s.Refunds = store.RefundSummary{Paid: 1999, Succeeded: 1999} },
	} {
		h, m, d, f := newKeep(nil)
		spoil(h, m)
		for range 3 {
			if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(d.pushes)+len(f.told)+f.asks != 0 || len(m.begun) != 0 {
			t.Errorf("%s: %d pushes, %d fulfilments, %d questions, %d announcements", name, len(d.pushes), len(f.told), f.asks, len(m.begun))
		}
		if len(m.records) == 0 || m.records[0].Outcome != store.Kept || m.records[0].System != store.Trade || m.records[0].Call != CallKeep ||
			m.records[0].DueAt != nil || m.records[0].Message == "" {
			t.Errorf("%s: records %+v", name, m.records)
		}
	}
}

func TestAKeptOrderThatDidNotChangeIsNotWrittenAgain(t *testing.T) {
	h, m, _, _ := newKeep(nil)
	m.s.State = store.OrderState{OrderID: "123", System: store.Trade, Outcome: store.Kept, ShopStatus: "1"}
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || len(m.records) != 0 {
		t.Errorf("%v, records %v", err, m.outcomes())
	}
	m.s.Order.Status = "4"
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || len(m.records) != 1 {
		t.Errorf("%v, records %v", err, m.outcomes())
	}
}

func TestFulfilmentIsToldOnceForEachWordAndForwardOnly(t *testing.T) {
	h, m, d, f := newKeep(testFulfil)
	run := func(status string) {
		t.Helper()
		m.s.Order.Status = status
		for range 3 {
			if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
				t.Fatal(err)
			}
			if n := len(m.records); n > 0 && m.records[n-1].Fulfilled != "" {
				m.s.State.Fulfilled = m.records[n-1].Fulfilled
			}
		}
	}
	for _, status := range []string{"1", "5", "1", "4", "1", "4", "6"} {
		run(status)
	}
	if got := f.words(); !slices.Equal(got, []string{"DOING", "DONE"}) || len(d.pushes) != 0 {
		t.Errorf("told %v, %d pushes", got, len(d.pushes))
	}
	if got := f.told[0]; got.OrderID != "motb1" || !slices.Equal(got.ItemOrderIDs, []string{"i1", "i2"}) {
		t.Errorf("told %+v", got)
	}
	if p := m.records[0]; p.Outcome != store.Kept || p.Call != trade.OpFulfil || p.Seq != 1 || p.LogID != "L2" || p.DueAt != nil {
		t.Errorf("record %+v", p)
	}
	if b := m.begun[0]; b.Fulfil != "DOING" || b.System != store.Trade {
		t.Errorf("announced %+v", b)
	}
}

func TestWhatIsToldOfFulfilment(t *testing.T) {
	k := &Keeper{Words: testFulfil}
	for _, c := range []struct {
		status          douyin.OrderStatus
		fulfilled, sent string
		want            string
	}{
		{douyin.Paid, "", "", "DOING"},
		{douyin.Unpaid, "", "", ""},
		{douyin.Redeemed, "", "", "DONE"}, // a state may be left out
		{douyin.Redeemed, "DOING", "", "DONE"},
		{douyin.Paid, "DOING", "", ""},
		{douyin.Paid, "DONE", "", ""},
		{douyin.Paid, "", "DONE", ""}, // it may be there
		{douyin.Paid, "", "DOING", "DOING"},
		{douyin.Redeemed, "DOING", "DONE", "DONE"},
		{douyin.Refunding, "DOING", "", ""},
	} {
		if got := k.Word(c.status, c.fulfilled, c.sent); got != c.want {
			t.Errorf("%s after %q (%q): %q, want %q", c.status, c.fulfilled, c.sent, got, c.want)
		}
	}
}

func TestNoFulfilmentIsToldOfAPaymentThatIsNotKnownAsPaid(t *testing.T) {
	item := []trade.OrderItem{{ItemOrderID: "i9", Amount: 1999}}
	for name, c := range map[string]struct {
		payment *store.Payment
		answer  trade.PaymentState
		err     error
		told    bool
		asks    int

		refundAsks int
	}{
		"open":              {payment: &store.Payment{System: store.Trade, State: store.PaymentProcess}},
		"closed":            {payment: &store.Payment{System: store.Trade, State: store.PaymentTimeout}},
		"of ecpay":          {payment: &store.Payment{System: store.Ecpay, State: store.PaymentSuccess}},
		"Douyin knows none": {err: &douyin.Error{Op: trade.OpOrderQuery, Kind: douyin.Rejected, Code: 20000, Err: douyin.ErrNotFound}, asks: 1},
		"open at Douyin":    {answer: trade.PaymentState{OrderID: "motb9", Status: trade.Process, Items: item}, asks: 1},
		"closed at Douyin":  {answer: trade.PaymentState{OrderID: "motb9", Status: trade.Timeout, Items: item}, asks: 1},
		"paid at Douyin":    {answer: trade.PaymentState{OrderID: "motb9", Status: trade.Success, TotalAmount: 1999, Items: item}, told: true, asks: 1},
		"paid, without its items": {
			payment: &store.Payment{System: store.Trade, State: store.PaymentSuccess, DouyinOrderID: "motb9"},
			answer:  trade.PaymentState{OrderID: "motb9", Status: trade.Success, TotalAmount: 1999, Items: item}, told: true, asks: 1,
		},
	} {
		h, m, _, f := newKeep(testFulfil)
		f.payment, f.answer, f.asked = c.payment, c.answer, c.err
		if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (len(f.told) == 1) != c.told || f.asks != c.asks || len(m.records) != 1 || m.records[0].Outcome != store.Kept {
			t.Errorf("%s: told %v, %d questions, records %+v", name, f.told, f.asks, m.records)
		}
		if c.told && f.told[0].OrderID != "motb9" {
			t.Errorf("%s: told %+v", name, f.told)
		}
	}
}

func TestWhatDouyinAnswersToAFulfilment(t *testing.T) {
	for name, c := range map[string]struct {
		sent    string // of an earlier attempt
		err     error
		outcome store.Outcome
		held    string
		unsent  bool
		refused bool // by which its task has ended
	}{
		"taken":                         {outcome: store.Kept, held: "DOING"},
		"the state does not follow":     {err: refusedState(), outcome: store.Refused, unsent: true, refused: true},
		"the same after a lost answer":  {sent: "DOING", err: refusedState(), outcome: store.Kept, held: "DOING"},
		"a wrong word":                  {err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Rejected, Code: 10000}, outcome: store.Refused, unsent: true, refused: true},
		"no answer":                     {err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Unavailable, MayHave: true}, outcome: store.Retrying},
		"a code that nobody knows":      {err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Doubtful, Code: 4711}, outcome: store.Retrying},
		"too fast":                      {err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Throttled}, outcome: store.Retrying, unsent: true},
		"too fast after a lost answer":  {sent: "DOING", err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Throttled}, outcome: store.Retrying},
		"no answer after a lost answer": {sent: "DOING", err: &douyin.Error{Op: trade.OpFulfil, Kind: douyin.Unavailable, MayHave: true}, outcome: store.Retrying},
	} {
		h, m, d, f := newKeep(testFulfil)
		m.s.State.FulfilSent = c.sent
		f.answers = []error{c.err}
		err := h.ProcessTask(t.Context(), pushTask(t))
		if (told(err) == "refused") != c.refused || len(f.told) != 1 || len(d.pushes) != 0 {
			t.Errorf("%s: %v, told %v", name, err, f.told)
		}
		last := m.records[len(m.records)-1]
		if last.Outcome != c.outcome || last.Fulfilled != c.held || last.Unsent != c.unsent || (last.DueAt == nil) != (c.refused || c.held != "") {
			t.Errorf("%s: record %+v", name, last)
		}
	}
}

func TestAFulfilmentInFlightIsWaitedForAndRepeatedOnceItsAnswerIsLost(t *testing.T) {
	h, m, _, f := newKeep(testFulfil)
	m.s.State = store.OrderState{OrderID: "123", System: store.Trade, Seq: 1, Open: 1, StartedAt: h.now(), FulfilSent: "DOING", Outcome: store.Sending}
	if err := h.ProcessTask(t.Context(), pushTask(t)); isFailure(err) || err == nil || len(f.told) != 0 {
		t.Fatalf("while it may be in flight: %v, told %v", err, f.told)
	}
	m.s.State.StartedAt = h.now().Add(-time.Hour)
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || len(f.told) != 1 {
		t.Errorf("once it is stale: %v, told %v", err, f.told)
	}
}

func TestTheGateIsPassedBeforeAFulfilmentIsAnnounced(t *testing.T) {
	h, m, _, f := newKeep(testFulfil)
	gate := shutGate{make(chan struct{})}
	h.Line.Gate = gate
	result := make(chan error)
	go func() { result <- h.ProcessTask(t.Context(), pushTask(t)) }()
	<-gate.entered
	h.Line.Stop()
	if err := <-result; isFailure(err) || len(m.begun) != 0 || len(f.told) != 0 {
		t.Errorf("%v, announced %v, told %v", err, m.begun, f.told)
	}
}

// An order that the shop calls refunded, or in a refund, while no such refund is known, has Douyin
// asked once for each change of its row.
func TestARefundThatTheShopKnowsOfAloneIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		status  douyin.OrderStatus
		refunds store.RefundSummary
		unknown bool // the payment is, too
		want    int
	}{
		"refunding":                  {douyin.Refunding, store.RefundSummary{Paid: 1999}, false, 2},
		"refunding, known":           {douyin.Refunding, store.RefundSummary{Paid: 1999, InFlight: 5}, false, 0},
		"refunded":                   {douyin.Refunded, store.RefundSummary{Paid: 1999, Succeeded: 5}, false, 2},
		"refunded, known":            {douyin.Refunded, store.RefundSummary{Paid: 1999, Succeeded: 1999}, false, 0},
		"refunded, nobody knows how": {douyin.Refunded, store.RefundSummary{Paid: 1999}, true, 2},
		"paid":                       {douyin.Paid, store.RefundSummary{Paid: 1999}, false, 0},
	} {
		h, m, _, f := newKeep(nil)
		h.Build.Statuses["77"] = c.status
		m.s.Order.Status, m.s.Refunds = "77", c.refunds
		if c.unknown {
			f.payment, f.answer = nil, trade.PaymentState{OrderID: "motb1", Status: trade.Success, Items: []trade.OrderItem{{ItemOrderID: "i1"}}}
		}
		for n := range 6 {
			if n == 3 {
				m.s.Order.Updated = "2"
			}
			if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if f.refundAsks != c.want || c.unknown && f.asks != 1 {
			t.Errorf("%s: asked %d times, want %d; %d questions for the payment", name, f.refundAsks, c.want, f.asks)
		}
	}
}
