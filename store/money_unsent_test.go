package store_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// Whoever has seen an older attempt changes nothing: not the state, not the due time, not the alarm. The bug: the check of a second task
// failed, and its postponement wiped away that the first one's request was on its way.
func TestAnOldSightChangesNothing(t *testing.T) {
	later := t0.Add(time.Hour)
	for name, write := range map[string]func(t *testing.T, s *store.Store, seen store.Instruction) error{
		"announced": func(t *testing.T, s *store.Store, seen store.Instruction) error {
			_, err := s.MarkSending(t.Context(), seen, later, later)
			return err
		},
		"accepted": func(t *testing.T, s *store.Store, seen store.Instruction) error {
			_, err := s.Submitted(t.Context(), seen, store.Answer{At: later, PlatformNo: "D9", DueAt: &later})
			return err
		},
		"postponed": func(t *testing.T, s *store.Store, seen store.Instruction) error {
			_, err := s.Postpone(t.Context(), seen, store.Answer{At: later, Kind: "unavailable", DueAt: &later, Answered: true, Nothing: true})
			return err
		},
		"failed": func(t *testing.T, s *store.Store, seen store.Instruction) error {
			_, err := s.Finished(t.Context(), seen, store.Result{State: store.MoneyFailed, Answer: store.Answer{At: later, Kind: "rejected"}})
			return err
		},
		"alarmed": func(t *testing.T, s *store.Store, seen store.Instruction) error {
			_, err := s.Alarm(t.Context(), seen, store.AlarmOverdue, later)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
				seen := refund(t, s, "R1", 700)
				first := mustSend(t, s, seen, t0)
				check := func(when string, seen store.Instruction) {
					t.Helper()
					before := instruction(t, s, store.Refund, "R1")
					err := write(t, s, seen)
					after := instruction(t, s, store.Refund, "R1")
					after.ReadAt = before.ReadAt
					if !errors.Is(err, store.ErrSuperseded) || !same(before, after) {
						t.Errorf("%s: %v\nbefore %+v\nafter  %+v", when, err, before, after)
					}
				}
				check("another task has announced", seen)
				second := mustSend(t, s, first, t0)
				check("another task has announced a second request", first)
				if _, err := s.Submitted(t.Context(), second, store.Answer{At: t0, PlatformNo: "D1", Answered: true}); err != nil {
					t.Fatal(err)
				}
				check("Douyin has accepted it", second)
				check("Douyin has accepted it, and another attempt was seen", first)
				finish(t, s, store.Refund, "R1", store.MoneySucceeded)
				check("it has ended", second)
			})
		})
	}
}

// same compares two readings of a row.
func same(a, b store.Instruction) bool {
	for _, p := range []struct{ a, b *time.Time }{{a.SendingAt, b.SendingAt}, {a.AnsweredAt, b.AnsweredAt}, {a.SentAt, b.SentAt}, {a.DueAt, b.DueAt}, {a.AlarmAt, b.AlarmAt}, {a.FinishedAt, b.FinishedAt}} {
		if (p.a == nil) != (p.b == nil) || p.a != nil && !p.a.Equal(*p.b) {
			return false
		}
	}
	return a.State == b.State && a.Attempts == b.Attempts && a.Turn == b.Turn && a.PlatformNo == b.PlatformNo && a.Kind == b.Kind && a.Message == b.Message &&
		a.Alarm == b.Alarm && a.Polls == b.Polls && a.UpdatedAt.Equal(b.UpdatedAt)
}

var t0later = t0.Add(time.Hour)

// Douyin tells a result of a refund that was never sent: that is for a person, and nothing ends by it. The bug: the callback of another app
// ended a refund as succeeded.
func TestAResultOfWhatNeverLeftEndsNothing(t *testing.T) {
	for _, status := range []string{"SUCCESS", "FAIL"} {
		t.Run(status, func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
				refund(t, s, "R1", 1230)
				a, err := s.AcceptCallback(t.Context(), store.Callback{Type: "refund", Number: "R1", Status: status, Amount: 1230, PlatformNo: "D1", At: t0.Add(time.Hour)})
				i := instruction(t, s, store.Refund, "R1")
				if err != nil || a.Ended != "" || a.Alarm != store.AlarmContradiction || i.State != store.MoneyNew || i.Alarm != store.AlarmContradiction || !i.DueAt.Equal(t0.Add(time.Hour)) {
					t.Fatalf("%+v, %v; %+v", a, err, i)
				}
				// It may have moved money, so nothing more is paid back.
				var exceeds *store.ExceedsPaidError
				if _, _, err := s.CreateRefund(t.Context(), newRefund("R2", 1)); !errors.As(err, &exceeds) {
					t.Errorf("another refund: %v", err)
				}
				// What was sent and has not left is not there either.
				sent := mustSend(t, s, i, t0)
				if _, err := s.Postpone(t.Context(), sent, store.Answer{At: t0, DueAt: &t0later, Answered: true, Nothing: true}); err != nil {
					t.Fatal(err)
				}
				other := store.Callback{Type: "refund", Number: "R1", Status: map[string]string{"SUCCESS": "FAIL", "FAIL": "SUCCESS"}[status], At: t0}
				if a, err = s.AcceptCallback(t.Context(), other); err != nil || a.Ended != "" || instruction(t, s, store.Refund, "R1").State != store.MoneyNew {
					t.Errorf("a result of what did not leave: %+v, %v", a, err)
				}
				i = instruction(t, s, store.Refund, "R1")
				// What was sent is heard.
				mustSend(t, s, i, t0)
				a, err = s.AcceptCallback(t.Context(), store.Callback{Type: "refund", Number: "R1", Status: status + " ", At: t0})
				if err != nil || a.Ended != "" {
					t.Errorf("a word that is none: %+v, %v", a, err)
				}
			})
		})
	}
}

func TestASecondSuccessOfAnotherAmountRaisesAnAlarm(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		sent := mustSend(t, s, refund(t, s, "R1", 700), t0)
		for _, c := range []struct {
			amount store.Fen
			alarm  string
		}{{700, ""}, {0, ""}, {700, ""}, {699, store.AlarmAmount}} {
			if _, err := s.Finished(t.Context(), sent, store.Result{State: store.MoneySucceeded, Said: true, Amount: c.amount, Answer: store.Answer{At: t0}}); err != nil {
				t.Fatal(err)
			}
			if i := instruction(t, s, store.Refund, "R1"); i.Alarm != c.alarm || i.State != store.MoneySucceeded || i.Amount != 700 {
				t.Errorf("Douyin said %s: %+v", c.amount, i)
			}
		}
	})
}
