package store_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func TestCallsAreCountedBySteps(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		since := t0.Add(-time.Hour)
		for _, at := range []time.Duration{-time.Millisecond, 0, 29*time.Minute + 59*time.Second, 30 * time.Minute, 59 * time.Minute} {
			record(t, s, store.Push{OrderID: "1", At: since.Add(at), Outcome: store.Pushed})
		}
		record(t, s, store.Push{OrderID: "1", At: since.Add(time.Minute), Outcome: store.Refused, Kind: "rejected", Duration: 3 * time.Second})
		record(t, s, store.Push{OrderID: "1", At: since.Add(time.Minute), Outcome: store.Pushed, Cause: "paid", Duration: time.Second, SinceAsked: 4 * time.Second})
		record(t, s, store.Push{OrderID: "1", At: since.Add(time.Minute), Outcome: store.Pushed, Cause: "paid", Duration: time.Second}) // by an older process
		exec(t, db, "INSERT INTO ordersync_log (at, call_name, outcome) VALUES (?, 'refund.create', 'submitted')", stamp(db, since))
		got, from, err := s.Calls(t.Context(), since, 30*time.Minute)
		want := []store.CallCount{
			{Step: 0, Call: "order.push", Outcome: store.Pushed, Count: 2},
			{Step: 0, Call: "order.push", Outcome: store.Pushed, Cause: "paid", Count: 2, Took: 2 * time.Second, Asked: 1, SinceAskedMicros: 4_000_000},
			{Step: 0, Call: "order.push", Outcome: store.Refused, Kind: "rejected", Count: 1, Took: 3 * time.Second},
			{Step: 0, Call: "refund.create", Outcome: "submitted", Count: 1}, {Step: 1, Call: "order.push", Outcome: store.Pushed, Count: 2},
		}
		if err != nil || !slices.Equal(got, want) || !from.Equal(since) {
			t.Errorf("got %+v from %v, %v; want %+v", got, from, err, want)
		}
	})
}

// The bug: the sum of long waits ran over, and a wait of 57 years, which no task can have, was
// counted.
func TestCallsSumUpLongWaits(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		const many = 2_000
		var args []any
		add := func(order string, micros int64) { args = append(args, stamp(db, t0), order, micros) }
		for _, micros := range []int64{1794238995097018, math.MaxInt64, math.MaxInt64, -1} {
			add("poison", micros)
		}
		for range many {
			add("o", store.MaxSinceAsked.Microseconds())
		}
		exec(t, db, "INSERT INTO ordersync_log (at, call_name, outcome, order_id, since_asked_us) VALUES (?, 'order.push', 'pushed', ?, ?)"+
			strings.Repeat(", (?, 'order.push', 'pushed', ?, ?)", len(args)/3-1), args...)
		got, _, err := s.Calls(t.Context(), t0, time.Hour)
		want := []store.CallCount{{Call: "order.push", Outcome: store.Pushed, Count: many + 4, Asked: many, SinceAskedMicros: many * store.MaxSinceAsked.Microseconds()}}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		record(t, s, store.Push{OrderID: "poison", At: t0, Outcome: store.Pushed, SinceAsked: store.MaxSinceAsked + time.Microsecond})
		log, err := s.Log(t.Context(), "poison", 10)
		if err != nil || len(log) != 5 {
			t.Fatalf("%+v, %v", log, err)
		}
		for _, r := range log {
			if r.SinceAsked != 0 {
				t.Errorf("row %d: %v after it was asked for", r.ID, r.SinceAsked)
			}
		}
	})
}

func TestCallsOfAnEmptyLog(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		if got, from, err := s.Calls(t.Context(), t0, time.Minute); len(got) != 0 || !from.Equal(t0) || err != nil {
			t.Errorf("%+v, %v, %v", got, from, err)
		}
	})
}

// A long day is not read in full, and the answer says from when on it is complete.
func TestCallsReadTheWindowOnly(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		exec(t, db, "INSERT INTO ordersync_log (id, at, call_name, outcome) VALUES (5, ?, 'order.push', 'pushed')", stamp(db, t0))
		exec(t, db, "INSERT INTO ordersync_log (id, at, call_name, outcome) VALUES (?, ?, 'order.push', 'pushed')", store.CallWindow+5, stamp(db, t0.Add(time.Minute)))
		got, from, err := s.Calls(t.Context(), t0.Add(-time.Hour), time.Hour)
		if want := []store.CallCount{{Step: 1, Call: "order.push", Outcome: store.Pushed, Count: 1}}; err != nil || !slices.Equal(got, want) || !from.Equal(t0) {
			t.Errorf("%+v from %v, %v", got, from, err)
		}
	})
}

// stamp is a time as the back end writes it.
func stamp(db *gorm.DB, at time.Time) any {
	if db.Name() == "sqlite" {
		return at.UTC().Format("2006-01-02 15:04:05.000")
	}
	return at
}

func TestDueOrdersAreCountedBySteps(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for i, due := range []time.Duration{-time.Hour, -time.Minute, 0, time.Minute, time.Hour} {
			at := t0.Add(due)
			record(t, s, store.Push{OrderID: fmt.Sprint(i), At: t0, Outcome: store.Retrying, DueAt: &at})
		}
		got, err := s.DueBetween(t.Context(), t0.Add(-time.Hour), t0.Add(time.Hour), time.Hour)
		if want := []store.DueCount{{0, 2}, {1, 2}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	})
}

func TestCallbacksOfAnOrder(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		refund(t, s, "R1", 100)
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, Forward: true, Raw: []byte("secret")})
		for range 3 {
			accept(t, s, store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 100})
		}
		accept(t, s, store.Callback{Type: "refund", Number: "R1", Status: "FAIL", Amount: 100})
		for _, other := range []string{"10", "R10", "1:0", "R1:0"} { // begin alike, and are others
			accept(t, s, store.Callback{Type: "payment", Number: other, Status: "SUCCESS"})
			accept(t, s, store.Callback{Type: "refund", Number: other, Status: "SUCCESS"})
		}
		got, err := s.Callbacks(t.Context(), "1", []string{"R1"}, []string{"S1", ""}, 10)
		if err != nil || len(got) != 3 {
			t.Fatalf("%+v, %v", got, err)
		}
		if c := got[0]; c.Type != "payment" || c.Number != "1" || c.ForwardDueAt == nil || !c.ReceivedAt.Equal(t0) {
			t.Errorf("payment %+v", c)
		}
		if c := got[1]; c.Number != "R1" || c.Status != "SUCCESS" || c.Received != 3 || c.ForwardDueAt != nil {
			t.Errorf("refund %+v", c)
		}
		if c := got[2]; c.Alarm != store.AlarmContradiction {
			t.Errorf("contradiction %+v", c)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), "secret") {
			t.Error("the body of a callback was read")
		}
		if got, err = s.Callbacks(t.Context(), "", nil, nil, 10); err != nil || got != nil {
			t.Errorf("no numbers: %+v, %v", got, err)
		}
	})
}
