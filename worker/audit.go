package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// auditNotYet is when a word is tried again that came before its turn (22006).
	auditNotYet = 30 * time.Second
	// auditPollLeast and auditPollMost bound the waits between questions after a deadline, and
	// between tries of a word that Douyin does not take.
	auditPollLeast, auditPollMost = time.Minute, time.Hour
)

// AuditRows are the refunds that Douyin waits with. seen is the row as Instruction has read it:
// every write is a compare and set on its audit, and store.ErrSuperseded means that it is another
// one by now.
type AuditRows interface {
	Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error)
	AnnounceAudit(ctx context.Context, seen store.Instruction, due time.Time) (store.Instruction, error)
	RecordAudit(ctx context.Context, seen store.Instruction, a store.AuditAnswer) (store.Instruction, error)
}

// Auditor tells Douyin the shop's word. It passes no gate: AuditHandler has passed it before the
// announcement.
type Auditor interface {
	Audit(ctx context.Context, v trade.Verdict) (douyin.Receipt, error)
}

// RefundAsker asks Douyin for refunds.
type RefundAsker interface {
	QueryRefunds(ctx context.Context, outRefundNo, refundID, orderID string) ([]trade.RefundState, douyin.Receipt, error)
}

// AuditHandler handles tasks.TypeAudit: it takes the shop's word on one refund to Douyin, or asks
// what Douyin has decided by itself. What it must never do is send a word while the fate of an
// earlier try is not known.
type AuditHandler struct {
	Rows    AuditRows
	Sending Auditor
	Douyin  RefundAsker
	Gate    douyin.Gate // entered before a word is announced; nil: none
	// Sick tells whether Douyin's breaker is not closed, as for PushHandler; nil: never.
	Sick func() bool
	// Changed is told that the refund has ended, because it was denied; failing is harmless, as for
	// MoneyHandler. nil: nobody is told.
	Changed func(ctx context.Context, orderID string) error
	// Decided is told of each audit whose end was written down; nil: nobody counts.
	Decided func(store.AuditState)
	// Grace is as for MoneyHandler: for how long Douyin's "I have no word" may lag behind a word
	// whose answer was lost. 0: 2 minutes.
	Grace time.Duration
	Now   func() time.Time // nil: time.Now
	Log   zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (h *AuditHandler) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	a := &auditing{AuditHandler: h, started: time.Now(), attempt: attemptOf(ctx)}
	a.taskID, _ = asynq.GetTaskID(ctx)
	defer func() {
		if p := recover(); p != nil {
			err = a.end(judge(&panicError{p, debug.Stack()}, a.attempt))
		}
	}()
	task, err := tasks.ParseAudit(t)
	if err != nil {
		return a.end(judge(err, a.attempt))
	}
	a.i.Number = task.OutRefundNo
	return a.end(a.step(ctx))
}

// auditing is one ProcessTask.
type auditing struct {
	*AuditHandler
	i       store.Instruction // as this run has read or written it last
	refused *verdict          // Douyin's no to the word of this run, and to no earlier one
	notYet  bool              // that no says: later
	taskID  string
	started time.Time
	attempt attempt
	did     string // in a word, for the log
	calls   []store.LogRow
}

// step reads the row and does what comes next.
func (a *auditing) step(ctx context.Context) verdict {
	i, found, err := a.Rows.Instruction(ctx, store.Refund, a.i.Number)
	if err != nil {
		return judgePush(err, a.attempt, a.sick())
	}
	if !found {
		return judge(&tasks.PayloadError{Field: "number", Reason: "there is no refund with this number"}, a.attempt)
	}
	a.i = i
	switch {
	case i.Audit.State != store.AuditNeeded:
		a.did = "decided before"
		if i.Audit.DueAt == nil {
			return verdict{outcome: store.Settled}
		}
		return a.record(ctx, store.AuditAnswer{State: i.Audit.State}, verdict{outcome: store.Settled}) // a callback or a poll was faster
	case a.over():
		return a.ask(ctx)
	case i.Audit.Word == "":
		a.did = "waits for a word"
		return a.record(ctx, store.AuditAnswer{State: store.AuditNeeded, DueAt: i.Audit.Deadline}, verdict{outcome: store.Settled})
	case i.Audit.SentAt == nil:
		return a.send(ctx)
	}
	if rest := min(inFlight, a.grace()) - a.sentFor(); i.Audit.Message == "" && rest > 0 { // another task's
		return inFlightOf(max(rest, inFlightWait))
	}
	return a.ask(ctx)
}

// over tells whether Douyin has decided by itself, or has nothing to decide any more.
func (a *auditing) over() bool {
	deadline := a.i.Audit.Deadline
	return a.i.State.Final() || deadline != nil && !a.clock().Before(*deadline)
}

// clock is the database's time; the process's where the row tells none.
func (a *auditing) clock() time.Time {
	if a.i.ReadAt.IsZero() {
		return a.now()
	}
	return a.i.ReadAt
}

func (a *auditing) sentFor() time.Duration { return a.clock().Sub(*a.i.Audit.SentAt) }

// send passes the gate, announces the word, sends it, and writes down what came of it. Nothing of
// the word is at Douyin, or Douyin has said so after the grace.
func (a *auditing) send(ctx context.Context) verdict {
	leave := func(error) {}
	if a.Gate != nil {
		var err error
		if leave, err = a.Gate.Enter(ctx, trade.OpRefundAudit); err != nil {
			return a.wait(ctx, err, trade.OpRefundAudit, douyin.Receipt{}, true)
		}
	}
	i, err := a.Rows.AnnounceAudit(ctx, a.i, a.now().Add(a.grace()))
	if err != nil {
		leave(err)
		if errors.Is(err, store.ErrSuperseded) {
			return superseded()
		}
		return judgePush(err, a.attempt, a.sick())
	}
	a.i, a.did = i, "sent"
	receipt, err := a.say(ctx, leave)
	ctx, cancel := keep(ctx)
	defer cancel()
	return a.answered(ctx, receipt, err)
}

// say tells Douyin the announced word and gives its place at the gate back, also where it panics.
func (a *auditing) say(ctx context.Context, leave func(error)) (r douyin.Receipt, err error) {
	err = errNotSent
	defer func() { leave(err) }()
	audit := a.i.Audit
	return a.Sending.Audit(ctx, trade.Verdict{RefundID: a.i.PlatformNo, Agree: audit.Word == store.Agree, Denied: audit.DenyMessage})
}

// answered writes down what the word was answered. A refusal is not believed before Douyin has said
// as well that it has no word: a word also hears one whose forerunner has arrived.
func (a *auditing) answered(ctx context.Context, receipt douyin.Receipt, err error) verdict {
	v := judge(err, a.attempt)
	switch s := judgeSend(err, true); s {
	case sendAccepted:
		decided := map[store.AuditWord]store.AuditState{store.Agree: store.AuditAgreed, store.Deny: store.AuditDenied}[a.i.Audit.Word]
		a.called(trade.OpRefundAudit, store.Outcome(store.MoneySucceeded), nil, receipt)
		return a.decided(ctx, store.AuditAnswer{State: decided, Message: a.i.Audit.DenyMessage, LogID: receipt.LogID})
	case sendTooEarly, sendRefused, sendDoubtful, sendExists:
		outcome := v.outcome
		if s == sendTooEarly {
			outcome = store.Retrying
		}
		a.called(trade.OpRefundAudit, outcome, err, receipt)
		a.refused, a.notYet = &v, s == sendTooEarly
		return a.ask(ctx)
	case sendUnsent:
		return a.wait(ctx, err, trade.OpRefundAudit, receipt, true)
	case sendUnknown:
	}
	return a.wait(ctx, err, trade.OpRefundAudit, receipt, false)
}

// ask learns how the audit stands.
func (a *auditing) ask(ctx context.Context) verdict {
	refundID, number := a.i.PlatformNo, ""
	if refundID == "" {
		number = a.i.Number
	}
	states, receipt, err := a.Douyin.QueryRefunds(ctx, number, refundID, "")
	if a.did == "" {
		a.did = "asked"
	}
	if err == nil && len(states) == 0 {
		err = &douyin.Error{Op: trade.OpRefundQuery, Kind: douyin.Rejected, Err: douyin.ErrNotFound, LogID: receipt.LogID}
	}
	if err != nil {
		return a.wait(ctx, err, trade.OpRefundQuery, receipt, false)
	}
	ctx, cancel := keep(ctx)
	defer cancel()
	state := states[0]
	stand := auditStand(state, a.now(), receipt)
	if stand.State == store.AuditNeeded {
		a.called(trade.OpRefundQuery, store.Outcome(store.MoneySubmitted), nil, receipt)
		return a.waits(ctx)
	}
	a.called(trade.OpRefundQuery, store.Outcome(store.MoneySucceeded), nil, receipt)
	return a.decided(ctx, stand)
}

// auditStand is how Douyin says that an audit stands. A refund that has ended is decided, also where
// Douyin does not tell how.
func auditStand(s trade.RefundState, now time.Time, receipt douyin.Receipt) store.AuditAnswer {
	a := store.AuditAnswer{State: auditStates[s.Audit], Message: s.Denied, LogID: receipt.LogID}
	switch {
	case a.State.Decided() || s.Ended():
		a.Ended = endOf(s, now, receipt)
	default:
		a.State = store.AuditNeeded
	}
	if !a.State.Decided() && a.Ended != nil {
		a.State = ""
	}
	return a
}

// endOf is how a refund has ended; nil: it has not.
func endOf(s trade.RefundState, now time.Time, receipt douyin.Receipt) *store.Result {
	r := store.Result{
		State: store.MoneySucceeded, Said: true, Amount: store.Fen(s.Amount), EndedAt: s.RefundedAt,
		Answer: store.Answer{At: now, PlatformNo: s.RefundID, LogID: receipt.LogID},
	}
	switch {
	case s.Status == trade.Success:
	case s.Ended():
		r.State, r.Kind, r.Message = store.MoneyFailed, "rejected", cmp.Or(s.Message, s.Denied)
	default:
		return nil
	}
	return &r
}

// waits: Douyin has no word.
func (a *auditing) waits(ctx context.Context) verdict {
	audit := a.i.Audit
	answer := store.AuditAnswer{State: store.AuditNeeded, Message: audit.Message}
	switch {
	case a.notYet:
		answer.Message, answer.Unsent, answer.DueAt = a.refused.message, true, a.in(auditNotYet+a.grace())
		return a.record(ctx, answer, verdict{
			outcome: store.Retrying, kind: kindTooEarly, code: a.refused.code, message: a.refused.message, logID: a.refused.logID,
			tell: &postponed{after: auditNotYet, why: a.refused.message},
		})
	case a.refused != nil:
		answer.Message, answer.Unsent, answer.Alarm = a.refused.message, true, true
		answer.DueAt = a.in(min(auditPollLeast<<min(audit.Tries, 6), auditPollMost))
		v := *a.refused
		v.outcome, v.tell = store.Refused, nil // the row says when it is tried again
		return a.record(ctx, answer, v)
	case a.over() && (audit.Word == "" || a.i.State.Final()):
		answer.DueAt = a.in(auditPollLeast)
		if audit.Deadline != nil {
			answer.DueAt = a.in(min(max(a.clock().Sub(*audit.Deadline), auditPollLeast), auditPollMost))
		}
		return a.record(ctx, answer, verdict{outcome: store.Retrying})
	}
	if audit.SentAt != nil {
		if lag := a.grace() - a.sentFor(); lag > 0 { // it may know the word in a moment
			answer.DueAt = a.in(lag)
			return a.record(ctx, answer, verdict{outcome: store.Retrying, tell: &postponed{after: lag, why: "Douyin may still hear of the word"}})
		}
	}
	return a.send(ctx) // after the deadline, too: Douyin has just said that it waits
}

// decided takes over what Douyin holds.
func (a *auditing) decided(ctx context.Context, stand store.AuditAnswer) verdict {
	was := a.i
	v := a.record(ctx, stand, verdict{outcome: store.Pushed})
	if v.outcome != store.Pushed {
		return v
	}
	state := a.i.Audit.State
	if a.Decided != nil {
		a.Decided(state)
	}
	if a.i.State.Final() && !was.State.Final() && a.Changed != nil {
		if err := a.Changed(ctx, a.i.OrderID); err != nil {
			a.Log.Warn().Err(err).Str("order", a.i.OrderID).Msg("push after refund not enqueued; the sweep does it")
		}
	}
	if a.i.Alarm == store.AlarmContradiction && was.Alarm != a.i.Alarm {
		a.Log.Error().Str("number", a.i.Number).Str("alarm", a.i.Alarm).Str("said", string(was.Audit.Word)).Str("audit", string(state)).Msg("audit")
	}
	a.did = string(state)
	return v
}

// wait records a failure that decides nothing. unsent: nothing of the word is at Douyin.
func (a *auditing) wait(ctx context.Context, cause error, op string, receipt douyin.Receipt, unsent bool) verdict {
	ctx, cancel := keep(ctx)
	defer cancel()
	v := judgeWait(cause, a.attempt, a.sick())
	a.called(op, v.outcome, cause, receipt)
	again := v.again + a.grace()
	if v.within > 0 {
		again = max(v.within, waitOf(v.tell))
	}
	return a.record(ctx, store.AuditAnswer{State: store.AuditNeeded, Message: cmp.Or(v.message, "no answer"), DueAt: a.in(again), Unsent: unsent}, v)
}

// record writes an answer down; v holds where that could be done. What could not be written leaves
// the announcement in the row, so the next run asks.
func (a *auditing) record(ctx context.Context, answer store.AuditAnswer, v verdict) verdict {
	answer.At, answer.Log, a.calls = a.now(), a.calls, nil
	i, err := a.Rows.RecordAudit(ctx, a.i, answer)
	switch {
	case err == nil:
		i.ReadAt = a.i.ReadAt
		a.i = i
		return v
	case errors.Is(err, store.ErrSuperseded):
		return superseded()
	}
	return judgePush(fmt.Errorf("record: %w", err), a.attempt, a.sick())
}

func (a *auditing) called(op string, outcome store.Outcome, err error, receipt douyin.Receipt) {
	r := store.LogRow{At: a.now(), Call: op, OrderID: a.i.OrderID, Number: a.i.Number, TaskID: a.taskID, Attempt: a.attempt.number, Outcome: outcome}
	a.calls = append(a.calls, callRow(r, err, receipt)...)
}

func (a *auditing) in(wait time.Duration) *time.Time {
	at := a.now().Add(wait)
	return &at
}

func (h *AuditHandler) grace() time.Duration { return cmp.Or(h.Grace, answerGrace) }

func (h *AuditHandler) sick() bool { return h.Sick != nil && h.Sick() }

func (h *AuditHandler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// end writes the one line of the run and hands asynq its answer.
func (a *auditing) end(v verdict) error {
	line := a.Log.Info()
	switch {
	case v.outcome == store.Refused, v.outcome == store.GaveUp:
		line = a.Log.Error()
	case v.tell != nil && isFailure(v.tell):
		line = a.Log.Warn()
	}
	if line.Enabled() {
		line = line.Str("number", a.i.Number).Str("order", a.i.OrderID).Str("word", string(a.i.Audit.Word)).Str("did", a.did).
			Int("attempt", a.attempt.number).Str("outcome", string(v.outcome)).Dur("took", time.Since(a.started))
		if v.kind != "" {
			line = line.Str("kind", v.kind).Int("code", v.code).Str("message", v.message).Str("logid", v.logID)
		}
		line.Msg("audit")
	}
	return v.tell
}
