package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// keys are the keys of a page, as one text.
func keys(p store.ListPage) string {
	all := make([]string, len(p.Rows))
	for i := range p.Rows {
		all[i] = p.Rows[i].Key
	}
	return strings.Join(all, " ")
}

func list(t *testing.T, s *store.Store, l store.List, q store.ListQuery) store.ListPage {
	t.Helper()
	page, err := s.List(t.Context(), l, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// refunds inserts refunds r0, r1, …, of which two at a time were made in one second.
func refunds(t *testing.T, db *gorm.DB, n int) {
	t.Helper()
	for i := range n {
		at := t0.Add(time.Duration(i/2) * time.Second).UTC().Format("2006-01-02 15:04:05.000")
		state := []string{"submitted", "failed", "succeeded"}[i%3]
		if err := db.Exec("INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, message, created_at, updated_at) VALUES (?, ?, 'P', ?, '', ?, 'Words', ?, ?)",
			fmt.Sprint("r", i), fmt.Sprint("Order-", i), i*100, state, at, at).Error; err != nil {
			t.Fatal(err)
		}
	}
}

func TestAListIsPagedBothWays(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refunds(t, db, 7)
		q := store.ListQuery{Limit: 3}
		first := list(t, s, store.ListRefunds, q)
		if keys(first) != "r6 r5 r4" || !first.More {
			t.Fatalf("%s, %v", keys(first), first.More)
		}
		_, q.After = first.Places()
		second := list(t, s, store.ListRefunds, q)
		if keys(second) != "r3 r2 r1" || !second.More {
			t.Fatalf("%s, %v", keys(second), second.More)
		}
		_, q.After = second.Places()
		if third := list(t, s, store.ListRefunds, q); keys(third) != "r0" || third.More {
			t.Errorf("%s, %v", keys(third), third.More)
		}
		q.After, _ = second.Places()
		q.Back = true
		if back := list(t, s, store.ListRefunds, q); keys(back) != "r6 r5 r4" || back.More {
			t.Errorf("back: %s, %v", keys(back), back.More)
		}
		if turned := list(t, s, store.ListRefunds, store.ListQuery{Limit: 3, Turn: true}); keys(turned) != "r0 r1 r2" {
			t.Errorf("turned: %s", keys(turned))
		}
	})
}

func TestAListIsFiltered(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refunds(t, db, 7)
		exec(t, db, "UPDATE ordersync_refund SET kind = 'denied' WHERE out_refund_no = 'r1'")
		for _, c := range []struct {
			name   string
			filter store.ListFilter
			want   string
		}{
			{"all", store.ListFilter{}, "r6 r5 r4 r3 r2 r1 r0"},
			{"a state", store.ListFilter{State: "failed"}, "r4 r1"},
			{"an order, in another case", store.ListFilter{Text: "order-3"}, "r3"},
			{"words", store.ListFilter{Text: "WORDS", State: "succeeded"}, "r5 r2"},
			{"amounts", store.ListFilter{Least: new(store.Fen(200)), Most: new(store.Fen(400))}, "r4 r3 r2"},
			{"amounts of nothing at most", store.ListFilter{Most: new(store.Fen(0))}, "r0"},
			{"amounts of nothing at least", store.ListFilter{Least: new(store.Fen(0)), State: "failed"}, "r4 r1"},
			{"since", store.ListFilter{Since: t0.Add(2 * time.Second)}, "r6 r5 r4"},
			{"until, with a state", store.ListFilter{Until: t0.Add(time.Second), State: "submitted"}, "r3 r0"},
			{"not a kind", store.ListFilter{NotKind: "denied"}, "r6 r5 r4 r3 r2 r0"},
			{"not a kind, with a state and words", store.ListFilter{NotKind: "denied", State: "failed", Text: "words"}, "r4"},
			{"an alarm", store.ListFilter{Alarm: true}, ""},
		} {
			page := list(t, s, store.ListRefunds, store.ListQuery{ListFilter: c.filter, Limit: 10})
			n, exact, err := s.CountList(t.Context(), store.ListRefunds, c.filter, 100)
			if keys(page) != c.want || page.More || n != len(page.Rows) || !exact || err != nil {
				t.Errorf("%s: %q, %v; counted %d, %v, %v; want %q", c.name, keys(page), page.More, n, exact, err, c.want)
			}
		}
		if n, exact, err := s.CountList(t.Context(), store.ListRefunds, store.ListFilter{}, 5); n != 5 || exact || err != nil {
			t.Errorf("more than five: %d, %v, %v", n, exact, err)
		}
	})
}

func TestEveryListCanBeRead(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		later := t0.Add(time.Minute)
		record(t, s, store.Push{OrderID: "A1", OrderNo: "N1", At: t0, Outcome: store.Retrying, Kind: "unavailable", DueAt: &later})
		record(t, s, store.Push{OrderID: "B2", At: t0.Add(time.Second), Outcome: store.Pushed, HTTPStatus: 200})
		for i, number := range []string{"P1", "P2"} {
			if _, err := s.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: number, Status: "SUCCESS", Amount: 100, FinishedAt: t0, At: t0.Add(time.Duration(i) * time.Hour), Forward: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Exec("INSERT INTO ordersync_outbox_bad (id, kind, order_id, created_at, reason, alarm) VALUES (1, 'refund', '7', '2026-01-01 00:00:00', 'no', 'put_aside')").Error; err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			list   store.List
			filter store.ListFilter
			want   string
		}{
			{store.ListOrders, store.ListFilter{}, "A1 B2"},
			{store.ListOrders, store.ListFilter{Text: "B"}, "B2"},
			{store.ListOrders, store.ListFilter{State: "pushed"}, "B2"},
			{store.ListWaiting, store.ListFilter{}, "A1"},
			{store.ListSettlements, store.ListFilter{}, ""},
			{store.ListPayments, store.ListFilter{State: "SUCCESS"}, "P2 P1"},
			{store.ListCallbacks, store.ListFilter{}, "2 1"},
			{store.ListCallbacks, store.ListFilter{Since: t0.Add(30 * time.Minute)}, "2"},
			{store.ListCallbacks, store.ListFilter{Until: t0.Add(30 * time.Minute)}, "1"},
			{store.ListCallbacks, store.ListFilter{Text: "p2"}, "2"},
			{store.ListCalls, store.ListFilter{Kind: "unavailable"}, "1"},
			{store.ListOutbox, store.ListFilter{Alarm: true}, "1"},
		} {
			page := list(t, s, c.list, store.ListQuery{ListFilter: c.filter, Limit: 10})
			if keys(page) != c.want {
				t.Errorf("%s %+v: %q, want %q", c.list, c.filter, keys(page), c.want)
			}
			for _, r := range page.Rows {
				if r.At.IsZero() {
					t.Errorf("%s: no time: %+v", c.list, r)
				}
			}
		}
		if _, err := s.List(t.Context(), "users", store.ListQuery{Limit: 1}); err == nil {
			t.Error("a list that there is not")
		}
	})
}

// Whatever the filter leaves out, a page looks through the window only, and says so.
func TestAPageOfAListReadsTheWindowOnly(t *testing.T) {
	onManyRows(t, store.ListWindow+10_000, "ordersync_refund",
		"INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, created_at, updated_at)",
		func(i int) string {
			at := t0.Add(time.Duration(i) * time.Second).Format("2006-01-02 15:04:05")
			return fmt.Sprintf("('r%06d', 'o', 'p', 1, '', 'succeeded', '%s', '%s')", i, at, at)
		},
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			q := store.ListQuery{ListFilter: store.ListFilter{Text: "r000007"}, Limit: 50}
			read := rowsRead(t, db, func() {
				page := list(t, s, store.ListRefunds, q)
				if len(page.Rows) != 0 || !page.Bounded || !page.More {
					t.Fatalf("%s, %v, %v", keys(page), page.Bounded, page.More)
				}
				q.After = page.Next
			}, "prev")
			if read > 2*store.ListWindow+100 { // once by the index alone, to see where the window ends
				t.Errorf("%d rows were read", read)
			}
			if n, exact, err := s.CountList(t.Context(), store.ListRefunds, store.ListFilter{Text: "R02"}, 10_000); n != 10_000 || exact || err != nil {
				t.Errorf("more than are counted: %d, %v, %v", n, exact, err)
			}
			if n, exact, err := s.CountList(t.Context(), store.ListRefunds, store.ListFilter{Text: "r0000"}, 10_000); n != 0 || exact || err != nil {
				t.Errorf("none in the window: %d, %v, %v", n, exact, err)
			}
			if page := list(t, s, store.ListRefunds, q); keys(page) != "r000007" || page.More {
				t.Errorf("behind the window: %s", keys(page))
			}
			read = rowsRead(t, db, func() {
				if n, exact, err := s.CountList(t.Context(), store.ListRefunds, store.ListFilter{}, 10_000); n != 10_000 || exact || err != nil {
					t.Errorf("%d, %v, %v", n, exact, err)
				}
			}, "next", "prev")
			if read > 10_100 {
				t.Errorf("%d rows were read to count", read)
			}
		})
}

// The database looks for a part of a text as we do: in whatever case, and no character means
// anything but itself.
func TestAPartIsFoundAsItIsWritten(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		texts := []string{
			"Plain Words", "100% of it", "a_b", `back\slash`, "it's \"quoted\"", "零基础学吉他 Öl", "Ёлка", "two\nlines", "\u212A is Kelvin", "İstanbul",
		}
		for i, text := range texts {
			exec(t, db, "INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, message, created_at, updated_at) VALUES (?, ?, 'P', 1, '', 'new', ?, '2026-03-01 08:00:00', '2026-03-01 08:00:00')",
				fmt.Sprint("Number-", i), fmt.Sprint("Order-", i), text)
		}
		for _, part := range []string{
			"words", "WORDS", "%", "_", `\`, "'", "\"", "吉他", "öl", "ÖL", "ёл", "ЁЛ", "o\nl", "number-3", "NUMBER-", "order-1", "3\norder", "stanbul", "nobody", "none%",
		} {
			var want []string
			for i, text := range texts {
				for _, of := range []string{text, fmt.Sprint("Number-", i), fmt.Sprint("Order-", i)} {
					if strings.Contains(strings.ToLower(of), strings.ToLower(part)) {
						want = append(want, fmt.Sprint("Number-", i))
						break
					}
				}
			}
			f := store.ListFilter{Text: part}
			page := list(t, s, store.ListRefunds, store.ListQuery{ListFilter: f, Limit: 20, Turn: true})
			if keys(page) != strings.Join(want, " ") {
				t.Errorf("%q: %s, want %s", part, keys(page), want)
			}
			if n, exact, err := s.CountList(t.Context(), store.ListRefunds, f, 20); n != len(want) || !exact || err != nil {
				t.Errorf("%q: counted %d, %v, %v; want %d", part, n, exact, err, len(want))
			}
		}
	})
}
