package store_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func TestAPaymentIsExpectedUntilItIsConfirmed(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		due := t0.Add(time.Minute)
		ask := store.PaymentAsk{OutOrderNo: "1", Total: 1230, ValidUntil: t0.Add(time.Hour), DueAt: &due, CreatedAt: t0}
		expect := func(want bool) {
			t.Helper()
			if fresh, err := s.ExpectPayment(ctx, ask); err != nil || fresh != want {
				t.Fatalf("fresh %v, %v", fresh, err)
			}
		}
		dueAt := func(at time.Time) int {
			t.Helper()
			all, err := s.DuePaymentAsks(ctx, at, 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		expect(true)
		expect(false)
		if dueAt(t0) != 0 || dueAt(due) != 1 {
			t.Error("due at the wrong time")
		}
		seen, found, err := s.PaymentAsk(ctx, "1")
		if err != nil || !found || seen.Total != 1230 || !seen.DueAt.Equal(due) || !seen.ValidUntil.Equal(ask.ValidUntil) {
			t.Fatalf("%+v, %v, %v", seen, found, err)
		}
		if err := s.HandOverPaymentAsk(ctx, seen, due.Add(time.Minute)); err != nil || dueAt(due) != 0 {
			t.Errorf("handed over: %v", err)
		}
		if err := s.HandOverPaymentAsk(ctx, seen, due); err != nil || dueAt(due) != 0 { // by one who saw an older state
			t.Errorf("handed over twice: %v", err)
		}
		if err := s.PostponePaymentAsk(ctx, "1", due, "no answer"); err != nil || dueAt(due) != 1 {
			t.Errorf("postponed: %v", err)
		}
		if seen, found, err = s.PaymentAsk(ctx, "1"); err != nil || !found {
			t.Fatal(found, err)
		}
		if err := s.GiveUpPaymentAsk(ctx, seen, t0, "no answer"); err != nil || dueAt(t0.Add(48*time.Hour)) != 0 {
			t.Errorf("given up: %v", err)
		}
		open, err := s.PaymentAskAlarms(ctx, 10)
		if err != nil || len(open) != 1 || open[0].Alarm != store.AlarmUnanswered || open[0].Asks != 1 {
			t.Errorf("open: %+v, %v", open, err)
		}
		at := t0
		if err := s.Acknowledge(ctx, store.SeenAlarm{Table: store.PaymentAskAlarm, Number: "1", Alarm: store.AlarmUnanswered, Ack: store.Ack{At: &at, By: "omar"}}); err != nil {
			t.Error(err)
		}

		got, err := s.ConfirmPayment(ctx, store.Callback{Number: "1", Amount: 1230, PlatformNo: "N7", FinishedAt: t0, At: t0})
		if err != nil || got != (store.Accepted{Fresh: true, Known: true, OrderID: "1"}) {
			t.Errorf("confirmed: %+v, %v", got, err)
		}
		if p, found, err := s.Payment(ctx, "1"); err != nil || !found || p.Total != 1230 || p.DouyinOrderID != "N7" {
			t.Errorf("%+v, %v, %v", p, found, err)
		}
		if state(t, s, "1").DueAt == nil {
			t.Error("the order is not due for a push")
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_payment_ask"); n != 0 {
			t.Errorf("%d are still expected", n)
		}
		expect(false) // it is paid
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_payment_ask"); n != 0 {
			t.Error("what is paid is expected again")
		}
	})
}

func TestACallbackEndsTheAsking(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		due := t0
		if _, err := s.ExpectPayment(t.Context(), store.PaymentAsk{OutOrderNo: "1", Total: 1230, ValidUntil: t0.Add(time.Hour), DueAt: &due, CreatedAt: t0}); err != nil {
			t.Fatal(err)
		}
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230})
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_payment_ask"); n != 0 {
			t.Errorf("%d are still expected", n)
		}
	})
}

// The bugs: a payment that the shop asked for again a moment before it was forgotten, because it
// could be paid no more, was forgotten all the same; and one that had been given up was never asked
// about again. Where its callback was lost, nobody heard of it.
func TestAPaymentThatIsAskedForAgainIsExpectedAgain(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		ctx := t.Context()
		due, later := t0.Add(time.Minute), t0.Add(2*time.Hour)
		first := store.PaymentAsk{OutOrderNo: "1", Total: 1230, ValidUntil: t0.Add(time.Hour), DueAt: &due, CreatedAt: t0}
		again := store.PaymentAsk{OutOrderNo: "1", Total: 1230, ValidUntil: t0.Add(3 * time.Hour), DueAt: &later, CreatedAt: t0}
		for _, over := range []func(seen store.PaymentAsk) error{
			func(seen store.PaymentAsk) error { return s.ForgetPayment(ctx, seen) },
			func(seen store.PaymentAsk) error { return s.GiveUpPaymentAsk(ctx, seen, t0, "no answer") },
		} {
			if fresh, err := s.ExpectPayment(ctx, first); err != nil || !fresh {
				t.Fatal(fresh, err)
			}
			seen, _, err := s.PaymentAsk(ctx, "1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.ExpectPayment(ctx, again); err != nil {
				t.Fatal(err)
			}
			if err := over(seen); err != nil {
				t.Fatal(err)
			}
			got, found, err := s.PaymentAsk(ctx, "1")
			if err != nil || !found || got.Alarm != "" || !got.DueAt.Equal(later) {
				t.Errorf("asked for again, and over as it was seen before: %+v, %v, %v", got, found, err)
			}
			if err := s.ForgetPayment(ctx, got); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.ExpectPayment(ctx, first); err != nil {
			t.Fatal(err)
		}
		if err := s.GiveUpPaymentAsk(ctx, first, t0, "no answer"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ExpectPayment(ctx, again); err != nil {
			t.Fatal(err)
		}
		if got, found, err := s.PaymentAsk(ctx, "1"); err != nil || !found || got.Alarm != "" || got.DueAt == nil || !got.DueAt.Equal(later) {
			t.Errorf("asked for again after it was given up: %+v, %v, %v", got, found, err)
		}
	})
}
