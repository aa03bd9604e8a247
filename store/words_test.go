package store_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// A status of the shop's, or words of Douyin's, may hold what a terminal obeys. Whoever shows a
// reason finds nothing of it in the tables.
func TestReasonsAreRecordedAsPlainText(t *testing.T) {
	const evil, plain = "no word for \"1\x1b[31mX\n\u2028\u202e\u009b\"", "no word for \"1 [31mX    \""
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		soon := t0.Add(time.Hour)
		record(t, s, store.Push{
			OrderID: "7", Seq: begin(t, s, "7", 0, t0), At: t0, Outcome: store.Refused, Kind: "incomplete", Message: evil,
		})
		begin(t, s, "8", 0, t0)
		if err := s.RefuseDue(t.Context(), store.Due{OrderID: "8", DueAt: *state(t, s, "8").DueAt}, "incomplete", evil, t0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Postpone(t.Context(), refund(t, s, "R1", 1), store.Answer{
			At: t0, Kind: "waiting", Message: evil, DueAt: &soon, Log: []store.LogRow{{At: t0, Call: "refund.create", Message: evil}},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Raw: []byte("{}"), At: t0, Kept: store.AlarmForeignApp, Note: evil, Forward: true}); err != nil {
			t.Fatal(err)
		}
		all, err := s.ClaimForwards(t.Context(), t0.Add(time.Minute), soon, 10)
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		if err := s.PostponeForward(t.Context(), all[0].ID, soon, evil); err != nil {
			t.Fatal(err)
		}
		toOutbox(t, db, 1, "refund", "1")
		if _, err := relay(t, s, func(store.OutboxRow) error { return &store.BadRow{Err: errors.New(evil)} }); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			"SELECT message FROM ordersync_order WHERE message <> ''":                    2,
			"SELECT message FROM ordersync_log WHERE message <> ''":                      2,
			"SELECT message FROM ordersync_refund WHERE message <> ''":                   1,
			"SELECT note FROM ordersync_callback WHERE note <> ''":                       1,
			"SELECT forward_message FROM ordersync_callback WHERE forward_message <> ''": 1,
			"SELECT reason FROM ordersync_outbox_bad":                                    1,
		} {
			var found []string
			if err := db.Raw(query).Scan(&found).Error; err != nil || len(found) != want {
				t.Errorf("%s: %q, %v; want %d", query, found, err, want)
			}
			for _, text := range found {
				if text != plain {
					t.Errorf("%s: %q, want %q", query, text, plain)
				}
			}
		}
	})
}
