package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// auditNear is how long before its deadline an audit without a word raises its alarm: a person
	// has a working day left.
	auditNear = 24 * time.Hour
	// auditCarried is how long a word may take until Douyin has it, before it counts as none.
	auditCarried = time.Hour
	// byPolicy says the words of refunds.audit.
	byPolicy = "ordersync"
)

// AuditRows are the refunds that wait for a word, or whose word waits for Douyin.
type AuditRows interface {
	AuditsNeeded(ctx context.Context, after store.AuditKey, limit int) ([]store.Instruction, error)
	SayAudit(ctx context.Context, number string, word store.AuditWord, by, denyMessage string) (i store.Instruction, fresh bool, err error)

	DueAudits(ctx context.Context, now time.Time, limit int) ([]store.DueInstruction, error)
	DueAuditsAfter(ctx context.Context, after store.DueInstruction, until time.Time, limit int) ([]store.DueInstruction, error)
	EndedAudits(ctx context.Context, now time.Time, limit int) ([]store.DueInstruction, error)
	AuditsNear(ctx context.Context, until, saidBefore time.Time, limit int) ([]store.DueInstruction, error)
	WakeAudit(ctx context.Context, number string, due time.Time) error
	PostponeAudit(ctx context.Context, due store.DueInstruction, until time.Time) error
	AlarmAudit(ctx context.Context, number string, at time.Time) (raised bool, err error)
	DropAudit(ctx context.Context, number string, at time.Time) error
}

// Audits looks after refunds that buyers asked Douyin for: it says the word where that is policy,
// wakes what Douyin has decided by itself, hands over what is due, and raises the alarm of what is
// near its deadline. A row that fails holds up no other. Not safe for concurrent use; any number of
// processes may have one each: the first word counts, and their tasks have the same ids. What Redis
// loses comes again after handOverAgain, and at once where it came back empty: a word that waited for
// that could miss its deadline.
type Audits struct {
	Rows  AuditRows
	Queue tasks.Enqueuer
	Agree bool // refunds.audit is agree
	// Mark tells that Redis came back empty, as for Sweep.
	Mark Mark
	Now  func() time.Time
	Log  zerolog.Logger

	lost  loss
	again store.DueInstruction // the last one that was handed over again because of lost
}

// Tick looks at a page of each and asks for more while one was full. It implements Job.Do.
func (a *Audits) Tick(ctx context.Context) (more bool, err error) {
	now := a.Now()
	noticed, err := a.lost.notice(ctx, a.Mark, now)
	if err != nil {
		return false, err
	}
	if noticed {
		a.again = store.DueInstruction{DueAt: now}
		a.Log.Warn().Msg("Redis is new or came back empty: words on refunds that were on their way are asked for again")
	}
	steps := []func(context.Context, time.Time) (bool, error){a.wake, a.handOver, a.handOverLost, a.alarm}
	if a.Agree {
		steps = append([]func(context.Context, time.Time) (bool, error){a.agree}, steps...)
	}
	for _, step := range steps {
		full, err := step(ctx, now)
		if err != nil {
			return false, err
		}
		more = more || full
	}
	return more, nil
}

// agree says yes to all that wait. One whose deadline is over stays in the list until Douyin was
// asked, and says so.
func (a *Audits) agree(ctx context.Context, _ time.Time) (bool, error) {
	after, said := store.AuditKey{}, 0
	for {
		page, err := a.Rows.AuditsNeeded(ctx, after, moneyPage)
		if err != nil {
			return false, err
		}
		for _, i := range page {
			_, fresh, err := a.Rows.SayAudit(ctx, i.Number, store.Agree, byPolicy, "")
			var decided *store.AuditConflictError
			switch {
			case errors.As(err, &decided): // by Douyin, or by a person a moment ago
			case store.OneRow(err):
				a.Log.Warn().Err(err).Str("number", i.Number).Msg("the word could not be written; it is said at the next round")
			case err != nil:
				return false, err
			case fresh:
				said++
				a.Log.Info().Str("number", i.Number).Str("order", i.OrderID).Msg("agreed to a refund, as refunds.audit says")
			}
		}
		if len(page) < moneyPage || said > 0 { // what is said is handed over now; the rest follows at once
			return len(page) == moneyPage, nil
		}
		after = page[len(page)-1].AuditKey()
	}
}

// wake makes due what Douyin has decided by itself.
func (a *Audits) wake(ctx context.Context, now time.Time) (bool, error) {
	ended, err := a.Rows.EndedAudits(ctx, now, moneyPage)
	if err != nil {
		return false, err
	}
	return a.each(ended, func(d store.DueInstruction) error { return a.Rows.WakeAudit(ctx, d.Number, now) })
}

// handOver enqueues what is due.
func (a *Audits) handOver(ctx context.Context, now time.Time) (bool, error) {
	due, err := a.Rows.DueAudits(ctx, now, moneyPage)
	if err != nil {
		return false, err
	}
	return a.each(due, func(d store.DueInstruction) error {
		t, unfit := tasks.Audit{OutRefundNo: d.Number, Revision: dueRevision(d.DueAt)}.Task()
		return handOver(ctx, a.Queue, handed{
			task: t, unfit: unfit,
			postpone: func() error { return a.Rows.PostponeAudit(ctx, d, now.Add(handOverAgain)) },
			drop: func() error {
				a.Log.Error().Err(unfit).Str("number", d.Number).Msg("no task can name this refund: its audit is left alone")
				return a.Rows.DropAudit(ctx, d.Number, now)
			},
		})
	})
}

// handOverLost hands over a page of what Redis may have lost, and leaves the rows as they are, as
// DueMoney does.
func (a *Audits) handOverLost(ctx context.Context, _ time.Time) (more bool, err error) {
	if !a.lost.happened() {
		return false, nil
	}
	page, err := a.Rows.DueAuditsAfter(ctx, a.again, a.lost.until(), moneyPage)
	if err != nil {
		return false, err
	}
	for _, d := range page {
		t, err := tasks.Audit{OutRefundNo: d.Number, Revision: revision("again-", d.DueAt)}.Task()
		if err != nil {
			continue // it is dropped when it is due
		}
		if err := enqueueOnce(ctx, a.Queue, t); err != nil {
			return false, fmt.Errorf("audit %s: %w", d.Number, err)
		}
	}
	if len(page) == moneyPage {
		a.again = page[len(page)-1]
		return true, nil
	}
	return false, a.lost.recovered(ctx, a.Mark)
}

// alarm raises the alarm of what Douyin is about to decide by itself.
func (a *Audits) alarm(ctx context.Context, now time.Time) (bool, error) {
	near, err := a.Rows.AuditsNear(ctx, now.Add(auditNear), now.Add(-auditCarried), moneyPage)
	if err != nil {
		return false, err
	}
	return a.each(near, func(d store.DueInstruction) error {
		raised, err := a.Rows.AlarmAudit(ctx, d.Number, now)
		if raised {
			a.Log.Error().Str("number", d.Number).Str("alarm", store.AlarmAuditDue).Time("deadline", d.DueAt).Msg("refund")
		}
		return err
	})
}

// each does one thing for each row; full tells that there may be more, and that a row has gone
// through: without, asking at once would meet the same ones.
func (a *Audits) each(due []store.DueInstruction, do func(store.DueInstruction) error) (full bool, err error) {
	through := 0
	for _, d := range due {
		switch err := do(d); {
		case err == nil:
			through++
		case store.OneRow(err):
			a.Log.Warn().Err(err).Str("number", d.Number).Msg("audit put off")
		default:
			return false, fmt.Errorf("audit %s: %w", d.Number, err)
		}
	}
	return len(due) == moneyPage && through > 0, nil
}
