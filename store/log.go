package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/gather"
	"github.com/ordersync/ordersync/tasks/cut"
)

// LogRow is a row of ordersync_log: one call to Douyin, or one pass that ended before it. Outcome is
// one of a push, but for calls about money that went well: a MoneyState, which is submitted,
// succeeded or failed.
type LogRow struct {
	ID         int64     // in the order in which rows were written
	At         time.Time // when it ended
	Call       string    // order.push, refund.create, ...
	OrderID    string    // the shop's key; empty: of money whose order is not known
	Number     string    // developer number of a refund or settlement; empty for a push
	Cause      string    // why a push was asked for; empty for money
	TaskID     string    // asynq's
	Attempt    int       // of the task, counted from 1
	Outcome    Outcome
	Kind       string        // of the failure, as OrderState.Kind; empty: none
	Code       int           // Douyin's number; 0: none
	Message    string        // Douyin's words, or ours; empty: no failure
	LogID      string        // X-Tt-Logid; empty: no answer
	HTTPStatus int           // 0: no answer
	Duration   time.Duration // whole microseconds
	SinceAsked time.Duration // from when the task was asked for to At, whole microseconds; 0: not known
	Request    string        // masked; empty when Config.LogBodies keeps none
	Response   string        // likewise
}

// MaxSinceAsked is the longest LogRow.SinceAsked: asynq throws an archived task away after 90 days.
// What would be longer was no time of asking, and is not known.
const MaxSinceAsked = 90 * 24 * time.Hour

// CallPush is LogRow.Call of a push.
const CallPush = "order.push"

// logColumns are the columns of ordersync_log behind its id. The first plainColumns are all that a
// call fills when nothing failed and no body is kept; the others have defaults.
var logColumns = []string{
	"at", "call_name", "order_id", "cause", "task_id", "attempt", "outcome", "log_id", "http_status", "duration_us", "since_asked_us",
	"number", "kind", "code", "message", "request", "response",
}

const plainColumns = 11

func (r *LogRow) scan(rows *sql.Rows) error {
	var at timestamp
	var micros int64
	var sinceAsked sql.NullInt64
	var request, response sql.NullString
	err := rows.Scan(&r.ID, &at, &r.Call, &r.OrderID, &r.Cause, &r.TaskID, &r.Attempt, &r.Outcome, &r.LogID, &r.HTTPStatus, &micros, &sinceAsked,
		&r.Number, &r.Kind, &r.Code, &r.Message, &request, &response)
	r.At, r.Duration = at.Time, time.Duration(micros)*time.Microsecond
	if us := sinceAsked.Int64; us > 0 && us <= MaxSinceAsked.Microseconds() {
		r.SinceAsked = time.Duration(us) * time.Microsecond
	}
	r.Request, r.Response = request.String, response.String
	return err
}

// logRow is what a Push leaves in the log.
func (s *Store) logRow(p *Push) LogRow {
	r := LogRow{
		At: p.At, Call: cmp.Or(p.Call, CallPush), OrderID: p.OrderID, Cause: p.Cause, TaskID: p.TaskID, Attempt: p.Attempt, Outcome: p.Outcome, Kind: p.Kind,
		Code: p.Code, Message: p.Message, LogID: p.LogID, HTTPStatus: p.HTTPStatus, Duration: p.Duration, SinceAsked: p.SinceAsked,
	}
	r.Request, r.Response = p.Request, p.Response
	return s.withBodies(r)
}

// withBodies drops request and response where Config.LogBodies keeps none.
func (s *Store) withBodies(r LogRow) LogRow {
	if r.Outcome.wentWell() && s.cfg.LogBodies != BodiesAll {
		r.Request, r.Response = "", ""
	}
	return r
}

func (d dialect) insertLog(tx *gorm.DB, rows []LogRow) error {
	if len(rows) == 0 {
		return nil
	}
	columns := logColumns
	if !slices.ContainsFunc(rows, func(r LogRow) bool { return !r.plain() }) {
		columns = logColumns[:plainColumns]
	}
	args := make([]any, 0, len(rows)*len(columns))
	for i := range rows {
		r := &rows[i]
		values := [...]any{
			d.time(r.At), cut.To(r.Call, maxKind), cut.To(r.OrderID, maxID), cut.To(r.Cause, maxKind), cut.To(r.TaskID, 255), r.Attempt, string(r.Outcome),
			cut.To(r.LogID, maxLogID), r.HTTPStatus, r.Duration.Microseconds(), known(r.SinceAsked),
			cut.To(r.Number, maxID), cut.To(r.Kind, maxKind), r.Code, words(r.Message), body(r.Request), body(r.Response),
		}
		args = append(args, values[:len(columns)]...)
	}
	_, err := execIn(tx, "INSERT INTO `ordersync_log` ("+columnList("", columns)+") VALUES "+tuples(len(rows), len(columns)), args)
	return err
}

// plain tells that the row fills only plainColumns.
func (r *LogRow) plain() bool {
	return r.Number == "" && r.Kind == "" && r.Code == 0 && r.Message == "" && r.Request == "" && r.Response == ""
}

// known is LogRow.SinceAsked as its column has it: NULL where it is not known.
func known(d time.Duration) any {
	if d <= 0 || d > MaxSinceAsked {
		return nil
	}
	return d.Microseconds()
}

// body is a request or response as the log keeps it: NULL when empty.
func body(s string) any {
	if s == "" {
		return nil
	}
	return cut.To(s, maxBody)
}

// Log is the newest rows of an order's log, newest first.
func (s *Store) Log(ctx context.Context, orderID string, limit int) ([]LogRow, error) {
	log, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (r LogRow, err error) {
		err = r.scan(rows)
		return r, err
	}, "SELECT "+columnList("", append([]string{"id"}, logColumns...))+" FROM `ordersync_log` WHERE `order_id` = ? ORDER BY `id` DESC LIMIT ?", orderID, limit)
	if err != nil {
		return nil, fmt.Errorf("store: log of order: %w", err)
	}
	return log, nil
}

// logged is what one record left in the log, or why it did not.
type logged struct {
	push *Push
	err  error
}

// logCalls writes what the calls leave in the log, and sends one logged for each of them, in their
// order.
func (s *Store) logCalls(ctx context.Context, calls []*gather.Call[*Push, bool]) <-chan []*logged {
	entries := make([]*logged, len(calls))
	for i, c := range calls {
		entries[i] = &logged{push: c.Key}
	}
	done := make(chan []*logged, 1)
	write := func() {
		s.writeLogs(ctx, entries)
		done <- entries
	}
	if s.sql.sqlite { // one writer at a time
		write()
	} else {
		go write()
	}
	return done
}

// writeLogs writes new rows of the log, and meets no lock but that of the table. A row that the
// database refuses fails alone.
func (s *Store) writeLogs(ctx context.Context, entries []*logged) {
	p := parts[*logged]{
		run:  func(entries []*logged) error { return s.writeLog(ctx, entries) },
		fail: func(e *logged, err error) { e.err = lockedError(err) },
	}
	p.do(entries)
}

// writeLog writes entries of the log in one statement.
func (s *Store) writeLog(ctx context.Context, entries []*logged) error {
	rows := make([]LogRow, 0, len(entries))
	for _, e := range entries {
		if e.push.Outcome != Settled {
			rows = append(rows, s.logRow(e.push))
		}
	}
	if err := afterRace.do(ctx, func() error { return s.sql.insertLog(s.db.WithContext(ctx), rows) }); err != nil {
		return fmt.Errorf("store: write log: %w", err)
	}
	return nil
}
