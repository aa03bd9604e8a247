package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// relay hands the rows of the outbox over, each as answer says.
func relay(t *testing.T, s *store.Store, answer func(r store.OutboxRow) error) (handed []string, err error) {
	t.Helper()
	_, err = s.RelayOutbox(t.Context(), 10, func(_ context.Context, rows []store.OutboxRow) []error {
		answers := make([]error, len(rows))
		for i, r := range rows {
			if answers[i] = answer(r); answers[i] == nil {
				handed = append(handed, r.OrderID)
			}
		}
		return answers
	})
	return handed, err
}

func toOutbox(t *testing.T, db *gorm.DB, id int, kind, order string) {
	t.Helper()
	exec(t, db, "INSERT INTO ordersync_outbox (id, kind, order_id) VALUES (?, ?, ?)", id, kind, order)
}

var errBad = errors.New("amount_fen: is 0")

// good hands over the orders that begin with "good".
func good(r store.OutboxRow) error {
	if strings.HasPrefix(r.OrderID, "good") {
		return nil
	}
	return &store.BadRow{Err: errBad}
}

// An outbox that counts its ids anew meets those of rows that were put aside long ago.
func TestAnOutboxMayCountItsIDsAnew(t *testing.T) {
	onOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for round := range 3 {
			toOutbox(t, db, 1, "push", fmt.Sprintf("bad-%d", round))
			toOutbox(t, db, 2, "push", "good")
			if handed, err := relay(t, s, good); err != nil || len(handed) != 1 {
				t.Fatalf("round %d: handed over %v, %v", round, handed, err)
			}
		}
		bad, err := s.BadOutboxRows(t.Context(), 10)
		if err != nil || len(bad) != 3 || bad[0].OrderID != "bad-2" || bad[0].ID != 1 || bad[0].No <= bad[1].No || bad[0].Alarm != "" {
			t.Errorf("put aside: %+v, %v", bad, err)
		}
	})
}

// A row that asks for money and was put aside is an alarm until somebody has acknowledged it.
func TestMoneyThatWasPutAsideIsAnAlarm(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for i, kind := range []string{"push", "refund", "settle", "Refund"} {
			toOutbox(t, db, i+1, kind, "bad")
		}
		if _, err := relay(t, s, good); err != nil {
			t.Fatal(err)
		}
		bad, err := s.OutboxAlarms(t.Context(), 10)
		if err != nil || len(bad) != 3 || bad[2].Kind != "refund" || bad[2].Reason != errBad.Error() || bad[2].Alarm != store.AlarmPutAside {
			t.Fatalf("%+v, %v; want all but the push", bad, err)
		}
		counts, err := s.Counts(t.Context(), t0)
		want := store.AlarmCount{Table: "outbox_bad", Alarm: store.AlarmPutAside, Count: 3}
		if err != nil || len(counts.Alarms) != 1 || counts.Alarms[0] != want || counts.OutboxBad != 4 {
			t.Errorf("counts %+v, %v", counts, err)
		}
		no := strconv.FormatInt(bad[2].No, 10)
		for _, c := range []struct {
			number string
			want   error
		}{{no + "x", store.ErrNoAlarm}, {"", store.ErrNoAlarm}, {no, nil}, {no, store.ErrNoAlarm}} {
			if err := s.Acknowledge(t.Context(), seen(store.OutboxAlarm, c.number, store.AlarmPutAside)); !errors.Is(err, c.want) {
				t.Errorf("acknowledge %q: %v, want %v", c.number, err, c.want)
			}
		}
		if bad, err := s.OutboxAlarms(t.Context(), 10); err != nil || len(bad) != 2 {
			t.Errorf("afterwards: %+v, %v", bad, err)
		}
		if of, err := s.BadOutboxRowsOf(t.Context(), "bad", 10); err != nil || len(of) != 2 {
			t.Errorf("of the order: %+v, %v", of, err)
		}
		all, err := s.AcknowledgedAlarms(t.Context(), 10)
		if err != nil || len(all) != 1 || all[0].Number != no || all[0].OrderID != "bad" || all[0].Table != store.OutboxAlarm {
			t.Errorf("acknowledged: %+v, %v", all, err)
		}
	})
}

// What was put aside by the version before is an alarm now, and keeps its place.
func TestRowsThatWerePutAsideBeforeAreRaised(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{})
		downTo(t, db, 6)
		exec(t, db, "INSERT INTO ordersync_outbox_bad (id, kind, order_id, created_at, reason) VALUES (7, 'refund', '1', '2026-01-01', 'x'), (8, 'push', '2', '2026-01-01', 'y')")
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		bad, err := s.BadOutboxRows(t.Context(), 10)
		if err != nil || len(bad) != 2 || bad[1].ID != 7 || bad[1].Alarm != store.AlarmPutAside || bad[0].Alarm != "" {
			t.Errorf("%+v, %v", bad, err)
		}
	})
}

// A row whose time is zeros, and one that fails while others go through, hold up nothing.
func TestAnOutboxRowOfItsOwnFaultHoldsUpNoOther(t *testing.T) {
	onOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		if db.Name() != "sqlite" {
			err := db.Connection(func(tx *gorm.DB) error {
				exec(t, tx, "SET SESSION sql_mode = ''")
				defer exec(t, tx, "SET SESSION sql_mode = DEFAULT")
				return tx.Exec("INSERT INTO ordersync_outbox (id, kind, order_id, created_at) VALUES (1, 'push', 'bad', '0000-00-00 00:00:00')").Error
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for id := 2; id <= 11; id++ {
			toOutbox(t, db, id, "push", "odd")
		}
		toOutbox(t, db, 12, "push", "good")
		odd := errors.New("nobody knows why")
		answer := func(r store.OutboxRow) error {
			if r.OrderID == "odd" {
				return odd
			}
			return good(r)
		}
		if handed, err := relay(t, s, answer); !errors.Is(err, odd) || handed != nil {
			t.Fatalf("%v, %v", handed, err)
		}
		toOutbox(t, db, 13, "push", "good-2")
		exec(t, db, "UPDATE ordersync_outbox SET later_at = ? WHERE order_id = 'odd' AND id > 5", text(t0.Add(time.Minute)))
		if handed, err := relay(t, s, answer); len(handed) == 0 || !errors.Is(err, odd) {
			t.Fatalf("%v, %v", handed, err)
		}
		if handed, err := relay(t, s, answer); handed != nil || err != nil {
			t.Errorf("%v, %v; want that all of them are passed over", handed, err)
		}
	})
}

// One row at the low end that is young, or locked, does not keep what is old behind it.
func TestOneRowHoldsUpNoPurge(t *testing.T) {
	onOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		record(t, s, store.Push{OrderID: "future", At: t0.Add(1000 * time.Hour), Outcome: store.Refused})
		for i := range 9 {
			record(t, s, store.Push{OrderID: strconv.Itoa(i), At: t0, Outcome: store.Refused})
		}
		left := 1
		if db.Name() != "sqlite" {
			lock(t, db, "SELECT * FROM ordersync_log WHERE order_id = '3' FOR UPDATE")
			left++
		}
		for range 5 {
			if _, err := s.PurgeLog(within(t), t0.Add(time.Hour), 4); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); n != left {
			t.Errorf("%d rows left, want %d", n, left)
		}
	})
}
