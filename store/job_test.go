package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

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
		if all, err := s.Jobs(t.Context(), 10); err != nil || len(all) != 1 || all[0].Done != 601 {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := s.Job(t.Context(), 4711); !errors.Is(err, store.ErrNoJob) {
			t.Error(err)
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
