package worker

import (
	"context"
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

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
	var corrupt *CorruptRowError
	if errors.As(err, &nothing) || errors.As(err, &corrupt) {
		// Another task may have sent it while Douyin was asked: then nothing is left because it is being settled.
		return m.finish(ctx, store.Result{
			State: store.MoneyFailed, Unsent: true, Alarm: alarmOf(err), Answer: store.Answer{Kind: kindIncomplete, Message: err.Error()},
		})
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
	v := judge(err, m.attempt)
	switch judgeSend(err, i.Attempts) {
	case sendAccepted:
		m.called(m.op().send, "submitted", nil, receipt)
		_, err := m.Answers.Submitted(ctx, m.Money, i.Number, store.Answer{
			At: m.now(), PlatformNo: platformNo, LogID: receipt.LogID, DueAt: m.in(m.pollWait(0)), Log: m.calls,
		})
		return m.written(err, verdict{outcome: store.Pushed})
	case sendRefused:
		m.called(m.op().send, v.outcome, err, receipt)
		return m.refused(ctx, refusal{err, v})
	case sendTooEarly:
		m.called(m.op().send, store.Retrying, err, receipt)
		return m.notYet(ctx, v)
	case sendDoubtful:
		m.called(m.op().send, v.outcome, err, receipt)
		m.refusal = &refusal{err, v}
		return m.ask(ctx)
	case sendUnknown: // wait, then ask
	}
	return m.wait(ctx, err, m.op().send, receipt, false)
}

// notYet: Douyin refuses the request because it comes too early. So nothing is at Douyin, and others of the order may go first; but
// not where an earlier request was made a moment ago, whose record may lag (see notAccepted).
func (m *movement) notYet(ctx context.Context, v verdict) verdict {
	a := store.Answer{At: m.now(), Kind: kindWaiting, Message: v.message, DueAt: m.in(tooEarly), Refused: m.i.Attempts, Log: m.calls}
	if m.i.Attempts > 1 && m.recentlyHeard() {
		a.DueAt, a.Refused = m.in(m.grace()), 0
	}
	return m.putOff(ctx, a)
}

// ask learns how the instruction stands.
func (m *movement) ask(ctx context.Context) verdict {
	standing, receipt, err := m.Bank.Query(ctx, m.i.Number)
	m.did = "asked"
	if errors.Is(err, douyin.ErrNotFound) && m.i.State == store.MoneyNew {
		m.called(m.op().query, judge(err, m.attempt).outcome, err, receipt)
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
	v := judge(err, m.attempt)
	m.called(m.op().query, v.outcome, err, receipt)
	a := m.answer(v)
	a.Polled, a.DueAt = true, m.nextPoll()
	_, werr := m.Answers.Postpone(ctx, m.Money, m.i.Number, a)
	return m.written(werr, verdict{outcome: store.Retrying})
}

// notAccepted: Douyin does not know the number. What Douyin has just refused ends here, in the words of the refusal;
// otherwise the request is sent again, with the same number and content. Douyin's records may lag behind its answers, so with an
// earlier request of a moment ago a refusal is not the end yet: had that one been accepted, the money would move under a
// number that we call failed.
func (m *movement) notAccepted(ctx context.Context) verdict {
	switch {
	case m.refusal == nil:
		return m.send(ctx)
	case m.recentlyHeard():
		return m.later(ctx, m.refusal.message, m.grace())
	}
	return m.refused(ctx, *m.refusal)
}

// recentlyHeard: before this run the row was written a moment ago.
func (m *movement) recentlyHeard() bool { return m.now().Sub(m.heard) < m.grace() }

// refused ends what Douyin, or the row itself, does not allow.
func (m *movement) refused(ctx context.Context, r refusal) verdict {
	return m.finish(ctx, store.Result{State: store.MoneyFailed, Alarm: alarmOf(r.err), Answer: m.answer(r.verdict)})
}

// stands takes over what Douyin says.
func (m *movement) stands(ctx context.Context, s Standing, receipt douyin.Receipt) verdict {
	a := store.Answer{At: m.now(), PlatformNo: s.PlatformNo, LogID: receipt.LogID, Polled: true}
	switch s.Result {
	case douyin.ResultSuccess:
		m.called(m.op().query, "succeeded", nil, receipt)
		a.Log = m.calls
		return m.finish(ctx, store.Result{State: store.MoneySucceeded, Amount: s.Amount, Answer: a})
	case douyin.ResultFail:
		m.called(m.op().query, "failed", nil, receipt)
		a.Kind, a.Message, a.Log = douyin.Rejected.String(), s.Message, m.calls
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Answer: a})
	case douyin.ResultProcessing, douyin.ResultTimeout: // TIMEOUT is a payment's word
	}
	m.alarmWhenOverdue(ctx)
	m.called(m.op().query, "submitted", nil, receipt)
	a.DueAt, a.Log = m.nextPoll(), m.calls
	_, err := m.Answers.Submitted(ctx, m.Money, m.i.Number, a)
	return m.written(err, verdict{outcome: store.Retrying})
}

// superseded: this run knew less than what stands in the row by now.
func superseded() verdict {
	return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "another task is at this instruction"}}
}
