package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func newRefund(number string, fen store.Fen) store.NewRefund {
	return store.NewRefund{Number: number, OrderID: "1", Amount: fen, Reason: "用户取消订单", DueAt: t0}
}

func refund(t testing.TB, s *store.Store, number string, fen store.Fen) store.Instruction {
	t.Helper()
	i, fresh, err := s.CreateRefund(context.Background(), newRefund(number, fen))
	if err != nil || !fresh {
		t.Fatalf("refund %s: fresh %v, %v", number, fresh, err)
	}
	return i
}

func instruction(t testing.TB, s *store.Store, m store.Money, number string) store.Instruction {
	t.Helper()
	i, found, err := s.Instruction(context.Background(), m, number)
	if err != nil || !found {
		t.Fatalf("%s %s: found %v, %v", m, number, found, err)
	}
	return i
}

func finish(t testing.TB, s *store.Store, m store.Money, number string, state store.MoneyState) {
	t.Helper()
	changed, err := s.Finished(context.Background(), instruction(t, s, m, number), store.Result{State: state, Said: true, Answer: store.Answer{At: t0}})
	if err != nil || !changed {
		t.Fatalf("finish %s %s: changed %v, %v", m, number, changed, err)
	}
}

func summary(t testing.TB, s *store.Store) store.RefundSummary {
	t.Helper()
	snapshot, err := s.LoadOrder(context.Background(), "1")
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Refunds
}

// onOrder is on with order 1 of 12.30 yuan.
func onOrder(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		test(t, s, db)
	})
}

func TestARefundFromFirstToLast(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		i := refund(t, s, "R1", 1000)
		if i.State != store.MoneyNew || i.OutOrderNo != "1" || i.SentAt != nil || !i.DueAt.Equal(t0) {
			t.Fatalf("created %+v", i)
		}
		if got := summary(t, s); got != (store.RefundSummary{Paid: 1230, InFlight: 1000}) {
			t.Errorf("after creation %+v", got)
		}
		if st := state(t, s, "1"); st.Outcome != store.Pending || st.DueAt == nil {
			t.Errorf("the order is not due for a push: %+v", st)
		}
		due, err := s.DueInstructions(t.Context(), store.Refund, t0, 10)
		if err != nil || len(due) != 1 || due[0].Number != "R1" {
			t.Fatalf("due %v, %v", due, err)
		}
		i, err = s.MarkSending(t.Context(), i, t0.Add(time.Second), t0.Add(time.Minute))
		if err != nil || !i.SentAt.Equal(t0.Add(time.Second)) || i.Attempts != 1 || i.State != store.MoneySending || !i.InFlight() || !i.Turn {
			t.Fatalf("sending %+v, %v", i, err)
		}
		later := t0.Add(time.Hour)
		if _, err := s.Submitted(t.Context(), i, store.Answer{At: t0, PlatformNo: "D1", LogID: "L", Answered: true, DueAt: &later, Log: []store.LogRow{{
			At: t0, Call: "refund.create", OrderID: "1", Number: "R1", Outcome: "submitted",
		}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Postpone(t.Context(), instruction(t, s, store.Refund, "R1"), store.Answer{At: t0, Polled: true, DueAt: &later, Message: "处理中"}); err != nil {
			t.Fatal(err)
		}
		i = instruction(t, s, store.Refund, "R1")
		if i.State != store.MoneySubmitted || i.PlatformNo != "D1" || i.Polls != 1 || !i.DueAt.Equal(later) || i.Message != "处理中" {
			t.Fatalf("submitted %+v", i)
		}
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		i = instruction(t, s, store.Refund, "R1")
		if i.State != store.MoneySucceeded || i.DueAt != nil || i.FinishedAt == nil || i.Alarm != "" {
			t.Errorf("finished %+v", i)
		}
		if got := summary(t, s); got != (store.RefundSummary{Paid: 1230, Succeeded: 1000}) {
			t.Errorf("after the end %+v", got)
		}
		if log, err := s.Log(t.Context(), "1", 10); err != nil || len(log) != 1 || log[0].Number != "R1" {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}

func TestTheSameNumberIsOneRefund(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 2, t0)
		first := refund(t, s, "R1", 500)
		again, fresh, err := s.CreateRefund(t.Context(), newRefund("R1", 500))
		if err != nil || fresh || again.Number != first.Number || !again.CreatedAt.Equal(first.CreatedAt) {
			t.Errorf("repeated: %+v, fresh %v, %v", again, fresh, err)
		}
		otherOrder, otherReason, otherOptions := newRefund("R1", 500), newRefund("R1", 500), newRefund("R1", 500)
		otherOrder.OrderID, otherReason.Reason, otherOptions.Options = "2", "x", store.RefundOptions{CPExtra: "x"}
		for _, n := range []store.NewRefund{newRefund("R1", 501), otherOrder, otherReason, otherOptions} {
			var conflict *store.ConflictError
			if _, _, err := s.CreateRefund(t.Context(), n); !errors.As(err, &conflict) || conflict.Number != "R1" {
				t.Errorf("%+v: %v, want a conflict", n, err)
			}
		}
		finish(t, s, store.Refund, "R1", store.MoneyFailed)
		if i, fresh, err := s.CreateRefund(t.Context(), newRefund("R1", 500)); err != nil || fresh || i.State != store.MoneyFailed {
			t.Errorf("a failed number came back to life: %+v, %v, %v", i, fresh, err)
		}
		if _, _, err := s.CreateRefund(t.Context(), store.NewRefund{Number: "R9", OrderID: "99", Amount: 1}); !errors.Is(err, store.ErrOrderNotFound) {
			t.Errorf("an order that is not there: %v", err)
		}
		for _, n := range []store.NewRefund{newRefund("R2", 0), newRefund("R2", -1), newRefund("", 1), newRefund(strings.Repeat("9", 65), 1)} {
			if _, _, err := s.CreateRefund(t.Context(), n); err == nil {
				t.Errorf("%+v was accepted", n)
			}
		}
	})
}

func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		refund(t, s, "R1", 1000)
		var exceeds *store.ExceedsPaidError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R2", 231)); !errors.As(err, &exceeds) || *exceeds != (store.ExceedsPaidError{Paid: 1230, Already: 1000, Asked: 231}) {
			t.Fatalf("one fen too much: %v", err)
		}
		refund(t, s, "R2", 230)
		finish(t, s, store.Refund, "R1", store.MoneyFailed)
		refund(t, s, "R3", 1000) // what failed is left again
		if got := summary(t, s); got.InFlight != 1230 || got.LastFailed != 1000 {
			t.Errorf("summary %+v", got)
		}
		// The payment that Douyin confirmed counts, not what the shop's order says.
		if _, err := s.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1240, At: t0}); err != nil {
			t.Fatal(err)
		}
		refund(t, s, "R4", 10)
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R5", 1)); !errors.As(err, &exceeds) {
			t.Errorf("above the payment: %v", err)
		}
	})
}

// Fifty refunds of one yuan race for an order of 12.30: twelve fit.
func TestConcurrentRefundsNeverExceedWhatWasPaid(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		other := newStore(t, db, store.Config{})
		var created, exceeded atomic.Int64
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				who := []*store.Store{s, other}[n%2]
				_, fresh, err := who.CreateRefund(context.Background(), newRefund(fmt.Sprintf("R%d", n), 100))
				var exceeds *store.ExceedsPaidError
				switch {
				case err == nil && fresh:
					created.Add(1)
				case errors.As(err, &exceeds):
					exceeded.Add(1)
				default:
					t.Errorf("refund %d: fresh %v, %v", n, fresh, err)
				}
			})
		}
		wg.Wait()
		if created.Load() != 12 || exceeded.Load() != 38 {
			t.Errorf("%d refunds were created and %d refused, want 12 and 38", created.Load(), exceeded.Load())
		}
		if sum := count(t, db, "SELECT SUM(amount_fen) FROM ordersync_refund"); sum != 1200 {
			t.Errorf("they sum up to %d fen", sum)
		}
		if got := summary(t, s); got.InFlight != 1200 {
			t.Errorf("summary %+v", got)
		}
	})
}

// Fifty callers ask for the same refund at once: one creates it.
func TestConcurrentRepetitionsAreOneRefund(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		var created atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, fresh, err := s.CreateRefund(context.Background(), newRefund("R1", 700))
				if err != nil {
					t.Error(err)
				}
				if fresh {
					created.Add(1)
				}
			})
		}
		wg.Wait()
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_refund"); created.Load() != 1 || n != 1 {
			t.Errorf("%d callers created %d rows", created.Load(), n)
		}
	})
}

// Of two workers that hold the same row only one may send.
func TestOneRequestIsAnnouncedAtATime(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		seen := refund(t, s, "R1", 700)
		var sent atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := s.MarkSending(context.Background(), seen, t0, t0)
				if err == nil {
					sent.Add(1)
				} else if !errors.Is(err, store.ErrSuperseded) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sent.Load() != 1 {
			t.Errorf("%d workers may send", sent.Load())
		}
		finish(t, s, store.Refund, "R1", store.MoneyFailed)
		if _, err := s.MarkSending(t.Context(), instruction(t, s, store.Refund, "R1"), t0, t0); !errors.Is(err, store.ErrSuperseded) {
			t.Errorf("a failed refund may be sent again: %v", err)
		}
		if _, err := s.MarkSending(t.Context(), store.Instruction{Money: store.Refund, Number: "none"}, t0, t0); !errors.Is(err, store.ErrNoInstruction) {
			t.Errorf("no such refund: %v", err)
		}
	})
}

func TestTheEndIsFinal(t *testing.T) {
	for _, c := range []struct{ first, second store.MoneyState }{
		{store.MoneySucceeded, store.MoneyFailed}, {store.MoneyFailed, store.MoneySucceeded}, {store.MoneySucceeded, store.MoneySucceeded},
	} {
		t.Run(string(c.first)+" then "+string(c.second), func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
				sent := mustSend(t, s, refund(t, s, "R1", 1230), t0)
				finish(t, s, store.Refund, "R1", c.first)
				changed, err := s.Finished(t.Context(), sent, store.Result{State: c.second, Said: true, Answer: store.Answer{At: t0, PlatformNo: "D1"}})
				if err != nil || changed {
					t.Errorf("changed %v, %v", changed, err)
				}
				due := t0
				for _, late := range []func() (store.Instruction, error){
					func() (store.Instruction, error) {
						return s.Submitted(t.Context(), sent, store.Answer{At: t0, PlatformNo: "D2", DueAt: &due})
					},
					func() (store.Instruction, error) {
						return s.Postpone(t.Context(), sent, store.Answer{At: t0, DueAt: &due, Kind: "unavailable"})
					},
				} {
					if _, err := late(); !errors.Is(err, store.ErrSuperseded) {
						t.Errorf("a late answer: %v", err)
					}
				}
				i := instruction(t, s, store.Refund, "R1")
				if i.State != c.first || i.DueAt != nil || i.PlatformNo != "D1" || (i.Alarm == store.AlarmContradiction) != (c.first != c.second) {
					t.Errorf("%+v", i)
				}
				// Money may have moved twice over: nothing more may be paid back, whichever word was right.
				_, _, err = s.CreateRefund(t.Context(), newRefund("R2", 1))
				var exceeds *store.ExceedsPaidError
				if !errors.As(err, &exceeds) {
					t.Errorf("another refund after a contradiction: %v", err)
				}
			})
		})
	}
}

func TestASettlementRunsAlone(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		settle := func(number string) (store.Instruction, bool, error) {
			return s.CreateSettlement(t.Context(), store.NewSettlement{
				Number: number, OrderID: "1", Desc: "分账", Params: []store.Receiver{{MerchantUID: "1", Amount: 10}}, Finish: true, NotBefore: t0.Add(time.Hour), DueAt: t0,
			})
		}
		var busy *store.BusyError
		refund(t, s, "R1", 100)
		if _, _, err := settle("S1"); !errors.As(err, &busy) || *busy != (store.BusyError{Money: store.Refund, Number: "R1"}) {
			t.Errorf("while a refund is in flight: %v", err)
		}
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		i, fresh, err := settle("S1")
		if err != nil || !fresh || i.Params != `[{"merchant_uid":"1","amount":10}]` || !i.Finish || !i.NotBefore.Equal(t0.Add(time.Hour)) || !i.DueAt.Equal(t0.Add(time.Hour)) {
			t.Fatalf("%+v, %v, %v", i, fresh, err)
		}
		if again := instruction(t, s, store.Settlement, "S1"); again.Params != i.Params || !again.Finish || !again.NotBefore.Equal(*i.NotBefore) || again.Text != "分账" {
			t.Errorf("read back %+v", again)
		}
		if _, fresh, err = settle("S1"); err != nil || fresh {
			t.Errorf("repeated: fresh %v, %v", fresh, err)
		}
		if _, _, err = settle("S2"); !errors.As(err, &busy) || busy.Money != store.Settlement {
			t.Errorf("a second one: %v", err)
		}
		refund(t, s, "R2", 100)
		if _, err := s.MarkSending(t.Context(), i, t0, t0); !errors.As(err, &busy) {
			t.Errorf("sent while a refund is in flight: %v", err)
		}
		finish(t, s, store.Refund, "R2", store.MoneyFailed)
		if _, err := s.MarkSending(t.Context(), i, t0, t0); err != nil {
			t.Error(err)
		}
		changed, err := s.Finished(t.Context(), instruction(t, s, store.Settlement, "S1"), store.Result{State: store.MoneySucceeded, Said: true, Amount: 1130, Answer: store.Answer{At: t0}})
		if got := instruction(t, s, store.Settlement, "S1"); err != nil || !changed || got.Amount != 1130 || got.Alarm != "" {
			t.Errorf("%+v, %v, %v", got, changed, err)
		}
		if _, fresh, err = settle("S1"); err != nil || fresh {
			t.Errorf("repeated after its end: fresh %v, %v", fresh, err)
		}
		if _, fresh, err = settle("S2"); err != nil || !fresh {
			t.Errorf("the next one: fresh %v, %v", fresh, err)
		}
	})
}

// While an attempt at a push runs, a refund changes: the end of the attempt must not forget that the order is due again.
func TestARefundDuringAPushIsNotForgotten(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		seq := begin(t, s, "1", 0, t0)
		refund(t, s, "R1", 100)
		record(t, s, store.Push{OrderID: "1", Seq: seq, At: t0, Outcome: store.Pushed, Digest: "without the refund", ShopStatus: "1"})
		if st := state(t, s, "1"); st.DueAt == nil || !st.DueAt.Equal(t0) {
			t.Errorf("the order is not due: %+v", st)
		}
		seq = begin(t, s, "1", seq, t0)
		record(t, s, store.Push{OrderID: "1", Seq: seq, At: t0, Outcome: store.Pushed, Digest: "with it", ShopStatus: "1"})
		if st := state(t, s, "1"); st.DueAt != nil {
			t.Errorf("the order is due for ever: %+v", st)
		}
		if got := summary(t, s); got.InFlight != 100 {
			t.Errorf("a push overwrote the refunds' sum: %+v", got)
		}
	})
}

func TestUnsettledPaymentsArePagedOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 10; id++ {
			addOrder(t, db, id, t0)
			amount := store.Fen(1230)
			if id == 3 {
				amount = 1 // raises an alarm: not settled automatically
			}
			if _, err := s.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: strconv.Itoa(id), Status: "SUCCESS", Amount: amount, FinishedAt: t0.Add(time.Duration(id/4) * time.Second), At: t0}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.CreateSettlement(t.Context(), store.NewSettlement{Number: "S5", OrderID: "5", Desc: "x", DueAt: t0}); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		q := store.PaymentScan{From: t0, To: t0.Add(2 * time.Second), Limit: 3}
		for {
			page, err := s.UnsettledPayments(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Unsettled {
				got[p.OrderID]++
			}
			if page.Done {
				break
			}
			q.After = page.Next
		}
		for id := 1; id <= 10; id++ {
			want := 1
			if id == 3 || id == 5 {
				want = 0
			}
			if n := got[strconv.Itoa(id)]; n != want {
				t.Errorf("order %d came %d times, want %d", id, n, want)
			}
		}
	})
}
