package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func tradeAsk(valid time.Time) store.PaymentAsk {
	due := t0.Add(time.Minute)
	return store.PaymentAsk{ValidUntil: valid, DueAt: &due, CreatedAt: t0}
}

func makeTrade(t *testing.T, s *store.Store, no, data, content string) (store.Payment, bool) {
	t.Helper()
	p, fresh, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: no, Total: 1230, Data: []byte(data), Fingerprint: content, CreatedAt: t0}, tradeAsk(t0.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	return p, fresh
}

func hear(t *testing.T, s *store.Store, n store.TradePayment) store.Accepted {
	t.Helper()
	if n.OutOrderNo == "" {
		n.OutOrderNo = "1"
	}
	n.At = t0
	a, err := s.HearTradePayment(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func anyPayment(t *testing.T, s *store.Store, no string) store.Payment {
	t.Helper()
	p, found, err := s.AnyPayment(t.Context(), no)
	if err != nil || !found {
		t.Fatal(no, found, err)
	}
	return p
}

func isConflict(err error) bool {
	var conflict *store.ConflictError
	return errors.As(err, &conflict)
}

const asked = "SELECT COUNT(*) FROM ordersync_payment_ask"

var paidItems = []store.PaymentItem{{ItemOrderID: "motb3", SkuID: "1", Amount: 1230}}

func TestOneNumberIsOnePaymentOfTrade(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		ctx := t.Context()
		if p, fresh := makeTrade(t, s, "1", "{<&>}", "print"); !fresh || p.State != store.PaymentProcess {
			t.Errorf("%v %+v", fresh, p)
		}
		for what, c := range map[string]struct{ data, content string }{
			"another configuration": {"{other}", "print"}, "the same bytes": {"{<&>}", "another print"},
		} {
			if p, fresh := makeTrade(t, s, "1", c.data, c.content); fresh || string(p.Data) != "{<&>}" {
				t.Errorf("%s: %v %s", what, fresh, p.Data)
			}
		}
		_, _, err := s.MakeTradePayment(ctx, store.Payment{OutOrderNo: "1", Total: 1230, Data: []byte("{other}"), Fingerprint: "other", CreatedAt: t0}, tradeAsk(t0))
		if !isConflict(err) || !strings.Contains(err.Error(), "payment number 1 ") {
			t.Errorf("other content: %v", err)
		}
		due := t0
		if _, err := s.ExpectPayment(ctx, store.PaymentAsk{OutOrderNo: "1", Total: 1230, ValidUntil: t0.Add(9 * time.Hour), DueAt: &due, CreatedAt: t0}); !isConflict(err) {
			t.Errorf("asked for in ecpay: %v", err)
		}
		a, found, err := s.PaymentAsk(ctx, "1")
		if err != nil || !found || a.System != store.Trade || !a.ValidUntil.Equal(t0.Add(time.Hour)) || a.Total != 1230 {
			t.Errorf("expected: %+v, %v, %v", a, found, err)
		}
		if a, _, err = s.PaymentAsk(ctx, "1"); err != nil || !a.DueAt.Equal(t0.Add(time.Minute)) {
			t.Errorf("expected: %+v, %v", a, err)
		}
		// Asked for again, it can be requested for longer.
		if _, _, err := s.MakeTradePayment(ctx, store.Payment{OutOrderNo: "1", Data: []byte("x"), Fingerprint: "print", CreatedAt: t0}, tradeAsk(t0.Add(5*time.Hour))); err != nil {
			t.Fatal(err)
		}
		if a, _, err = s.PaymentAsk(ctx, "1"); err != nil || !a.ValidUntil.Equal(t0.Add(5*time.Hour)) {
			t.Errorf("expected for longer: %+v, %v", a, err)
		}
	})
}

func TestANumberOfEcpayIsNoPaymentOfTrade(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ask := tradeAsk(t0.Add(time.Hour))
		ask.OutOrderNo, ask.Total = "1", 1230
		if _, err := s.ExpectPayment(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
		refused := func(what string) {
			t.Helper()
			_, _, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: "1", Total: 1230, Data: []byte("{}"), Fingerprint: "p", CreatedAt: t0}, tradeAsk(t0))
			if !isConflict(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("asked for in ecpay")
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_payment"); n != 0 {
			t.Errorf("%d payments are left behind", n)
		}
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230})
		refused("paid in ecpay")
	})
}

// Whoever asks, in whichever process, in whichever system: one number, one content, one system.
func TestConcurrentPaymentsOfANumberAreOne(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		other := newStore(t, db, store.Config{})
		for round := range 8 {
			no := fmt.Sprint("T", round)
			var all sync.WaitGroup
			var mu sync.Mutex
			made, ecpay := map[string]int{}, 0
			for i := range 8 {
				st := []*store.Store{s, other}[i%2]
				all.Go(func() {
					if i >= 6 {
						ask := tradeAsk(t0.Add(time.Hour))
						ask.OutOrderNo, ask.Total = no, 1230
						_, err := st.ExpectPayment(t.Context(), ask)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							ecpay++
						} else if !isConflict(err) {
							t.Error(err)
						}
						return
					}
					data := fmt.Sprint("data", i%3) // the configuration changes meanwhile
					p, _, err := st.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: no, Total: 1230, Data: []byte(data), Fingerprint: "p", CreatedAt: t0}, tradeAsk(t0.Add(time.Hour)))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						made[string(p.Data)]++
					} else if !isConflict(err) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if len(made) > 1 || len(made) == 1 == (ecpay > 0) {
				t.Errorf("round %d: bytes %v, ecpay %d times", round, made, ecpay)
			}
		}
		if n := count(t, db, asked); n != 8 {
			t.Errorf("%d are expected, want 8", n)
		}
	})
}

func TestNewsOfAPaymentOfTradeInAnyOrder(t *testing.T) {
	success := store.TradePayment{State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 1230, Discount: 30, Way: "10", PaidAt: t0}
	withItems := success
	withItems.Items = paidItems
	cancel := store.TradePayment{State: store.PaymentCancel, DouyinOrderID: "motb1", Total: 1230}
	timeout := store.TradePayment{State: store.PaymentTimeout, DouyinOrderID: "motb1", Total: 1230}
	process := store.TradePayment{State: store.PaymentProcess, DouyinOrderID: "motb1", Total: 1230}
	fail := store.TradePayment{State: store.PaymentFail, DouyinOrderID: "motb1", Total: 1230}
	less := success
	less.Total = 1200
	for name, c := range map[string]struct {
		news  []store.TradePayment
		state store.PaymentState
		alarm string
		asked int
		items bool
	}{
		"paid, by callback":         {[]store.TradePayment{success}, store.PaymentSuccess, "", 1, false},
		"paid, twice":               {[]store.TradePayment{success, success}, store.PaymentSuccess, "", 1, false},
		"paid, and asked":           {[]store.TradePayment{success, withItems}, store.PaymentSuccess, "", 0, true},
		"asked, and then callback":  {[]store.TradePayment{withItems, success}, store.PaymentSuccess, "", 0, true},
		"under way":                 {[]store.TradePayment{process}, store.PaymentProcess, "", 1, false},
		"under way, late":           {[]store.TradePayment{withItems, process}, store.PaymentSuccess, "", 0, true},
		"closed":                    {[]store.TradePayment{cancel}, store.PaymentCancel, "", 0, false},
		"closed, and asked":         {[]store.TradePayment{cancel, timeout, process}, store.PaymentCancel, "", 0, false},
		"in time no more":           {[]store.TradePayment{process, timeout, cancel}, store.PaymentTimeout, "", 0, false},
		"failed, paid once more":    {[]store.TradePayment{fail, process, withItems}, store.PaymentSuccess, "", 0, true},
		"failed":                    {[]store.TradePayment{fail}, store.PaymentFail, "", 1, false},
		"closed after it was paid":  {[]store.TradePayment{success, cancel}, store.PaymentSuccess, store.AlarmContradiction, 1, false},
		"paid after it was closed":  {[]store.TradePayment{cancel, success}, store.PaymentSuccess, "", 1, false},
		"another amount than asked": {[]store.TradePayment{less}, store.PaymentSuccess, store.AlarmAmount, 1, false},
		"another amount afterwards": {[]store.TradePayment{withItems, less}, store.PaymentSuccess, store.AlarmAmount, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
				makeTrade(t, s, "1", "{}", "p")
				record(t, s, store.Push{OrderID: "1", Seq: begin(t, s, "1", 0, t0), At: t0, Outcome: store.Pushed, ShopStatus: "1", Digest: "d"})
				exec(t, db, "UPDATE ordersync_order SET due_at = NULL")
				paid := false
				for _, n := range c.news {
					a := hear(t, s, n)
					if !a.Known || a.OrderID != "1" {
						t.Errorf("%+v", a)
					}
					paid = paid || n.State == store.PaymentSuccess
				}
				p := anyPayment(t, s, "1")
				if p.State != c.state || p.Alarm != c.alarm || len(p.Items) > 0 != c.items || string(p.Data) != "{}" || p.DouyinOrderID != "motb1" || p.OrderID != "1" {
					t.Errorf("%+v", p)
				}
				if paid && (p.PaidAt.IsZero() || p.Way != "10" || p.Discount != 30) {
					t.Errorf("of what was paid: %+v", p)
				}
				if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE `system` = 'trade'"); n != 1 {
					t.Error("the order is not one of trade")
				}
				if n := count(t, db, asked); n != c.asked {
					t.Errorf("%d are asked after, want %d", n, c.asked)
				}
				if due := state(t, s, "1").DueAt != nil; due != paid {
					t.Errorf("due for a push: %v", due)
				}
			})
		})
	}
}

// Refunds need the items, which no callback brings.
func TestThePaidIsAskedAfterUntilItsItemsAreKnown(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		hear(t, s, store.TradePayment{State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 1230, PaidAt: t0}) // made elsewhere
		due, err := s.DuePaymentAsks(t.Context(), t0, 10)
		if err != nil || len(due) != 1 || due[0].System != store.Trade || due[0].Total != 1230 {
			t.Fatalf("%+v, %v", due, err)
		}
		if p := anyPayment(t, s, "1"); p.Data != nil || p.Settled() || p.Alarm != "" {
			t.Errorf("%+v", p)
		}
		hear(t, s, store.TradePayment{State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 1230, PaidAt: t0, Items: paidItems})
		if p := anyPayment(t, s, "1"); !p.Settled() || p.Items[0] != paidItems[0] {
			t.Errorf("%+v", p)
		}
		if n := count(t, db, asked); n != 0 {
			t.Errorf("%d are asked after", n)
		}
		if _, _, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: "1", Total: 1230, Data: []byte("{}"), CreatedAt: t0}, tradeAsk(t0)); !isConflict(err) {
			t.Errorf("made here after it was made elsewhere: %v", err)
		}
	})
}

func TestAPaymentThatNobodyRequestsTimesOut(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		makeTrade(t, s, "1", "{}", "p")
		seen, _, err := s.PaymentAsk(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		older := seen
		older.ValidUntil = seen.ValidUntil.Add(-time.Hour)
		if err := s.ForgetPayment(t.Context(), older); err != nil || anyPayment(t, s, "1").State != store.PaymentProcess {
			t.Errorf("asked for again meanwhile, and timed out: %v", err)
		}
		if err := s.ForgetPayment(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
		if p := anyPayment(t, s, "1"); p.State != store.PaymentTimeout || p.Alarm != "" || p.Settled() || count(t, db, asked) != 0 {
			t.Errorf("%+v", p)
		}
		// The shop may ask again: Douyin has never heard of it.
		if p, fresh := makeTrade(t, s, "1", "x", "p"); fresh || p.State != store.PaymentProcess || string(p.Data) != "{}" {
			t.Errorf("%v %+v", fresh, p)
		}
		if p := anyPayment(t, s, "1"); p.State != store.PaymentProcess || count(t, db, asked) != 1 {
			t.Errorf("%+v", p)
		}
		hear(t, s, store.TradePayment{State: store.PaymentTimeout, DouyinOrderID: "motb1", Total: 1230})
		if p, _ := makeTrade(t, s, "1", "x", "p"); p.State != store.PaymentTimeout || count(t, db, asked) != 0 {
			t.Errorf("closed by Douyin, and expected again: %+v", p)
		}
	})
}

// The bug: a callback of ecpay about a number that is an unpaid payment of trade was inserted as a
// second row, which the key forbids, so Douyin delivered it for a day.
func TestTheSystemsContradictEachOther(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		makeTrade(t, s, "1", "{}", "p")
		if a := accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230}); a.Alarm != store.AlarmContradiction || !a.Fresh {
			t.Errorf("%+v", a)
		}
		if p := anyPayment(t, s, "1"); p.System != store.Trade || p.State != store.PaymentProcess || p.Alarm != store.AlarmContradiction || count(t, db, asked) != 1 {
			t.Errorf("%+v", p)
		}
		addOrder(t, db, 2, t0)
		accept(t, s, store.Callback{Type: "payment", Number: "2", Status: "SUCCESS", Amount: 1230})
		if a := hear(t, s, store.TradePayment{OutOrderNo: "2", State: store.PaymentSuccess, DouyinOrderID: "motb2", Total: 1230}); a.Alarm != store.AlarmContradiction {
			t.Errorf("%+v", a)
		}
		if p := anyPayment(t, s, "2"); p.System != store.Ecpay || p.DouyinOrderID != "" || p.Alarm != store.AlarmContradiction {
			t.Errorf("%+v", p)
		}
	})
}

func TestDiamondsAreNotComparedWithYuan(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		_, _, err := s.MakeTradePayment(t.Context(), store.Payment{OutOrderNo: "1", Total: 123, Currency: "DIAMOND", Data: []byte("{}"), Fingerprint: "p", CreatedAt: t0}, tradeAsk(t0))
		if err != nil {
			t.Fatal(err)
		}
		if a := hear(t, s, store.TradePayment{State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 123}); a.Alarm != "" { // by a callback that tells no currency
			t.Errorf("%+v", a)
		}
		if p := anyPayment(t, s, "1"); p.Currency != "DIAMOND" || p.Total != 123 {
			t.Errorf("%+v", p)
		}
		if a := hear(t, s, store.TradePayment{OutOrderNo: "none", State: store.PaymentSuccess, DouyinOrderID: "motb9", Total: 5, Currency: "CNY"}); a.Alarm != store.AlarmUnknownOrder || a.Known {
			t.Errorf("%+v", a)
		}
		if p := anyPayment(t, s, "none"); p.Currency != "" {
			t.Errorf("%+v", p)
		}
	})
}

// A callback need not tell the discount, nor the currency of a payment that was made elsewhere: what
// was paid is known when Douyin is asked.
func TestAPaymentLearnsWhatItsCallbackDidNotTell(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		paid := store.TradePayment{State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 1230, PaidAt: t0}
		hear(t, s, paid)
		asked := paid
		asked.Discount, asked.Currency, asked.Items = 30, "DIAMOND", paidItems
		hear(t, s, asked)
		if a := hear(t, s, paid); a.Alarm != "" {
			t.Errorf("%+v", a)
		}
		if p := anyPayment(t, s, "1"); p.Discount != 30 || p.Currency != "DIAMOND" || len(p.Items) != 1 {
			t.Errorf("%+v", p)
		}
	})
}

// A buyer lets one order go and has another one of Douyin's under the same number: refunds have to
// name the one that was paid. Who pays both has paid twice, and a person has to see it.
func TestAnotherOrderOfDouyinsUnderOneNumber(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		of := func(id string, state store.PaymentState, amount store.Fen) store.TradeCallback {
			c := tradePaid(state, amount)
			c.PlatformNo, c.Payment.DouyinOrderID = id, id
			return c
		}
		acceptTrade(t, s, of("motb1", store.PaymentCancel, 0))
		hear(t, s, store.TradePayment{State: store.PaymentTimeout, DouyinOrderID: "motb1", Total: 1230, Items: paidItems})
		for n := range 3 {
			if a := acceptTrade(t, s, of("motb2", store.PaymentSuccess, 1230)); a.Fresh != (n == 0) || a.Alarm != "" {
				t.Errorf("%d: %+v", n, a)
			}
		}
		hear(t, s, store.TradePayment{State: store.PaymentTimeout, DouyinOrderID: "motb1", Total: 1230, Items: paidItems})
		if p := anyPayment(t, s, "1"); p.DouyinOrderID != "motb2" || p.State != store.PaymentSuccess || len(p.Items) != 0 || p.Alarm != "" {
			t.Errorf("%+v", p)
		}
		if a := acceptTrade(t, s, of("motb3", store.PaymentSuccess, 1230)); !a.Fresh || a.Alarm != store.AlarmContradiction {
			t.Errorf("paid twice: %+v", a)
		}
		if p := anyPayment(t, s, "1"); p.DouyinOrderID != "motb2" || !strings.Contains(p.Message, "motb3") {
			t.Errorf("%+v", p)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_callback"); n != 3 {
			t.Errorf("%d callbacks", n)
		}
	})
}

// Douyin delivers a callback again and again until it is stored.
func TestACallbackOfWhichSomethingFitsNoColumnIsStored(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		long := strings.Repeat("长", 100)
		paid := tradePaid(store.PaymentSuccess, 1230)
		paid.Payment.Currency, paid.Payment.Way, paid.Payment.Message = long, long, long
		acceptTrade(t, s, paid)
		if p := anyPayment(t, s, "1"); p.State != store.PaymentSuccess || p.Currency != strings.Repeat("长", 5) {
			t.Errorf("%+v", p)
		}
		asked := tradeAsked("9", 400, true)
		asked.Opened.Items = "[" + strings.Repeat(`{"item_order_id":"i","refund_amount":1},`, 2000) + `{"item_order_id":"i","refund_amount":1}]`
		asked.Opened.Text, asked.Opened.Currency = strings.Repeat(long, 10), long
		acceptTrade(t, s, asked)
		if i := instruction(t, s, store.Refund, "DY9"); i.Items != "" || i.Audit.State != store.AuditNeeded {
			t.Errorf("%+v", i)
		}
	})
}

// A payment whose order comes later is compared with it then, and settled by itself as any other one.
func TestAnOrderThatComesAfterItsPaymentTakesTheAlarmAway(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id, c := range map[int]struct {
			total store.Fen
			alarm string
		}{1: {1230, ""}, 2: {999, store.AlarmAmount}} {
			paid := store.TradePayment{OutOrderNo: fmt.Sprint(id), State: store.PaymentSuccess, DouyinOrderID: fmt.Sprint("motb", id), Total: c.total, PaidAt: t0}
			if a := hear(t, s, paid); a.Alarm != store.AlarmUnknownOrder {
				t.Errorf("%d: %+v", id, a)
			}
			addOrder(t, db, id, t0)
			paid.Items = paidItems
			if a := hear(t, s, paid); a.Alarm != c.alarm || a.OrderID != fmt.Sprint(id) {
				t.Errorf("%d: %+v", id, a)
			}
		}
	})
}
