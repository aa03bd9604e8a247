package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// fail records that an order was refused or given up.
func fail(t testing.TB, s *store.Store, id, kind string, code int, at time.Time, outcome store.Outcome, due *time.Time) {
	t.Helper()
	failWith(t, s, "words", id, kind, code, at, outcome, due)
}

func failWith(t testing.TB, s *store.Store, words, id, kind string, code int, at time.Time, outcome store.Outcome, due *time.Time) {
	t.Helper()
	record(t, s, store.Push{OrderID: id, At: at, Outcome: outcome, Kind: kind, Code: code, Message: words, DueAt: due})
}

// 11,701 failures with three causes were one card with one sample.
func TestCausesAreToldApart(t *testing.T) {
	for _, c := range []struct{ kind, message, want string }{
		{"incomplete", `product.cover_img of row "300": is empty`, "product.cover_img"},
		{"incomplete", `title of order "77": is empty`, "title"},
		{"incomplete", "no such thing", "no such thing"},
		{"rejected", "open_id错误", "open_id错误"},
		{"rejected", "order 7106123456789 is bad, logid 20261130ABCDEF0123", "order … is bad, logid …"},
		{"rejected", "code 40012 in 2026", "code 40012 in 2026"},
		{"unavailable", "HTTP 502", "HTTP 502"},
		{"rejected", "faced deadbeef", "faced deadbeef"}, // no digit: words
		{"", "", ""},
	} {
		if got := store.CauseOf(c.kind, c.message); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.message, got, c.want)
		}
	}
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for i := range 5 {
			column := []string{"product.cover_img", "course.name"}[i%2]
			failWith(t, s, fmt.Sprintf(`%s of row "%d": is empty`, column, i), fmt.Sprint("a", i), "incomplete", 0, t0.Add(time.Duration(i)*time.Second), store.Refused, nil)
		}
		groups, _, err := s.FailureGroups(t.Context())
		if err != nil || len(groups) != 2 || groups[0].Cause != "product.cover_img" || groups[0].Count != 3 || groups[1].Cause != "course.name" || groups[1].Count != 2 {
			t.Fatalf("%+v, %v", groups, err)
		}
		page, err := s.Failures(t.Context(), store.FailureQuery{FailureFilter: store.FailureFilter{Kind: "incomplete", Cause: "course.name"}, Limit: 10})
		if err != nil || len(page.Orders) != 2 || page.Orders[0].OrderID != "a3" || page.Next != (store.FailureKey{}) || page.Bounded {
			t.Errorf("%+v, %v", page, err)
		}
		retried, err := s.RequestRetry(t.Context(), store.RetryFilter{Kind: "incomplete", Cause: "course.name"})
		if err != nil || !slices.Equal(retried.Due, []string{"a1", "a3"}) || retried.Looked != 5 {
			t.Errorf("%+v, %v", retried, err)
		}
	})
}

// "Since" was since the last try.
func TestSinceIsSinceWhenDouyinHasNotBeenTold(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		fail(t, s, "a", "rejected", 1, t0, store.Retrying, nil)
		fail(t, s, "a", "rejected", 1, t0.Add(time.Hour), store.Refused, nil)
		since := func() (at time.Time) {
			page, err := s.Failures(t.Context(), store.FailureQuery{Limit: 10})
			if err != nil || len(page.Orders) != 1 {
				t.Fatal(page, err)
			}
			return page.Orders[0].Since
		}
		if got := since(); !got.Equal(t0) {
			t.Errorf("since %s, want %s", got, t0)
		}
		if groups, _, err := s.FailureGroups(t.Context()); err != nil || !groups[0].Oldest.Equal(t0) || !groups[0].Newest.Equal(t0.Add(time.Hour)) {
			t.Errorf("%+v, %v", groups, err)
		}
		begin := store.Begin{OrderID: "a", At: t0.Add(2 * time.Hour), DueAt: t0.Add(3 * time.Hour), StaleAfter: time.Minute, Exists: true}
		seq, err := s.BeginPush(t.Context(), begin)
		if err != nil {
			t.Fatal(err)
		}
		push := store.Push{OrderID: "a", Seq: seq, At: t0.Add(2 * time.Hour), Outcome: store.Pushed, Digest: "d", Status: 1}
		if _, err := s.RecordPush(t.Context(), push); err != nil {
			t.Fatal(err)
		}
		if o, _, err := s.Order(t.Context(), "a"); err != nil || o.UntoldAt != nil {
			t.Errorf("it was told: %+v, %v", o, err)
		}
		fail(t, s, "a", "rejected", 1, t0.Add(4*time.Hour), store.Refused, nil)
		if got := since(); !got.Equal(t0.Add(4 * time.Hour)) {
			t.Errorf("since %s, want the failure behind the success", got)
		}
	})
}

func TestFailuresAreGroupedByReason(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		if groups, complete, err := s.FailureGroups(t.Context()); len(groups) != 0 || !complete || err != nil {
			t.Fatalf("nothing failed: %+v, %v, %v", groups, complete, err)
		}
		later, before := t0.Add(time.Hour), t0.Add(-time.Minute)
		for i := range 3 {
			fail(t, s, fmt.Sprint("a", i), "rejected", 40012, t0.Add(time.Duration(i)*time.Millisecond), store.Refused, nil)
		}
		fail(t, s, "b", "rejected", 40099, t0, store.Refused, nil)
		fail(t, s, "c", "unavailable", 0, t0, store.GaveUp, &later)
		fail(t, s, "d", "unavailable", 0, t0, store.Retrying, &later)
		fail(t, s, "e", "unavailable", 0, t0, store.GaveUp, &before)
		record(t, s, store.Push{OrderID: "f", At: t0, Outcome: store.Pushed})
		groups, complete, err := s.FailureGroups(t.Context())
		if err != nil || !complete || len(groups) != 3 {
			t.Fatalf("groups %+v, %v, %v", groups, complete, err)
		}
		if g := groups[0]; g.Kind != "rejected" || g.Code != 40012 || g.Count != 3 || g.Asked != 0 || !g.Oldest.Equal(t0) ||
			!g.Newest.Equal(t0.Add(2*time.Millisecond)) || g.Sample.Message != "words" {
			t.Errorf("first %+v", g)
		}
		if g := groups[1]; g.Kind != "unavailable" || g.Count != 2 || g.Asked != 1 {
			t.Errorf("second %+v: want c and e, of which e is due", g)
		}
		if g := groups[2]; g.Code != 40099 || g.Count != 1 {
			t.Errorf("third %+v", g)
		}
	})
}

func TestFailuresArePagedNewestFirst(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for i := range 7 { // in pairs that failed in the same millisecond
			fail(t, s, fmt.Sprint("a", i), "rejected", 40012, t0.Add(time.Duration(i/2)*time.Millisecond), store.Refused, nil)
		}
		fail(t, s, "b", "rejected", 40099, t0, store.Refused, nil)
		var got []string
		code := 40012
		q := store.FailureQuery{FailureFilter: store.FailureFilter{Kind: "rejected", Code: &code}, Limit: 2}
		for {
			page, err := s.Failures(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range page.Orders {
				got = append(got, f.OrderID)
				if f.Message != "words" || f.FailedAt.IsZero() {
					t.Errorf("%+v", f)
				}
			}
			if q.After = page.Next; q.After == (store.FailureKey{}) {
				break
			}
		}
		if want := []string{"a6", "a5", "a4", "a3", "a2", "a1", "a0"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		back, err := s.Failures(t.Context(), store.FailureQuery{FailureFilter: store.FailureFilter{Code: &code}, Oldest: true, After: store.FailureKey{FailedAt: t0, OrderID: "a0"}, Limit: 2})
		if err != nil || len(back.Orders) != 2 || back.Orders[0].OrderID != "a1" || back.Orders[1].OrderID != "a2" {
			t.Errorf("back: %+v, %v", back, err)
		}
		if found, err := s.Failures(t.Context(), store.FailureQuery{FailureFilter: store.FailureFilter{Text: "A5"}, Limit: 2}); err != nil || len(found.Orders) != 1 || found.Orders[0].OrderID != "a5" {
			t.Errorf("by part: %+v, %v", found, err)
		}
	})
}

func TestMakeDueAsksForEachOrderOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		later := t0.Add(time.Hour)
		fail(t, s, "a", "rejected", 1, t0, store.Refused, nil)
		fail(t, s, "b", "rejected", 1, t0, store.GaveUp, &later)
		fail(t, s, "c", "rejected", 1, t0, store.Refused, nil)
		if n, err := s.MakeDue(t.Context(), []string{"b", "a", "a", "nobody"}); n != 2 || err != nil {
			t.Fatalf("%d, %v; want 2", n, err)
		}
		if due := dueIDs(t, s, t0); !slices.Equal(due, []string{"a", "b"}) {
			t.Errorf("due %v", due)
		}
		if n, err := s.MakeDue(t.Context(), []string{"b", "a"}); n != 0 || err != nil {
			t.Errorf("again: %d, %v; want 0", n, err)
		}
		idle, err := s.Failures(t.Context(), store.FailureQuery{FailureFilter: store.FailureFilter{Kind: "rejected"}, Idle: true, Limit: 10})
		if err != nil || len(idle.Orders) != 1 || idle.Orders[0].OrderID != "c" {
			t.Errorf("idle %+v, %v; want c", idle, err)
		}
		if n, err := s.MakeDue(t.Context(), nil); n != 0 || err != nil {
			t.Errorf("none: %d, %v", n, err)
		}
	})
}

// However many orders have failed, a page of a group costs no more than the window.
func TestAPageOfAGroupReadsTheWindowOnly(t *testing.T) {
	onManyRows(t, store.FailureWindow+10_000, "ordersync_order",
		"INSERT INTO ordersync_order (order_id, outcome, kind, failed_at, created_at, updated_at)",
		func(i int) string {
			at := t0.Add(time.Duration(i) * time.Second).Format("2006-01-02 15:04:05")
			kind := "common"
			if i == 0 {
				kind = "rare" // the oldest of all: outside of the window
			}
			return fmt.Sprintf("('o%d', 'refused', '%s', '%s', '%s', '%s')", i, kind, at, at, at)
		},
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			groups, complete, err := s.FailureGroups(t.Context())
			if err != nil || complete || len(groups) != 1 || groups[0].Count != store.FailureWindow {
				t.Fatalf("groups %+v, %v, %v", groups, complete, err)
			}
			read := rowsRead(t, db, func() {
				if page, err := s.Failures(t.Context(), store.FailureQuery{FailureFilter: store.FailureFilter{Kind: "rare"}, Limit: 50}); err != nil || len(page.Orders) != 0 || !page.Bounded {
					t.Fatalf("page %+v, %v", page, err)
				}
			}, "prev")
			if read > store.FailureWindow+10 {
				t.Errorf("%d rows were read", read)
			}
		})
}

func TestFindOrdersByAnyNumber(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 2, t0)
		record(t, s, store.Push{OrderID: "gone", At: t0, Outcome: store.Refused}) // no longer in the shop
		mustSend(t, s, refund(t, s, "R1", 100), t0)
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, PlatformNo: "P77"})
		accept(t, s, store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 100, PlatformNo: "D1"})
		exec(t, db, "INSERT INTO ordersync_settlement (out_settle_no, order_id, out_order_no, fingerprint, state, settle_no, created_at, updated_at) VALUES ('S1', '1', '1', '', 'submitted', 'DS1', ?, ?)", t0, t0)
		for number, want := range map[string][]store.Match{
			"1": {{"1", store.MatchOrder, "1"}}, "2": {{"2", store.MatchOrder, "2"}}, "gone": {{"gone", store.MatchOrder, "gone"}},
			"R1": {{"1", store.MatchRefund, "R1"}}, "S1": {{"1", store.MatchSettlement, "S1"}}, "P77": {{"1", store.MatchDouyinOrder, "P77"}},
			"D1": {{"1", store.MatchDouyinRefund, "D1"}}, "DS1": {{"1", store.MatchDouyinSettlement, "DS1"}},
			"3": nil, "": nil, " ": nil, "r1": nil, "1 OR 1=1": nil, strings.Repeat("9", 65): nil, "\xff": nil,
		} {
			if got, err := s.FindOrders(t.Context(), number); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q: %+v, %v; want %+v", number, got, err, want)
			}
		}
	})
}

// Douyin tells of payments and refunds for which the shop has no order: a number finds them all the same.
func TestFindUnownedByAnyNumber(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		accept(t, s, store.Callback{Type: "payment", Number: "404", Status: "SUCCESS", Amount: 1230, PlatformNo: "P404"})
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, PlatformNo: "P1"})
		if _, err := s.ExpectPayment(t.Context(), store.PaymentAsk{OutOrderNo: "A1", Total: 7, ValidUntil: t0, CreatedAt: t0}); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, reason, fingerprint, state, refund_no, created_at, updated_at) VALUES ('DY1', '', '404', 5, '', '', 'succeeded', 'D1', ?, ?)", t0, t0)
		exec(t, db, "INSERT INTO ordersync_settlement (out_settle_no, order_id, out_order_no, fingerprint, state, settle_no, created_at, updated_at) VALUES ('S1', '', '404', '', 'submitted', 'DS1', ?, ?)", t0, t0)
		for number, want := range map[string][4]int{ // payments, asks, refunds, settlements
			"404": {1}, "P404": {1}, "A1": {0, 1}, "DY1": {0, 0, 1}, "D1": {0, 0, 1}, "S1": {0, 0, 0, 1}, "DS1": {0, 0, 0, 1},
			"1": {}, "P1": {}, "405": {}, "": {},
		} {
			u, err := s.FindUnowned(t.Context(), number)
			got := [4]int{len(u.Payments), len(u.Asks), len(u.Refunds), len(u.Settlements)}
			if err != nil || got != want || u.None() != (want == [4]int{}) {
				t.Errorf("%q: %v, %v; want %v", number, got, err, want)
			}
		}
	})
}

func TestFindOrdersByOrderNo(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		schema := store.DefaultSchema()
		schema.Columns.OrderNo = "sn"
		s := newStore(t, db, store.Config{Schema: schema})
		addOrder(t, db, 7, t0)
		got, err := s.FindOrders(t.Context(), "SN7")
		if want := []store.Match{{OrderID: "7", What: store.MatchOrderNo, Number: "SN7"}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	})
}

func TestPaymentAlarms(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1})
		accept(t, s, store.Callback{Type: "payment", Number: "404", Status: "SUCCESS", Amount: 1})
		got, err := s.PaymentAlarms(t.Context(), 10)
		if err != nil || len(got) != 2 || got[0].Alarm == got[1].Alarm {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err = s.PaymentAlarms(t.Context(), 1); err != nil || len(got) != 1 {
			t.Errorf("limit: %+v, %v", got, err)
		}
	})
}
