package store_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func TestTheLastSuccessIsFoundBehindFailures(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		last := func(most int) store.LastCalls {
			c, err := s.LastCalls(t.Context(), most)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if c := last(10); c != (store.LastCalls{}) {
			t.Errorf("nothing was called: %+v", c)
		}
		record(t, s, store.Push{OrderID: "1", At: t0, Outcome: store.Pushed, HTTPStatus: 200})
		record(t, s, store.Push{OrderID: "2", At: t0.Add(time.Second), Outcome: store.Refused, Kind: "rejected", Code: 1, HTTPStatus: 200})
		record(t, s, store.Push{OrderID: "3", At: t0.Add(2 * time.Second), Outcome: store.Retrying, Kind: "unavailable"})
		record(t, s, store.Push{OrderID: "4", At: t0.Add(3 * time.Second), Outcome: store.Refused, Kind: "incomplete"})
		record(t, s, store.Push{OrderID: "5", At: t0.Add(3 * time.Second), Outcome: store.Kept})
		if c := last(10); c.Read != 3 || !c.Success.Equal(t0) || !c.Newest.Equal(t0.Add(2*time.Second)) || !c.Oldest.Equal(t0) {
			t.Errorf("%+v", c)
		}
		if c := last(4); c.Read != 2 || !c.Success.IsZero() || !c.Oldest.Equal(t0.Add(time.Second)) {
			t.Errorf("the newest four: %+v", c)
		}
		record(t, s, store.Push{OrderID: "5", At: t0.Add(4 * time.Second), Outcome: store.Kept, HTTPStatus: 200})
		if c := last(3); !c.Success.Equal(t0.Add(4 * time.Second)) {
			t.Errorf("a fulfilment was told: %+v", c)
		}
	})
}
