package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func TestCountsOfNothingAreNothing(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		got, err := s.Counts(t.Context(), t0)
		want := store.Counts{Failed: map[store.Outcome]int64{store.Refused: 0, store.GaveUp: 0}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	})
}

func TestCountsTellWhatWaitsAndSinceWhen(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refund(t, s, "R1", 100) // makes the order due
		mustSend(t, s, refund(t, s, "R2", 200), t0)
		accept(t, s, store.Callback{Type: "refund", Number: "R2", Status: "SUCCESS", Amount: 150, Forward: true}) // ended, with an alarm
		accept(t, s, store.Callback{Type: "payment", Number: "77", Status: "SUCCESS", Amount: 1})                 // nobody's
		old, older := t0.Add(-time.Hour), t0.Add(-2*time.Hour)
		for i, q := range []string{
			"UPDATE ordersync_refund SET created_at = ? WHERE out_refund_no = 'R1'",
			"INSERT INTO ordersync_outbox (kind, order_id, created_at) VALUES ('push', '1', ?)",
			"INSERT INTO ordersync_outbox_bad (id, kind, order_id, reason, created_at) VALUES (1, 'push', '', 'x', ?)",
			"INSERT INTO ordersync_log (at, call_name, outcome) VALUES (?, 'order.push', 'pushed')",
		} {
			if err := db.Exec(q, text(old)).Error; err != nil {
				t.Fatalf("statement %d: %v", i+1, err)
			}
		}
		for i, outcome := range []store.Outcome{store.Refused, store.Refused, store.GaveUp} {
			if err := db.Exec("INSERT INTO ordersync_order (order_id, outcome, failed_at, due_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
				fmt.Sprint(100+i), outcome, text(old), text(older), text(old), text(old)).Error; err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Counts(t.Context(), t0)
		if err != nil {
			t.Fatal(err)
		}
		want := store.Counts{
			Unsynced: store.Unsynced{Due: 4, Oldest: older},
			Failed:   map[store.Outcome]int64{store.Refused: 2, store.GaveUp: 1},
			Open:     []store.OpenMoney{{Money: store.Refund, State: store.MoneyNew, Backlog: store.Backlog{Count: 1, Oldest: old}}},
			Alarms:   []store.AlarmCount{{Table: "refund", Alarm: store.AlarmAmount, Count: 1}, {Table: "payment", Alarm: store.AlarmUnknownOrder, Count: 1}},
			Outbox:   store.Backlog{Count: 1, Oldest: old}, OutboxBad: 1,
			Forwards: store.Backlog{Count: 1, Oldest: t0},
			LogRows:  1, LogOldest: old,
		}
		if fmt.Sprint(inUTC(got)) != fmt.Sprint(inUTC(want)) {
			t.Errorf("\n got %+v\nwant %+v", got, want)
		}
	})
}

func text(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000") }

func inUTC(c store.Counts) store.Counts {
	for i := range c.Open {
		c.Open[i].Oldest = c.Open[i].Oldest.UTC()
	}
	for _, at := range []*time.Time{&c.Unsynced.Oldest, &c.Outbox.Oldest, &c.Forwards.Oldest, &c.LogOldest} {
		*at = at.UTC()
	}
	return c
}
