package store_test

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func accept(t testing.TB, s *store.Store, c store.Callback) store.Accepted {
	t.Helper()
	c.At = t0
	a, err := s.AcceptCallback(context.Background(), c)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return a
}

func TestACallbackIsStoredOnceAndDoesWhatItSays(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 1000), t0)
		c := store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 1000, PlatformNo: "D1"}
		// The request is still in flight: the callback overtakes the answer of its call.
		if got := accept(t, s, c); got != (store.Accepted{Fresh: true, Known: true, OrderID: "1", Ended: store.MoneySucceeded}) {
			t.Errorf("first: %+v", got)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySucceeded || i.PlatformNo != "D1" || i.Alarm != "" {
			t.Errorf("%+v", i)
		}
		for range 15 {
			if got := accept(t, s, c); got != (store.Accepted{Known: true, OrderID: "1"}) {
				t.Errorf("redelivered: %+v", got)
			}
		}
		if n := count(t, db, "SELECT received FROM ordersync_callback"); n != 16 {
			t.Errorf("%d deliveries were counted", n)
		}
		if got := summary(t, s); got != (store.RefundSummary{Paid: 1230, Succeeded: 1000}) {
			t.Errorf("summary %+v", got)
		}
		c.Status = "FAIL" // another status is another callback, and a contradiction
		if got := accept(t, s, c); !got.Fresh || got.Alarm != store.AlarmContradiction || got.Ended != "" {
			t.Errorf("contradiction: %+v", got)
		}
	})
}

func TestCallbacks(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(t *testing.T, s *store.Store)
		in    store.Callback
		want  store.Accepted
		check func(t *testing.T, s *store.Store)
	}{
		{
			name: "a payment of the right amount", in: store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, Way: "10", PlatformNo: "N7", FinishedAt: t0.Add(-time.Minute)},
			want: store.Accepted{Fresh: true, Known: true, OrderID: "1"},
			check: func(t *testing.T, s *store.Store) {
				p, found, err := s.Payment(t.Context(), "1")
				if err != nil || !found || p.Total != 1230 || p.OrderID != "1" || p.Way != "10" || p.DouyinOrderID != "N7" || !p.PaidAt.Equal(t0.Add(-time.Minute)) || p.Alarm != "" {
					t.Errorf("payment %+v, %v, %v", p, found, err)
				}
				if st := state(t, s, "1"); st.DueAt == nil {
					t.Errorf("the order is not due: %+v", st)
				}
			},
		},
		{
			name: "a payment of another amount is an alarm", in: store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1},
			want: store.Accepted{Fresh: true, Known: true, OrderID: "1", Alarm: store.AlarmAmount},
		},
		{
			name: "a payment for an order that the shop does not have", in: store.Callback{Type: "payment", Number: "77", Status: "SUCCESS", Amount: 1},
			want: store.Accepted{Fresh: true, Alarm: store.AlarmUnknownOrder},
		},
		{
			name:  "a refund of another amount is an alarm",
			given: func(t *testing.T, s *store.Store) { mustSend(t, s, refund(t, s, "R1", 1000), t0) },
			in:    store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 999},
			want:  store.Accepted{Fresh: true, Known: true, OrderID: "1", Alarm: store.AlarmAmount, Ended: store.MoneySucceeded},
			check: func(t *testing.T, s *store.Store) {
				alarms, err := s.Alarms(t.Context(), store.Refund, 10)
				if err != nil || len(alarms) != 1 || alarms[0].State != store.MoneySucceeded || alarms[0].AlarmAt == nil {
					t.Errorf("alarms %+v, %v", alarms, err)
				}
			},
		},
		{
			name:  "a refund that failed",
			given: func(t *testing.T, s *store.Store) { mustSend(t, s, refund(t, s, "R1", 1000), t0) },
			in:    store.Callback{Type: "refund", Number: "R1", Status: "FAIL", Amount: 1000, Message: "余额不足"},
			want:  store.Accepted{Fresh: true, Known: true, OrderID: "1", Ended: store.MoneyFailed},
			check: func(t *testing.T, s *store.Store) {
				if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneyFailed || i.Message != "余额不足" || i.DueAt != nil {
					t.Errorf("%+v", i)
				}
				if got := summary(t, s); got != (store.RefundSummary{Paid: 1230, LastFailed: 1000}) {
					t.Errorf("summary %+v", got)
				}
			},
		},
		{
			name:  "a refund that is still being worked on",
			given: func(t *testing.T, s *store.Store) { refund(t, s, "R1", 1000) },
			in:    store.Callback{Type: "refund", Number: "R1", Status: "PROCESSING", Amount: 1000},
			want:  store.Accepted{Fresh: true, Known: true, OrderID: "1"},
			check: func(t *testing.T, s *store.Store) {
				if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneyNew {
					t.Errorf("%+v", i)
				}
			},
		},
		{
			name: "a refund of the shop's own making", in: store.Callback{Type: "refund", Number: "PHP-1", Status: "SUCCESS", Amount: 1},
			want: store.Accepted{Fresh: true},
		},
		{
			name: "a settlement",
			given: func(t *testing.T, s *store.Store) {
				mustSend(t, s, settlement(t, s, "S1"), t0)
			},
			in:   store.Callback{Type: "settle", Number: "S1", Status: "SUCCESS", Amount: 1223, PlatformNo: "DS"},
			want: store.Accepted{Fresh: true, Known: true, OrderID: "1", Ended: store.MoneySucceeded},
			check: func(t *testing.T, s *store.Store) {
				if i := instruction(t, s, store.Settlement, "S1"); i.State != store.MoneySucceeded || i.Amount != 1223 || i.PlatformNo != "DS" {
					t.Errorf("%+v", i)
				}
			},
		},
		{name: "a type that means nothing here", in: store.Callback{Type: "withdraw", Status: "SUCCESS"}, want: store.Accepted{Fresh: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
				if c.given != nil {
					c.given(t, s)
				}
				if got := accept(t, s, c.in); got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
				if c.check != nil {
					c.check(t, s)
				}
			})
		})
	}
}

func TestAMoneyCallbackWithoutANumberIsRefused(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for _, kind := range []string{"payment", "refund", "settle"} {
			if _, err := s.AcceptCallback(t.Context(), store.Callback{Type: kind, Status: "SUCCESS", At: t0}); err == nil {
				t.Errorf("a %s callback without a number was accepted", kind)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_callback"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

// Twenty deliveries of each of a few callbacks arrive at once.
func TestConcurrentDeliveriesAreStoredOnce(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 1000), t0)
		callbacks := []store.Callback{
			{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 1000, At: t0},
			{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, At: t0},
			{Type: "refund", Number: "unknown", Status: "SUCCESS", Amount: 1, At: t0},
		}
		var fresh [3]atomic.Int64
		var wg sync.WaitGroup
		for n := range 60 {
			wg.Go(func() {
				a, err := s.AcceptCallback(context.Background(), callbacks[n%3])
				if err != nil {
					t.Error(err)
				}
				if a.Fresh {
					fresh[n%3].Add(1)
				}
			})
		}
		wg.Wait()
		for n := range fresh {
			if fresh[n].Load() != 1 {
				t.Errorf("callback %d was fresh %d times", n, fresh[n].Load())
			}
		}
		if n := count(t, db, "SELECT SUM(received) FROM ordersync_callback"); n != 60 {
			t.Errorf("%d deliveries were counted", n)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySucceeded || i.Alarm != "" {
			t.Errorf("%+v", i)
		}
	})
}

func TestForwardsAreClaimedOnceAndComeBackUntilTheyAreDone(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		raw := []byte("{\"msg\":\"支付 \x00\xff\", \"msg_signature\":\"…\"}") // untouched, whatever the bytes
		for n := range 6 {
			accept(t, s, store.Callback{Type: "payment", Number: strconv.Itoa(n), Status: "SUCCESS", Raw: raw, Forward: n != 5})
		}
		var claimed atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				all, err := s.ClaimForwards(context.Background(), t0, t0.Add(time.Minute), 10)
				if err != nil {
					t.Error(err)
				}
				for _, f := range all {
					if !bytes.Equal(f.Raw, raw) || f.Type != "payment" {
						t.Errorf("%+v", f)
					}
				}
				claimed.Add(int64(len(all)))
			})
		}
		wg.Wait()
		if claimed.Load() != 5 {
			t.Errorf("%d claims of 5 callbacks", claimed.Load())
		}
		all, err := s.ClaimForwards(t.Context(), t0.Add(time.Minute), t0.Add(2*time.Minute), 10)
		if err != nil || len(all) != 5 || all[0].Attempts != 1 {
			t.Fatalf("after a process died: %+v, %v", all, err)
		}
		if err := s.Forwarded(t.Context(), all[0].ID, t0); err != nil {
			t.Fatal(err)
		}
		later := t0.Add(time.Hour)
		if err := s.PostponeForward(t.Context(), all[1].ID, later, "HTTP 500"); err != nil {
			t.Fatal(err)
		}
		if err := s.GiveUpForward(t.Context(), all[2].ID, "HTTP 500"); err != nil {
			t.Fatal(err)
		}
		if all, err = s.ClaimForwards(t.Context(), t0.Add(2*time.Minute), later, 10); err != nil || len(all) != 2 {
			t.Errorf("still due: %+v, %v", all, err)
		}
		if n, err := s.PurgeCallbacks(t.Context(), t0.Add(time.Second), 4); err != nil || n != 4 {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}
