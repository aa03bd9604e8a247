package store_test

import (
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// TestWhatWasGivenUpBecauseOfTheSurroundingsComesBackWithTheUpgrade: rows that the version before migration 9 wrote slept for an hour.
func TestWhatWasGivenUpBecauseOfTheSurroundingsComesBackWithTheUpgrade(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		downTo(t, db, 8)
		for id, row := range map[string][2]string{
			"1": {"gave_up", "throttled"}, "2": {"gave_up", "database"}, "3": {"gave_up", "not_found"}, "4": {"refused", "database"},
			"5": {"gave_up", "unauthorized"}, "6": {"retrying", "throttled"},
		} {
			var failed any
			if row[0] != "retrying" {
				failed = "2026-03-01 08:00:00.000"
			}
			exec(t, db, "INSERT INTO ordersync_order (order_id, outcome, kind, failed_at, due_at, created_at, updated_at) "+
				"VALUES (?, ?, ?, ?, '2026-03-01 09:02:00.000', '2026-03-01 08:00:00.000', '2026-03-01 08:00:00.000')", id, row[0], row[1], failed)
		}
		if applied, err := s.Migrate(t.Context()); err != nil || applied[0] != "0009_shop_updated.sql" {
			t.Fatalf("applied %v, %v", applied, err)
		}
		if got := dueIDs(t, s, t0.Add(time.Minute)); !slices.Equal(got, []string{"1", "2", "5"}) {
			t.Errorf("due at once: %v, want 1, 2 and 5", got)
		}
	})
}
