package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func settlement(t testing.TB, s *store.Store, number string) store.Instruction {
	t.Helper()
	i, fresh, err := s.CreateSettlement(context.Background(), store.NewSettlement{Number: number, OrderID: "1", Desc: "分账", DueAt: t0})
	if err != nil || !fresh {
		t.Fatalf("settlement %s: fresh %v, %v", number, fresh, err)
	}
	return i
}

func mustSend(t testing.TB, s *store.Store, i store.Instruction, at time.Time) store.Instruction {
	t.Helper()
	i, err := s.MarkSending(context.Background(), i, at, at)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// waits fails the test unless i has to wait for another instruction.
func waits(t testing.TB, s *store.Store, i store.Instruction, m store.Money, number string) {
	t.Helper()
	var busy *store.BusyError
	if _, err := s.MarkSending(context.Background(), i, t0, t0); !errors.As(err, &busy) || *busy != (store.BusyError{Money: m, Number: number}) {
		t.Errorf("%s %s: %v, want it to wait for %s %s", i.Money, i.Number, err, m, number)
	}
}

// The bug: a refund that was asked for while a settlement's request was on its way overtook it.
func TestARefundWaitsForASettlementThatIsAtDouyin(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		s1 := settlement(t, s, "S1")
		r1 := refund(t, s, "R1", 100) // S1 has not been sent: the refund goes first
		waits(t, s, s1, store.Refund, "R1")
		mustSend(t, s, r1, t0)
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		s1 = mustSend(t, s, s1, t0)
		r2, r3 := refund(t, s, "R2", 100), refund(t, s, "R3", 100)
		waits(t, s, r2, store.Settlement, "S1")
		mustSend(t, s, s1, t0) // it asked, and was not accepted: it has its turn, and must not wait for those who wait for it
		if _, err := s.Submitted(t.Context(), instruction(t, s, store.Settlement, "S1"), store.Answer{At: t0}); err != nil {
			t.Fatal(err)
		}
		waits(t, s, r2, store.Settlement, "S1")
		finish(t, s, store.Settlement, "S1", store.MoneyFailed)
		mustSend(t, s, r2, t0)
		mustSend(t, s, r3, t0) // refunds do not wait for each other
	})
}

// What Douyin has refused as too early waits for weeks: no refund does meanwhile.
func TestASettlementThatIsTooEarlyGivesItsTurnAway(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		first := mustSend(t, s, settlement(t, s, "S1"), t0)
		due := t0.Add(time.Hour)
		s1, err := s.Postpone(t.Context(), first, store.Answer{At: t0, Kind: "waiting", DueAt: &due, Answered: true, Nothing: true})
		if err != nil || s1.SentAt != nil || s1.SendingAt != nil || s1.Turn || s1.Attempts != 1 || s1.State != store.MoneyNew || !s1.DueAt.Equal(due) {
			t.Fatalf("%+v, %v", s1, err)
		}
		r1 := refund(t, s, "R1", 100)
		waits(t, s, s1, store.Refund, "R1")
		mustSend(t, s, r1, t0)
		finish(t, s, store.Refund, "R1", store.MoneyFailed)
		s1 = mustSend(t, s, s1, t0.Add(time.Hour))
		if !s1.SentAt.Equal(t0.Add(time.Hour)) || s1.Attempts != 2 {
			t.Errorf("%+v", s1)
		}
		// A late answer to the first of two requests says nothing about the second.
		_, err = s.Postpone(t.Context(), first, store.Answer{At: t0, DueAt: &due, Answered: true, Nothing: true, Log: []store.LogRow{{At: t0, Call: "settle.create", OrderID: "1", Number: "S1"}}})
		if got := instruction(t, s, store.Settlement, "S1"); !errors.Is(err, store.ErrSuperseded) || !got.Turn || got.Attempts != 2 || got.State != store.MoneySending {
			t.Errorf("%+v, %v", got, err)
		}
		if log, err := s.Log(t.Context(), "1", 10); err != nil || len(log) != 1 {
			t.Errorf("the call is not in the log: %+v, %v", log, err)
		}
	})
}

// A settlement without a result for a day does not hold a buyer's money back; it gets a turn again when no refund is open.
func TestAnOverdueSettlementLosesItsTurn(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		s1 := mustSend(t, s, settlement(t, s, "S1"), t0)
		r1 := refund(t, s, "R1", 100)
		waits(t, s, r1, store.Settlement, "S1")
		s1, err := s.Alarm(t.Context(), s1, store.AlarmOverdue, t0)
		if err != nil || s1.Turn {
			t.Fatalf("its turn %v, %v", s1.Turn, err)
		}
		mustSend(t, s, r1, t0)
		waits(t, s, s1, store.Refund, "R1")
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		day := t0.Add(24 * time.Hour)
		if s1 = mustSend(t, s, s1, day); s1.Alarm != "" || s1.AlarmAt != nil || !s1.SentAt.Equal(day) {
			t.Errorf("its time does not begin anew: %+v", s1)
		}
		waits(t, s, refund(t, s, "R2", 100), store.Settlement, "S1")
	})
}

// An alarm that stands already does not keep the turn either.
func TestAnOverdueSettlementWithAnotherAlarmLosesItsTurn(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		s1 := settlement(t, s, "S1")
		accept(t, s, store.Callback{Type: "settle", Number: "S1", Status: "SUCCESS", At: t0}) // of what never left
		s1 = mustSend(t, s, s1, t0)
		r1 := refund(t, s, "R1", 100)
		waits(t, s, r1, store.Settlement, "S1")
		if _, err := s.Alarm(t.Context(), s1, store.AlarmOverdue, t0.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if i := instruction(t, s, store.Settlement, "S1"); i.Turn || i.Alarm != store.AlarmContradiction {
			t.Errorf("its turn %v, alarm %q", i.Turn, i.Alarm)
		}
		mustSend(t, s, r1, t0)
	})
}

// A refund and a settlement of one order, asked for in the same instant by many workers: one of both goes out.
func TestOneKindGoesOutAtATime(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		other := newStore(t, db, store.Config{})
		for round := range 5 {
			s1 := settlement(t, s, "S"+string(rune('a'+round)))
			var sent sync.Map
			var wg sync.WaitGroup
			var refunds atomic.Int64
			wg.Go(func() {
				if _, err := s.MarkSending(context.Background(), s1, t0, t0); err == nil {
					sent.Store(store.Settlement, true)
				}
			})
			for n := range 4 {
				wg.Go(func() {
					number := s1.Number + "-" + string(rune('a'+n))
					i, _, err := other.CreateRefund(context.Background(), newRefund(number, 1))
					if err != nil {
						t.Error(err)
						return
					}
					refunds.Add(1)
					if _, err := other.MarkSending(context.Background(), i, t0, t0); err == nil {
						sent.Store(store.Refund, true)
					}
				})
			}
			wg.Wait()
			_, settled := sent.Load(store.Settlement)
			_, refunded := sent.Load(store.Refund)
			if settled == refunded || refunds.Load() != 4 {
				t.Errorf("round %d: a settlement went out: %v, a refund: %v; %d refunds", round, settled, refunded, refunds.Load())
			}
			for n := range 4 {
				finish(t, s, store.Refund, s1.Number+"-"+string(rune('a'+n)), store.MoneyFailed)
			}
			finish(t, s, store.Settlement, s1.Number, store.MoneyFailed)
		}
	})
}
