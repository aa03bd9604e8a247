package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func TestRequestRetry(t *testing.T) {
	code := 2010
	later := t0.Add(time.Hour)
	for _, c := range []struct {
		name   string
		filter store.RetryFilter
		want   []string
	}{
		{"everything that failed", store.RetryFilter{}, []string{"gave_up", "refused"}},
		{"one code", store.RetryFilter{Code: &code}, []string{"refused"}},
		{"one kind", store.RetryFilter{Kind: "unavailable"}, []string{"gave_up"}},
		{"one order, whatever its outcome", store.RetryFilter{OrderID: "pushed"}, []string{"pushed"}},
		{"one order that is due already", store.RetryFilter{OrderID: "due"}, nil},
		{"since", store.RetryFilter{Since: t0.Add(2 * time.Second)}, nil},
		{"since, included", store.RetryFilter{Since: t0.Add(time.Second)}, []string{"refused"}},
		{"until, included", store.RetryFilter{Until: t0}, []string{"gave_up"}},
		{"from the oldest on", store.RetryFilter{Limit: 2}, []string{"gave_up"}},
		{"behind a page", store.RetryFilter{After: store.FailureKey{FailedAt: t0, OrderID: "gave_up"}}, []string{"refused"}},
		{"behind the last", store.RetryFilter{After: store.FailureKey{FailedAt: t0.Add(time.Second), OrderID: "refused"}}, nil},
		{"an order that nobody knows", store.RetryFilter{OrderID: "x"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
				before := t0.Add(-time.Second)
				record(t, s, store.Push{OrderID: "due", At: t0, Outcome: store.GaveUp, Code: 2010, Kind: "unavailable", DueAt: &before})
				record(t, s, store.Push{OrderID: "gave_up", At: t0, Outcome: store.GaveUp, Kind: "unavailable", DueAt: &later})
				record(t, s, store.Push{OrderID: "refused", At: t0.Add(time.Second), Outcome: store.Refused, Code: 2010, Kind: "rejected"})
				record(t, s, store.Push{OrderID: "pushed", At: t0, Outcome: store.Pushed})
				got, err := s.RequestRetry(t.Context(), c.filter)
				if err != nil || !slices.Equal(got.Due, c.want) || got.Done != (c.filter.Limit == 0) {
					t.Fatalf("got %+v, %v; want %v", got, err, c.want)
				}
				if due, want := dueIDs(t, s, t0), append([]string{"due"}, c.want...); !slices.Equal(due, want) {
					t.Errorf("due %v, want %v", due, want)
				}
			})
		})
	}
}

// Pages meet each failure once, those of one millisecond too, whatever fails again meanwhile.
func TestRetryPagesMeetEachFailureOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for i := range 7 {
			fail(t, s, fmt.Sprint("a", i), "rejected", 1, t0.Add(time.Duration(i/3)*time.Millisecond), store.Refused, nil)
		}
		var got []string
		f := store.RetryFilter{Limit: 2, Until: t0.Add(time.Minute)}
		for {
			page, err := s.RequestRetry(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Due...)
			for _, id := range page.Due {
				fail(t, s, id, "rejected", 1, t0.Add(time.Hour), store.Refused, nil) // at once
			}
			if page.Done {
				break
			}
			f.After = page.Next
		}
		if want := []string{"a0", "a1", "a2", "a3", "a4", "a5", "a6"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// The bug: without an order id the server could walk the whole table along its key until it had found enough that failed.
func TestARetryReadsFailuresOnly(t *testing.T) {
	onManyRows(t, 100_000, "ordersync_order",
		"INSERT INTO ordersync_order (order_id, outcome, kind, code, failed_at, created_at, updated_at)",
		func(i int) string {
			at := t0.Add(time.Duration(i) * time.Second).Format("2006-01-02 15:04:05")
			outcome, failed := "pushed", "NULL"
			if i >= 70_000 { // so many that the server expects to meet some soon, and the last ones by the table's key
				outcome, failed = "refused", "'"+at+"'"
			}
			return fmt.Sprintf("('o%06d', '%s', 'rejected', %d, %s, '%s', '%s')", i, outcome, i%7, failed, at, at)
		},
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			f := store.RetryFilter{Kind: "rejected"}
			for n := range 3 {
				read := rowsRead(t, db, func() {
					page, err := s.RequestRetry(t.Context(), f)
					if err != nil || len(page.Due) != 1000 || page.Done {
						t.Fatalf("page %d: %d orders, done %v, %v", n, len(page.Due), page.Done, err)
					}
					f.After = page.Next
				}, "next", "rnd_next")
				if read > 2500 {
					t.Errorf("page %d: %d rows were read one after the other", n, read)
				}
			}
		})
}
