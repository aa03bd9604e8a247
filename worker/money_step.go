package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
)

// step reads the row and does what comes next. store.MoneyState draws the states.
func (m *movement) step(ctx context.Context) verdict {
	i, found, err := m.Rows.Instruction(ctx, m.Money, m.i.Number)
	if err != nil {
		return m.failed(err)
	}
	if !found {
		return judge(&tasks.PayloadError{Field: "number", Reason: "there is no instruction with this number"}, m.attempt)
	}
	m.i = i
	if i.State.Final() {
		m.did = "ended before"
		return verdict{outcome: store.Settled}
	}
	branch, served := m.Banks[cmp.Or(i.System, store.Ecpay)]
	if !served {
		return m.unserved(ctx)
	}
	m.Branch = branch
	switch i.State {
	case store.MoneySucceeded, store.MoneyFailed:
	case store.MoneySubmitted:
		return m.ask(ctx)
	case store.MoneySending:
		if rest := m.inFlight() - i.SentFor(); i.InFlight() && rest > 0 {
			return inFlightOf(max(rest, inFlightWait))
		}
		return m.ask(ctx)
	case store.MoneyNew:
		if i.Alarm == store.AlarmContradiction { // a result came of what is not there
			return m.ask(ctx)
		}
		return m.begin(ctx)
	}
	return m.unknownState(ctx)
}

// unknownState leaves a row alone whose state is of a newer version, which may be about to carry it
// on; or somebody has edited it. When nobody has for a while, a person has to look. The scheduler
// brings it back, and nothing else of the order is held up for longer.
func (m *movement) unknownState(ctx context.Context) verdict {
	m.did = "left alone: state " + cut.To(string(m.i.State), maxStateBytes)
	if m.now().Sub(m.i.UpdatedAt) < strangeFor {
		return verdict{outcome: store.Retrying, tell: &postponed{after: busyWait, why: "the state is none that this version knows"}}
	}
	if _, err := m.Rows.Alarm(ctx, m.i, store.AlarmUnknownState, m.now()); err != nil {
		return m.written(err, verdict{})
	}
	m.MoneyHandler.Log.Error().Str("number", m.i.Number).Str("alarm", store.AlarmUnknownState).Msg(string(m.Money))
	return verdict{outcome: store.Retrying}
}

// unserved puts an instruction off whose payment system nobody serves: the scheduler brings it back,
// and it goes on once the configuration has what is missing.
func (m *movement) unserved(ctx context.Context) verdict {
	m.MoneyHandler.Log.Warn().Str("number", m.i.Number).Str("system", string(m.i.System)).
		Msg(string(m.Money) + " waits: its payment system is not configured")
	a := m.asBefore()
	a.Kind, a.Message, a.DueAt = kindWaiting, m.missing(), m.in(unserved)
	return m.putOff(ctx, a)
}

// missing says what the configuration lacks for the instruction's system.
func (m *movement) missing() string {
	if why := m.Missing[m.i.System]; why != "" {
		return why
	}
	return "the payment system " + cut.To(string(m.i.System), maxStateBytes) + " is not configured"
}

// begin sends what has nothing at Douyin, unless it cannot succeed.
func (m *movement) begin(ctx context.Context) verdict {
	if not := m.i.NotBefore; not != nil && not.After(m.now()) {
		m.did = "not before " + not.Format(time.RFC3339) // the scheduler brings it back then
		if m.i.Alarm == store.AlarmContradiction {       // it was made due to be asked about
			a := m.asBefore()
			a.DueAt, a.Log = not, m.takeCalls()
			return m.putOff(ctx, a)
		}
		return verdict{outcome: store.Settled}
	}
	m.alone = true
	ready, err := m.Bank.Prepare(ctx, m.i)
	if err != nil {
		return m.checked(ctx, err)
	}
	m.i = ready
	return m.send(ctx)
}

// checked ends the instruction where err says that no request of it can succeed, unless Douyin
// knows it: a database that was restored, or that failed over to a copy, may have forgotten that it
// was sent, and then nothing is left to move because it has moved. Otherwise the task comes back.
// That there is nothing to move is no alarm: the row says what a person wants to know.
func (m *movement) checked(ctx context.Context, err error) verdict {
	var nothing *NothingToMoveError
	var corrupt *CorruptRowError
	var wait *WaitError
	var failure *douyin.Error
	end := store.Result{State: store.MoneyFailed, Answer: store.Answer{Kind: kindIncomplete, Message: err.Error()}}
	switch {
	case errors.As(err, &nothing):
		m.ends = &end
		return m.ask(ctx)
	case errors.As(err, &corrupt):
		end.Alarm = refusalAlarms[kindIncomplete]
		m.ends = &end
		return m.ask(ctx)
	case errors.As(err, &wait):
		return m.later(ctx, wait.Error(), wait.For)
	case !errors.As(err, &failure): // the database's
		return m.failed(err)
	}
	return m.wait(ctx, err, m.Ops.Prepare, douyin.Receipt{}, store.Answer{})
}

// send passes the gate, announces a request, makes it, and writes its answer down. The gate comes
// first: what it holds back has no turn, and holds nothing of the order up.
func (m *movement) send(ctx context.Context) verdict {
	leave, err := m.enter(ctx)
	if err != nil {
		return m.wait(ctx, err, m.Ops.Send, douyin.Receipt{}, store.Answer{Nothing: m.alone})
	}
	now := m.now()
	i, err := m.Rows.MarkSending(ctx, m.i, now, now.Add(m.grace()))
	if err != nil {
		leave(err)
		return m.notAnnounced(ctx, err)
	}
	m.i = i
	m.did = "sent"
	platformNo, receipt, err := m.request(ctx, leave)
	ctx, cancel := keep(ctx)
	defer cancel()
	return m.answered(ctx, platformNo, receipt, err)
}

// request makes the announced request and gives its place at the gate back, also where it panics.
func (m *movement) request(ctx context.Context, leave func(error)) (platformNo string, r douyin.Receipt, err error) {
	err = errNotSent
	defer func() { leave(err) }()
	return m.Bank.Send(ctx, m.i)
}

// enter passes the gate; leave is told how the call ended.
func (m *movement) enter(ctx context.Context) (leave func(error), err error) {
	if m.Gate == nil {
		return func(error) {}, nil
	}
	return m.Gate.Enter(ctx, m.Ops.Send)
}

func (m *movement) notAnnounced(ctx context.Context, err error) verdict {
	var busy *store.BusyError
	switch {
	case errors.As(err, &busy):
		return m.later(ctx, busy.Error(), busyWait)
	case errors.Is(err, store.ErrSuperseded):
		return superseded()
	}
	return m.failed(err)
}

// answered writes down what the request was answered.
func (m *movement) answered(ctx context.Context, platformNo string, receipt douyin.Receipt, err error) verdict {
	v := judge(err, m.attempt)
	switch s := judgeSend(err, m.alone && m.i.Attempts == 1); s {
	case sendAccepted:
		m.called(m.Ops.Send, "submitted", nil, receipt)
		_, err := m.Answers.Submitted(ctx, m.i, store.Answer{
			At: m.now(), PlatformNo: platformNo, LogID: receipt.LogID, Answered: true, DueAt: m.in(m.pollWait(0)), Log: m.takeCalls(),
		})
		return m.written(err, verdict{outcome: store.Pushed})
	case sendRefused:
		m.called(m.Ops.Send, v.outcome, err, receipt)
		m.believed = true
		return m.doubted(ctx, v)
	case sendExists:
		m.called(m.Ops.Send, v.outcome, err, receipt)
		return m.exists(ctx, v)
	case sendTooEarly, sendDoubtful:
		outcome := v.outcome
		if s == sendTooEarly {
			v.kind, outcome = kindTooEarly, store.Retrying
		}
		m.called(m.Ops.Send, outcome, err, receipt)
		return m.doubted(ctx, v)
	case sendUnsent:
		return m.wait(ctx, err, m.Ops.Send, receipt, store.Answer{Answered: true, Nothing: m.alone})
	case sendUnknown:
	}
	return m.wait(ctx, err, m.Ops.Send, receipt, store.Answer{Answered: true})
}

// lag is how long Douyin's "I do not know it" may still come too early. The database's clock
// measures it. Where that jumps, as when another server takes over, our own one holds against it,
// but for no longer than grace: it may differ from the one that wrote.
func (m *movement) lag() time.Duration {
	lag := m.grace() - m.i.SentFor()
	if at := cmp.Or(m.i.AnsweredAt, m.i.SentAt); at != nil {
		if age := m.now().Sub(*at); age >= 0 && age < m.grace() {
			lag = max(lag, m.grace()-age)
		}
	}
	return lag
}

// exists: Douyin has the number, so an earlier request was taken whose answer was lost. It is asked
// after as one that was accepted: that a question does not find it yet ends nothing.
func (m *movement) exists(ctx context.Context, v verdict) verdict {
	a := m.answer(v)
	a.Answered, a.DueAt, a.Log = true, m.in(m.pollWait(0)), m.takeCalls()
	i, err := m.Answers.Submitted(ctx, m.i, a)
	if err != nil {
		return m.written(err, verdict{})
	}
	i.ReadAt = m.i.ReadAt
	m.i = i
	return m.ask(ctx)
}

// doubted writes down a refusal, and asks. It is not believed before Douyin has said as well that
// it does not know the instruction: "more than was paid" is also what a request hears whose
// forerunner has succeeded.
func (m *movement) doubted(ctx context.Context, v verdict) verdict {
	a := m.answer(v)
	a.Answered, a.Refused, a.DueAt, a.Log = true, v.kind, m.in(m.grace()), m.takeCalls()
	i, err := m.Answers.Postpone(ctx, m.i, a)
	if err != nil {
		return m.written(err, verdict{})
	}
	i.ReadAt = m.i.ReadAt
	m.i = i
	return m.ask(ctx)
}

// ask learns how the instruction stands.
func (m *movement) ask(ctx context.Context) verdict {
	standing, receipt, err := m.Bank.Query(ctx, m.i)
	m.did = "asked"
	unknown := errors.Is(err, douyin.ErrNotFound)
	switch {
	case err == nil:
		ctx, cancel := keep(ctx)
		defer cancel()
		return m.stands(ctx, standing, receipt)
	case !unknown:
		return m.wait(ctx, err, m.Ops.Query, receipt, store.Answer{Polled: true})
	case m.i.State == store.MoneySubmitted:
		ctx, cancel := keep(ctx)
		defer cancel()
		return m.lags(ctx, err, receipt)
	}
	m.called(m.Ops.Query, judge(err, m.attempt).outcome, err, receipt)
	return m.notThere(ctx)
}

// lags: it was accepted, and Douyin does not know it, so the record lags behind: keep asking, and
// never send again.
func (m *movement) lags(ctx context.Context, err error, receipt douyin.Receipt) verdict {
	v := judge(err, m.attempt)
	m.called(m.Ops.Query, v.outcome, err, receipt)
	m.alarmWhenOverdue(ctx)
	a := m.answer(v)
	a.Polled, a.DueAt, a.Log = true, m.nextPoll(), m.takeCalls()
	_, err = m.Answers.Postpone(ctx, m.i, a)
	return m.written(err, verdict{outcome: store.Retrying})
}

// notThere: Douyin does not know the number. Its records may lag behind its answers, and a request
// may take effect after its sender has given up; but not for longer than Grace. So then nothing of
// the instruction is there: what was refused ends in the words of the refusal, and what was not is
// sent again and gives its turn back where it does not leave. Before that, a refusal waits unless it
// answered the only request there was, and everything else is sent again, with the same number and
// content.
func (m *movement) notThere(ctx context.Context) verdict {
	lag := m.lag()
	switch refused := m.i.Refused; {
	case m.ends != nil:
		ctx, cancel := keep(ctx)
		defer cancel()
		return m.finish(ctx, *m.ends)
	case m.i.State == store.MoneyNew:
		return m.begin(ctx)
	case refused != "" && lag > 0 && !m.believed:
		a := m.asBefore()
		a.DueAt, a.Log = m.in(lag), m.takeCalls()
		return m.putOff(ctx, a)
	case refused == kindTooEarly:
		a := m.asBefore()
		a.Kind, a.Nothing, a.DueAt, a.Log = kindWaiting, true, m.in(cmp.Or(m.TooEarly, tooEarly)), m.takeCalls()
		return m.putOff(ctx, a)
	case refused != "":
		ctx, cancel := keep(ctx)
		defer cancel()
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Alarm: refusalAlarms[refused], Answer: m.asBefore()})
	}
	m.alone = lag <= 0
	return m.send(ctx)
}

// stands takes over what Douyin says.
func (m *movement) stands(ctx context.Context, s Standing, receipt douyin.Receipt) verdict {
	a := store.Answer{At: m.now(), PlatformNo: s.PlatformNo, LogID: receipt.LogID, Polled: true}
	switch s.Result {
	case douyin.ResultSuccess:
		m.called(m.Ops.Query, "succeeded", nil, receipt)
		return m.finish(ctx, store.Result{State: store.MoneySucceeded, Said: true, Amount: s.Amount, Answer: a})
	case douyin.ResultFail:
		m.called(m.Ops.Query, "failed", nil, receipt)
		a.Kind, a.Message = douyin.Rejected.String(), s.Message
		if s.Denied {
			a.Kind = store.KindDenied
		}
		return m.finish(ctx, store.Result{State: store.MoneyFailed, Said: true, Answer: a})
	case douyin.ResultProcessing, douyin.ResultTimeout: // TIMEOUT is a payment's word
	}
	m.called(m.Ops.Query, "submitted", nil, receipt)
	if m.i.State == store.MoneyNew { // nothing of ours is there, and Douyin works on it: a person has been told
		a.DueAt, a.Log = m.in(m.pollWait(0)), m.takeCalls()
		_, err := m.Answers.Postpone(ctx, m.i, a)
		return m.written(err, verdict{outcome: store.Retrying})
	}
	m.alarmWhenOverdue(ctx)
	a.DueAt, a.Log = m.nextPoll(), m.takeCalls()
	_, err := m.Answers.Submitted(ctx, m.i, a)
	return m.written(err, verdict{outcome: store.Retrying})
}

// inFlightOf: a request of another task is on its way.
func inFlightOf(rest time.Duration) verdict {
	return verdict{outcome: store.Retrying, tell: &postponed{after: rest, why: "a request of another task is in flight"}}
}

// superseded: this run knew less than what stands in the row by now.
func superseded() verdict {
	return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "another task is at this instruction"}}
}
