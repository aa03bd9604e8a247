package assembly

import (
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// tradeScene is a shop whose orders are of trade, were paid with 10 yuan, and are refunded and
// settled. Nothing calls back: everything is found by asking.
type tradeScene struct {
	*scene
	cashier desk.Cashier
}

func newTradeScene(t *testing.T, orders int, play simulator.Trade) *tradeScene {
	t.Helper()
	s := &tradeScene{scene: newScene(t, sceneConfig{
		orders: orders, douyin: simulator.Config{Trade: play, ResultDelay: 20 * time.Millisecond, RedeliveryScale: 1e-4},
	})}
	for n := range orders {
		s.pay(fmt.Sprint(1+n), 1000)
	}
	return s
}

// run starts a process, which takes the instructions from now on.
func (s *tradeScene) run() (stop func()) {
	s.t.Helper()
	a := s.process(func(cfg *configs.Config) {
		s.signs(cfg)
		cfg.Douyin.Trade.RefundPage.Path = "pages/refund"
		cfg.Douyin.Trade.Since = "2000-01-01" // the shop's orders are of trade, whose payments nobody tells of
		cfg.Scheduler.SweepEvery, cfg.Settle.After = time.Second, 0
	}, WithPolls(time.Second), WithGrace(2*time.Second), WithBackoff(worker.Backoff{Scale: 1e-3}))
	stop = start(s.t, a)
	var err error
	if s.cashier, err = a.Cashier(); err != nil {
		s.t.Fatal(err)
	}
	return stop
}

// ask lets somebody at Douyin open a refund.
func (s *tradeScene) ask(q simulator.AskedRefund) {
	s.t.Helper()
	if _, err := s.douyin.AskRefund(q); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tradeScene) refund(number, order string, fen int64) {
	s.t.Helper()
	if _, _, err := s.cashier.Refund(s.t.Context(), tasks.RefundRequest{OutRefundNo: number, OrderID: order, AmountFen: fen, Reason: "退"}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tradeScene) settle(number, order string) {
	s.t.Helper()
	if _, _, err := s.cashier.Settle(s.t.Context(), tasks.SettleRequest{OutSettleNo: number, OrderID: order, Desc: "分账"}); err != nil {
		s.t.Fatal(err)
	}
}

// hurry lets the time pass for which instructions wait for each other, or for Douyin.
func (s *tradeScene) hurry() {
	for _, table := range []string{"ordersync_refund", "ordersync_settlement"} {
		now := time.Now().UTC().Truncate(time.Millisecond)
		_ = s.db.Exec("UPDATE "+table+" SET due_at = ? WHERE state = 'new' AND kind = 'waiting' AND due_at > ?", now, now).Error // the next look does it again
	}
}

// ends waits until the instructions have ended so.
func (s *tradeScene) ends(m store.Money, want store.MoneyState, numbers ...string) {
	s.t.Helper()
	for _, number := range numbers {
		var i store.Instruction
		defer func() {
			if s.t.Failed() {
				s.t.Logf("%s: %+v", number, i)
			}
		}()
		awaitFor(s.t, fmt.Sprintf("%s is %s", number, want), func() bool {
			s.hurry()
			var err error
			i, _, err = s.store.Instruction(s.t.Context(), m, number)
			return err == nil && i.State == want
		})
		if i.Alarm != "" && i.Alarm != store.AlarmAutoSettle {
			s.t.Errorf("%s ended with the alarm %s: %s", number, i.Alarm, i.Message)
		}
	}
}

// agree holds the rows against Douyin's book: what moved has moved once, and stands here.
func (s *tradeScene) agree(moved map[string]int64) {
	s.t.Helper()
	book := s.douyin.Trade()
	for _, v := range book.Violations {
		if v.Kind != simulator.PushedTrade { // pushes have tests of their own
			s.t.Errorf("Douyin complains: %+v", v)
		}
	}
	got := map[string]int64{}
	for _, r := range book.Refunds {
		no := r.OutRefundNo
		if no == "" {
			no = trade.RefundNo(r.RefundID)
		}
		i, found, err := s.store.Instruction(s.t.Context(), store.Refund, no)
		if err != nil || !found || (i.State == store.MoneySucceeded) != (r.Status == simulator.Succeeded) || int64(i.Amount) != r.Amount || i.PlatformNo != r.RefundID {
			s.t.Errorf("Douyin has %+v, the row is %+v (%v)", r, i, err)
		}
		if r.Status == simulator.Succeeded {
			got[r.OutOrderNo] += r.Amount
		}
	}
	for _, settled := range book.Settlements {
		if settled.Status == simulator.Succeeded {
			got[settled.OutOrderNo] += settled.Amount
		}
	}
	for order, fen := range moved {
		if got[order] != fen {
			s.t.Errorf("of order %s moved %d fen, want %d", order, got[order], fen)
		}
	}
}

func TestMoneyOfTradeMovesOnceAndRowsAgreeWithDouyin(t *testing.T) {
	s := newTradeScene(t, 9, simulator.Trade{SettleAfter: 3 * time.Second, AuditWindow: 4 * time.Second})
	lost := func(op string, kind simulator.Kind, no string) simulator.Fault {
		return simulator.Fault{Op: op, Kind: kind, OrderID: no, PerOrder: 1}
	}
	err := s.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{
		lost("trade.refund_create", simulator.CutAfter, "R1"), lost("trade.refund_create", simulator.CutBefore, "R2"),
		lost("trade.refund_create", simulator.SystemErrorAfter, "R3"), lost("trade.refund_query", simulator.Garbage, "R3"),
		lost("trade.settle_create", simulator.CutAfter, "S8"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	stop := s.run()
	s.settle("S5", "5") // too early, before its cycle is over
	s.refund("R1", "1", 1000)
	s.refund("R2", "2", 300)
	s.refund("R3", "2", 400) // two at once, of one order
	s.refund("R4", "9", 1000)
	s.ask(simulator.AskedRefund{Order: "3", Amount: 200, By: "service"}) // and nobody is told
	s.refund("R6", "3", 300)
	s.ask(simulator.AskedRefund{Order: "4", Amount: 500})
	s.ends(store.Refund, store.MoneySucceeded, "R1", "R2")
	stop() // a process ends amid all that, and another one goes on
	s.run()
	s.ends(store.Refund, store.MoneySucceeded, "R3", "R4", "R6")
	s.ends(store.Settlement, store.MoneySucceeded, "S5")
	s.settle("S8", "8")
	s.ends(store.Settlement, store.MoneySucceeded, "S8")

	// Of order 4 ordersync has heard nothing at all: its payment was made elsewhere, and its refund
	// was the buyer's. Once its payment is known, its refunds can be asked for.
	if _, err := s.cashier.CheckRefunds(t.Context(), "4"); err == nil {
		t.Error("an order without a payment is asked about")
	}
	_, err = s.store.HearTradePayment(t.Context(), store.TradePayment{
		OutOrderNo: "4", DouyinOrderID: s.orderID("4"), State: store.PaymentSuccess, Total: 1000, PaidAt: time.Now(), At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if no, err := s.cashier.CheckRefunds(t.Context(), "4"); err != nil || no != "4" {
		t.Fatal(no, err)
	}
	awaitFor(t, "the buyer's refund of order 4 is found and has ended", func() bool {
		all, err := s.store.Instructions(t.Context(), store.Refund, "4")
		return err == nil && len(all) == 1 && all[0].Origin == store.OriginUser && all[0].State == store.MoneySucceeded
	})
	s.agree(map[string]int64{"1": 1000, "2": 700, "3": 500, "4": 500, "5": 1000, "6": 0, "8": 1000, "9": 1000})
}

// orderID is Douyin's number of an order.
func (s *tradeScene) orderID(no string) string {
	for _, o := range s.douyin.Trade().Orders {
		if o.OutOrderNo == no {
			return o.OrderID
		}
	}
	s.t.Fatalf("Douyin has no order %s", no)
	return ""
}

// Douyin settles by itself: what the shop asks for fails with these words, once with an alarm.
func TestASettlementIsRefusedWhereDouyinSettlesByItself(t *testing.T) {
	s := newTradeScene(t, 2, simulator.Trade{AutoSettle: true, SettleAfter: time.Hour})
	s.run()
	for n, number := range []string{"S1", "S2"} {
		s.settle(number, fmt.Sprint(1+n))
		s.ends(store.Settlement, store.MoneyFailed, number)
	}
	var alarms, codes int64
	err := s.db.Raw("SELECT COUNT(CASE WHEN alarm = 'auto_settle' THEN 1 END), COUNT(CASE WHEN code = 23117 AND kind = 'auto_settle' THEN 1 END) FROM ordersync_settlement").Row().Scan(&alarms, &codes)
	if err != nil || alarms != 1 || codes != 2 {
		t.Errorf("%d alarms, %d refusals, %v", alarms, codes, err)
	}
	s.agree(map[string]int64{"1": 0, "2": 0})
}
