package store

import (
	"cmp"
	"fmt"
	"time"
)

// KindDenied is Instruction.Kind of a refund that ended because it was denied.
const KindDenied = "denied"

// hearDouyin takes over what Douyin says of a refund at one moment, wherever it says it: said of its
// audit (empty: nothing), words with a denial, and r of its end (State not final: it is under way). A
// denial ends the refund. end is hear, or Hear where nobody has asked. Which of two words comes first
// makes no difference.
func (i *Instruction) hearDouyin(said AuditState, words string, r Result, end func(Result) (changed, touched bool)) (changed bool) {
	if said.Decided() {
		i.Audit.State = said
	}
	if said == AuditDenied {
		i.Audit.DenyMessage = cmp.Or(i.Audit.DenyMessage, words)
		if !r.State.Final() {
			r.State, r.Said = MoneyFailed, true
		}
	}
	if r.State.Final() {
		changed, _ = end(r)
	}
	i.closeAudit()
	i.sayOverruled(r.At)
	return changed
}

// closeAudit decides how an audit ended about which Douyin says nothing, from the end of its refund.
// About what has ended, or is decided, nobody is asked any more.
func (i *Instruction) closeAudit() {
	a := &i.Audit
	if a.State == AuditNeeded && i.State.Final() {
		a.State = i.auditByEnd()
	}
	if !a.State.Decided() && !i.State.Final() {
		return
	}
	a.DueAt = nil
	i.clearAuditDue()
	if a.State == AuditDenied && i.State == MoneyFailed && i.Alarm != AlarmContradiction {
		i.Kind, i.Code, i.Message = KindDenied, 0, cmp.Or(a.DenyMessage, i.Message)
	}
}

// auditByEnd: one that succeeded was agreed to, by us, in Douyin's console, or by Douyin itself since
// the deadline. One that failed was denied only if the shop has said so.
func (i *Instruction) auditByEnd() AuditState {
	word, deadline := i.Audit.Word, i.Audit.Deadline
	switch overtime := deadline != nil && i.FinishedAt != nil && !i.FinishedAt.Before(*deadline); {
	case i.State == MoneyFailed && word == Deny:
		return AuditDenied
	case i.State == MoneyFailed && word != Agree:
		return AuditNone
	case i.State == MoneySucceeded && word != Agree && overtime:
		return AuditOvertime
	}
	return AuditAgreed
}

// overruled tells that it has come otherwise than the shop has said.
func (i *Instruction) overruled() bool {
	switch s := i.Audit.State; i.Audit.Word {
	case Deny:
		return i.State == MoneySucceeded || s == AuditAgreed || s == AuditOvertime
	case Agree:
		return s == AuditDenied
	}
	return false
}

// sayOverruled raises the alarm, once: it stays where somebody has seen it.
func (i *Instruction) sayOverruled(at time.Time) {
	if !i.overruled() || i.Alarm == AlarmContradiction {
		return
	}
	if i.State == MoneyFailed {
		i.Kind, i.Code = KindDenied, 0
	}
	i.contradict(at, fmt.Sprintf("the shop said %s, and Douyin has it as %s", i.Audit.Word, i.Audit.State))
}
