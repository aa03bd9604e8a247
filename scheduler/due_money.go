package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// moneyPage is how many instructions one round hands over.
const moneyPage = 200

// DueRows are refunds or settlements whose time has come.
type DueRows interface {
	DueInstructions(ctx context.Context, m store.Money, now time.Time, limit int) ([]store.DueInstruction, error)
	DueInstructionsAfter(ctx context.Context, m store.Money, after store.DueInstruction, until time.Time, limit int) ([]store.DueInstruction, error)
	PostponeInstructions(ctx context.Context, m store.Money, due []store.DueInstruction, until time.Time) error
	Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error)
	Alarm(ctx context.Context, seen store.Instruction, alarm string, at time.Time) (store.Instruction, error)
}

// DueMoney enqueues the instructions of one kind that are due: to be sent, to be asked about, or to
// be looked at because nobody saw how a request ended. Not safe for concurrent use; any number of
// processes may have one each.
type DueMoney struct {
	Rows  DueRows
	Queue tasks.Enqueuer
	Money store.Money
	// Backlog is the number of tasks that wait in the kind's queue: while there are maxBacklog,
	// nothing is added.
	Backlog func(ctx context.Context) (int64, error)
	// Mark tells that Redis came back empty, as for Sweep.
	Mark Mark
	Now  func() time.Time
	Log  zerolog.Logger

	lost  loss
	again store.DueInstruction // the last one that was handed over again because of lost
}

// Tick hands one page over and asks for more while pages are full. It implements Job.Do.
func (d *DueMoney) Tick(ctx context.Context) (more bool, err error) {
	now := d.Now()
	noticed, err := d.lost.notice(ctx, d.Mark, now)
	if err != nil {
		return false, err
	}
	if noticed {
		d.again = store.DueInstruction{DueAt: now}
		d.Log.Warn().Str("money", string(d.Money)).Msg("Redis is new or came back empty: what was on its way is asked for again")
	}
	waiting, err := d.Backlog(ctx)
	if err != nil || waiting >= maxBacklog {
		return false, err
	}
	due, err := d.Rows.DueInstructions(ctx, d.Money, now, moneyPage)
	if err != nil {
		return false, err
	}
	if len(due) > 0 {
		if err := d.enqueue(ctx, dueRevision, due); err != nil {
			return false, err
		}
		if err := d.Rows.PostponeInstructions(ctx, d.Money, due, now.Add(handOverAgain)); err != nil {
			return false, err
		}
	}
	if len(due) == moneyPage {
		return true, nil
	}
	return d.handOverLost(ctx)
}

// handOverLost hands over a page of what Redis may have lost, and leaves the rows as they are. Some
// of them were on no task's way at all: their time has not come, and then the task finds that.
func (d *DueMoney) handOverLost(ctx context.Context) (more bool, err error) {
	if !d.lost.happened() {
		return false, nil
	}
	page, err := d.Rows.DueInstructionsAfter(ctx, d.Money, d.again, d.lost.until(), moneyPage)
	if err != nil {
		return false, err
	}
	if err := d.enqueue(ctx, againRevision, page); err != nil {
		return false, err
	}
	if len(page) == moneyPage {
		d.again = page[len(page)-1]
		return true, nil
	}
	return false, d.lost.recovered(ctx, d.Mark)
}

// againRevision is dueRevision for what may not be due yet: a task that only found that it came too
// early keeps its id for a day, and the one that comes in time must not be taken for it.
func againRevision(due time.Time) string { return revision("again-", due) }

// enqueue uses ids that name the due time: two schedulers enqueue one task. A row that no task can
// name holds up no other one: it raises an alarm, and is due again like the others. Any other error
// is Redis's, and ends the round.
func (d *DueMoney) enqueue(ctx context.Context, revision func(due time.Time) string, due []store.DueInstruction) error {
	for _, i := range due {
		t, err := moneyTasks[d.Money](i.Number, revision(i.DueAt))
		if err != nil {
			d.unsendable(ctx, i.Number, err)
			continue
		}
		if err := enqueueOnce(ctx, d.Queue, t); err != nil {
			return fmt.Errorf("%s %s: %w", d.Money, i.Number, err)
		}
	}
	return nil
}

// unsendable raises the alarm of a row that no task can name. Where that cannot be written, it is
// tried again when the row is due again, and the others are handed over all the same.
func (d *DueMoney) unsendable(ctx context.Context, number string, why error) {
	seen, _, err := d.Rows.Instruction(ctx, d.Money, number)
	if err == nil {
		_, err = d.Rows.Alarm(ctx, seen, store.AlarmUnsendable, d.Now())
	}
	d.Log.Error().Err(errors.Join(why, err)).Str("money", string(d.Money)).Str("number", number).
		Msg("no task can name this row of money: nothing is sent and nothing is asked for it")
}

// moneyTasks make the task of one kind of instruction.
var moneyTasks = map[store.Money]func(number, revision string) (*asynq.Task, error){
	store.Refund: func(number, revision string) (*asynq.Task, error) {
		return tasks.Refund{OutRefundNo: number, Revision: revision}.Task()
	},
	store.Settlement: func(number, revision string) (*asynq.Task, error) {
		return tasks.Settle{OutSettleNo: number, Revision: revision}.Task()
	},
}
