package worker

import (
	"cmp"
	"context"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// answerGrace is production's MoveMoney.Grace: longer than a task.
	answerGrace = 2 * time.Minute
	// inFlight is how long an announced request may still be on its way: as long as a task may run, but not longer than Grace.
	// Nobody else asks or sends before that, unless its answer has been written down.
	inFlight = time.Minute
	// busyWait is how long a settlement waits for a refund in flight, and for a time that Douyin calls too early.
	busyWait = time.Minute
	tooEarly = time.Hour
	// overdueAfter: no result for so long is for a person to look at. Douyin redelivers a callback for about 24 h.
	overdueAfter = 24 * time.Hour
)

// pollSteps are production's MoveMoney.Polls.
var pollSteps = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour}

// Instructions are the rows of refunds or settlements.
type Instructions interface {
	Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error)
	MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (store.Instruction, error) // store.ErrSuperseded, *store.BusyError
	Alarm(ctx context.Context, m store.Money, number, alarm string, at time.Time) error
}

// Answers is where what Douyin said is written down, durably.
type Answers interface {
	Submitted(ctx context.Context, m store.Money, number string, a store.Answer) (store.Instruction, error)
	Postpone(ctx context.Context, m store.Money, number string, a store.Answer) (store.Instruction, error)
	Finished(ctx context.Context, m store.Money, number string, r store.Result) (changed bool, err error) // store.ErrSuperseded
}

// Bank is Douyin's side of one kind of instruction.
type Bank interface {
	// Check looks before the first request whether it can succeed at all. A *NothingToMoveError or a *CorruptRowError ends the
	// instruction.
	Check(ctx context.Context, i store.Instruction) error
	// Send asks Douyin to move the money. Sent twice with the same number it is one movement.
	Send(ctx context.Context, i store.Instruction) (platformNo string, r douyin.Receipt, err error)
	// Query asks how it stands; douyin.ErrNotFound: it was not accepted, or not long ago.
	Query(ctx context.Context, number string) (Standing, douyin.Receipt, error)
}

// Standing is what Douyin says of an instruction.
type Standing struct {
	Result     douyin.Result
	PlatformNo string
	Amount     store.Fen
	Message    string
}

// MoveMoney handles tasks.TypeRefund or tasks.TypeSettle: it carries one instruction on, by one step. What it must never do is
// send a request while the fate of an earlier one is not known.
type MoveMoney struct {
	Money   store.Money
	Rows    Instructions
	Answers Answers
	Bank    Bank
	// Changed is told that an instruction of the order has ended; the order wants another push. Failing is harmless: the row is
	// due for the sweep as well.
	Changed func(ctx context.Context, orderID string) error
	// Polls are the waits between questions for a result that no callback has brought; the last one repeats. Nil: production's,
	// from a minute to six hours.
	Polls []time.Duration
	// Grace is after how long an instruction is looked at whose request left and whose answer nobody wrote down, and what is
	// added to every time at which the scheduler is asked to look, because the queue may lag. 0: 2 minutes. One that is shorter
	// than a request may take costs questions and repeated requests, never a second movement: the number is the same.
	Grace time.Duration
	Now   func() time.Time // nil: time.Now
	Log   zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (h *MoveMoney) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	m := &movement{MoveMoney: h, attempt: attemptOf(ctx)}
	m.started = m.now()
	m.taskID, _ = asynq.GetTaskID(ctx)
	defer func() {
		if p := recover(); p != nil {
			err = m.end(judge(&panicError{p, debug.Stack()}, m.attempt))
		}
	}()
	number, err := h.number(t)
	if err != nil {
		return m.end(judge(err, m.attempt))
	}
	m.i.Number = number
	return m.end(m.step(ctx))
}

func (h *MoveMoney) number(t *asynq.Task) (string, error) {
	if h.Money == store.Settlement {
		s, err := tasks.ParseSettle(t)
		return s.OutSettleNo, err
	}
	r, err := tasks.ParseRefund(t)
	return r.OutRefundNo, err
}

func (h *MoveMoney) grace() time.Duration { return cmp.Or(h.Grace, answerGrace) }

func (h *MoveMoney) inFlight() time.Duration { return min(inFlight, h.grace()) }

func (h *MoveMoney) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// movement is one ProcessTask.
type movement struct {
	*MoveMoney
	i       store.Instruction
	heard   time.Time // when the row was last written before this run: no earlier request was heard of after that
	taskID  string
	started time.Time
	attempt attempt
	did     string         // in a word, for the log
	calls   []store.LogRow // to Douyin, until they are written down
	refusal *refusal
}

// refusal is Douyin's no to a request that was not the first one with its number. It is not believed before Douyin has said as
// well that no earlier one was accepted.
type refusal struct {
	err error
	verdict
}

// ops are Douyin's calls for one kind of instruction.
type ops struct{ send, query string }

func (h *MoveMoney) op() ops {
	if h.Money == store.Settlement {
		return ops{douyin.OpSettleCreate, douyin.OpSettleQuery}
	}
	return ops{douyin.OpRefundCreate, douyin.OpRefundQuery}
}
