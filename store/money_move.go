package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// ErrNoInstruction: there is no refund or settlement with that number.
var ErrNoInstruction = errors.New("store: no such instruction")

// Answer is what Douyin, or the attempt to reach it, had to say about an instruction.
type Answer struct {
	At         time.Time
	PlatformNo string // refund_no or settle_no; empty: not told
	Kind       string
	Code       int
	Message    string
	LogID      string
	Polled     bool       // it was a query for the result
	DueAt      *time.Time // when to send, or ask, again
	// Refused, with Postpone: Douyin has accepted none of so many requests, and said so. Where no more were announced, nothing of the
	// instruction is at Douyin: it counts as never sent, and holds no other one up. 0: that is not known.
	Refused int
	Log     []LogRow // the calls to Douyin that were made, oldest first; written in the same transaction
}

// Result is how an instruction ended.
type Result struct {
	Answer
	State  MoneyState // MoneySucceeded or MoneyFailed
	Amount Fen        // as Douyin says; 0: it does not say
	Unsent bool       // it ends because nothing was sent, and only as long as that is true
	Alarm  string     // raised with the end; empty: none
}

// MarkSending announces, durably, that a request is about to leave. seen is the instruction as the caller read it:
// ErrSuperseded means that it is not new any more, or that somebody else has announced a request since. A *BusyError means that
// another instruction of the order comes first: see the package's doc on turns. due is when to look, should the answer never be seen.
func (s *Store) MarkSending(ctx context.Context, seen Instruction, at, due time.Time) (Instruction, error) {
	return s.move(ctx, seen.Money, seen.Number, func(tx *gorm.DB, i *Instruction) (bool, error) {
		if i.State != MoneyNew || i.Attempts != seen.Attempts {
			return false, ErrSuperseded
		}
		if !i.hasTurn() {
			if err := checkTurn(tx, i); err != nil {
				return false, err
			}
			i.SentAt = &at
			i.clearOverdue()
		}
		i.Attempts++
		i.UpdatedAt, i.DueAt = at, &due
		return true, nil
	}, nil)
}

// Submitted records that Douyin has accepted the request: the result is to come by callback, or by asking at a.DueAt. An
// instruction that has ended meanwhile keeps its end and learns Douyin's number.
func (s *Store) Submitted(ctx context.Context, m Money, number string, a Answer) (Instruction, error) {
	return s.move(ctx, m, number, func(_ *gorm.DB, i *Instruction) (bool, error) {
		if a.PlatformNo != "" {
			i.PlatformNo = a.PlatformNo
		}
		if !i.State.Final() {
			i.State = MoneySubmitted
			i.answer(a)
		}
		return true, nil
	}, a.Log)
}

// Postpone records an answer that decides nothing, and when to go on. An instruction that has ended keeps its end.
func (s *Store) Postpone(ctx context.Context, m Money, number string, a Answer) (Instruction, error) {
	return s.move(ctx, m, number, func(_ *gorm.DB, i *Instruction) (bool, error) {
		if i.State.Final() {
			return false, nil
		}
		if a.PlatformNo != "" {
			i.PlatformNo = a.PlatformNo
		}
		i.answer(a)
		if i.State == MoneyNew && a.Refused > 0 && a.Refused == i.Attempts {
			i.SentAt = nil
			i.clearOverdue()
		}
		return true, nil
	}, a.Log)
}

// Alarm raises an alarm that a person has to look at. The first one stays.
func (s *Store) Alarm(ctx context.Context, m Money, number, alarm string, at time.Time) error {
	_, err := s.move(ctx, m, number, func(_ *gorm.DB, i *Instruction) (bool, error) {
		return i.alarm(alarm, at), nil
	}, nil)
	return err
}

// Finished records the end. changed is false when the instruction had ended before; a result that contradicts the first one
// raises AlarmContradiction and changes nothing else. An amount other than ours raises AlarmAmount. A refund that ends makes its
// order due for a push. With r.Unsent it is ErrSuperseded when a request was announced meanwhile: then the end is Douyin's to say.
func (s *Store) Finished(ctx context.Context, m Money, number string, r Result) (changed bool, err error) {
	if !r.State.Final() {
		return false, fmt.Errorf("store: %q is not the end of a %s", r.State, m)
	}
	_, err = s.move(ctx, m, number, func(_ *gorm.DB, i *Instruction) (bool, error) {
		if r.Unsent && i.SentAt != nil {
			return false, ErrSuperseded
		}
		var touched bool
		changed, touched = i.finish(r)
		return touched, nil
	}, r.Log)
	return changed, err
}

// finish applies a result. changed: the state did; touched: the row has to be written.
func (i *Instruction) finish(r Result) (changed, touched bool) {
	if i.State.Final() {
		if i.PlatformNo == "" && r.PlatformNo != "" {
			i.PlatformNo, touched = r.PlatformNo, true
		}
		if i.State != r.State {
			touched = i.contradict(r) || touched
		}
		return false, touched
	}
	if r.PlatformNo != "" {
		i.PlatformNo = r.PlatformNo
	}
	r.DueAt = nil
	i.answer(r.Answer)
	i.State, i.FinishedAt = r.State, &r.At
	i.clearOverdue()
	if r.Alarm != "" {
		i.alarm(r.Alarm, r.At)
	}
	switch {
	case r.State != MoneySucceeded || r.Amount == 0:
	case i.Money == Settlement:
		i.Amount = r.Amount
	case r.Amount != i.Amount:
		i.alarm(AlarmAmount, r.At)
		i.Message = fmt.Sprintf("Douyin refunded %s yuan, asked for were %s", r.Amount, i.Amount)
	}
	return true, true
}

// contradict raises the alarm that outranks the others: money may have moved that we count as not moved.
func (i *Instruction) contradict(r Result) bool {
	if i.Alarm == AlarmContradiction {
		return false
	}
	i.Alarm, i.AlarmAt, i.Ack = AlarmContradiction, &r.At, Ack{}
	i.Message = fmt.Sprintf("Douyin said %s after %s", r.State, i.State)
	return true
}

func (i *Instruction) alarm(alarm string, at time.Time) bool {
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
	i.Kind, i.Code, i.Message, i.LogID = a.Kind, a.Code, a.Message, a.LogID
	i.UpdatedAt, i.DueAt = a.At, a.DueAt
	if a.Polled {
		i.Polls++
	}
}

// move changes one instruction under the lock of its order. change tells whether the row has to be written.
func (s *Store) move(ctx context.Context, m Money, number string, change func(tx *gorm.DB, i *Instruction) (bool, error), log []LogRow) (Instruction, error) {
	first, found, err := readInstruction(s.db.WithContext(ctx), m, number, "")
	if err == nil && !found {
		err = ErrNoInstruction
	}
	if err != nil {
		return Instruction{}, fmt.Errorf("store: %s %s: %w", m, clip(number, maxID), err)
	}
	var moved Instruction
	err = s.underOrderLock(ctx, first.OrderID, func(tx *gorm.DB) error {
		moved, err = s.moveLocked(tx, m, number, change)
		if err != nil {
			return err
		}
		rows := make([]LogRow, len(log))
		for n, r := range log {
			rows[n] = s.withBodies(r)
		}
		return s.sql.insertLog(tx, rows)
	})
	if err != nil {
		return Instruction{}, fmt.Errorf("store: %s %s: %w", m, number, err)
	}
	return moved, nil
}

// moveLocked is move inside a transaction that holds the order's row.
func (s *Store) moveLocked(tx *gorm.DB, m Money, number string, change func(tx *gorm.DB, i *Instruction) (bool, error)) (Instruction, error) {
	stored, found, err := readInstruction(tx, m, number, s.sql.forUpdate)
	if err != nil || !found {
		return Instruction{}, errors.Join(err, ifMissing(found))
	}
	i := stored.Instruction
	write, err := change(tx, &i)
	if err != nil || !write {
		return i, err
	}
	if err := s.writeInstruction(tx, &i); err != nil {
		return i, err
	}
	if i.State == stored.State && i.Alarm == stored.Alarm {
		return i, nil
	}
	if i.State == MoneySubmitted { // in flight as before: Douyin is told nothing new
		return i, nil
	}
	return i, s.refundsChanged(tx, m, i.OrderID, i.UpdatedAt)
}

func ifMissing(found bool) error {
	if found {
		return nil
	}
	return ErrNoInstruction
}

// writeInstruction writes what may change; the content never does, except a settlement's amount.
func (s *Store) writeInstruction(tx *gorm.DB, i *Instruction) error {
	l := ledgers[i.Money]
	return tx.Exec("UPDATE "+quote(l.table)+" SET `amount_fen` = ?, `state` = ?, "+quote(l.platform)+" = ?, `sent_at` = ?, `kind` = ?, `code` = ?, `message` = ?, `log_id` = ?, "+
		"`attempts` = ?, `polls` = ?, `due_at` = ?, `alarm` = ?, `alarm_at` = ?, `ack_at` = ?, `ack_by` = ?, `ack_note` = ?, `updated_at` = ?, `finished_at` = ? WHERE "+quote(l.number)+" = ?",
		int64(i.Amount), string(i.State), clip(i.PlatformNo, maxID), s.sql.timePtr(i.SentAt), clip(i.Kind, maxKind), i.Code, clip(i.Message, maxMessage), clip(i.LogID, maxLogID),
		i.Attempts, i.Polls, s.sql.timePtr(i.DueAt), i.Alarm, s.sql.timePtr(i.AlarmAt), s.sql.timePtr(i.Ack.At), i.Ack.By, i.Ack.Note,
		s.sql.time(i.UpdatedAt), s.sql.timePtr(i.FinishedAt), i.Number).Error
}
