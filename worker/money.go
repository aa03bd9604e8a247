package worker

import (
	"cmp"
	"context"
	"errors"
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
	// Check looks before the first request whether it can succeed at all. A *NothingToMoveError ends the instruction.
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
	did     string // in a word, for the log
	refusal *refusal
}

// refusal is Douyin's no to a request that was not the first one with its number. It is not believed before Douyin has said as
// well that no earlier one was accepted.
type refusal struct {
	err     error
	receipt douyin.Receipt
}

// ops are Douyin's calls for one kind of instruction.
type ops struct{ send, query string }

func (h *MoveMoney) op() ops {
	if h.Money == store.Settlement {
		return ops{douyin.OpSettleCreate, douyin.OpSettleQuery}
	}
	return ops{douyin.OpRefundCreate, douyin.OpRefundQuery}
}

// step reads the row and does what comes next.
func (m *movement) step(ctx context.Context) verdict {
	i, found, err := m.Rows.Instruction(ctx, m.Money, m.i.Number)
	if err != nil {
		return judge(err, m.attempt)
	}
	if !found {
		return judge(&tasks.PayloadError{Field: "number", Reason: "there is no instruction with this number"}, m.attempt)
	}
	m.i, m.heard = i, i.UpdatedAt
	switch {
	case i.State.Final():
		m.did = "ended before"
		return verdict{outcome: store.Settled}
	case m.unanswered(i) && m.now().Sub(i.UpdatedAt) < m.inFlight():
		rest := max(m.inFlight()-m.now().Sub(i.UpdatedAt), inFlightWait)
		return verdict{outcome: store.Retrying, tell: &postponed{after: rest, why: "a request of another task is in flight"}}
	case i.State == store.MoneySubmitted, i.SentAt != nil: // the fate of a request is not known: ask first
		return m.ask(ctx)
	case i.NotBefore != nil && i.NotBefore.After(m.now()):
		m.did = "not before " + i.NotBefore.Format(time.RFC3339) // the scheduler brings it back then
		return verdict{outcome: store.Settled}
	}
	if err := m.Bank.Check(ctx, i); err != nil {
		return m.checked(ctx, err)
	}
	return m.send(ctx)
}

// unanswered tells whether the last thing written down is that a request is about to leave. Only MarkSending leaves a row that is
// due exactly Grace after its change and still new.
func (h *MoveMoney) unanswered(i store.Instruction) bool {
	return i.State == store.MoneyNew && i.SentAt != nil && i.DueAt != nil && i.DueAt.Sub(i.UpdatedAt) == h.grace()
}

func (m *movement) checked(ctx context.Context, err error) verdict {
	var nothing *NothingToMoveError
	if errors.As(err, &nothing) {
		// Another task may have sent it while Douyin was asked: then nothing is left because it is being settled.
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Unsent: true, Answer: store.Answer{Kind: kindIncomplete, Message: nothing.Error()}})
	}
	return m.wait(ctx, err, douyin.OpSettleUnsettled, douyin.Receipt{}, false)
}

// send announces a request, makes it, and writes its answer down.
func (m *movement) send(ctx context.Context) verdict {
	now := m.now()
	i, err := m.Rows.MarkSending(ctx, m.i, now, now.Add(m.grace()))
	var busy *store.BusyError
	switch {
	case errors.As(err, &busy):
		return m.later(ctx, busy.Error(), busyWait)
	case errors.Is(err, store.ErrSuperseded):
		return superseded()
	case err != nil:
		return judge(err, m.attempt)
	}
	m.i = i
	m.did = "sent"
	platformNo, receipt, err := m.Bank.Send(ctx, i)
	ctx, cancel := keep(ctx)
	defer cancel()
	switch judgeSend(err, i.Attempts) {
	case sendAccepted:
		_, err := m.Answers.Submitted(ctx, m.Money, i.Number, store.Answer{
			At: m.now(), PlatformNo: platformNo, LogID: receipt.LogID, DueAt: m.in(m.pollWait(0)), Log: m.logRow(m.op().send, "submitted", nil, receipt),
		})
		return m.written(err, verdict{outcome: store.Pushed})
	case sendRefused:
		v := judge(err, m.attempt)
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Answer: m.answer(v, m.op().send, err, receipt)})
	case sendTooEarly:
		return m.later(ctx, judge(err, m.attempt).message, tooEarly)
	case sendDoubtful:
		m.refusal = &refusal{err, receipt}
		return m.ask(ctx)
	case sendUnknown: // wait, then ask
	}
	return m.wait(ctx, err, m.op().send, receipt, false)
}

// ask learns how the instruction stands.
func (m *movement) ask(ctx context.Context) verdict {
	standing, receipt, err := m.Bank.Query(ctx, m.i.Number)
	m.did = "asked"
	if errors.Is(err, douyin.ErrNotFound) && m.i.State == store.MoneyNew {
		return m.notAccepted(ctx)
	}
	if err != nil && !errors.Is(err, douyin.ErrNotFound) {
		return m.wait(ctx, err, m.op().query, receipt, true)
	}
	ctx, cancel := keep(ctx)
	defer cancel()
	if err == nil {
		return m.stands(ctx, standing, receipt)
	}
	// It was accepted, so the record lags behind: keep asking, and never send again.
	m.alarmWhenOverdue(ctx)
	a := m.answer(judge(err, m.attempt), m.op().query, err, receipt)
	a.Polled, a.DueAt = true, m.nextPoll()
	_, werr := m.Answers.Postpone(ctx, m.Money, m.i.Number, a)
	return m.written(werr, verdict{outcome: store.Retrying})
}

// notAccepted: Douyin does not know the number. What Douyin has just refused ends here, in the words of the refusal;
// otherwise the request is sent again, with the same number and content. Douyin's records may lag behind its answers, so with an
// earlier request of a moment ago a refusal is not the end yet: had that one been accepted, the money would move under a
// number that we call failed.
func (m *movement) notAccepted(ctx context.Context) verdict {
	if m.refusal == nil {
		return m.send(ctx)
	}
	v := judge(m.refusal.err, m.attempt)
	if m.now().Sub(m.heard) < m.grace() {
		return m.later(ctx, v.message, m.grace())
	}
	return m.finish(ctx, store.Result{State: store.MoneyFailed, Answer: m.answer(v, m.op().send, m.refusal.err, m.refusal.receipt)})
}

// stands takes over what Douyin says.
func (m *movement) stands(ctx context.Context, s Standing, receipt douyin.Receipt) verdict {
	a := store.Answer{At: m.now(), PlatformNo: s.PlatformNo, LogID: receipt.LogID, Polled: true}
	switch s.Result {
	case douyin.ResultSuccess:
		a.Log = m.logRow(m.op().query, "succeeded", nil, receipt)
		return m.finish(ctx, store.Result{State: store.MoneySucceeded, Amount: s.Amount, Answer: a})
	case douyin.ResultFail:
		a.Kind, a.Message = douyin.Rejected.String(), s.Message
		a.Log = m.logRow(m.op().query, "failed", nil, receipt)
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Answer: a})
	case douyin.ResultProcessing, douyin.ResultTimeout: // TIMEOUT is a payment's word
	}
	m.alarmWhenOverdue(ctx)
	a.DueAt = m.nextPoll()
	a.Log = m.logRow(m.op().query, "submitted", nil, receipt)
	_, err := m.Answers.Submitted(ctx, m.Money, m.i.Number, a)
	return m.written(err, verdict{outcome: store.Retrying})
}

// superseded: this run knew less than what stands in the row by now.
func superseded() verdict {
	return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "another task is at this instruction"}}
}
