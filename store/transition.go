package store

import (
	"fmt"
	"time"
)

// The steps of an instruction, as MoneyState draws them. They change the row in hand and know
// nothing of a database; Store makes each of them under the lock of the order. seen is the
// instruction as the caller has read it.

// follows is ErrSuperseded unless the row is still in the state and at the attempt that the caller
// has seen.
func (i *Instruction) follows(seen Instruction) error {
	if i.State != seen.State || i.Attempts != seen.Attempts {
		return ErrSuperseded
	}
	return nil
}

// Announce: the next request is about to leave. clock is the database's, at the caller's.
func (i *Instruction) Announce(seen Instruction, clock, at, due time.Time) error {
	if err := i.follows(seen); err != nil {
		return err
	}
	if i.State != MoneyNew && i.State != MoneySending {
		return ErrSuperseded
	}
	if i.Items == "" { // what is sent is fixed now, and repeated alike
		i.Items, i.Currency = seen.Items, seen.Currency
	}
	if !i.Turn {
		i.Turn, i.SentAt = true, &at
		i.clearOverdue()
	}
	i.State = MoneySending
	i.Attempts++
	i.SendingAt, i.AnsweredAt, i.ReadAt = &clock, nil, clock
	i.Refused, i.Kind, i.Code, i.Message, i.LogID = "", "", 0, "", "" // of the attempt before
	i.UpdatedAt, i.DueAt = at, &due
	return nil
}

// Accept: Douyin has taken the request, and the result is to come.
func (i *Instruction) Accept(seen Instruction, a Answer) error {
	if err := i.follows(seen); err != nil {
		return err
	}
	if i.State != MoneySending && i.State != MoneySubmitted {
		return ErrSuperseded
	}
	i.State = MoneySubmitted
	i.answer(a)
	return nil
}

// Postpone: what was said decides nothing yet, or only that nothing of the instruction is at
// Douyin.
func (i *Instruction) Postpone(seen Instruction, a Answer) error {
	if err := i.follows(seen); err != nil {
		return err
	}
	if i.State.Final() {
		return ErrSuperseded
	}
	i.answer(a)
	if a.Nothing && i.State == MoneySending {
		i.State, i.Turn = MoneyNew, false
		i.SentAt, i.SendingAt, i.AnsweredAt, i.Refused = nil, nil, nil, ""
		i.clearOverdue()
	}
	return nil
}

// End ends the instruction. changed is false where it had ended before. What Douyin itself has said
// (r.Said) is heard also when the row says something else by now: a contradiction is for a person.
func (i *Instruction) End(seen Instruction, r Result) (changed, touched bool, err error) {
	if err := i.follows(seen); err != nil {
		if !r.Said || !i.State.Final() {
			return false, false, err
		}
	}
	changed, touched = i.hear(r)
	return changed, touched, nil
}

// Hear is what Douyin says without having been asked, by a callback. A result of an instruction of
// which nothing is at Douyin changes nothing: the alarm is raised, and the next task asks.
func (i *Instruction) Hear(r Result) (changed, touched bool) {
	if i.State == MoneyNew {
		if i.Alarm == AlarmContradiction {
			return false, false
		}
		if r.PlatformNo != "" {
			i.PlatformNo = r.PlatformNo
		}
		i.contradict(r.At, fmt.Sprintf("Douyin said %s, and nothing of it is there", r.State))
		i.DueAt = &r.At
		return false, true
	}
	return i.hear(r)
}

// hear applies a result. changed: the state did; touched: the row has to be written.
func (i *Instruction) hear(r Result) (changed, touched bool) {
	if i.State.Final() {
		return false, i.hearAgain(r)
	}
	r.DueAt = nil
	at := r.endedAt()
	i.answer(r.Answer)
	i.State, i.FinishedAt, i.Turn = r.State, &at, false
	i.clearOverdue()
	i.closeAudit()
	i.sayOverruled(r.At)
	if r.Alarm != "" {
		i.raise(r.Alarm, r.At)
	}
	switch {
	case r.State != MoneySucceeded || r.Amount == 0:
	case ledgers[i.Money].namesAmount:
		i.compareAmount(r)
	default:
		i.Amount = r.Amount
	}
	return true, true
}

// hearAgain is a further word about an instruction that has ended.
func (i *Instruction) hearAgain(r Result) (touched bool) {
	if i.PlatformNo == "" && r.PlatformNo != "" {
		i.PlatformNo, touched = r.PlatformNo, true
	}
	switch {
	case i.State != r.State && i.Alarm != AlarmContradiction:
		i.contradict(r.At, fmt.Sprintf("Douyin said %s after %s", r.State, i.State))
		return true
	case i.State == MoneySucceeded && r.State == MoneySucceeded && r.Amount != 0:
		return i.compareAmount(r) || touched
	}
	return touched
}

// compareAmount raises the alarm where Douyin has moved another amount than the row says.
func (i *Instruction) compareAmount(r Result) bool {
	if r.Amount == i.Amount || !i.raise(AlarmAmount, r.At) {
		return false
	}
	i.Message = fmt.Sprintf("Douyin moved %s, the row says %s", amount(r.Amount, i.Currency), amount(i.Amount, i.Currency))
	return true
}

// contradict raises the alarm that outranks the others: money may have moved that we count as not
// moved.
func (i *Instruction) contradict(at time.Time, message string) {
	i.Alarm, i.AlarmAt, i.Ack = AlarmContradiction, &at, Ack{}
	i.Message = message
}

// Raise raises an alarm; the first one stays. An overdue instruction loses its turn, whatever alarm
// it has. changed is false where nothing did.
func (i *Instruction) Raise(seen Instruction, alarm string, at time.Time) (changed bool, err error) {
	if err := i.follows(seen); err != nil {
		return false, err
	}
	hadTurn := i.Turn
	if alarm == AlarmOverdue {
		if i.State.Final() {
			return false, ErrSuperseded
		}
		i.Turn = false
	}
	return i.raise(alarm, at) || hadTurn != i.Turn, nil
}

func (i *Instruction) raise(alarm string, at time.Time) bool {
	if i.Alarm != "" {
		return false
	}
	i.Alarm, i.AlarmAt, i.Ack = alarm, &at, Ack{} // whoever has seen an earlier one has not seen this one
	return true
}

// clearOverdue takes the alarm back whose cause is over. Who had seen it stays.
func (i *Instruction) clearOverdue() {
	if i.Alarm == AlarmOverdue {
		i.Alarm, i.AlarmAt = "", nil
	}
}

func (i *Instruction) answer(a Answer) {
	if a.PlatformNo != "" {
		i.PlatformNo = a.PlatformNo
	}
	i.Kind, i.Code, i.Message, i.LogID = a.Kind, a.Code, a.Message, a.LogID
	i.UpdatedAt, i.DueAt = a.At, a.DueAt
	if a.Answered && i.SendingAt != nil {
		i.AnsweredAt, i.Refused = &a.At, a.Refused
	}
	if a.Polled {
		i.Polls++
	}
}
