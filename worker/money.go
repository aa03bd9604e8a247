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
	// answerGrace is production's MoneyHandler.Grace: longer than a task.
	answerGrace = 2 * time.Minute
	// inFlight is how long an announced request may still be on its way: as long as a task may run,
	// but not longer than Grace. Nobody else asks or sends before that, unless its answer has been
	// written down. The database's clock measures it.
	inFlight = time.Minute
	// busyWait is how long an instruction waits for another one in flight, and tooEarly how long a
	// settlement does that Douyin calls too early.
	busyWait = time.Minute
	tooEarly = time.Hour
	// unserved is how long an instruction waits whose payment system is not configured.
	unserved = time.Hour
	// strangeFor is how long a row may stand in a state that this version does not know before a
	// person is told: for as long versions may run side by side during an upgrade.
	strangeFor    = 15 * time.Minute
	maxStateBytes = 16
	// overdueAfter: no result for so long is for a person to look at. Douyin redelivers a callback
	// for about 24 h.
	overdueAfter = 24 * time.Hour
)

// pollSteps are production's MoneyHandler.Polls.
var pollSteps = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour}

// Instructions are the rows of refunds or settlements. seen is the row as Instruction has read it:
// every write is a compare and set on its state and attempt, and store.ErrSuperseded means that it
// is another one by now.
type Instructions interface {
	Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error)
	// also *store.BusyError
	MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (store.Instruction, error)
	Alarm(ctx context.Context, seen store.Instruction, alarm string, at time.Time) (store.Instruction, error)
}

// Answers is where what Douyin said is written down, durably. seen is as for Instructions.
type Answers interface {
	Submitted(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error)
	Postpone(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error)
	Finished(ctx context.Context, seen store.Instruction, r store.Result) (changed bool, err error)
}

// Bank is Douyin's side of one kind of instruction, in one payment system.
type Bank interface {
	// Prepare looks before the first request whether it can succeed at all, and fills in what the
	// request needs beside what was asked for: MarkSending writes that down. A *NothingToMoveError
	// or a *CorruptRowError ends the instruction, a *WaitError puts it off.
	Prepare(ctx context.Context, i store.Instruction) (store.Instruction, error)
	// Send asks Douyin to move the money. Sent twice with the same number it is one movement.
	Send(ctx context.Context, i store.Instruction) (platformNo string, r douyin.Receipt, err error)
	// Query asks how it stands; douyin.ErrNotFound: it was not accepted, or not long ago.
	Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error)
}

// Branch is all that one payment system has for one kind of instruction.
type Branch struct {
	Bank Bank
	Ops  Ops
	// Sick tells whether the breaker of the system's calls is not closed, as for PushHandler; nil:
	// never.
	Sick func() bool
	// TooEarly is how long an instruction waits that Douyin does not take yet (douyin.ErrNotYet). 0:
	// an hour.
	TooEarly time.Duration
}

// Ops are the names of Douyin's calls for one kind of instruction.
type Ops struct {
	Prepare string // empty: Prepare asks nothing
	Send    string // the gate is entered with it
	Query   string
}

// Standing is what Douyin says of an instruction.
type Standing struct {
	Result     douyin.Result // ResultSuccess and ResultFail end it; any other: it is under way
	PlatformNo string        // refund_no or settle_no; empty: not told
	Amount     store.Fen     // or diamonds, as Instruction.Currency says; 0: not told
	Message    string        // Douyin's words; may be empty
	Denied     bool          // the shop has denied the buyer's refund: it failed, as it was meant to
}

// MoneyHandler handles tasks.TypeRefund or tasks.TypeSettle: it carries one instruction on, by one
// step. What it must never do is send a request while the fate of an earlier one is not known.
type MoneyHandler struct {
	Money   store.Money // the kind that it carries on
	Rows    Instructions
	Answers Answers
	// Banks carry the instructions out. One of a system that is not here waits, and says so.
	Banks map[store.System]Branch
	// Missing says in words what the configuration lacks for a system that is not in Banks.
	Missing map[store.System]string
	// Gate is entered before a request is announced; nil: none. Bank's questions pass their own.
	Gate douyin.Gate
	// Changed is told that an instruction of the order has ended; the order wants another push.
	// Failing is harmless: the row is due for the sweep as well. Nil: nobody is told.
	Changed func(ctx context.Context, orderID string) error
	// Polls are the waits between questions for a result that no callback has brought; the last one
	// repeats. Nil: production's, from a minute to six hours.
	Polls []time.Duration
	// Grace is after how long Douyin's "I do not know it" is believed: a request may be on its way
	// for as long as a task runs, and Douyin's records lag behind its answers. It is also what is
	// added to every time at which the scheduler is asked to look, because the queue may lag. 0: 2
	// minutes.
	Grace time.Duration
	Now   func() time.Time // nil: time.Now
	Log   zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (h *MoneyHandler) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	m := &movement{MoneyHandler: h, started: time.Now(), attempt: attemptOf(ctx)}
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

func (h *MoneyHandler) number(t *asynq.Task) (string, error) {
	return moneyKinds[h.Money].number(t)
}

func (h *MoneyHandler) grace() time.Duration { return cmp.Or(h.Grace, answerGrace) }

func (h *MoneyHandler) inFlight() time.Duration { return min(inFlight, h.grace()) }

func (h *MoneyHandler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// movement is one ProcessTask.
type movement struct {
	*MoneyHandler
	Branch
	i     store.Instruction // as this run has read or written it last
	alone bool              // nothing of the instruction was at Douyin before the request that is made now
	// believed: the refusal in the row answered the only request there was, a moment ago.
	believed bool
	ends     *store.Result // what it ends with when Douyin does not know it; nil: it goes on
	taskID   string
	started  time.Time
	attempt  attempt
	did      string         // in a word, for the log
	calls    []store.LogRow // to Douyin, until they are written down
}

// moneyKind is what differs between the kinds of instructions here.
type moneyKind struct {
	number func(*asynq.Task) (string, error) // the developer number in the task's payload
	shown  bool                              // Douyin sees its end in the order, which is pushed again
}

var moneyKinds = map[store.Money]moneyKind{
	store.Refund: {
		number: func(t *asynq.Task) (string, error) {
			r, err := tasks.ParseRefund(t)
			return r.OutRefundNo, err
		},
		shown: true,
	},
	store.Settlement: {
		number: func(t *asynq.Task) (string, error) {
			s, err := tasks.ParseSettle(t)
			return s.OutSettleNo, err
		},
	},
}
