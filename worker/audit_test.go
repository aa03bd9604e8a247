package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// docket is one refund that a buyer asked for, with the store's own steps, and Douyin's side of it.
// did is what happened, in order.
type docket struct {
	row    store.Instruction
	clock  time.Time
	did    []string
	logged []store.LogRow
	lose   error // of RecordAudit, once

	said    []trade.Verdict
	answer  func(try int) error // to a word
	effect  func(try int) bool  // the word has taken effect, whatever the answer; nil: where there is no error
	holds   trade.RefundState   // what a question is answered
	query   error               // what a question fails with
	unknown bool                // Douyin does not know the refund
}

func newDocket(word store.AuditWord) *docket {
	deadline := noon.Add(72 * time.Hour)
	d := &docket{clock: noon, row: store.Instruction{
		Money: store.Refund, Number: "DY7", PlatformNo: "7", OrderID: "1", Origin: store.OriginUser, System: store.Trade, State: store.MoneySubmitted,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline, Word: word},
	}}
	if word == store.Deny {
		d.row.Audit.DenyMessage = "用过了"
	}
	d.holds = trade.RefundState{RefundID: "7", Status: trade.Processing, Audit: trade.AuditWaiting}
	return d
}

func (d *docket) Instruction(_ context.Context, _ store.Money, number string) (store.Instruction, bool, error) {
	i := d.row
	i.ReadAt = d.clock
	return i, number == d.row.Number, nil
}

func (d *docket) AnnounceAudit(_ context.Context, seen store.Instruction, due time.Time) (store.Instruction, error) {
	i := d.row
	if err := i.AnnounceAudit(seen, d.clock, due); err != nil {
		return store.Instruction{}, err
	}
	d.row, d.did = i, append(d.did, "announced")
	return i, nil
}

func (d *docket) RecordAudit(_ context.Context, seen store.Instruction, a store.AuditAnswer) (store.Instruction, error) {
	if err := d.lose; err != nil {
		d.lose = nil
		return store.Instruction{}, err
	}
	d.logged = append(d.logged, a.Log...)
	i := d.row
	if err := i.HearAudit(seen, a); err != nil {
		return store.Instruction{}, err
	}
	d.row = i
	return i, nil
}

func (d *docket) Audit(_ context.Context, v trade.Verdict) (douyin.Receipt, error) {
	d.said, d.did = append(d.said, v), append(d.did, "said")
	var err error
	if d.answer != nil {
		err = d.answer(len(d.said))
	}
	takes := err == nil
	if d.effect != nil {
		takes = d.effect(len(d.said))
	}
	if takes {
		d.holds.Audit = map[bool]string{true: trade.AuditAgreed, false: trade.AuditDenied}[v.Agree]
		d.holds.Denied = v.Denied
	}
	return douyin.Receipt{LogID: "log"}, err
}

func (d *docket) QueryRefunds(_ context.Context, no, refundID, orderID string) ([]trade.RefundState, douyin.Receipt, error) {
	d.did = append(d.did, "asked")
	if no != "" || refundID != "7" || orderID != "" {
		return nil, douyin.Receipt{}, errors.New("asked for another refund")
	}
	if d.unknown {
		return nil, douyin.Receipt{}, d.query
	}
	return []trade.RefundState{d.holds}, douyin.Receipt{}, d.query
}

// run runs the task until it neither fails nor is postponed, or until it has run so often. Between
// two runs time passes until the row is due.
func (d *docket) run(t *testing.T, most int) (told []string) {
	t.Helper()
	h := &AuditHandler{
		Rows: d, Sending: d, Douyin: d, Now: func() time.Time { return d.clock }, Log: zerolog.Nop(),
		Changed: func(context.Context, string) error { d.did = append(d.did, "pushed"); return nil },
	}
	task, err := tasks.Audit{OutRefundNo: "DY7", Revision: "1"}.Task()
	if err != nil {
		t.Fatal(err)
	}
	for range most {
		err := h.ProcessTask(t.Context(), task)
		var p *postponed
		switch {
		case err == nil:
			told = append(told, "done")
		case errors.As(err, &p):
			told = append(told, "again in "+p.after.String())
			d.clock = d.clock.Add(p.after)
		default:
			told = append(told, "failed")
			d.clock = d.clock.Add(5 * time.Second)
		}
		if err == nil {
			if due := d.row.Audit.DueAt; due == nil || due.After(noon.Add(100*time.Hour)) {
				break
			} else if due.After(d.clock) {
				d.clock = *due
			}
		}
	}
	return told
}

var (
	auditNotYet22006 = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Unavailable, Code: 22006, Message: "not yet", HTTPStatus: 200, Err: douyin.ErrNotYet}
	auditLost        = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Unavailable, MayHave: true, Err: context.DeadlineExceeded}
	auditUnsent      = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Unavailable, Err: errors.New("connection refused")}
	auditBusy        = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Throttled, Code: 12001, HTTPStatus: 200, RetryAfter: 3 * time.Second}
	auditBadToken    = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Unauthorized, Code: 28001003, HTTPStatus: 200}
	auditPaused      = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Paused, RetryAfter: 9 * time.Second}
	auditRejected    = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Rejected, Code: 10000, Message: "bad parameter", HTTPStatus: 200}
	auditDoubtful    = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Doubtful, Code: 22001, Message: "no idea", HTTPStatus: 200}
	auditBusy13000   = &douyin.Error{Op: trade.OpRefundAudit, Kind: douyin.Unavailable, Code: 13000, HTTPStatus: 200, MayHave: true}
)

func once(err error) func(int) error {
	return func(try int) error {
		if try == 1 {
			return err
		}
		return nil
	}
}

// What each answer means, until the audit is decided: the word takes effect once, whatever is lost.
func TestAWordReachesDouyinOnceInEffect(t *testing.T) {
	t.Parallel()
	never := func(int) bool { return false }
	always := func(int) bool { return true }
	for name, c := range map[string]struct {
		word   store.AuditWord
		world  func(*docket)
		most   int // runs; 0: until it is decided
		audit  store.AuditState
		state  store.MoneyState
		alarm  string
		said   int
		did    string // in order, without runs; empty: not looked at
		within time.Duration
	}{
		"agreed":                     {word: store.Agree, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said", within: 0},
		"denied":                     {word: store.Deny, audit: store.AuditDenied, state: store.MoneyFailed, said: 1, did: "announced said pushed"},
		"the answer is lost":         {word: store.Agree, world: func(d *docket) { d.answer, d.effect = once(auditLost), always }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said asked", within: time.Minute},
		"a denial's answer is lost":  {word: store.Deny, world: func(d *docket) { d.answer, d.effect = once(auditLost), always }, audit: store.AuditDenied, state: store.MoneyFailed, said: 1, did: "announced said asked pushed"},
		"the word is lost":           {word: store.Agree, world: func(d *docket) { d.answer, d.effect = once(auditLost), func(try int) bool { return try > 1 } }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 2, did: "announced said asked asked announced said", within: 3 * time.Minute},
		"a fault of Douyin's":        {word: store.Agree, world: func(d *docket) { d.answer, d.effect = once(auditBusy13000), always }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said asked"},
		"not yet":                    {word: store.Agree, world: func(d *docket) { d.answer = once(auditNotYet22006) }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 2, did: "announced said asked announced said", within: time.Minute},
		"not yet, because it is":     {word: store.Agree, world: func(d *docket) { d.answer, d.effect = once(auditNotYet22006), always }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said asked"},
		"no connection":              {word: store.Agree, world: func(d *docket) { d.answer = once(auditUnsent) }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 2, did: "announced said announced said", within: time.Minute},
		"throttled":                  {word: store.Agree, world: func(d *docket) { d.answer = once(auditBusy) }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 2, within: 3 * time.Minute},
		"a refused token":            {word: store.Agree, world: func(d *docket) { d.answer = once(auditBadToken) }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 2, within: 3 * time.Minute},
		"refused, and it has it":     {word: store.Agree, world: func(d *docket) { d.answer, d.effect = once(auditDoubtful), always }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said asked"},
		"refused once":               {word: store.Deny, world: func(d *docket) { d.answer = once(auditRejected) }, audit: store.AuditDenied, state: store.MoneyFailed, said: 2, did: "announced said asked announced said pushed"},
		"refused":                    {word: store.Deny, world: func(d *docket) { d.answer = func(int) error { return auditRejected } }, most: 1, audit: store.AuditNeeded, state: store.MoneySubmitted, alarm: store.AlarmAuditDue, said: 1},
		"refused with nobody's code": {word: store.Agree, world: func(d *docket) { d.answer = func(int) error { return auditDoubtful } }, most: 1, audit: store.AuditNeeded, state: store.MoneySubmitted, alarm: store.AlarmAuditDue, said: 1},
		"refused to the end": {word: store.Deny, world: func(d *docket) {
			d.answer, d.row.Audit.Deadline = func(try int) error { d.holds.Audit = trade.AuditOvertime; return auditRejected }, new(noon.Add(time.Minute))
		}, audit: store.AuditOvertime, state: store.MoneySubmitted, alarm: store.AlarmContradiction, said: 1},
		"Douyin was faster, as said": {word: store.Agree, world: func(d *docket) { d.answer, d.effect, d.holds.Audit = once(auditDoubtful), never, trade.AuditOvertime }, audit: store.AuditOvertime, state: store.MoneySubmitted, said: 1},
		"Douyin was faster":          {word: store.Deny, world: func(d *docket) { d.answer, d.effect, d.holds.Audit = once(auditDoubtful), never, trade.AuditOvertime }, audit: store.AuditOvertime, state: store.MoneySubmitted, alarm: store.AlarmContradiction, said: 1},
		"denied elsewhere":           {word: store.Agree, world: func(d *docket) { d.answer, d.effect, d.holds.Audit = once(auditDoubtful), never, trade.AuditDenied }, audit: store.AuditDenied, state: store.MoneyFailed, alarm: store.AlarmContradiction, said: 1},
		"the record is lost":         {word: store.Agree, world: func(d *docket) { d.lose = errors.New("gone away") }, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 1, did: "announced said asked", within: 2 * time.Minute},
		"killed in flight": {word: store.Agree, world: func(d *docket) {
			d.row.Audit.SentAt, d.row.Audit.Tries, d.holds.Audit = &noon, 1, trade.AuditAgreed
		}, audit: store.AuditAgreed, state: store.MoneySubmitted, said: 0, did: "asked", within: time.Minute},
		"said in time, and Douyin still waits": {word: store.Deny, world: func(d *docket) { d.clock = noon.Add(73 * time.Hour) }, audit: store.AuditDenied, state: store.MoneyFailed, said: 1, did: "asked announced said pushed"},
		"said in time, and Douyin was faster":  {word: store.Deny, world: func(d *docket) { d.clock, d.holds.Audit = noon.Add(73*time.Hour), trade.AuditOvertime }, audit: store.AuditOvertime, state: store.MoneySubmitted, alarm: store.AlarmContradiction, said: 0, did: "asked"},
		"nobody says a word":                   {world: func(d *docket) { d.clock, d.holds.Audit = noon.Add(72*time.Hour), trade.AuditOvertime }, audit: store.AuditOvertime, state: store.MoneySubmitted, did: "asked"},
		"Douyin is late":                       {world: func(d *docket) { d.clock = noon.Add(72 * time.Hour) }, most: 3, audit: store.AuditNeeded, state: store.MoneySubmitted, did: "asked asked asked"},
		"before the deadline":                  {most: 1, audit: store.AuditNeeded, state: store.MoneySubmitted},
		"it ended meanwhile":                   {word: store.Deny, world: func(d *docket) { d.row.State, d.holds.Status, d.holds.Audit = store.MoneySucceeded, trade.Success, "" }, audit: store.AuditAgreed, state: store.MoneySucceeded, alarm: store.AlarmContradiction, did: "asked"},
		"it ended by itself":                   {world: func(d *docket) { d.row.State, d.holds.Status, d.holds.Audit = store.MoneyFailed, trade.Fail, "" }, audit: store.AuditNone, state: store.MoneyFailed, did: "asked"},
		"Douyin does not know it":              {word: store.Agree, world: func(d *docket) { d.answer, d.effect, d.unknown = once(auditLost), never, true }, most: 4, audit: store.AuditNeeded, state: store.MoneySubmitted, said: 1},
	} {
		d := newDocket(c.word)
		if c.world != nil {
			c.world(d)
		}
		began := d.clock
		told := d.run(t, max(c.most, 12*min(1, 1-min(1, c.most))))
		a := d.row.Audit
		if a.State != c.audit || d.row.State != c.state || d.row.Alarm != c.alarm || len(d.said) != c.said {
			t.Errorf("%s: audit %s, refund %s, alarm %q, said %d times; want %s, %s, %q, %d; %v, %v", name, a.State, d.row.State, d.row.Alarm, len(d.said), c.audit, c.state, c.alarm, c.said, d.did, told)
		}
		if did := strings.Join(d.did, " "); c.did != "" && did != c.did {
			t.Errorf("%s: %s; want %s; %v", name, did, c.did, told)
		}
		if took := d.clock.Sub(began); c.within > 0 && took > c.within {
			t.Errorf("%s: took %v, want at most %v; %v", name, took, c.within, told)
		}
		if a.State != store.AuditNeeded && a.DueAt != nil || a.State == store.AuditNeeded && a.DueAt == nil {
			t.Errorf("%s: due at %v", name, a.DueAt)
		}
	}
}

// A callback, or a question about the refund, may have taken over what Douyin decided: then nobody
// is told anything, and the audit is due no more.
func TestAnAuditThatWasDecidedMeanwhileIsDueNoMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word  store.AuditWord
		state store.AuditState
		alarm string
	}{
		{store.Agree, store.AuditAgreed, ""}, {store.Deny, store.AuditOvertime, store.AlarmContradiction}, {"", store.AuditOvertime, ""},
	} {
		d := newDocket(c.word)
		d.row.Audit.State, d.row.Audit.DueAt = c.state, &noon
		if told := d.run(t, 3); len(told) != 1 || len(d.did) != 0 || d.row.Audit.DueAt != nil || d.row.Alarm != c.alarm {
			t.Errorf("%s, %s: %v, did %v, due at %v, alarm %q", c.word, c.state, told, d.did, d.row.Audit.DueAt, d.row.Alarm)
		}
	}
}

// What is said, and what is written into the log.
func TestAWordIsSaidWithItsReasonAndLogged(t *testing.T) {
	t.Parallel()
	d := newDocket(store.Deny)
	d.answer = once(auditNotYet22006)
	d.run(t, 5)
	want := trade.Verdict{RefundID: "7", Denied: "用过了"}
	if len(d.said) != 2 || d.said[1] != want || d.row.Message != "用过了" || d.row.Kind != store.KindDenied {
		t.Errorf("said %+v; the refund ended with %q %q", d.said, d.row.Kind, d.row.Message)
	}
	var calls []string
	for _, r := range d.logged {
		calls = append(calls, r.Call+" "+string(r.Outcome))
	}
	if want := []string{"trade.refund.audit retrying", "trade.refund.query submitted", "trade.refund.audit succeeded"}; !slices.Equal(calls, want) {
		t.Errorf("logged %v, want %v", calls, want)
	}
}

// A gate that lets nothing through announces nothing.
func TestAWordThatTheGateHoldsBackIsNotAnnounced(t *testing.T) {
	t.Parallel()
	d := newDocket(store.Agree)
	h := &AuditHandler{Rows: d, Sending: d, Douyin: d, Gate: barred{auditPaused}, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
	task, _ := tasks.Audit{OutRefundNo: "DY7"}.Task()
	if err := h.ProcessTask(t.Context(), task); err == nil || isFailure(err) || len(d.did) != 0 || d.row.Audit.SentAt != nil || d.row.Audit.DueAt == nil {
		t.Errorf("%v; did %v, %+v", err, d.did, d.row.Audit)
	}
	if len(d.logged) != 0 {
		t.Errorf("logged %+v", d.logged)
	}
}

// barred is a gate that lets nothing through.
type barred struct{ err error }

func (s barred) Enter(context.Context, string) (func(error), error) { return nil, s.err }

// A task that nobody can read is refused for good, and one for a row that is not there too.
func TestATaskOfNoAuditIsRefused(t *testing.T) {
	t.Parallel()
	d := newDocket(store.Agree)
	h := &AuditHandler{Rows: d, Sending: d, Douyin: d, Log: zerolog.Nop()}
	other, _ := tasks.Audit{OutRefundNo: "DY8"}.Task()
	if err := h.ProcessTask(t.Context(), other); err == nil || len(d.did) != 0 {
		t.Errorf("%v, %v", err, d.did)
	}
}
