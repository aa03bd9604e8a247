package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ordersync/ordersync/tasks/cut"
)

// errJobFilter: a job that is about nothing, or about what its act is not for.
var errJobFilter = errors.New("store: begin job: want an act, and what it is about: a table and an alarm, or a list with alarms; a word needs refunds that wait, a denial its words, too")

// of is the filter of an act, with what the act adds to it: only what it can be done to is found.
func (f JobFilter) of(act JobAct) (JobFilter, error) {
	_, table := alarmKeys[f.Table]
	switch {
	case act == JobPush:
		return f, nil
	case act == JobAcknowledge && f.List == "" && table && f.Alarm != "":
		return f, nil
	case act == JobAcknowledge && listings[f.List].alarms != "":
		f.Rows.Alarm = true
		return f, nil
	case (act == JobAgree || act == JobDeny) && f.List == ListAudits && f.Rows.mayWait() && (act == JobDeny) == (f.Note != ""):
		f.Rows.State, f.Rows.Unsaid = string(AuditNeeded), true
		return f, nil
	}
	return f, errJobFilter
}

// mayWait tells whether the filter lets rows of ListAudits through that wait for a word.
func (f *ListFilter) mayWait() bool { return f.State == "" || f.State == string(AuditNeeded) }

// FoundBy counts what a job would be about, up to most. exact tells that these are all. The error is
// that of BeginJob where the act is not for the filter.
func (s *Store) FoundBy(ctx context.Context, act JobAct, f JobFilter, most int) (n int, exact bool, err error) {
	if f, err = f.of(act); err != nil {
		return 0, false, err
	}
	switch {
	case act == JobPush:
		return s.countLetThrough(ctx, f.Failures, most)
	case f.List != "":
		return s.CountList(ctx, f.List, f.Rows, most)
	}
	total, err := s.countJob(ctx, act, f, s.Clock())
	return min(int(total), most), total < CountLimit && total <= int64(most), err
}

// countLetThrough counts the orders that a job would make due.
func (s *Store) countLetThrough(ctx context.Context, f FailureFilter, most int) (n int, exact bool, err error) {
	q, after, now := FailureQuery{FailureFilter: f, Idle: true}, FailureKey{}, s.Clock()
	for looked := 0; ; {
		found, err := s.failedFrom(ctx, after, q, failureChunk)
		if err != nil {
			return 0, false, fmt.Errorf("store: count failures: %w", err)
		}
		for i := range found {
			if q.lets(&found[i], now) {
				n++
			}
			after = found[i].key()
		}
		looked += len(found)
		switch {
		case n > most:
			return most, false, nil
		case len(found) < failureChunk:
			return n, true, nil
		case looked >= FailureWindow:
			return n, false, nil
		}
	}
}

// stepList does something to the next rows of the job's list. do tells how many it was done to.
func (s *Store) stepList(ctx context.Context, j *Job, do func(context.Context, *Job, []ListRow) (int64, error)) (last bool, err error) {
	q := ListQuery{ListFilter: j.Filter.Rows, After: ListKey{j.place.FailedAt, j.place.OrderID}, Limit: jobStep}
	page, err := s.List(ctx, j.Filter.List, q)
	if err != nil {
		return false, err
	}
	n, err := do(ctx, j, page.Rows)
	if err != nil {
		return false, err
	}
	j.Looked, j.Done, j.place = j.Looked+int64(len(page.Rows)), j.Done+n, FailureKey{page.Next.At, page.Next.Key}
	return !page.More, nil
}

// acknowledgeRows acknowledges the alarms of rows, as far as they were raised before somebody saw
// them. Another alarm that has come to a row meanwhile stays open.
func (s *Store) acknowledgeRows(ctx context.Context, j *Job, rows []ListRow) (n int64, err error) {
	of := listings[j.Filter.List].alarms
	keys := map[string][]any{}
	for i := range rows {
		keys[rows[i].Alarm] = append(keys[rows[i].Alarm], rows[i].Key)
	}
	seen := s.sql.time(j.seen())
	for _, alarm := range slices.Sorted(maps.Keys(keys)) {
		args := append([]any{s.sql.time(s.Clock()), cut.To(j.Who, maxID), cut.To(j.Filter.Note, maxMessage), alarm, seen, seen}, keys[alarm]...)
		acknowledged, err := s.exec(ctx, "UPDATE "+quote("ordersync_"+string(of))+" SET `ack_at` = ?, `ack_by` = ?, `ack_note` = ? WHERE `ack_at` IS NULL AND `alarm` = ? AND COALESCE("+
			quote(raised[of])+", ?) <= ? AND "+quote(alarmKeys[of])+" IN ("+places(len(keys[alarm]))+")", args...)
		if err != nil {
			return n, fmt.Errorf("store: acknowledge: %w", err)
		}
		n += acknowledged
	}
	return n, nil
}

// sayWords says the job's word on refunds that have none. One that was decided meanwhile is left out,
// and so is one that was asked for later than Seen: whoever began the job has not seen it.
func (s *Store) sayWords(ctx context.Context, j *Job, rows []ListRow) (n int64, err error) {
	word := Agree
	if j.Act == JobDeny {
		word = Deny
	}
	for _, r := range rows {
		i, found, err := s.Instruction(ctx, Refund, r.Key)
		if err != nil {
			return n, err
		}
		if !found || i.CreatedAt.After(j.seen()) { // nobody has seen it
			continue
		}
		_, fresh, err := s.SayAudit(ctx, r.Key, word, j.Who, j.Filter.Note)
		var stands *AuditConflictError
		switch {
		case errors.As(err, &stands), errors.Is(err, ErrNoInstruction):
		case err != nil:
			return n, err
		case fresh:
			n++
		}
	}
	return n, nil
}

// StopJob ends a job that goes on; what it has done stays done. stopped is false where it has ended
// already. A step that is being made may still do its rows, and nobody counts these.
func (s *Store) StopJob(ctx context.Context, id int64, who string) (stopped bool, err error) {
	at := s.sql.time(s.Clock())
	n, err := s.exec(ctx, "UPDATE `ordersync_job` SET `finished_at` = ?, `updated_at` = ?, `stopped_by` = ?, `moves` = `moves` + 1 WHERE `id` = ? AND `finished_at` IS NULL", at, at, cut.To(who, maxID), id)
	if err != nil {
		return false, fmt.Errorf("store: stop job: %w", err)
	}
	return n > 0, nil
}
