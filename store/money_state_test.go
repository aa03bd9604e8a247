package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/migrations"
)

// downTo undoes the migrations above a version, as an old deployment has them.
func downTo(t *testing.T, db *gorm.DB, version int64) {
	t.Helper()
	dialect, folder := database.DialectMySQL, "mysql"
	if db.Name() == "sqlite" {
		dialect, folder = database.DialectSQLite3, "sqlite"
	}
	files, err := fs.Sub(migrations.Files, folder)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(dialect, pool, files, goose.WithTableName("ordersync_migration"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// oldRefund is a row as the version before migration 6 wrote it.
const oldRefund = "INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, sent_at, attempts, due_at, alarm, kind, created_at, updated_at) VALUES (?, '1', '1', 1, '', ?, ?, ?, ?, ?, ?, ?, ?)"

// writeOld writes rows of the old form and tells what each has to be read as.
func writeOld(t *testing.T, db *gorm.DB) map[string]store.Instruction {
	t.Helper()
	sent, heard := t0.Add(-time.Hour), t0.Add(-time.Minute)
	want := map[string]store.Instruction{}
	for _, c := range []struct {
		number, state string
		sent          *time.Time
		attempts      int
		alarm, kind   string
		want          store.Instruction
	}{
		{"never", "new", nil, 0, "", "", store.Instruction{State: store.MoneyNew}},
		{"early", "new", nil, 1, "", "waiting", store.Instruction{State: store.MoneyNew}},
		{"flying", "new", &sent, 1, "", "", store.Instruction{State: store.MoneySending, SendingAt: &heard, Turn: true}},
		{"doubt", "new", &sent, 3, "", "rejected", store.Instruction{State: store.MoneySending, SendingAt: &heard, Turn: true}},
		{"overdue", "new", &sent, 1, store.AlarmOverdue, "", store.Instruction{State: store.MoneySending, SendingAt: &heard}},
		{"taken", "submitted", &sent, 1, "", "", store.Instruction{State: store.MoneySubmitted, SendingAt: &sent, AnsweredAt: &heard, Turn: true}},
		{"done", "succeeded", &sent, 1, "", "", store.Instruction{State: store.MoneySucceeded}},
	} {
		var at any
		if c.sent != nil {
			at = text(*c.sent)
		}
		exec(t, db, oldRefund, c.number, c.state, at, c.attempts, text(t0), c.alarm, c.kind, text(sent), text(heard))
		want[c.number] = c.want
	}
	return want
}

func checkOld(t *testing.T, s *store.Store, want map[string]store.Instruction) {
	t.Helper()
	for number, w := range want {
		i := instruction(t, s, store.Refund, number)
		same := i.State == w.State && i.Turn == w.Turn && sameTime(i.SendingAt, w.SendingAt) && sameTime(i.AnsweredAt, w.AnsweredAt)
		if !same {
			t.Errorf("%s: %s since %v, answered %v, its turn %v; want %s, %v, %v, %v", number, i.State, i.SendingAt, i.AnsweredAt, i.Turn, w.State, w.SendingAt, w.AnsweredAt, w.Turn)
		}
	}
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Rows of the version before are carried over, and back.
func TestRowsOfTheOldFormAreCarriedOver(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		downTo(t, db, 5)
		want := writeOld(t, db)
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkOld(t, s, want)
		var busy *store.BusyError
		if _, _, err := s.CreateSettlement(t.Context(), store.NewSettlement{Number: "S1", OrderID: "1", Desc: "x", DueAt: t0}); !errors.As(err, &busy) {
			t.Errorf("a settlement beside them: %v", err)
		}
		downTo(t, db, 5)
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_refund WHERE state = 'new' AND sent_at IS NOT NULL"); n != 3 {
			t.Errorf("back in the old form there are %d requests of unknown fate, want 3", n)
		}
	})
}

// A process of the version before still runs when the tables are new already, and writes its rows in the old form.
func TestRowsOfTheOldFormAreUnderstood(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		want := writeOld(t, db)
		checkOld(t, s, want)
		exec(t, db, "INSERT INTO ordersync_settlement (out_settle_no, order_id, out_order_no, fingerprint, state, sent_at, attempts, created_at, updated_at) VALUES ('S1', '1', '1', '', 'submitted', ?, 1, ?, ?)", text(t0), text(t0), text(t0))
		waits(t, s, instruction(t, s, store.Refund, "never"), store.Settlement, "S1")
		exec(t, db, "DELETE FROM ordersync_settlement")
		if _, err := s.MarkSending(t.Context(), instruction(t, s, store.Refund, "flying"), t0, t0); err != nil {
			t.Error(err)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_refund WHERE out_refund_no = 'flying' AND state = 'sending' AND has_turn = 1 AND attempts = 2"); n != 1 {
			t.Error("the row was not written in the new form")
		}
	})
}

// How long a request is in flight is measured by one clock, whatever the workers' clocks say.
func TestAFlightIsMeasuredByTheDatabasesClock(t *testing.T) {
	onOrder(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		ours, err := store.New(db, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(ours.Close)
		i := refund(t, ours, "R1", 700)
		ahead := time.Now().Add(20 * time.Minute)
		sent, err := ours.MarkSending(t.Context(), i, ahead, ahead.Add(time.Minute))
		if err != nil || sent.SentFor() != 0 || !sent.InFlight() {
			t.Fatalf("announced: %v, in flight for %v, %v", sent.InFlight(), sent.SentFor(), err)
		}
		i = instruction(t, ours, store.Refund, "R1")
		if age := i.SentFor(); age < -time.Millisecond || age > time.Minute {
			t.Errorf("in flight for %v", age)
		}
	})
}

// Two orders of the shop name one payment. The bug: each could be refunded in full.
func TestAPaymentIsPaidBackOnceWhateverNamesIt(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		addOrder(t, db, 2, t0)
		exec(t, db, "UPDATE `order` SET sn = 'P1'")
		named := newStore(t, db, store.Config{Schema: schema, Now: func() time.Time { return t0 }})
		var created, exceeded atomic.Int64
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				_, _, err := named.CreateRefund(context.Background(), store.NewRefund{Number: fmt.Sprint("R", n), OrderID: fmt.Sprint(1 + n%2), Amount: 300, DueAt: t0})
				var exceeds *store.ExceedsPaidError
				switch {
				case err == nil:
					created.Add(1)
				case errors.As(err, &exceeds):
					exceeded.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if created.Load() != 4 || exceeded.Load() != 16 {
			t.Errorf("of 12.30 yuan %d times 3.00 are paid back, and %d refused", created.Load(), exceeded.Load())
		}
	})
}

// The bug: of one payment that two orders of the shop name, a refund and a settlement were at Douyin together.
func TestTurnsAreThoseOfThePayment(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	on(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		addOrder(t, db, 2, t0)
		exec(t, db, "UPDATE `order` SET sn = 'P1'")
		s := newStore(t, db, store.Config{Schema: schema, Now: func() time.Time { return t0 }})
		r1 := refund(t, s, "R1", 100)
		var busy *store.BusyError
		settle := store.NewSettlement{Number: "S2", OrderID: "2", Desc: "x", DueAt: t0}
		if _, _, err := s.CreateSettlement(t.Context(), settle); !errors.As(err, &busy) || busy.Number != "R1" {
			t.Errorf("a settlement beside the refund: %v", err)
		}
		mustSend(t, s, r1, t0)
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		s2, _, err := s.CreateSettlement(t.Context(), settle)
		if err != nil {
			t.Fatal(err)
		}
		mustSend(t, s, s2, t0)
		waits(t, s, refund(t, s, "R2", 100), store.Settlement, "S2")
	})
}

// The bug: who asked again for a refund whose order the shop had deleted was told that there is no such order.
func TestAStandingNumberIsAnsweredWithoutTheShopsOrder(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refund(t, s, "R1", 700)
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		settlement(t, s, "S1")
		exec(t, db, "DELETE FROM `order`")
		if i, fresh, err := s.CreateRefund(t.Context(), newRefund("R1", 700)); err != nil || fresh || i.State != store.MoneySucceeded {
			t.Errorf("repeated: %+v, fresh %v, %v", i, fresh, err)
		}
		var conflict *store.ConflictError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R1", 701)); !errors.As(err, &conflict) {
			t.Errorf("with other content: %v", err)
		}
		if i, fresh, err := s.CreateSettlement(t.Context(), store.NewSettlement{Number: "S1", OrderID: "1", Desc: "分账", DueAt: t0}); err != nil || fresh || i.Number != "S1" {
			t.Errorf("a settlement, repeated: %+v, fresh %v, %v", i, fresh, err)
		}
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R2", 1)); !errors.Is(err, store.ErrOrderNotFound) {
			t.Errorf("a new one: %v", err)
		}
	})
}
