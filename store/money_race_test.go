package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

const rounds = 30

// onPayments has pairs of orders of 12.30 yuan that name one payment each: 1 and 2, 3 and 4, …
func onPayments(t *testing.T, test func(t *testing.T, s *store.Store)) {
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	on(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		for n := range 2 * rounds {
			addOrder(t, db, n+1, t0)
			exec(t, db, "UPDATE `order` SET sn = ? WHERE id = ?", fmt.Sprint("P", n/2), n+1)
		}
		test(t, newStore(t, db, store.Config{Schema: schema, Now: func() time.Time { return t0 }}))
	})
}

// atOnce runs all of do at once.
func atOnce(do ...func()) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for _, f := range do {
		wg.Go(func() { <-begin; f() })
	}
	close(begin)
	wg.Wait()
}

// The bug: of one payment that two orders of the shop name, two settlements were written down at
// once, and both were sent.
func TestOneSettlementOfAPaymentRunsAtATime(t *testing.T) {
	onPayments(t, func(t *testing.T, s *store.Store) {
		for n := range rounds {
			var errs [4]error
			var do []func()
			for k := range errs {
				do = append(do, func() {
					_, _, errs[k] = s.CreateSettlement(context.Background(), store.NewSettlement{
						Number: fmt.Sprintf("S%d-%d", n, k), OrderID: fmt.Sprint(2*n + 1 + k%2), Desc: "分账", DueAt: t0,
					})
				})
			}
			atOnce(do...)
			written := 0
			for _, err := range errs {
				var busy *store.BusyError
				switch {
				case err == nil:
					written++
				case !errors.As(err, &busy):
					t.Error(err)
				}
			}
			if written != 1 {
				t.Fatalf("round %d: %d settlements of one payment run", n, written)
			}
		}
	})
}

// Of one payment that two orders name, a refund and a settlement are asked for and announced at
// once, in every order of events.
func TestARefundAndASettlementOfAPaymentNeverLeaveTogether(t *testing.T) {
	onPayments(t, func(t *testing.T, s *store.Store) {
		for n := range rounds {
			r, _, err := s.CreateRefund(t.Context(), store.NewRefund{Number: fmt.Sprint("R", n), OrderID: fmt.Sprint(2*n + 1), Amount: 100, Reason: "退", DueAt: t0})
			if err != nil {
				t.Fatal(err)
			}
			finish(t, s, store.Refund, r.Number, store.MoneyFailed)
			i, _, err := s.CreateSettlement(t.Context(), store.NewSettlement{Number: fmt.Sprint("S", n), OrderID: fmt.Sprint(2*n + 1), Desc: "分账", DueAt: t0})
			if err != nil {
				t.Fatal(err)
			}
			var settled, refunded error
			atOnce(
				func() { _, settled = s.MarkSending(context.Background(), i, t0, t0) },
				func() {
					var late store.Instruction
					late, _, refunded = s.CreateRefund(context.Background(), store.NewRefund{Number: fmt.Sprint("Q", n), OrderID: fmt.Sprint(2*n + 2), Amount: 100, Reason: "退", DueAt: t0})
					if refunded == nil {
						_, refunded = s.MarkSending(context.Background(), late, t0, t0)
					}
				})
			if (settled == nil) == (refunded == nil) {
				t.Fatalf("round %d: the settlement %v, the refund %v; want one of them to wait", n, settled, refunded)
			}
		}
	})
}

// One number with other contents from everywhere at once is one refund, or none; and the sum stays
// below the payment, also where a row was made negative or an amount is so large that a sum
// overflows.
func TestANumberIsOneRefundWhoeverAsks(t *testing.T) {
	onPayments(t, func(t *testing.T, s *store.Store) {
		for n := range rounds {
			var errs [6]error
			var do []func()
			for k := range errs {
				do = append(do, func() {
					_, _, errs[k] = s.CreateRefund(context.Background(), store.NewRefund{
						Number: fmt.Sprint("R", n), OrderID: fmt.Sprint(2*n + 1 + k%2), Amount: store.Fen(615 + k/2), Reason: "退", DueAt: t0,
					})
				})
			}
			atOnce(do...)
			fresh := 0
			for _, err := range errs {
				var conflict *store.ConflictError
				switch {
				case err == nil:
					fresh++
				case !errors.As(err, &conflict):
					t.Error(err)
				}
			}
			if fresh != 1 {
				t.Errorf("round %d: %d refunds of one number", n, fresh)
			}
			var exceeds *store.ExceedsPaidError
			_, _, err := s.CreateRefund(t.Context(), store.NewRefund{Number: fmt.Sprint("Q", n), OrderID: fmt.Sprint(2*n + 1), Amount: math.MaxInt64, Reason: "退", DueAt: t0})
			if !errors.As(err, &exceeds) {
				t.Fatalf("a refund of more than there is in the world: %v", err)
			}
		}
	})
}

// The bug: a refund whose row somebody had made negative left room for more than was paid.
func TestANegativeRefundPaysForNothing(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refund(t, s, "R1", 1230)
		exec(t, db, "UPDATE ordersync_refund SET amount_fen = -1230")
		var exceeds *store.ExceedsPaidError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R2", 1231)); !errors.As(err, &exceeds) {
			t.Errorf("a refund of more than was paid: %v", err)
		}
	})
}

// The bug: MySQL takes "R1 " for "R1", so a callback about a refund of somebody else's ended ours.
// It is one only byte for byte.
func TestANumberIsTheSameByteForByte(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 700), t0)
		for _, number := range []string{"R1 ", "r1", "Ｒ1", "R1\x00"} {
			a, err := s.AcceptCallback(t.Context(), store.Callback{Type: "refund", Number: number, Status: "FAIL", At: t0})
			if i := instruction(t, s, store.Refund, "R1"); err != nil || a.Known || i.State != store.MoneySending {
				t.Errorf("%q: %+v, %v; R1 is %s", number, a, err, i.State)
			}
		}
	})
}
