package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// ErrJobMoved: another process has moved the same job since it was read.
var ErrJobMoved = errors.New("store: job moved by another process")

// ErrNoJob: there is no such job.
var ErrNoJob = errors.New("store: no such job")

// JobAct is what a job does to each row that its filter finds.
type JobAct string

// The acts.
const (
	JobPush        JobAct = "push"        // makes orders that failed due now
	JobAcknowledge JobAct = "acknowledge" // acknowledges alarms
	JobAgree       JobAct = "agree"       // agrees to refunds that wait for the shop's word
	JobDeny        JobAct = "deny"        // denies them
)

// jobStep is how many rows one step of a job does something to.
const jobStep = 500

// JobFilter says what a job is about: the orders that failed, the alarms of one table, or the rows of
// a list.
type JobFilter struct {
	Failures FailureFilter `json:"failures,omitzero"` // of JobPush
	Table    AlarmTable    `json:"table,omitempty"`   // of JobAcknowledge without a List, as is the next
	Alarm    string        `json:"alarm,omitempty"`
	List     List          `json:"list,omitempty"` // of JobAcknowledge; JobAgree and JobDeny are about ListAudits
	Rows     ListFilter    `json:"rows,omitzero"`  // of that list
	// Seen is when the rows were shown to whoever asks, by Store.Clock: an alarm that was raised
	// later, or a refund that was asked for later, is not the job's business. An alarm of a payment
	// or callback counts as raised when its row came. Zero, or later than the job's begin: the
	// begin. JobPush, which harms nobody, goes by its begin.
	Seen time.Time `json:"seen,omitzero"`
	Note string    `json:"note,omitempty"` // of JobAcknowledge what became of it, of JobDeny what the buyers read
}

// Job is something that an operator asked for of everything that a filter finds. It was asked for at
// StartedAt: what failed later, or was raised after JobFilter.Seen, is not its business.
type Job struct {
	ID     int64
	Act    JobAct
	Filter JobFilter
	Who    string

	Total  int64 // rows to look through, counted at the begin; CountLimit: that many or more
	Looked int64 // rows looked through
	Done   int64 // of these, what the act was done to
	Locked int64 // of these, what somebody had locked: it was left out

	StartedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time // nil: it goes on
	StoppedBy  string     // who stopped it before its end; empty: nobody

	place FailureKey
	moves int64
}

// jobColumns in the order in which scanJob has them.
const jobColumns = "`id`, `act`, `filter`, `who`, `moves`, `place`, `total`, `looked`, `done`, `locked`, `started_at`, `updated_at`, `finished_at`, `stopped_by`"

func scanJob(rows *sql.Rows) (j Job, err error) {
	var filter, place string
	var started, updated, finished timestamp
	err = rows.Scan(&j.ID, &j.Act, &filter, &j.Who, &j.moves, &place, &j.Total, &j.Looked, &j.Done, &j.Locked, &started, &updated, &finished, &j.StoppedBy)
	if err == nil {
		err = json.Unmarshal([]byte(filter), &j.Filter)
	}
	if err == nil && place != "" {
		err = json.Unmarshal([]byte(place), &j.place)
	}
	j.StartedAt, j.UpdatedAt, j.FinishedAt = started.Time, updated.Time, finished.ptr()
	return j, err
}

// BeginJob writes a job down. Nothing is done yet: StepJob does it, in whichever process.
func (s *Store) BeginJob(ctx context.Context, act JobAct, f JobFilter, who string) (Job, error) {
	now := s.Clock()
	f.Failures.FailedBy, f.Note = time.Time{}, cut.To(f.Note, maxMessage)
	if f.Seen.IsZero() || f.Seen.After(now) {
		f.Seen = now
	}
	f, err := f.of(act)
	if err != nil {
		return Job{}, err
	}
	total, err := s.countJob(ctx, act, f, now)
	if err != nil {
		return Job{}, err
	}
	filter, err := json.Marshal(f)
	if err != nil {
		return Job{}, fmt.Errorf("store: begin job: %w", err)
	}
	var id int64
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		at := s.sql.time(now)
		_, err := execIn(tx, "INSERT INTO `ordersync_job` (`act`, `filter`, `who`, `place`, `total`, `started_at`, `updated_at`) VALUES (?, ?, ?, '', ?, ?, ?)",
			[]any{string(act), string(filter), cut.To(who, maxID), total, at, at})
		if err != nil {
			return err
		}
		return tx.Raw("SELECT " + s.sql.lastInsertID()).Row().Scan(&id)
	})
	if err != nil {
		return Job{}, fmt.Errorf("store: begin job: %w", err)
	}
	return s.Job(ctx, id)
}

func (s *Store) countJob(ctx context.Context, act JobAct, f JobFilter, now time.Time) (n int64, err error) {
	switch {
	case act == JobPush:
		return s.CountFailures(ctx, now, CountLimit)
	case f.List != "":
		found, _, err := s.CountList(ctx, f.List, f.Rows, CountLimit)
		return int64(found), err
	}
	err = s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM "+quote("ordersync_"+string(f.Table))+" WHERE `ack_at` IS NULL AND `alarm` = ? LIMIT ?) a", f.Alarm, CountLimit).
		Row().Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: begin job: %w", err)
	}
	return n, nil
}

// Job reads a job. ErrNoJob: there is none.
func (s *Store) Job(ctx context.Context, id int64) (Job, error) {
	found, err := s.jobs(ctx, "`id` = ?", id)
	if err == nil && len(found) == 0 {
		return Job{}, ErrNoJob
	}
	if err != nil {
		return Job{}, err
	}
	return found[0], nil
}

// Jobs are the newest jobs, the newest first.
func (s *Store) Jobs(ctx context.Context, limit int) ([]Job, error) {
	return s.jobs(ctx, "1 = 1 ORDER BY `id` DESC LIMIT ?", limit)
}

// IdleJobs are jobs that are not finished and that nobody has moved since a time: whoever ran them
// is gone, or has not begun.
func (s *Store) IdleJobs(ctx context.Context, since time.Time) ([]Job, error) {
	return s.jobs(ctx, "`finished_at` IS NULL AND `updated_at` <= ? ORDER BY `id` LIMIT 10", s.sql.time(since))
}

func (s *Store) jobs(ctx context.Context, where string, args ...any) ([]Job, error) {
	found, err := collect(s.db.WithContext(ctx), scanJob, "SELECT "+jobColumns+" FROM `ordersync_job` WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: jobs: %w", err)
	}
	return found, nil
}

// StepJob does the next step of j and returns the job as it then stands. What a step does may be
// done twice without harm, so a process that dies between the act and its record loses nothing. The
// error is ErrJobMoved where another process was faster.
func (s *Store) StepJob(ctx context.Context, j Job) (Job, error) {
	if err := s.claimJob(ctx, &j); err != nil {
		return j, err
	}
	next := j
	next.moves++
	var last bool
	var err error
	switch j.Act {
	case JobPush:
		last, err = s.stepPush(ctx, &next)
	case JobAcknowledge:
		if j.Filter.List != "" {
			last, err = s.stepList(ctx, &next, s.acknowledgeRows)
		} else {
			last, err = s.stepAcknowledge(ctx, &next)
		}
	case JobAgree, JobDeny:
		last, err = s.stepList(ctx, &next, s.sayWords)
	default:
		last = true // of a newer version: it must not be tried for ever
	}
	if err != nil {
		return j, err
	}
	next.UpdatedAt = s.Clock()
	if last {
		next.FinishedAt = &next.UpdatedAt
	}
	place, err := json.Marshal(next.place)
	if err != nil {
		return j, fmt.Errorf("store: step job: %w", err)
	}
	moved, err := s.exec(ctx, "UPDATE `ordersync_job` SET `moves` = ?, `place` = ?, `looked` = ?, `done` = ?, `locked` = ?, `updated_at` = ?, `finished_at` = ? WHERE `id` = ? AND `moves` = ?",
		next.moves, string(place), next.Looked, next.Done, next.Locked, s.sql.time(next.UpdatedAt), s.sql.timePtr(next.FinishedAt), j.ID, j.moves)
	if err == nil && moved == 0 {
		err = ErrJobMoved
	}
	if err != nil {
		return j, fmt.Errorf("store: step job: %w", err)
	}
	return next, nil
}

// claimJob keeps others from the next step.
func (s *Store) claimJob(ctx context.Context, j *Job) error {
	moved, err := s.exec(ctx, "UPDATE `ordersync_job` SET `moves` = ?, `updated_at` = ? WHERE `id` = ? AND `moves` = ?", j.moves+1, s.sql.time(s.Clock()), j.ID, j.moves)
	if err == nil && moved == 0 {
		err = ErrJobMoved
	}
	if err != nil {
		return fmt.Errorf("store: claim job: %w", err)
	}
	j.moves++
	return nil
}

// stepPush goes on from the oldest failure, as RequestRetry does.
func (s *Store) stepPush(ctx context.Context, j *Job) (last bool, err error) {
	q := FailureQuery{FailureFilter: j.Filter.Failures, Oldest: true, Idle: true, After: j.place, Limit: jobStep}
	q.FailedBy = j.StartedAt
	page, err := s.Failures(ctx, q)
	if err != nil {
		return false, err
	}
	ids := make([]string, len(page.Orders))
	for i := range page.Orders {
		ids[i] = page.Orders[i].OrderID
	}
	made, locked, err := s.makeDue(ctx, ids)
	if err != nil {
		return false, err
	}
	j.Looked, j.Done, j.Locked, j.place = j.Looked+int64(page.Looked), j.Done+int64(len(made)), j.Locked+int64(locked), page.Next
	return page.Next == (FailureKey{}), nil
}

// seen is the time after which nothing is the job's business. A row without JobFilter.Seen was
// written by an older process.
func (j *Job) seen() time.Time {
	if j.Filter.Seen.IsZero() {
		return j.StartedAt
	}
	return j.Filter.Seen
}

// raised is when an alarm of a table was raised.
var raised = map[AlarmTable]string{
	PaymentAlarm: "created_at", RefundAlarm: "alarm_at", SettlementAlarm: "alarm_at", OutboxAlarm: "created_at", CallbackAlarm: "received_at", PaymentAskAlarm: "alarm_at",
}

// stepAcknowledge acknowledges the next alarms. What was acknowledged is not found again.
func (s *Store) stepAcknowledge(ctx context.Context, j *Job) (last bool, err error) {
	f := j.Filter
	table, key := quote("ordersync_"+string(f.Table)), quote(alarmKeys[f.Table])
	at := s.sql.time(j.seen())
	n, err := s.exec(ctx, "UPDATE "+table+" SET `ack_at` = ?, `ack_by` = ?, `ack_note` = ? WHERE `ack_at` IS NULL AND `alarm` = ? AND "+key+
		" IN (SELECT k FROM (SELECT "+key+" AS k FROM "+table+" WHERE `ack_at` IS NULL AND `alarm` = ? AND COALESCE("+quote(raised[f.Table])+", ?) <= ? LIMIT ?) found)",
		s.sql.time(s.Clock()), cut.To(j.Who, maxID), cut.To(f.Note, maxMessage), f.Alarm, f.Alarm, at, at, jobStep)
	if err != nil {
		return false, fmt.Errorf("store: acknowledge: %w", err)
	}
	j.Looked, j.Done = j.Looked+n, j.Done+n
	return n < jobStep, nil
}
