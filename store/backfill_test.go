package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func openBackfill(t testing.TB, s *store.Store, from, to time.Time, again bool) store.Backfill {
	t.Helper()
	b, err := s.OpenBackfill(t.Context(), from, to, again)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func markBackfill(t testing.TB, s *store.Store, b store.Backfill, q store.BackfillQuery) store.BackfillPage {
	t.Helper()
	page, err := s.MarkBackfill(t.Context(), b, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func move(t testing.TB, s *store.Store, b store.Backfill, page store.BackfillPage) store.Backfill {
	t.Helper()
	next, err := s.MoveBackfill(t.Context(), b, page)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestABackfillAsksForWhatDouyinDoesNotHoldAndNobodyIsAt(t *testing.T) {
	later := t0.Add(14 * time.Minute)
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 9; id++ {
			addOrder(t, db, id, t0)
		}
		push := func(id string, p store.Push) {
			p.OrderID, p.Seq, p.At = id, begin(t, s, id, 0, t0), t0
			record(t, s, p)
		}
		push("1", store.Push{Outcome: store.Pushed, ShopStatus: "1", Digest: "d"})     // held
		push("2", store.Push{Outcome: store.Pushed, ShopStatus: "0", Digest: "d"})     // changed since
		push("3", store.Push{Outcome: store.Refused, ShopStatus: "1"})                 // may have been mended
		push("4", store.Push{Outcome: store.Retrying, ShopStatus: "1", DueAt: &later}) // its task comes back
		begin(t, s, "5", 0, t0)                                                        // in flight
		exec(t, db, "UPDATE `order` SET status = 99 WHERE id = 6")                     // has no word
		q := store.BackfillQuery{Statuses: []string{"1"}, Limit: 100, DueAt: later}
		killed := markBackfill(t, s, openBackfill(t, s, t0, t0.Add(time.Second), false), q) // and it came no further
		if want := []string{"2", "3", "7", "8", "9"}; !slices.Equal(killed.Ask, want) {
			t.Errorf("asks for %v, want %v", killed.Ask, want)
		}
		// Meanwhile somebody has pushed 9.
		record(t, s, store.Push{OrderID: "9", Seq: begin(t, s, "9", 0, t0), At: t0, Outcome: store.Pushed, ShopStatus: "1", Digest: "d"})

		b := openBackfill(t, s, t0, t0.Add(time.Second), false)
		page := markBackfill(t, s, b, q)
		if want := []string{"2", "3", "7", "8"}; !slices.Equal(page.Ask, want) {
			t.Errorf("asks for %v, want %v", page.Ask, want)
		}
		if want := (store.BackfillTally{Found: 9, Enqueued: 4, Held: 2, UnderWay: 2, LeftOut: 1}); page.Tally != want || !page.Done {
			t.Errorf("tally %+v, done %v; want %+v", page.Tally, page.Done, want)
		}
		// Whoever looks after Redis came back empty finds them in MySQL.
		if got := dueIDs(t, s, later); !slices.Equal(got, []string{"2", "3", "4", "5", "7", "8"}) {
			t.Errorf("due %v", got)
		}
		if st := state(t, s, "3"); st.Outcome != store.Pending || st.DueAt == nil || !st.DueAt.Equal(later) {
			t.Errorf("the refused order is %s, due %v", st.Outcome, st.DueAt)
		}
	})
}

// From is included and To is not, to the finest time that a column holds.
func TestABackfillKeepsToItsRange(t *testing.T) {
	first, last := t0, t0.Add(10*time.Second)
	for _, c := range []struct {
		name   string
		column string
		schema func(*store.Schema)
		value  func(time.Time) any
	}{
		{"unix", "INT", func(*store.Schema) {}, func(t time.Time) any { return t.Unix() }},
		{"datetime", "DATETIME", func(s *store.Schema) { s.Time = store.Datetime }, func(t time.Time) any { return t.Format(time.DateTime) }},
		{"the shop has updated_at too", "INT", func(s *store.Schema) { s.Columns.UpdatedAt = "updated_at" }, func(t time.Time) any { return t.Unix() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
				servertest.CreateShop(t, db)
				schema := store.DefaultSchema()
				schema.Columns.CreateTime = "made_at"
				c.schema(&schema)
				exec(t, db, "ALTER TABLE `order` ADD COLUMN made_at "+c.column+" NULL")
				s := newStore(t, db, store.Config{Schema: schema})
				for i, at := range []time.Time{first.Add(-time.Second), first, last.Add(-time.Second), last, last.Add(time.Second)} {
					addOrder(t, db, i+1, t0)
					exec(t, db, "UPDATE `order` SET made_at = ?, updated_at = '2026-05-05 00:00:00' WHERE id = ?", c.value(at), i+1)
				}
				addOrder(t, db, 6, t0) // has no time
				b := openBackfill(t, s, first, last, false)
				page := markBackfill(t, s, b, store.BackfillQuery{Limit: 100, DueAt: t0})
				if !slices.Equal(page.Ask, []string{"2", "3"}) {
					t.Errorf("asks for %v, want 2 (at from) and 3 (a second before to)", page.Ask)
				}
				if left, exact, err := s.CountBackfill(t.Context(), b); left != 2 || !exact || err != nil {
					t.Errorf("%d are left (exact: %v), %v; want exactly 2", left, exact, err)
				}
				if b = move(t, s, b, markBackfill(t, s, b, store.BackfillQuery{Limit: 1, DueAt: t0})); b.Place.ID != "2" {
					t.Errorf("after a page of one the place is %+v", b.Place)
				}
				if left, _, err := s.CountBackfill(t.Context(), b); left != 1 || err != nil {
					t.Errorf("behind the place %d are left, %v; want 1", left, err)
				}
			})
		})
	}
}

func TestABackfillGoesOnWhereItStopped(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 5; id++ {
			addOrder(t, db, id, t0.Add(time.Duration(id/2)*time.Second)) // 0, 1, 1, 2, 2
		}
		shanghai := time.FixedZone("", 8*60*60)
		from, to := t0.In(shanghai), t0.Add(time.Hour).In(shanghai)
		q := store.BackfillQuery{Limit: 2, DueAt: t0}
		b := openBackfill(t, s, from, to, false)
		if b.Run != 1 || b.Revision() != "backfill-20260301T080000Z-20260301T090000Z-1" || b.Place != (store.ScanKey{}) {
			t.Errorf("a new backfill: %+v, revision %s", b, b.Revision())
		}
		move(t, s, b, markBackfill(t, s, b, q))

		b = openBackfill(t, s, t0, t0.Add(time.Hour), false) // by another process, that says the same range in another zone
		if b.Place.ID != "2" || !b.Place.Time.Equal(t0.Add(time.Second)) || b.Tally != (store.BackfillTally{Found: 2, Enqueued: 2}) {
			t.Fatalf("opened again: %+v", b)
		}
		if page := markBackfill(t, s, b, q); !slices.Equal(page.Ask, []string{"3", "4"}) || page.Done {
			t.Errorf("the second page: %+v", page)
		}
		move(t, s, b, markBackfill(t, s, b, q))
		if b = openBackfill(t, s, from, to, true); b.Run != 1 || b.Place.ID != "4" {
			t.Errorf("again, though it is not finished: %+v; want it to go on", b)
		}
		b = move(t, s, b, markBackfill(t, s, b, q))
		if b.FinishedAt.IsZero() || b.Tally.Found != 5 {
			t.Errorf("after the last page: %+v", b)
		}

		if b = openBackfill(t, s, from, to, false); b.Run != 1 || !b.FinishedAt.Equal(t0) || b.Tally != (store.BackfillTally{Found: 5, Enqueued: 5}) {
			t.Errorf("a finished one opened: %+v", b)
		}
		b = openBackfill(t, s, from, to, true)
		if b.Run != 2 || b.Place != (store.ScanKey{}) || b.Tally != (store.BackfillTally{}) || !b.FinishedAt.IsZero() || b.Revision() != "backfill-20260301T080000Z-20260301T090000Z-2" {
			t.Errorf("begun once more: %+v, revision %s", b, b.Revision())
		}
	})
}

func TestOfTwoProcessesOneMovesABackfill(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 4; id++ {
			addOrder(t, db, id, t0)
		}
		q := store.BackfillQuery{Limit: 2, DueAt: t0}
		one := openBackfill(t, s, t0, t0.Add(time.Second), false)
		other := openBackfill(t, s, t0, t0.Add(time.Second), false)
		pageOne, pageOther := markBackfill(t, s, one, q), markBackfill(t, s, other, q)
		if !slices.Equal(pageOne.Ask, []string{"1", "2"}) || !slices.Equal(pageOther.Ask, []string{"1", "2"}) || one.Revision() != other.Revision() {
			t.Errorf("pages %v and %v: both ask for the same under the same ids", pageOne.Ask, pageOther.Ask)
		}
		move(t, s, one, pageOne)
		if _, err := s.MoveBackfill(t.Context(), other, pageOther); !errors.Is(err, store.ErrBackfillMoved) {
			t.Errorf("the slower one: %v, want ErrBackfillMoved", err)
		}
		if b := openBackfill(t, s, t0, t0.Add(time.Second), false); b.Tally.Found != 2 || b.Place.ID != "2" {
			t.Errorf("the page was counted as %+v", b)
		}
	})
}

// A full count of ten million orders is what nobody waits for.
func TestALongBackfillIsEstimated(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		exec(t, db, "INSERT INTO `order` (uid, product_id, course_id, price, amount, create_time, status) VALUES (1, 1, 1, '1', '1', ?, 1)", t0.Unix())
		for range 17 { // 131,072
			exec(t, db, "INSERT INTO `order` (uid, product_id, course_id, price, amount, create_time, status) SELECT 1, 1, 1, '1', '1', create_time + 1, 1 FROM `order`")
		}
		if db.Name() == "mysql" {
			exec(t, db, "ANALYZE TABLE `order`")
		}
		left, exact, err := s.CountBackfill(t.Context(), openBackfill(t, s, t0, t0.Add(time.Hour), false))
		if err != nil || exact || left <= store.CountLimit || left > 2*131_072 {
			t.Errorf("%d are left (exact: %v), %v; want an estimate above %d", left, exact, err, store.CountLimit)
		}
	})
}

func TestTheIndexOfABackfillIsLookedFor(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		schema := store.DefaultSchema()
		schema.Columns.UpdatedAt = "updated_at"
		s := newStore(t, db, store.Config{Schema: schema})
		if f := s.CheckBackfillIndex(t.Context()); !f.OK {
			t.Errorf("with an index on create_time: %+v", f)
		}
		drop := "DROP INDEX create_time ON `order`"
		if db.Name() == "sqlite" {
			drop = "DROP INDEX order_create_time"
		}
		exec(t, db, drop)
		var found []store.Finding
		for _, f := range s.CheckShop(t.Context()) {
			if !f.OK {
				found = append(found, f)
			}
		}
		if len(found) != 1 || !found[0].Minor || !strings.Contains(found[0].What, "index on order (create_time) for a backfill is missing") ||
			!strings.HasPrefix(found[0].Cure, "CREATE INDEX create_time ON `order` (`create_time`); without it every batch") {
			t.Errorf("without it: %+v; want one minor finding with its cure", found)
		}
	})
}

func TestZoneIsTheDSNs(t *testing.T) {
	for dsn, want := range map[string]string{
		"u:p@tcp(h:1)/shop": "UTC", "u:p@tcp(h:1)/shop?loc=Asia%2FShanghai": "Asia/Shanghai",
	} {
		if zone, err := store.Zone(dsn); err != nil || zone.String() != want {
			t.Errorf("%s: %v, %v; want %s", dsn, zone, err, want)
		}
	}
	if _, err := store.Zone("secret-password@"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a DSN that cannot be read: %v", err)
	}
}
