package store_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// A signed callback of another app ended a refund of ours that had never been sent.
func TestAKeptCallbackDoesNothingAndIsShown(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refund(t, s, "R1", 1000)
		before := state(t, s, "1")
		for _, c := range []store.Callback{
			{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 1000, PlatformNo: "D1", Kept: store.AlarmForeignApp, Note: "tt-other"},
			{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, Kept: store.AlarmForeignApp, Note: "tt-other"},
			{Type: "settle", Number: "S1", Status: "SUCCESS", Kept: store.AlarmForeignApp, Note: "tt-other"},
			{Type: "payment", Kept: store.AlarmNotUnderstood, Note: "total_amount", Key: "unread:1"},
			{Type: "brand_new", Kept: store.AlarmUnknownType, Note: "brand_new", Key: "unread:2", Forward: true},
		} {
			if got := accept(t, s, c); got != (store.Accepted{Fresh: true, Alarm: c.Kept}) {
				t.Errorf("%+v: %+v", c, got)
			}
			if got := accept(t, s, c); got != (store.Accepted{Alarm: c.Kept}) {
				t.Errorf("again: %+v: %+v", c, got)
			}
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneyNew || i.PlatformNo != "" || i.Alarm != "" {
			t.Errorf("the refund moved: %+v", i)
		}
		if _, found, err := s.Payment(t.Context(), "1"); found || err != nil {
			t.Errorf("a payment was recorded, %v", err)
		}
		if got := state(t, s, "1"); (got.DueAt == nil) != (before.DueAt == nil) {
			t.Errorf("the order became due: %+v", got)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_callback"); n != 5 {
			t.Errorf("%d callbacks are kept, want 5", n)
		}
		if due, err := s.ClaimForwards(t.Context(), t0, t0.Add(time.Minute), 10); err != nil || len(due) != 1 || due[0].Type != "brand_new" {
			t.Errorf("to forward: %+v, %v", due, err)
		}

		// Ours comes later, and counts.
		mustSend(t, s, instruction(t, s, store.Refund, "R1"), t0)
		ours := store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 1000, PlatformNo: "D2"}
		if got := accept(t, s, ours); !got.Fresh || got.Ended != store.MoneySucceeded {
			t.Errorf("ours: %+v", got)
		}

		open, err := s.CallbackAlarms(t.Context(), 10)
		if err != nil || len(open) != 5 || open[4].Number != "R1" || open[4].Note != "tt-other" || open[4].Alarm != store.AlarmForeignApp {
			t.Fatalf("open: %+v, %v", open, err)
		}
		at := t0
		seen := store.SeenAlarm{Table: store.CallbackAlarm, Number: open[4].ID, Alarm: open[4].Alarm, Ack: store.Ack{At: &at, By: "omar"}}
		if err := s.Acknowledge(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
		if err := s.Acknowledge(t.Context(), seen); !errors.Is(err, store.ErrNoAlarm) {
			t.Errorf("twice: %v", err)
		}
		counts, err := s.Counts(t.Context(), t0)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, a := range counts.Alarms {
			if a.Table == "callback" {
				got[a.Alarm] = a.Count
			}
		}
		if len(got) != 3 || got[store.AlarmForeignApp] != 2 || got[store.AlarmUnknownType] != 1 || got[store.AlarmNotUnderstood] != 1 {
			t.Errorf("counted %v", got)
		}
		if all, err := s.AcknowledgedAlarms(t.Context(), 10); err != nil || len(all) != 1 || all[0].Table != store.CallbackAlarm || all[0].Ack.By != "omar" {
			t.Errorf("acknowledged: %+v, %v", all, err)
		}
	})
}

// A second success with another amount was taken for a redelivery.
func TestASecondSuccessWithAnotherAmountIsAnAlarm(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		pay := store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, Key: "payment:1:SUCCESS"}
		if got := accept(t, s, pay); got.Alarm != "" {
			t.Fatalf("first: %+v", got)
		}
		pay.Amount = 900
		if got := accept(t, s, pay); !got.Fresh || got.Alarm != store.AlarmAmount {
			t.Errorf("second: %+v", got)
		}
		at := t0
		if err := s.Acknowledge(t.Context(), store.SeenAlarm{Table: store.PaymentAlarm, Number: "1", Alarm: store.AlarmAmount, Ack: store.Ack{At: &at, By: "omar"}}); err != nil {
			t.Errorf("the payment has no alarm: %v", err)
		}
		if got := accept(t, s, pay); got.Fresh { // delivered again: it was seen
			t.Errorf("again: %+v", got)
		}
		p, _, err := s.Payment(t.Context(), "1")
		if err != nil || p.Total != 1230 || p.Ack.By != "omar" || p.Message != "Douyin named 9.00 yuan after 12.30" {
			t.Errorf("%+v, %v", p, err)
		}

		mustSend(t, s, refund(t, s, "R1", 500), t0)
		back := store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 500}
		if got := accept(t, s, back); got.Ended != store.MoneySucceeded || got.Alarm != "" {
			t.Fatalf("refund: %+v", got)
		}
		back.Amount = 700
		if got := accept(t, s, back); !got.Fresh || got.Alarm != store.AlarmAmount {
			t.Errorf("refund, second: %+v", got)
		}
	})
}

// Callbacks without a number had one key for all of a type: the second withdrawal was taken for the first.
func TestCallbacksWithoutANumberAreToldApart(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for _, key := range []string{"withdraw:a", "withdraw:b"} {
			if got := accept(t, s, store.Callback{Type: "withdraw", Key: key}); !got.Fresh {
				t.Errorf("%s: %+v", key, got)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_callback"); n != 2 {
			t.Errorf("%d are stored", n)
		}
	})
}

// A text that fits no column kept a callback from being stored at every delivery.
func TestAKeptCallbackIsClippedToItsColumns(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		long := strings.Repeat("长", 400)
		c := store.Callback{Type: long, Number: long, Status: long, PlatformNo: long, Way: long, Message: long, Key: long, Kept: store.AlarmNotUnderstood, Note: long, Forward: true}
		if got := accept(t, s, c); got != (store.Accepted{Fresh: true, Alarm: c.Kept}) {
			t.Errorf("%+v", got)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_callback WHERE LENGTH(number) <= 64 AND LENGTH(type) <= 32 AND LENGTH(status) <= 32 AND LENGTH(note) <= 512 AND LENGTH(dedup_key) <= 191"); n != 1 {
			t.Error("a text is longer than its column")
		}
		if got := accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, PlatformNo: long, Way: long}); !got.Fresh || got.OrderID != "1" {
			t.Errorf("a payment: %+v", got)
		}
		if p, _, err := s.Payment(t.Context(), "1"); err != nil || len(p.DouyinOrderID) > 64 || len(p.Way) > 16 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// An alarm that nobody has acknowledged keeps its place, any other one gives way to undelivered.
func TestACallbackThatIsGivenUpIsOpenAgain(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		at := t0
		for i, c := range []struct {
			kept, want, note string
			seen             bool // somebody has acknowledged what was there
		}{
			{"", store.AlarmUndelivered, "HTTP 502", false},
			{store.AlarmUnknownType, store.AlarmUnknownType, "brand_new", false},
			{store.AlarmUnknownType, store.AlarmUndelivered, "HTTP 502", true},
		} {
			number := strconv.Itoa(i)
			callback := store.Callback{Type: "other", Number: number, Kept: c.kept, Forward: true}
			if c.kept != "" {
				callback.Note = "brand_new"
			}
			accept(t, s, callback)
			due, err := s.ClaimForwards(t.Context(), t0, t0.Add(time.Minute), 10)
			if err != nil || len(due) != 1 {
				t.Fatalf("%d: %+v, %v", i, due, err)
			}
			id := strconv.FormatInt(due[0].ID, 10)
			seen := store.SeenAlarm{Table: store.CallbackAlarm, Number: id, Alarm: c.kept, Ack: store.Ack{At: &at, By: "omar", Note: "x"}}
			if c.seen {
				if err := s.Acknowledge(t.Context(), seen); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.GiveUpForward(t.Context(), due[0].ID, "HTTP 502"); err != nil {
				t.Fatal(err)
			}
			open, err := s.CallbackAlarms(t.Context(), 10)
			if err != nil || len(open) != 1 || open[0].Alarm != c.want || open[0].Note != c.note {
				t.Fatalf("%d: %+v, %v", i, open, err)
			}
			counts, err := s.Counts(t.Context(), t0)
			if want := (store.AlarmCount{Table: "callback", Alarm: c.want, Count: 1}); err != nil || !slices.Contains(counts.Alarms, want) {
				t.Errorf("%d: counted %+v, %v", i, counts.Alarms, err)
			}
			if due, err := s.ClaimForwards(t.Context(), t0.Add(time.Hour), t0.Add(time.Hour), 10); err != nil || len(due) > 0 {
				t.Errorf("%d: still due: %+v, %v", i, due, err)
			}
			if seen.Alarm = c.want; s.Acknowledge(t.Context(), seen) != nil {
				t.Errorf("%d: it cannot be acknowledged", i)
			}
		}
	})
}
