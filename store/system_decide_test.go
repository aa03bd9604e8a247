package store_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// tradeSince is a moment between the orders of these tests.
var tradeSince = t0.Add(-time.Hour)

// withTrade is on, over a store in which trade is configured: orders of sn 'T' and those since
// tradeSince are of trade.
func withTrade(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		schema := store.DefaultSchema()
		schema.Trade = map[string]store.Values{"sn": {Texts: []string{"T", "TT"}}}
		test(t, newStore(t, db, store.Config{Schema: schema, Trade: store.TradeConfig{On: true, Since: tradeSince}}), db)
	})
}

func systemOf(t *testing.T, s *store.Store, id string) store.System {
	t.Helper()
	snapshot, err := s.LoadOrder(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.System
}

func storedSystem(t *testing.T, s *store.Store, id string) store.System {
	t.Helper()
	state, _, err := s.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return state.System
}

func beginNow(t *testing.T, s *store.Store, id string) (int64, error) {
	t.Helper()
	snapshot, err := s.LoadOrder(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return beginFrom(t, s, snapshot)
}

func beginFrom(t *testing.T, s *store.Store, o store.OrderSnapshot) (int64, error) {
	t.Helper()
	return s.BeginPush(t.Context(), store.Begin{
		OrderID: o.Order.ID, OrderNo: o.Order.OrderNo, System: o.System, Decided: o.State.System != "", Seq: o.State.Seq, Exists: o.State.OrderID != "",
		Open: o.State.Open, UpdateTime: 1, At: t0, DueAt: t0.Add(time.Minute), StaleAfter: time.Minute,
	})
}

func hearPaid(t *testing.T, s *store.Store, no string) store.Accepted {
	t.Helper()
	a, err := s.HearTradePayment(t.Context(), store.TradePayment{
		OutOrderNo: no, DouyinOrderID: "motb" + no, State: store.PaymentSuccess, Total: 1230, PaidAt: t0, At: t0,
		Items: []store.PaymentItem{{ItemOrderID: "i" + no, Amount: 1230}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnOrdersSystemIsItsPaymentsElseTheShopsWordElseItsTimes(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		old, young := tradeSince.Add(-time.Second), tradeSince
		for id, created := range map[int]time.Time{1: old, 2: young, 3: old, 4: old, 5: young, 6: old} {
			addOrder(t, db, id, created)
		}
		exec(t, db, "UPDATE `order` SET sn = 'TT' WHERE id = 3")
		hearPaid(t, s, "4")
		if _, err := s.ConfirmPayment(t.Context(), store.Callback{Number: "5", Amount: 1230, FinishedAt: t0, At: t0}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: "6", Total: 1230, Data: []byte("{}"), CreatedAt: t0},
			store.PaymentAsk{ValidUntil: t0.Add(time.Hour), CreatedAt: t0}); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]store.System{"1": store.Ecpay, "2": store.Trade, "3": store.Trade, "4": store.Trade, "5": store.Ecpay, "6": store.Trade} {
			if got := systemOf(t, s, id); got != want {
				t.Errorf("order %s is of %s, want %s", id, got, want)
			}
			if _, err := beginNow(t, s, id); err != nil {
				t.Fatal(err)
			}
			if got := storedSystem(t, s, id); got != want {
				t.Errorf("order %s: its row says %q, want %s", id, got, want)
			}
		}
		// What stands holds, whatever the configuration says later.
		plain := newStore(t, db, store.Config{})
		for id, want := range map[string]store.System{"1": store.Ecpay, "2": store.Trade, "3": store.Trade} {
			if got := systemOf(t, plain, id); got != want {
				t.Errorf("with nothing of trade configured any more, order %s is of %s, want %s", id, got, want)
			}
		}
	})
}

func TestAnOrderThatTheOrderCentreHasTakenBeforeTradeStaysWithEcpay(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for _, id := range []int{1, 2} {
			addOrder(t, db, id, t0)
		}
		plain := newStore(t, db, store.Config{})
		seq, err := beginNow(t, plain, "1")
		if err != nil {
			t.Fatal(err)
		}
		recordPush(t, plain, store.Push{OrderID: "1", Seq: seq, At: t0, Outcome: store.Pushed, Digest: "d", ShopStatus: "1"})
		seq, err = beginNow(t, plain, "2") // refused, because it is none of ecpay's
		if err != nil {
			t.Fatal(err)
		}
		recordPush(t, plain, store.Push{OrderID: "2", Seq: seq, At: t0, Outcome: store.Refused, Kind: "rejected", ShopStatus: "1"})
		if one, two := systemOf(t, s, "1"), systemOf(t, s, "2"); one != store.Ecpay || two != store.Trade {
			t.Errorf("the one that was taken is of %s, the one that was refused of %s; want ecpay and trade", one, two)
		}
	})
}

func recordPush(t *testing.T, s *store.Store, p store.Push) {
	t.Helper()
	if _, err := s.RecordPush(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func TestAGuessGivesWayToAPaymentAndAPushMadeFromItIsSuperseded(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, tradeSince.Add(-time.Hour))
		addOrder(t, db, 2, t0)
		addOrder(t, db, 3, tradeSince.Add(-time.Hour))
		for _, id := range []string{"1", "2"} {
			if _, err := beginNow(t, s, id); err != nil {
				t.Fatal(err)
			}
		}
		guessed, err := s.LoadOrder(t.Context(), "1")
		if err != nil || guessed.System != store.Ecpay {
			t.Fatalf("%s, %v", guessed.System, err)
		}
		unseen, err := s.LoadOrder(t.Context(), "3") // it has no row yet
		if err != nil || unseen.System != store.Ecpay {
			t.Fatalf("%s, %v", unseen.System, err)
		}
		if a := hearPaid(t, s, "1"); a.Alarm != "" {
			t.Errorf("alarm %s", a.Alarm)
		}
		hearPaid(t, s, "3")
		if a, err := s.ConfirmPayment(t.Context(), store.Callback{Number: "2", Amount: 1230, FinishedAt: t0, At: t0}); err != nil || a.Alarm != "" {
			t.Errorf("%+v, %v", a, err)
		}
		for id, want := range map[string]store.System{"1": store.Trade, "2": store.Ecpay, "3": store.Trade} {
			if got := storedSystem(t, s, id); got != want {
				t.Errorf("order %s is of %s, want %s", id, got, want)
			}
		}
		for _, o := range []store.OrderSnapshot{guessed, unseen} {
			if _, err := beginFrom(t, s, o); !errors.Is(err, store.ErrSuperseded) {
				t.Errorf("order %s: a push made from the guess is announced: %v", o.Order.ID, err)
			}
		}
	})
}

func TestAPaymentMadeHereProvesWhatWasGuessed(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, tradeSince.Add(-time.Hour))
		if _, err := beginNow(t, s, "1"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: "1", Total: 1230, Data: []byte("{}"), CreatedAt: t0},
			store.PaymentAsk{ValidUntil: t0.Add(time.Hour), CreatedAt: t0}); err != nil {
			t.Fatal(err)
		}
		if got := storedSystem(t, s, "1"); got != store.Trade {
			t.Errorf("the order is of %s, want trade", got)
		}
	})
}

func TestAnOrderWithMoneyInOneSystemNeverGoesToTheOther(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, tradeSince.Add(-time.Hour))
		i, _, err := s.CreateRefund(t.Context(), store.NewRefund{Number: "R1", OrderID: "1", Amount: 100, Reason: "r", DueAt: t0})
		if err != nil || i.System != store.Ecpay || storedSystem(t, s, "1") != store.Ecpay {
			t.Fatalf("refund of %s, row of %s, %v", i.System, storedSystem(t, s, "1"), err)
		}
		if a := hearPaid(t, s, "1"); a.Alarm != store.AlarmContradiction {
			t.Errorf("alarm %q, want a contradiction", a.Alarm)
		}
		p, _, err := s.AnyPayment(t.Context(), "1")
		if err != nil || p.Alarm != store.AlarmContradiction || systemOf(t, s, "1") != store.Ecpay {
			t.Errorf("payment's alarm %q, order of %s, %v", p.Alarm, systemOf(t, s, "1"), err)
		}

		addOrder(t, db, 2, t0)
		i, _, err = s.CreateSettlement(t.Context(), store.NewSettlement{Number: "S2", OrderID: "2", Desc: "d", DueAt: t0})
		if err != nil || i.System != store.Trade {
			t.Fatalf("settlement of %s, %v", i.System, err)
		}
		a, err := s.ConfirmPayment(t.Context(), store.Callback{Number: "2", Amount: 1230, FinishedAt: t0, At: t0})
		if err != nil || a.Alarm != store.AlarmContradiction || systemOf(t, s, "2") != store.Trade {
			t.Errorf("alarm %q, order of %s, %v", a.Alarm, systemOf(t, s, "2"), err)
		}
	})
}

func TestTheSystemOfAnOrderReadBySelect(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		addOrder(t, db, 1, t0)
		addOrder(t, db, 2, t0)
		addOrder(t, db, 3, t0)
		exec(t, db, "UPDATE `order` SET sn = '' WHERE id = 2")
		schema := store.Schema{
			SQL: store.ShopSQL{Order: "SELECT o.id AS id, u.openid AS openid, o.status AS status, o.amount AS amount, o.create_time AS create_time, 'title' AS title, " +
				"'https://img.example/1.png' AS image, o.id % 2 AS Kind, NULLIF(o.sn, '') AS channel FROM `order` o JOIN dy_user u ON u.id = o.uid"},
			Trade: map[string]store.Values{"kind": {Texts: []string{"0"}}, "channel": {Null: true}},
		}
		for name, shopOnly := range map[string]bool{"with our tables": false, "preview": true} {
			s := newStore(t, db, store.Config{Schema: schema, ShopOnly: shopOnly, Trade: store.TradeConfig{On: true}})
			if err := s.CheckReading(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for id, want := range map[string]store.System{"1": store.Ecpay, "2": store.Trade, "3": store.Ecpay} {
				if got := systemOf(t, s, id); got != want {
					t.Errorf("%s: order %s is of %s, want %s", name, id, got, want)
				}
			}
		}
		schema.Trade = map[string]store.Values{"nowhere": {Null: true}}
		if err := newStore(t, db, store.Config{Schema: schema, Trade: store.TradeConfig{On: true}}).CheckReading(t.Context()); err == nil {
			t.Error("a column of shop.trade that the SELECT does not answer passes")
		}
		names := store.DefaultSchema()
		names.Trade = schema.Trade
		s := newStore(t, db, store.Config{Schema: names, Trade: store.TradeConfig{On: true}})
		found := false
		for _, f := range s.CheckShop(t.Context()) {
			found = found || !f.OK && !f.Minor
		}
		if err := s.CheckReading(t.Context()); err == nil || !found {
			t.Errorf("a column of shop.trade that the order table does not have: %v, said %t", err, found)
		}
	})
}

func TestAKeptOrderIsLeftAloneUntilItChanges(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		keep := func(status string) {
			recordPush(t, s, store.Push{OrderID: "1", OrderNo: "1", System: store.Trade, At: t0, Outcome: store.Kept, ShopStatus: status, Message: "kept"})
		}
		marked := func() int {
			page, err := s.MarkUnsynced(t.Context(), store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Hour), DueAt: t0})
			if err != nil {
				t.Fatal(err)
			}
			return page.Marked
		}
		keep("1")
		state, _, err := s.Order(t.Context(), "1")
		if err != nil || state.Outcome != store.Kept || state.DueAt != nil || state.System != store.Trade || state.Seq != 0 {
			t.Fatalf("%+v, %v", state, err)
		}
		if n := marked(); n != 0 {
			t.Errorf("the sweep marks %d orders that did not change", n)
		}
		exec(t, db, "UPDATE `order` SET status = 3 WHERE id = 1")
		if n := marked(); n != 1 {
			t.Errorf("the sweep marks %d of one order that changed", n)
		}
		keep("3")
		if n := marked(); n != 0 {
			t.Errorf("the sweep marks %d orders after the change was kept", n)
		}
	})
}

func TestWhatWasToldOfFulfilmentIsRemembered(t *testing.T) {
	withTrade(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		tell := func(to string, end store.Push) store.OrderState {
			o, err := s.LoadOrder(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			seq, err := s.BeginPush(t.Context(), store.Begin{
				OrderID: "1", OrderNo: "1", System: o.System, Decided: o.State.System != "", Fulfil: to, Seq: o.State.Seq, Exists: o.State.OrderID != "",
				Open: o.State.Open, At: t0, DueAt: t0.Add(time.Minute), StaleAfter: time.Minute,
			})
			if err != nil {
				t.Fatal(err)
			}
			if o, err = s.LoadOrder(t.Context(), "1"); err != nil || o.State.FulfilSent != to || o.State.Open != 1 {
				t.Fatalf("announced: %+v, %v", o.State, err)
			}
			end.OrderID, end.Seq, end.At, end.System, end.Call = "1", seq, t0, o.System, "trade.fulfil"
			recordPush(t, s, end)
			state, _, err := s.Order(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		due := t0.Add(time.Hour)
		for _, step := range []struct {
			what, to string
			end      store.Push
			held, at string
		}{
			{"refused", "A", store.Push{Outcome: store.Refused, Unsent: true}, "", ""},
			{"the answer is lost", "A", store.Push{Outcome: store.Retrying, DueAt: &due}, "", "A"},
			{"told", "A", store.Push{Outcome: store.Kept, Fulfilled: "A"}, "A", ""},
			{"throttled", "B", store.Push{Outcome: store.Retrying, DueAt: &due, Unsent: true}, "A", ""},
			{"told again", "B", store.Push{Outcome: store.Kept, Fulfilled: "B"}, "B", ""},
		} {
			if got := tell(step.to, step.end); got.Fulfilled != step.held || got.FulfilSent != step.at || got.Outcome != step.end.Outcome || got.Open != 0 {
				t.Errorf("%s: %+v", step.what, got)
			}
		}
		log, err := s.Log(t.Context(), "1", 10)
		if err != nil || len(log) != 5 || log[0].Call != "trade.fulfil" {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}
