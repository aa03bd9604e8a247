package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// finish writes the end down and lets the order be pushed again.
func (m *movement) finish(ctx context.Context, r store.Result) verdict {
	r.At, r.Log = m.now(), m.takeCalls()
	_, err := m.Answers.Finished(ctx, m.i, r)
	if err == nil && m.Changed != nil && moneyKinds[m.Money].shown {
		if err := m.Changed(ctx, m.i.OrderID); err != nil {
			m.MoneyHandler.Log.Warn().Err(err).Str("order", m.i.OrderID).Msg("push after refund not enqueued; the sweep does it")
		}
	}
	v := verdict{outcome: store.Pushed}
	if r.State == store.MoneyFailed && r.Kind != store.KindDenied {
		v = verdict{outcome: store.Refused, kind: r.Kind, code: r.Code, message: r.Message, logID: r.LogID}
	}
	return m.written(err, v)
}

// later puts the instruction off: a delay, not a failure. The scheduler brings it back.
func (m *movement) later(ctx context.Context, why string, wait time.Duration) verdict {
	return m.putOff(ctx, store.Answer{At: m.now(), Kind: kindWaiting, Message: why, DueAt: m.in(wait), Log: m.takeCalls()})
}

func (m *movement) putOff(ctx context.Context, a store.Answer) verdict {
	m.did = "put off"
	_, err := m.Answers.Postpone(ctx, m.i, a)
	return m.written(err, verdict{outcome: store.Retrying, kind: a.Kind, message: a.Message})
}

// wait records a failure that decides nothing; a says what kind of call it was. The task comes
// back; if it does not, the scheduler does. A question that failed leaves the refusal in the row
// that it was asked about, and a call that was not let through the refusal of the configuration
// because of which it was not.
func (m *movement) wait(ctx context.Context, cause error, op string, receipt douyin.Receipt, a store.Answer) verdict {
	ctx, cancel := keep(ctx)
	defer cancel()
	v := judgeWait(cause, m.attempt, m.sick())
	m.called(op, v.outcome, cause, receipt)
	m.alarmWhenOverdue(ctx)
	said := m.answer(v)
	if a.Polled && m.i.Refused != "" || v.kind == douyin.Paused.String() && m.i.Kind == douyin.Unauthorized.String() {
		said = m.asBefore()
	}
	said.Polled, said.Answered, said.Nothing = a.Polled, a.Answered, a.Nothing
	said.DueAt, said.Log = m.in(m.lookAgain(v)), m.takeCalls()
	_, err := m.Answers.Postpone(ctx, m.i, said)
	return m.written(err, v)
}

// answer is a failure as the row keeps it.
func (m *movement) answer(v verdict) store.Answer {
	return store.Answer{At: m.now(), Kind: v.kind, Code: v.code, Message: v.message, LogID: v.logID}
}

// asBefore is the answer that stands in the row.
func (m *movement) asBefore() store.Answer {
	return store.Answer{At: m.now(), Kind: m.i.Kind, Code: m.i.Code, Message: m.i.Message, LogID: m.i.LogID}
}

// takeCalls is what the next write takes to the log.
func (m *movement) takeCalls() []store.LogRow {
	calls := m.calls
	m.calls = nil
	return calls
}

// written turns a result that could not be written into a failure of the task: the row still says
// that a request may have left, so the next run asks. What another task has overtaken is looked at
// again.
func (m *movement) written(err error, v verdict) verdict {
	switch {
	case err == nil:
		return v
	case errors.Is(err, store.ErrSuperseded):
		return superseded()
	}
	return m.failed(fmt.Errorf("record: %w", err))
}

// failed is what becomes of the task where the instruction could not be read or written.
func (m *movement) failed(err error) verdict { return judgePush(err, m.attempt, m.sick()) }

// lookAgain is when the scheduler looks, should the task not come back. What ends for all
// instructions at once is not waited for long.
func (m *movement) lookAgain(v verdict) time.Duration {
	if v.within > 0 {
		return max(v.within, waitOf(v.tell))
	}
	return v.again + m.grace()
}

func (m *movement) sick() bool { return m.Sick != nil && m.Sick() }

// alarmWhenOverdue raises the alarm, with which the turn is lost. That it could not be written
// holds nothing up: where the row is another one by now, the write behind it says so.
func (m *movement) alarmWhenOverdue(ctx context.Context) {
	if m.i.SentAt == nil || m.now().Sub(*m.i.SentAt) < overdueAfter || m.i.Alarm != "" && !m.i.Turn {
		return
	}
	_, err := m.Rows.Alarm(ctx, m.i, store.AlarmOverdue, m.now())
	if err != nil && !errors.Is(err, store.ErrSuperseded) {
		m.MoneyHandler.Log.Warn().Err(err).Str("number", m.i.Number).Msg("alarm not written")
	}
}

func (m *movement) in(wait time.Duration) *time.Time {
	at := m.now().Add(wait)
	return &at
}

// nextPoll is when to ask again after a question whose answer was not the end.
func (m *movement) nextPoll() *time.Time {
	if m.i.State == store.MoneySending { // only now it is known to be accepted
		return m.in(m.pollWait(0))
	}
	return m.in(m.pollWait(m.i.Polls + 1)) // this question is not counted yet
}

// pollWait is the wait after so many questions.
func (h *MoneyHandler) pollWait(polls int) time.Duration {
	steps := h.Polls
	if len(steps) == 0 {
		steps = pollSteps
	}
	return steps[min(polls, len(steps)-1)]
}

// keep is a context for writing down what Douyin has said, also when the task's time is over.
func keep(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
}

// called remembers a call to Douyin. What is written down of the instruction next takes it to
// ordersync_log, so that the log tells of the refusal too that a later question has proved wrong.
func (m *movement) called(op string, outcome store.Outcome, err error, receipt douyin.Receipt) {
	r := store.LogRow{At: m.now(), Call: op, OrderID: m.i.OrderID, Number: m.i.Number, TaskID: m.taskID, Attempt: m.attempt.number, Outcome: outcome}
	m.calls = append(m.calls, callRow(r, err, receipt)...)
}

// callRow is r with what became of the call; none where nobody was called.
func callRow(r store.LogRow, err error, receipt douyin.Receipt) []store.LogRow {
	var failure *douyin.Error
	if errors.As(err, &failure) && failure.Kind == douyin.Paused {
		return nil
	}
	r.LogID, r.HTTPStatus, r.Duration = receipt.LogID, receipt.HTTPStatus, receipt.Duration
	r.Request, r.Response = string(receipt.Request), string(receipt.Response)
	if err != nil {
		v := verdict{message: words(err.Error())}
		v.describe(err)
		r.Kind, r.Code, r.Message = v.kind, v.code, v.message
	}
	return []store.LogRow{r}
}

// end writes the one line of the run and hands asynq its answer.
func (m *movement) end(v verdict) error {
	line := m.MoneyHandler.Log.Info()
	switch {
	case v.outcome == store.Refused, v.outcome == store.GaveUp:
		line = m.MoneyHandler.Log.Error()
	case v.tell != nil && isFailure(v.tell):
		line = m.MoneyHandler.Log.Warn()
	}
	if line.Enabled() {
		line = line.Str("number", m.i.Number).Str("order", m.i.OrderID).Str("did", m.did).Int("attempt", m.attempt.number).
			Str("outcome", string(v.outcome)).Dur("took", time.Since(m.started))
		if v.kind != "" {
			line = line.Str("kind", v.kind).Int("code", v.code).Str("message", v.message).Str("logid", v.logID)
		}
		line.Msg(string(m.Money))
	}
	return v.tell
}
