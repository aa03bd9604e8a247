package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// TestAChangeWhileAnOrderIsPushedIsSeen: a row that was mended between reading and recording stayed refused, and so did every change
// where MySQL's clock was behind the worker's.
func TestAChangeWhileAnOrderIsPushedIsSeen(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.UpdatedAt = "updated_at"
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{Schema: schema})
		all := store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 100, DueAt: t0}
		for id, outcome := range map[int]store.Outcome{1: store.Refused, 2: store.Pushed, 3: store.Refused, 4: store.Ignored} {
			addOrder(t, db, id, t0.Add(-24*time.Hour))
			exec(t, db, "UPDATE `order` SET updated_at = '2026-03-01 08:00:00' WHERE id = ?", id)
			read, err := s.LoadOrder(t.Context(), strconv.Itoa(id))
			if err != nil || read.Order.Updated == "" {
				t.Fatalf("updated_at as it was read: %q, %v", read.Order.Updated, err)
			}
			if id != 3 { // the shop mends it, by a clock that is far behind ours
				exec(t, db, "UPDATE `order` SET updated_at = '2026-03-01 08:00:01' WHERE id = ?", id)
			}
			p := store.Push{
				OrderID: strconv.Itoa(id), At: t0.Add(10 * time.Minute), Outcome: outcome, ShopStatus: "1", ShopUpdated: read.Order.Updated,
			}
			if outcome == store.Pushed {
				begun := store.Begin{OrderID: p.OrderID, At: t0, DueAt: t0, StaleAfter: time.Minute}
				if p.Seq, err = s.BeginPush(t.Context(), begun); err != nil {
					t.Fatal(err)
				}
			}
			record(t, s, p)
			if st := state(t, s, p.OrderID); st.ShopUpdated != p.ShopUpdated {
				t.Errorf("%s: the record says %q, want %q", outcome, st.ShopUpdated, p.ShopUpdated)
			}
		}
		sweep(t, s, all)
		if got := dueIDs(t, s, t0); !slices.Equal(got, []string{"1", "2", "4"}) {
			t.Errorf("due %v, want all but 3, which is as it was read", got)
		}
	})
}
