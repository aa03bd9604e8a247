package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func sweep(t testing.TB, s *store.Store, q store.Scan) store.ScanPage {
	t.Helper()
	page, err := s.MarkUnsynced(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func dueIDs(t testing.TB, s *store.Store, now time.Time) []string {
	t.Helper()
	due, err := s.DueOrders(t.Context(), now, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range due {
		ids = append(ids, d.OrderID)
	}
	slices.Sort(ids)
	return ids
}

func TestTheSweepMarksWhatDouyinDoesNotKnow(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 7; id++ {
			addOrder(t, db, id, t0)
		}
		push := func(id, shopStatus string) {
			seq := begin(t, s, id, 0, t0)
			record(t, s, store.Push{OrderID: id, Seq: seq, At: t0, Outcome: store.Pushed, ShopStatus: shopStatus, Digest: "d"})
		}
		later := t0.Add(2 * time.Hour)
		push("1", "1") // in step
		push("2", "0") // the shop has another status by now
		record(t, s, store.Push{OrderID: "3", At: t0, Outcome: store.Retrying, ShopStatus: "0", DueAt: &later})
		record(t, s, store.Push{OrderID: "4", At: t0, Outcome: store.Refused, ShopStatus: "1"})
		begin(t, s, "5", 0, t0)                                    // in flight, due in 10 minutes
		exec(t, db, "UPDATE `order` SET status = 99 WHERE id = 6") // not Douyin's business
		// 7 was never asked for.
		page := sweep(t, s, store.Scan{Statuses: []string{"1"}, From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 100, DueAt: t0})
		if page.Read != 7 || page.Marked != 2 || !page.Done {
			t.Errorf("page %+v", page)
		}
		if got := dueIDs(t, s, t0); !slices.Equal(got, []string{"2", "7"}) {
			t.Errorf("due %v, want 2 and 7", got)
		}
		if st := state(t, s, "2"); st.Outcome != store.Pending || st.Digest != "d" || st.Seq != 1 {
			t.Errorf("marked row %+v", st)
		}
		if again := sweep(t, s, store.Scan{Statuses: []string{"1"}, From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 100, DueAt: t0}); again.Marked != 0 {
			t.Errorf("a second sweep marked %d", again.Marked)
		}
	})
}

func TestTheSweepSeesChangesByUpdatedAt(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.UpdatedAt = "updated_at"
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{Schema: schema})
		at := t0.Add(500 * time.Millisecond)
		for id, changed := range map[int]string{1: "2026-03-01 07:59:59", 2: "2026-03-01 08:00:00", 3: "2026-03-01 08:00:01"} {
			addOrder(t, db, id, t0.Add(-24*time.Hour))
			exec(t, db, "UPDATE `order` SET updated_at = ? WHERE id = ?", changed, id)
			record(t, s, store.Push{OrderID: strconv.Itoa(id), At: at, Outcome: store.Pushed, ShopStatus: "1"})
		}
		page := sweep(t, s, store.Scan{From: t0.Add(-time.Minute), To: t0.Add(time.Minute), Limit: 100, DueAt: t0})
		if got := dueIDs(t, s, t0); page.Read != 3 || !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("page %+v, due %v; want 2 (changed in the second of the record) and 3", page, got)
		}
		byCreation, err := s.ReadOrders(t.Context(), store.Scan{ByCreateTime: true, From: t0.Add(-25 * time.Hour), To: t0.Add(-23 * time.Hour), Limit: 100})
		if err != nil || !slices.Equal(byCreation.IDs, []string{"1", "2", "3"}) {
			t.Errorf("by create_time: %+v, %v", byCreation, err)
		}
	})
}

// Pages cover everything once, also where many orders share a second, and each reads at most its limit.
func TestPagesCoverEverythingOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		var want []string
		for i := range 50 {
			at := t0.Add(time.Duration(i/20) * time.Second)
			exec(t, db, "INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, status) VALUES (?, 1, 1, 1, '1', '1', ?, 1)", i+1, at.Unix())
			if i/20 < 2 {
				want = append(want, strconv.Itoa(i+1))
			}
		}
		for _, limit := range []int{1, 7, 20, 40, 100} {
			var got []string
			q := store.Scan{From: t0, To: t0.Add(time.Second), Limit: limit}
			for {
				page, err := s.ReadOrders(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if page.Read > limit {
					t.Fatalf("read %d with limit %d", page.Read, limit)
				}
				got = append(got, page.IDs...)
				if page.Done {
					break
				}
				q.After = page.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("limit %d: %v, want %v", limit, got, want)
			}
		}
	})
}

// A page must be read through the index: its cost must not grow with the table.
func TestAPageIsReadThroughTheIndex(t *testing.T) {
	onManyRows(t, 10_000, "`order`", "INSERT INTO `order` (uid, product_id, course_id, price, amount, create_time, status)",
		func(i int) string { return fmt.Sprintf("(1, 1, 1, 1, 1, %d, 1)", t0.Unix()+int64(i/3)) },
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			read := rowsRead(t, db, func() {
				page, err := s.ReadOrders(t.Context(), store.Scan{
					From: t0, To: t0.Add(time.Hour), Limit: 100, After: store.ScanKey{Time: t0.Add(2000 * time.Second), ID: "6001"},
				})
				if err != nil || page.Read != 100 {
					t.Fatalf("page %+v, %v", page, err)
				}
			}, "next")
			if read > 300 {
				t.Errorf("%d rows were touched to read a page of 100", read)
			}
		})
}

func TestAnOrderThatNoTaskCanNameIsRefusedUnlessItChangedMeanwhile(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for _, id := range []string{"a/b", "c d"} {
			record(t, s, store.Push{OrderID: id, At: t0, Outcome: store.Retrying, DueAt: &t0})
		}
		later := t0.Add(time.Minute)
		if err := s.RefuseDue(t.Context(), store.Due{OrderID: "a/b", DueAt: t0}, "incomplete", "has a slash", later); err != nil {
			t.Fatal(err)
		}
		if err := s.RefuseDue(t.Context(), store.Due{OrderID: "c d", DueAt: later}, "incomplete", "has a space", later); err != nil {
			t.Fatal(err)
		}
		if got := dueIDs(t, s, later); !slices.Equal(got, []string{"c d"}) {
			t.Errorf("due %v, want the one that is due at another time", got)
		}
		o, _, err := s.Order(t.Context(), "a/b")
		if err != nil || o.Outcome != store.Refused || o.Kind != "incomplete" || o.Message != "has a slash" || o.DueAt != nil {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

// The bug: each sweep took an order that no task can name for one that had changed, for ever.
func TestAnOrderThatNoTaskCanNameIsRefusedOnce(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.ID, schema.Columns.UpdatedAt = "sn", "updated_at"
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{Schema: schema})
		addOrder(t, db, 1, t0)
		exec(t, db, "UPDATE `order` SET sn = 'a/b', updated_at = ? WHERE id = 1", t0.Format(time.DateTime))
		later := t0.Add(time.Minute)
		scan := store.Scan{From: t0, To: later, Limit: 100, DueAt: later}
		for i, want := range []int{1, 0} {
			page, err := s.MarkUnsynced(t.Context(), scan)
			if err != nil || page.Marked != want {
				t.Errorf("sweep %d: %+v, %v; want %d marked", i, page, err, want)
			}
			due := store.Due{OrderID: "a/b", DueAt: later}
			if err := s.RefuseDue(t.Context(), due, "incomplete", "has a slash", later); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPostponeDueHeedsWhatChangedMeanwhile(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		early := t0.Add(123456789 * time.Nanosecond) // stored to the millisecond
		for _, id := range []string{"1", "2", "3"} {
			record(t, s, store.Push{OrderID: id, At: t0, Outcome: store.Retrying, DueAt: &early})
		}
		now := t0.Add(time.Minute)
		due, err := s.DueOrders(t.Context(), now, 2)
		if err != nil || len(due) != 2 || due[0].OrderID != "1" || due[1].OrderID != "2" {
			t.Fatalf("due %v, %v", due, err)
		}
		other := t0.Add(time.Second)
		record(t, s, store.Push{OrderID: "2", At: t0, Outcome: store.Retrying, DueAt: &other}) // a worker was faster
		if err := s.PostponeDue(t.Context(), due, t0.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := dueIDs(t, s, now); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("due %v, want 2 (changed meanwhile) and 3 (not handed over)", got)
		}
		u, err := s.CountUnsynced(t.Context(), now)
		if err != nil || u.Due != 2 || !u.Oldest.Equal(early.Truncate(time.Millisecond)) {
			t.Errorf("unsynced %+v, %v", u, err)
		}
		if u, err = s.CountUnsynced(t.Context(), t0.Add(-time.Hour)); err != nil || u.Due != 0 || !u.Oldest.IsZero() {
			t.Errorf("nothing due: %+v, %v", u, err)
		}
	})
}

func TestTheOutboxIsHandedOverRowByRow(t *testing.T) {
	onOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', 123, NULL)")
		exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('nonsense', 'x', '{\"a\":1}')")
		exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', '7', NULL)")
		down := errors.New("redis is down")
		var seen []store.OutboxRow
		n, err := s.RelayOutbox(t.Context(), 10, func(_ context.Context, rows []store.OutboxRow) []error {
			seen = rows
			return []error{nil, fmt.Errorf("wrapped: %w", &store.BadRow{Err: errors.New("kind nonsense is unknown")}), down}
		})
		if n != 3 || !errors.Is(err, down) {
			t.Fatalf("%d, %v", n, err)
		}
		if seen[0].Kind != "push" || seen[0].OrderID != "123" || seen[0].Payload != nil || string(seen[1].Payload) != `{"a":1}` || seen[0].CreatedAt.IsZero() {
			t.Errorf("rows %+v", seen)
		}
		n, err = s.RelayOutbox(t.Context(), 10, func(_ context.Context, rows []store.OutboxRow) []error {
			seen = rows
			return make([]error, len(rows))
		})
		if n != 1 || err != nil || seen[0].OrderID != "7" {
			t.Fatalf("second round: %d, %v, %+v", n, err, seen)
		}
		bad, err := s.BadOutboxRows(t.Context(), 10)
		if err != nil || len(bad) != 1 || bad[0].OrderID != "x" || bad[0].Reason != "kind nonsense is unknown" || string(bad[0].Payload) != `{"a":1}` {
			t.Errorf("bad rows %+v, %v", bad, err)
		}
		if left := count(t, db, "SELECT COUNT(*) FROM ordersync_outbox"); left != 0 {
			t.Errorf("%d rows left", left)
		}
	})
}

func TestRowsThatCannotBeTakenYetDoNotStandInTheWay(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		now := t0
		s := newStore(t, db, store.Config{Now: func() time.Time { return now }})
		for i := range 3 {
			exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id) VALUES ('refund', ?)", strconv.Itoa(i))
		}
		exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id) VALUES ('push', '9')")
		relay := func(answer error) (taken []string) {
			t.Helper()
			_, err := s.RelayOutbox(t.Context(), 3, func(_ context.Context, rows []store.OutboxRow) []error {
				answers := make([]error, len(rows))
				for i, r := range rows {
					taken = append(taken, r.OrderID)
					if r.Kind == "refund" {
						answers[i] = answer
					}
				}
				return answers
			})
			if err != nil {
				t.Fatal(err)
			}
			return taken
		}
		later := &store.LaterRow{Err: errors.New("the order is not there")}
		if got := relay(later); !slices.Equal(got, []string{"0", "1", "2"}) {
			t.Fatalf("first %v", got)
		}
		if got := relay(later); !slices.Equal(got, []string{"9"}) {
			t.Fatalf("then %v, want what stood behind", got)
		}
		now = now.Add(time.Minute)
		if got := relay(nil); !slices.Equal(got, []string{"0", "1", "2"}) {
			t.Fatalf("a minute later %v", got)
		}
	})
}

func TestTwoRelaysTakeEachRowOnce(t *testing.T) {
	onOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for i := range 200 {
			exec(t, db, "INSERT INTO ordersync_outbox (kind, order_id) VALUES ('push', ?)", strconv.Itoa(i))
		}
		var mu sync.Mutex
		taken := map[string]int{}
		var wg sync.WaitGroup
		for range relays {
			wg.Go(func() {
				for {
					n, err := s.RelayOutbox(t.Context(), 10, func(_ context.Context, rows []store.OutboxRow) []error {
						mu.Lock()
						defer mu.Unlock()
						for _, r := range rows {
							taken[r.OrderID]++
						}
						return make([]error, len(rows))
					})
					if err != nil {
						t.Error(err)
						return
					}
					if n == 0 {
						return
					}
				}
			})
		}
		wg.Wait()
		if len(taken) != 200 {
			t.Errorf("%d of 200 rows were handed over", len(taken))
		}
		for id, n := range taken {
			if n != 1 {
				t.Errorf("row of order %s was handed over %d times", id, n)
			}
		}
	})
}

func TestPurgeLogTakesOnlyWhatIsOld(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for i := range 10 {
			record(t, s, store.Push{OrderID: "1", At: t0.Add(time.Duration(i) * time.Hour), Outcome: store.Refused})
		}
		before := t0.Add(5 * time.Hour)
		for _, want := range []int64{3, 2, 0} {
			n, err := s.PurgeLog(t.Context(), before, 3)
			if err != nil || n != want {
				t.Fatalf("purged %d, %v; want %d", n, err, want)
			}
		}
		if left := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); left != 5 {
			t.Errorf("%d rows left, want 5", left)
		}
	})
}

// A time that cannot be read costs its own row a comparison, and no other one its page.
func TestAnUnreadableTimeStopsNoSweep(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		if db.Name() != "sqlite" {
			exec(t, db, "ALTER TABLE `order` MODIFY updated_at VARCHAR(40) NULL")
		}
		schema := store.DefaultSchema()
		schema.Columns.UpdatedAt = "updated_at"
		s := newStore(t, db, store.Config{Schema: schema})
		for id, updated := range []string{1: "2026-03-01 07:00:00", 2: "2026-03-01 07:00:01 soon", 3: "2026-03-01 07:00:02"} {
			if id > 0 {
				addOrder(t, db, id, t0.Add(-time.Hour))
				exec(t, db, "UPDATE `order` SET updated_at = ? WHERE id = ?", updated, id)
			}
		}
		for name, q := range map[string]store.Scan{
			"by update": {DueAt: t0, From: t0.Add(-2 * time.Hour), To: t0}, "by creation": {DueAt: t0, ByCreateTime: true},
		} {
			exec(t, db, "DELETE FROM ordersync_order")
			page, err := s.MarkUnsynced(t.Context(), q)
			if err != nil || page.Marked != 3 || page.Unreadable == 0 || page.Next.ID != "3" {
				t.Errorf("%s: %+v, %v", name, page, err)
			}
		}
	})
}
