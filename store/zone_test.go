package store_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	osexec "os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// childDSN makes this binary the other process of a test: it writes every time there is.
var childDSN = flag.String("zone.write", "", "for this package's tests alone")

// openIn is a store over a database in a zone, as another process has it.
func openIn(t testing.TB, dsn, loc string) (*store.Store, *gorm.DB) {
	t.Helper()
	db, err := store.Open(dsn + "?loc=" + strings.ReplaceAll(loc, "/", "%2F"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return newStore(t, db, store.Config{Now: time.Now}), db
}

// must fails the test for an error of a call whose value does not matter.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// writeTimes fills every time column of ours, each with a time near at.
func writeTimes(t *testing.T, s *store.Store, db *gorm.DB, at time.Time) {
	t.Helper()
	ctx, soon := t.Context(), at.Add(time.Minute)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seenAt := func(table store.AlarmTable, number, alarm string) store.SeenAlarm {
		return store.SeenAlarm{Table: table, Number: number, Alarm: alarm, Ack: store.Ack{At: &at, By: "omar"}}
	}
	for id := 1; id <= 4; id++ {
		addOrder(t, db, id, at)
	}
	seq := begin(t, s, "1", 0, at)
	record(t, s, store.Push{OrderID: "1", Seq: seq, At: at, Outcome: store.Pushed})
	record(t, s, store.Push{OrderID: "2", At: at, Outcome: store.Refused, DueAt: &soon})

	for _, m := range []store.Money{store.Refund, store.Settlement} {
		for number, order := range map[string]string{"M1": "3", "M2": map[store.Money]string{store.Refund: "4", store.Settlement: "1"}[m]} {
			if m == store.Refund {
				_, _, err := s.CreateRefund(ctx, store.NewRefund{Number: number, OrderID: order, Amount: 1, DueAt: at})
				ok(err)
			} else {
				_, _, err := s.CreateSettlement(ctx, store.NewSettlement{Number: number, OrderID: order, NotBefore: at, DueAt: at})
				ok(err)
			}
		}
		sent := must[store.Instruction](t)(s.MarkSending(ctx, instruction(t, s, m, "M1"), at, soon))
		sent = must[store.Instruction](t)(s.Submitted(ctx, sent, store.Answer{At: at, Answered: true, DueAt: &soon}))
		must[store.Instruction](t)(s.Alarm(ctx, instruction(t, s, m, "M2"), store.AlarmOverdue, at))
		ok(s.Acknowledge(ctx, seenAt(store.AlarmTable(m), "M2", store.AlarmOverdue)))
		must[bool](t)(s.Finished(ctx, sent, store.Result{State: store.MoneySucceeded, Said: true, Answer: store.Answer{At: at}}))
	}

	must[store.Accepted](t)(s.HearTradeRefund(ctx, store.TradeRefund{
		Number: "DY1", RefundID: "1", OutOrderNo: "3", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 1,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &soon}, At: at, DueAt: soon,
	}))
	said, _, err := s.SayAudit(ctx, "DY1", store.Agree, "omar", "")
	ok(err)
	must[store.Instruction](t)(s.AnnounceAudit(ctx, said, soon))

	must[store.Accepted](t)(s.AcceptCallback(ctx, store.Callback{Type: "payment", Number: "404", Status: "SUCCESS", Amount: 5, FinishedAt: at, At: at, Forward: true}))
	ok(s.Acknowledge(ctx, seenAt(store.PaymentAlarm, "404", store.AlarmUnknownOrder)))
	for _, f := range must[[]store.Forward](t)(s.ClaimForwards(ctx, soon, soon, 1)) {
		ok(s.Forwarded(ctx, f.ID, at))
	}
	must[store.Accepted](t)(s.HearTradePayment(ctx, store.TradePayment{OutOrderNo: "405", DouyinOrderID: "motb405", State: store.PaymentSuccess, Total: 5, PaidAt: at, At: at}))
	paid := must[[]store.RefundAsk](t)(s.DueRefundAsks(ctx, at.Add(2*store.FirstRefundAsk), 1))
	ok(s.PostponeRefundAsk(ctx, paid[0], soon))
	must[store.Accepted](t)(s.AcceptCallback(ctx, store.Callback{Type: "withdraw", Key: "w", At: at, Forward: true, Kept: store.AlarmUnknownType}))
	kept := must[[]store.KeptCallback](t)(s.CallbackAlarms(ctx, 1))
	ok(s.Acknowledge(ctx, seenAt(store.CallbackAlarm, fmt.Sprint(kept[0].ID), store.AlarmUnknownType)))

	must[bool](t)(s.ExpectPayment(ctx, store.PaymentAsk{OutOrderNo: "3", Total: 1, ValidUntil: soon, DueAt: &soon, CreatedAt: at}))
	must[bool](t)(s.ExpectPayment(ctx, store.PaymentAsk{OutOrderNo: "4", Total: 1, ValidUntil: soon, DueAt: &soon, CreatedAt: at}))
	ok(s.GiveUpPaymentAsk(ctx, store.PaymentAsk{OutOrderNo: "4", ValidUntil: soon}, at, "no answer"))
	ok(s.Acknowledge(ctx, seenAt(store.PaymentAskAlarm, "4", store.AlarmUnanswered)))

	run := must[store.Backfill](t)(s.OpenBackfill(ctx, at.Add(-time.Hour), at, false))
	must[store.Backfill](t)(s.MoveBackfill(ctx, run, store.BackfillPage{Done: true}))

	ok(s.RecordAct(ctx, store.Act{At: at, Who: "omar", Act: store.ActSignIn}))
	job := must[store.Job](t)(s.BeginJob(ctx, store.JobAcknowledge, store.JobFilter{Table: store.CallbackAlarm, Alarm: store.AlarmUnknownType}, "omar"))
	for job.FinishedAt == nil {
		job = must[store.Job](t)(s.StepJob(ctx, job))
	}

	toOutbox(t, db, 1, "refund", "bad")
	toOutbox(t, db, 2, "push", "later")
	_, err = relay(t, s, func(r store.OutboxRow) error {
		if r.OrderID == "bad" {
			return &store.BadRow{Err: errBad}
		}
		return &store.LaterRow{Err: errBad}
	})
	ok(err)
	bad := must[[]store.BadOutboxRow](t)(s.BadOutboxRows(ctx, 1))
	ok(s.Acknowledge(ctx, seenAt(store.OutboxAlarm, fmt.Sprint(bad[0].No), store.AlarmPutAside)))
}

// timeColumn is a column of ours that holds times.
type timeColumn struct{ Table, Name string }

// timeColumns are all of them.
func timeColumns(t testing.TB, db *gorm.DB) (all []timeColumn) {
	t.Helper()
	err := db.Raw("SELECT table_name AS `table`, column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE()" +
		" AND table_name LIKE 'ordersync\\_%' AND data_type IN ('datetime', 'timestamp') ORDER BY 1, 2").Scan(&all).Error
	if err != nil || len(all) < 40 {
		t.Fatalf("%d time columns, %v", len(all), err)
	}
	return all
}

// checkColumns fails the test unless every time column says, in UTC, something near now.
func checkColumns(t *testing.T, db *gorm.DB) {
	t.Helper()
	err := db.Connection(func(db *gorm.DB) error {
		if err := db.Exec("SET time_zone = '+00:00'").Error; err != nil {
			return err
		}
		for _, c := range timeColumns(t, db) {
			var n, far int
			err := db.Raw("SELECT COUNT("+c.Name+"), COALESCE(SUM(ABS(TIMESTAMPDIFF(SECOND, "+c.Name+", UTC_TIMESTAMP())) > 1800), 0) FROM "+c.Table).Row().Scan(&n, &far)
			if err != nil {
				return err
			}
			if n == 0 || far > 0 {
				t.Errorf("%s.%s: %d values, %d of them not near now", c.Table, c.Name, n, far)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// readTimes is what a store reads of all that writeTimes wrote.
func readTimes(t *testing.T, s *store.Store, now time.Time) string {
	t.Helper()
	ctx := t.Context()
	counts := must[store.Counts](t)(s.Counts(ctx, now))
	calls, from, err := s.Calls(ctx, now.Add(-time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	payment, _, err := s.Payment(ctx, "404")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent([]any{
		state(t, s, "1"), state(t, s, "2"), counts, calls, from, payment,
		must[[]store.Instruction](t)(s.Instructions(ctx, store.Refund, "3")),
		must[[]store.Instruction](t)(s.Instructions(ctx, store.Settlement, "3")),
		must[[]store.CallbackRow](t)(s.Callbacks(ctx, "404", nil, nil, 10)),
		must[[]store.BadOutboxRow](t)(s.BadOutboxRows(ctx, 10)),
		must[[]store.DueCount](t)(s.DueBetween(ctx, now.Add(-time.Hour), now.Add(time.Hour), time.Minute)),
		must[[]store.Due](t)(s.DueOrders(ctx, now.Add(time.Hour), 10)),
		must[[]store.PaymentAsk](t)(s.DuePaymentAsks(ctx, now.Add(time.Hour), 10)),
		must[[]store.DueInstruction](t)(s.DueInstructions(ctx, store.Refund, now.Add(time.Hour), 10)),
		must[[]store.AcknowledgedAlarm](t)(s.AcknowledgedAlarms(ctx, 10)),
		must[[]store.Migration](t)(s.MigrationStatus(ctx)),
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Two processes with another TZ and loc=Local were eight hours apart in our own tables.
func TestProcessesInAnyZoneAgree(t *testing.T) {
	if *childDSN != "" { // this is the other process
		s, db := openIn(t, *childDSN, "Local")
		writeTimes(t, s, db, time.Now())
		return
	}
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		for _, writer := range []struct{ loc, tz string }{
			{"UTC", ""}, {"Asia/Shanghai", ""}, {"America/New_York", ""}, {"Local", "Asia/Shanghai"}, {"Local", "America/New_York"},
		} {
			t.Run(writer.loc+writer.tz, func(t *testing.T) {
				dsn := newDSN(t)
				first, db := openIn(t, dsn, "UTC")
				servertest.CreateShop(t, db)
				if writer.tz == "" {
					s, db := openIn(t, dsn, writer.loc)
					writeTimes(t, s, db, time.Now())
				} else {
					writeElsewhere(t, dsn, writer.tz)
				}
				checkColumns(t, db)
				now := time.Now().UTC().Truncate(time.Minute)
				want := readTimes(t, first, now)
				due, err := first.DueOrders(t.Context(), now.Add(time.Hour), 1)
				if err != nil || len(due) != 1 {
					t.Fatalf("due %v, %v", due, err)
				}
				for _, loc := range []string{"Asia/Shanghai", "America/New_York", "Local"} {
					s, _ := openIn(t, dsn, loc)
					if got := readTimes(t, s, now); got != want {
						t.Errorf("read in %s:\n%s\nread in UTC:\n%s", loc, got, want)
					}
					before, err := s.DueOrders(t.Context(), due[0].DueAt.Add(-time.Millisecond), 10)
					if err != nil || slices.ContainsFunc(before, func(d store.Due) bool { return d.OrderID == due[0].OrderID }) {
						t.Errorf("read in %s: due before its time: %v, %v", loc, before, err)
					}
				}
			})
		}
	})
}

// writeElsewhere runs writeTimes in a process of its own, whose zone is another one.
func writeElsewhere(t *testing.T, dsn, tz string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(t.Context(), binary, "-test.run=^TestProcessesInAnyZoneAgree$", "-zone.write="+dsn)
	cmd.Env = append(cmd.Environ(), "TZ="+tz)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("in %s: %v\n%s", tz, err, out)
	}
}

// eachZoneServer runs test on servers whose own zones differ. The first gives a TIMESTAMP an ON UPDATE
// of its own, as servers do before MySQL 8 and MariaDB 10.10.
func eachZoneServer(t *testing.T, test func(t *testing.T, newDSN func(testing.TB) string)) {
	t.Helper()
	if east := servertest.StartMySQL(t, "--default-time-zone=+08:00", "--explicit-defaults-for-timestamp=OFF"); east != nil {
		t.Run("east", func(t *testing.T) { test(t, east.NewDatabase) })
	}
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, dsn string) {
		n := 0
		test(t, func(t testing.TB) string {
			t.Helper()
			n++
			name := fmt.Sprintf("%s_zone_%d", dsn[strings.LastIndex(dsn, "/")+1:], n)
			exec(t, db, "CREATE DATABASE "+name)
			t.Cleanup(func() { exec(t, db, "DROP DATABASE "+name) })
			return dsn[:strings.LastIndex(dsn, "/")+1] + name
		})
	})
}

// A moment is written alike, in whatever zone the process holds it, on every back end.
func TestAMomentIsWrittenInUTC(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		due := t0.In(time.FixedZone("", -11*60*60)).Add(123 * time.Millisecond)
		record(t, s, store.Push{OrderID: "1", At: due, Outcome: store.Retrying, DueAt: &due})
		var text string
		err := db.Raw("SELECT CAST(due_at AS CHAR) FROM ordersync_order").Row().Scan(&text)
		if err != nil || text != "2026-03-01 08:00:00.123" {
			t.Errorf("stands as %s, %v", text, err)
		}
		if got := state(t, s, "1").DueAt; !got.Equal(due) || got.Location() != time.UTC {
			t.Errorf("read as %v", got)
		}
		toOutbox(t, db, 1, "push", "1")
		counts, err := s.Counts(t.Context(), time.Now())
		if err != nil || time.Since(counts.Outbox.Oldest).Abs() > time.Minute {
			t.Errorf("the outbox waits since %v, %v", counts.Outbox.Oldest, err)
		}
	})
}
