package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func newestIDs(n store.Newest) (ids []string) {
	for _, o := range n.Orders {
		ids = append(ids, o.ID)
	}
	return ids
}

// However far apart orders lie, the newest come first, and the future, which a wrong loc shows, is newest of all.
func TestTheNewestOrdersComeFirst(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id, age := range map[int]time.Duration{
			1: 3 * 365 * 24 * time.Hour, 2: 90 * time.Minute, 3: time.Minute, 4: -8 * time.Hour, 5: 40 * 24 * time.Hour, 6: 20 * 365 * 24 * time.Hour,
		} {
			addOrder(t, db, id, t0.Add(-age))
		}
		all, err := s.NewestOrders(t.Context(), time.Time{}, 100)
		if err != nil || !all.Whole || all.Read != 6 || !slices.Equal(newestIDs(all), []string{"4", "3", "2", "5", "1", "6"}) {
			t.Errorf("all: %+v, %v", all, err)
		}
		if first := all.Orders[1]; !first.CreatedAt.Equal(t0.Add(-time.Minute)) || first.Status != "1" {
			t.Errorf("order 3 is seen as %+v", first)
		}
		some, err := s.NewestOrders(t.Context(), time.Time{}, 3)
		if err != nil || some.Whole || !slices.Equal(newestIDs(some), []string{"4", "3", "2"}) {
			t.Errorf("three: %+v, %v", some, err)
		}
		since, err := s.NewestOrders(t.Context(), t0.Add(-41*24*time.Hour), 100)
		if err != nil || !since.Whole || !slices.Equal(newestIDs(since), []string{"4", "3", "2", "5"}) {
			t.Errorf("of 41 days: %+v, %v", since, err)
		}
	})
}

// 50 orders with a status that has no word were nowhere.
func TestStatusesWithoutAWordAreCounted(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Filter = map[string]store.Values{"uid": {Texts: []string{"1"}}}
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{Schema: schema})
		for id := 1; id <= 40; id++ {
			addOrder(t, db, id, t0.Add(-time.Duration(id)*time.Hour))
		}
		exec(t, db, "UPDATE `order` SET uid = 1")
		exec(t, db, "UPDATE `order` SET status = 7 WHERE id > 20")
		exec(t, db, "UPDATE `order` SET status = 8 WHERE id = 3")
		exec(t, db, "UPDATE `order` SET uid = 2 WHERE id IN (21, 22)") // another channel's
		got, err := s.UnwordedStatuses(t.Context(), []string{"0", "1"}, time.Time{}, 1000)
		if err != nil || !got.Whole || got.Read != 40 || !maps.Equal(got.Unworded, map[string]int64{"7": 18, "8": 1}) ||
			!maps.Equal(got.Worded, map[string]int64{"1": 19}) {
			t.Errorf("all: %+v, %v", got, err)
		}
		got, err = s.UnwordedStatuses(t.Context(), []string{"0", "1"}, time.Time{}, 25)
		if err != nil || got.Whole || got.Unworded["7"] != 3 {
			t.Errorf("the newest 25: %+v, %v; want 3 of status 7, and that there are others", got, err)
		}
		got, err = s.UnwordedStatuses(t.Context(), []string{"0", "1"}, t0.Add(-30*time.Hour), 1000)
		if err != nil || !got.Whole || got.Unworded["7"] != 8 {
			t.Errorf("of 30 hours: %+v, %v; want 8 of status 7", got, err)
		}
		if got, err := s.UnwordedStatuses(t.Context(), nil, time.Time{}, 1000); err != nil || got.Read != 0 || !got.Whole {
			t.Errorf("no status column: %+v, %v", got, err)
		}
	})
}

// The times of a shop that SELECTs describe are compared with the clock, too: its newest order stands for them.
func TestTheNewestOrderOfASELECTIsComparedWithTheClock(t *testing.T) {
	onMariaDB(t, selects(), func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0.Add(-time.Minute))
		if got := s.CheckTimes(t.Context()); len(got) != 1 || !got[0].OK {
			t.Errorf("an order of a minute ago: %+v", got)
		}
		addOrder(t, db, 2, t0.Add(8*time.Hour))
		if got := s.CheckTimes(t.Context()); len(got) != 1 || got[0].OK || !got[0].Minor {
			t.Errorf("an order of eight hours ahead: %+v", got)
		}
	})
}
