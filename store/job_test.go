package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// runJob steps a job to its end, as whoever runs it does.
func runJob(t *testing.T, s *store.Store, j store.Job) store.Job {
	t.Helper()
	for j.FinishedAt == nil {
		next, err := s.StepJob(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		j = next
	}
	return j
}

func TestAJobPushesOneCauseAndNothingElse(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for i := range 1203 {
			cause := []string{"product.cover_img", "course.name"}[i%2]
			failWith(t, s, fmt.Sprintf(`%s of row "%d": is empty`, cause, i), fmt.Sprintf("o%04d", i), "incomplete", 0, t0.Add(time.Duration(i-2000)*time.Millisecond), store.Refused, nil)
		}
		j, err := s.BeginJob(t.Context(), store.JobPush, store.JobFilter{Failures: store.FailureFilter{Kind: "incomplete", Cause: "course.name"}}, "omar")
		if err != nil || j.Total != 1203 || j.Who != "omar" {
			t.Fatalf("%+v, %v", j, err)
		}
		old := j
		stopped, err := s.BeginJob(t.Context(), store.JobPush, store.JobFilter{Failures: store.FailureFilter{Kind: "nothing"}}, "omar")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{true, false} {
			if done, err := s.StopJob(t.Context(), stopped.ID, "zoe"); err != nil || done != want {
				t.Errorf("stopped: %v, %v; want %v", done, err, want)
			}
		}
		if _, err := s.StepJob(t.Context(), stopped); !errors.Is(err, store.ErrJobMoved) {
			t.Errorf("a step of a job that was stopped: %v", err)
		}
		if is, err := s.Job(t.Context(), stopped.ID); err != nil || is.StoppedBy != "zoe" || is.FinishedAt == nil {
			t.Errorf("%+v, %v", is, err)
		}
		first, err := s.StepJob(t.Context(), j)
		if err != nil || first.Done != 500 || first.FinishedAt != nil {
			t.Fatalf("%+v, %v", first, err)
		}
		if _, err := s.StepJob(t.Context(), old); !errors.Is(err, store.ErrJobMoved) {
			t.Errorf("a second process: %v", err)
		}
		// The process dies here; another one finds the job and goes on.
		idle, err := s.IdleJobs(t.Context(), s.Clock())
		if err != nil || len(idle) != 1 || idle[0].ID != j.ID {
			t.Fatalf("%+v, %v", idle, err)
		}
		failWith(t, s, `course.name of row "9": is empty`, "later", "incomplete", 0, s.Clock().Add(time.Hour), store.Refused, nil)
		done := runJob(t, s, idle[0])
		if done.Done != 601 || done.Looked != 1203 || done.Locked != 0 {
			t.Errorf("%+v", done)
		}
		if due := dueIDs(t, s, s.Clock()); len(due) != 601 || due[0] == "o0000" {
			t.Errorf("%d are due", len(due))
		}
		if idle, err := s.IdleJobs(t.Context(), s.Clock().Add(time.Hour)); err != nil || len(idle) != 0 {
			t.Errorf("%+v, %v", idle, err)
		}
		if all, err := s.Jobs(t.Context(), 10); err != nil || len(all) != 2 || all[1].Done != 601 {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := s.Job(t.Context(), 4711); !errors.Is(err, store.ErrNoJob) {
			t.Error(err)
		}
	})
}

// The bug: two jobs over one filter said that they had done 34,429 of 30,001 orders.
func TestWhoeverPushesOneFilterAtOnceCountsEachOrderOnce(t *testing.T) {
	on(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		const orders = 3000
		own := func() *store.Store { return newStore(t, db, store.Config{Now: time.Now}) } // as a process of its own
		s, rows, args := own(), "", []any{}
		at := stamp(db, time.Now().Add(-time.Hour))
		for i := range orders {
			rows, args = rows+", (?, 'refused', 'rejected', ?, ?, ?)", append(args, fmt.Sprintf("o%04d", i), at, at, at)
		}
		exec(t, db, "INSERT INTO ordersync_order (order_id, outcome, kind, failed_at, created_at, updated_at) VALUES "+rows[2:], args...)
		var done, locked atomic.Int64
		var all errgroup.Group
		for range 2 {
			s := own()
			j, err := s.BeginJob(t.Context(), store.JobPush, store.JobFilter{Failures: store.FailureFilter{Kind: "rejected"}}, "omar")
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() (err error) {
				for j.FinishedAt == nil && err == nil {
					j, err = s.StepJob(t.Context(), j)
				}
				done.Add(j.Done)
				locked.Add(j.Locked)
				return err
			})
		}
		all.Go(func() error { // ordersync retry --failed
			f := store.RetryFilter{Kind: "rejected", Limit: 400}
			for {
				page, err := s.RequestRetry(t.Context(), f)
				done.Add(int64(len(page.Due)))
				locked.Add(int64(page.Locked))
				if f.After = page.Next; err != nil || page.Done {
					return err
				}
			}
		})
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		if done.Load() > orders || done.Load()+locked.Load() < orders {
			t.Errorf("%d of %d orders were made due, %d were locked", done.Load(), orders, locked.Load())
		}
	})
}

// The scheduler looks again at what it has handed over in a quarter of an hour. Until then the
// order stands refused, and its push is on its way: whoever asked once more asked for it twice.
func TestWhatWasHandedOverIsNotMadeDueAgain(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		later := t0.Add(time.Hour) // when the sweep looks at what was given up
		fail(t, s, "gave_up", "rejected", 1, t0.Add(-time.Hour), store.GaveUp, &later)
		fail(t, s, "refused", "rejected", 1, t0.Add(-time.Hour), store.Refused, nil)
		fail(t, s, "handed", "rejected", 1, t0.Add(-time.Hour), store.Refused, nil)
		if n, err := s.MakeDue(t.Context(), []string{"handed"}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		due, err := s.DueOrders(t.Context(), t0, 10)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		if err := s.PostponeDue(t.Context(), due, t0.Add(15*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if groups, _, err := s.FailureGroups(t.Context()); err != nil || len(groups) != 1 || groups[0].Count != 3 || groups[0].Asked != 1 {
			t.Errorf("%+v, %v", groups, err)
		}
		filter := store.JobFilter{Failures: store.FailureFilter{Kind: "rejected"}}
		if n, exact, err := s.FoundBy(t.Context(), store.JobPush, filter, 10); n != 2 || !exact || err != nil {
			t.Errorf("found %d, %v, %v", n, exact, err)
		}
		if page, err := s.RequestRetry(t.Context(), store.RetryFilter{Kind: "rejected", Dry: true}); err != nil || !slices.Equal(page.Due, []string{"gave_up", "refused"}) {
			t.Errorf("%+v, %v", page, err)
		}
		j, err := s.BeginJob(t.Context(), store.JobPush, filter, "omar")
		if err != nil {
			t.Fatal(err)
		}
		if done := runJob(t, s, j); done.Done != 2 || done.Looked != 3 {
			t.Errorf("%+v", done)
		}
		if due := dueIDs(t, s, t0); !slices.Equal(due, []string{"gave_up", "refused"}) {
			t.Errorf("due %v", due)
		}
	})
}

func TestAJobAcknowledgesOneAlarm(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for i := range 3 {
			for _, alarm := range []string{store.AlarmOverdue, store.AlarmAmount} {
				at := "2026-01-02 03:04:05" // before the clock of the tests
				if err := db.Exec("INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, alarm, alarm_at, created_at, updated_at) VALUES (?, '1', '1', 1, '', 'submitted', ?, ?, ?, ?)",
					fmt.Sprint(alarm, i), alarm, at, at, at).Error; err != nil {
					t.Fatal(err)
				}
			}
		}
		j, err := s.BeginJob(t.Context(), store.JobAcknowledge, store.JobFilter{Table: store.RefundAlarm, Alarm: store.AlarmOverdue, Note: "seen"}, "omar")
		if err != nil || j.Total != 3 {
			t.Fatalf("%+v, %v", j, err)
		}
		if done := runJob(t, s, j); done.Done != 3 {
			t.Errorf("%+v", done)
		}
		left, err := s.Alarms(t.Context(), store.Refund, 10)
		if err != nil || len(left) != 3 || left[0].Alarm != store.AlarmAmount {
			t.Errorf("%+v, %v", left, err)
		}
		seen, err := s.AcknowledgedAlarms(t.Context(), 10)
		if err != nil || len(seen) != 3 || seen[0].Ack.By != "omar" || seen[0].Ack.Note != "seen" {
			t.Errorf("%+v, %v", seen, err)
		}
		if _, err := s.BeginJob(t.Context(), store.JobAcknowledge, store.JobFilter{Table: "order", Alarm: "x"}, "omar"); err == nil {
			t.Error("a table that has no alarms")
		}
	})
}

// Whoever acknowledges what a filter finds has seen neither what it leaves out nor what came later.
func TestAJobAcknowledgesWhatAFilterFinds(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refunds(t, db, 1300)
		before, after := s.Clock().Add(-time.Hour), s.Clock().Add(time.Hour)
		exec(t, db, "UPDATE ordersync_refund SET alarm = 'overdue', alarm_at = ?", stamp(db, before))
		exec(t, db, "UPDATE ordersync_refund SET alarm = 'amount' WHERE out_refund_no IN ('r1299', 'r8')")
		exec(t, db, "UPDATE ordersync_refund SET alarm_at = ? WHERE out_refund_no = 'r2'", stamp(db, after))
		exec(t, db, "UPDATE ordersync_refund SET ack_at = ? WHERE out_refund_no = 'r5'", stamp(db, before))
		filter := store.JobFilter{List: store.ListRefunds, Rows: store.ListFilter{State: "succeeded"}, Note: "seen"} // r2, r5, r8, ...
		want := 433 - 1
		if n, exact, err := s.FoundBy(t.Context(), store.JobAcknowledge, filter, 1000); err != nil || !exact || n != want {
			t.Fatalf("%d, %v, %v; want %d", n, exact, err, want)
		}
		j, err := s.BeginJob(t.Context(), store.JobAcknowledge, filter, "omar")
		if err != nil || j.Total != int64(want) {
			t.Fatalf("%+v, %v", j, err)
		}
		if done := runJob(t, s, j); done.Done != int64(want)-1 || done.Looked != int64(want) {
			t.Errorf("%+v", done)
		}
		if i := instruction(t, s, store.Refund, "r8"); i.Ack.By != "omar" || i.Ack.Note != "seen" || i.Alarm != store.AlarmAmount {
			t.Errorf("%+v", i)
		}
		if i := instruction(t, s, store.Refund, "r2"); i.Ack.At != nil {
			t.Errorf("raised later: %+v", i.Ack)
		}
		filter.Rows = store.ListFilter{AlarmIs: store.AlarmAmount}
		one, err := s.BeginJob(t.Context(), store.JobAcknowledge, filter, "omar")
		if err != nil || one.Total != 1 {
			t.Fatalf("%+v, %v", one, err)
		}
		if done := runJob(t, s, one); done.Done != 1 {
			t.Errorf("%+v", done)
		}
		exec(t, db, "UPDATE ordersync_refund SET alarm = 'contradiction' WHERE out_refund_no IN ('r0', 'r1')")
		exec(t, db, "UPDATE ordersync_refund SET alarm_at = ? WHERE out_refund_no = 'r1'", stamp(db, before.Add(2*time.Minute)))
		filter.Rows = store.ListFilter{AlarmIs: store.AlarmContradiction}
		for _, f := range []store.JobFilter{filter, {Table: store.RefundAlarm, Alarm: store.AlarmContradiction}} {
			f.Seen = before.Add(time.Minute)
			if j, err := s.BeginJob(t.Context(), store.JobAcknowledge, f, "omar"); err != nil || runJob(t, s, j).Done != 1 {
				t.Errorf("%+v, %v", j, err)
			}
			if is := instruction(t, s, store.Refund, "r1"); is.Ack.At != nil {
				t.Errorf("%+v: raised before the job began, and after somebody looked: %+v", f, is.Ack)
			}
			exec(t, db, "UPDATE ordersync_refund SET ack_at = NULL WHERE out_refund_no = 'r0'")
		}
		rest, err := s.BeginJob(t.Context(), store.JobAcknowledge, store.JobFilter{List: store.ListRefunds, Seen: after.Add(time.Hour)}, "omar")
		if err != nil || runJob(t, s, rest).Done != 1300-int64(want)-2 { // all but r2, r5, and what was seen above
			t.Errorf("%+v, %v", rest, err)
		}
		for _, bad := range []store.JobFilter{{List: store.ListOrders}, {List: "order"}, {}} {
			if _, err := s.BeginJob(t.Context(), store.JobAcknowledge, bad, "omar"); err == nil {
				t.Errorf("%+v has no alarms", bad)
			}
		}
	})
}

// A word moves money: it is said where there is none, and on what stood there when it was asked for.
func TestAJobSaysOneWordOnWhatAFilterFinds(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for _, id := range []string{"1", "2", "3", "4", "5"} {
			openAudit(t, s, id, t0.Add(72*time.Hour), nil)
		}
		if _, _, err := s.SayAudit(t.Context(), "DY2", store.Agree, "zoe", ""); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "UPDATE ordersync_refund SET created_at = ? WHERE out_refund_no = 'DY3'", stamp(db, s.Clock().Add(time.Hour)))
		exec(t, db, "UPDATE ordersync_refund SET created_at = ? WHERE out_refund_no <> 'DY3'", stamp(db, t0.Add(-time.Hour)))
		deny := store.JobFilter{List: store.ListAudits, Rows: store.ListFilter{Text: "DY4"}, Note: "used"}
		for filter, act := range map[*store.JobFilter]store.JobAct{
			{List: store.ListAudits}: store.JobDeny, {List: store.ListAudits, Note: "words"}: store.JobAgree, {List: store.ListRefunds}: store.JobAgree, {}: store.JobAgree,
		} {
			if _, err := s.BeginJob(t.Context(), act, *filter, "omar"); err == nil {
				t.Errorf("%s of %+v", act, *filter)
			}
		}
		j, err := s.BeginJob(t.Context(), store.JobDeny, deny, "omar")
		if err != nil || j.Total != 1 || runJob(t, s, j).Done != 1 {
			t.Errorf("%+v, %v", j, err)
		}
		none := store.JobFilter{List: store.ListAudits, Rows: store.ListFilter{Most: new(store.Fen(0))}}
		if n, _, err := s.FoundBy(t.Context(), store.JobAgree, none, 10); err != nil || n != 0 {
			t.Errorf("of 0 yuan at most: %d, %v", n, err)
		}
		if j, err = s.BeginJob(t.Context(), store.JobAgree, none, "omar"); err != nil || j.Total != 0 || runJob(t, s, j).Done != 0 {
			t.Errorf("of 0 yuan at most: %+v, %v", j, err)
		}
		early := store.JobFilter{List: store.ListAudits, Seen: t0.Add(-2 * time.Hour)}
		if j, err = s.BeginJob(t.Context(), store.JobAgree, early, "omar"); err != nil || runJob(t, s, j).Done != 0 {
			t.Errorf("all were asked for after somebody looked: %+v, %v", j, err)
		}
		agree := store.JobFilter{List: store.ListAudits}
		if n, exact, err := s.FoundBy(t.Context(), store.JobAgree, agree, 10); err != nil || !exact || n != 3 {
			t.Errorf("%d, %v, %v", n, exact, err)
		}
		if j, err = s.BeginJob(t.Context(), store.JobAgree, agree, "omar"); err != nil || runJob(t, s, j).Done != 2 {
			t.Errorf("%+v, %v", j, err)
		}
		for number, want := range map[string]string{"DY1": "agree omar", "DY2": "agree zoe", "DY3": " ", "DY4": "deny omar", "DY5": "agree omar"} {
			a := instruction(t, s, store.Refund, number).Audit
			if got := string(a.Word) + " " + a.By; got != want {
				t.Errorf("%s: %q, want %q", number, got, want)
			}
		}
		page := list(t, s, store.ListAudits, store.ListQuery{Limit: 10, ListFilter: store.ListFilter{State: "needed", Text: "used"}})
		if keys(page) != "DY4" || page.Rows[0].Kind != "deny" || page.Rows[0].Note != "omar" || page.Rows[0].DueAt == nil || !page.Rows[0].At.Equal(t0.Add(72*time.Hour)) {
			t.Errorf("%+v", page)
		}
	})
}
