package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// ErrNoInstruction: there is no refund or settlement with that number.
var ErrNoInstruction = errors.New("store: no such instruction")

// Answer is what Douyin, or the attempt to reach it, had to say about an instruction. Kind, Code,
// Message and LogID replace those of the row, also where they are empty.
type Answer struct {
	At         time.Time  // when it was heard
	PlatformNo string     // refund_no or settle_no; empty: not told, the row keeps its own
	Kind       string     // of the failure; empty: no complaint
	Code       int        // Douyin's number; 0: none
	Message    string     // Douyin's words, or ours
	LogID      string     // X-Tt-Logid; empty: none
	Polled     bool       // it was a query for the result
	Answered   bool       // it answers the request itself, or says that it did not leave: the request is in flight no more
	Refused    string     // with Answered: the answer is a no of this kind
	DueAt      *time.Time // when to send, or ask, again; nil: never
	// Nothing, with Postpone: nothing of the instruction is at Douyin, and that is known. It is new
	// again, gives its turn back, and holds no other one up.
	Nothing bool
	Log     []LogRow // the calls to Douyin that were made, oldest first; written in the same transaction
}

// Result is how an instruction ended.
type Result struct {
	Answer
	State   MoneyState // MoneySucceeded or MoneyFailed
	Said    bool       // Douyin itself has said so. false: it follows from a refusal, or from the row
	Amount  Fen        // as Douyin says; 0: it does not say
	Alarm   string     // raised with the end; empty: none
	EndedAt time.Time  // as Douyin says; zero: it does not say, and At stands for it
}

// endedAt is when the instruction ended. What Douyin calls a time to come is none.
func (r *Result) endedAt() time.Time {
	if r.EndedAt.IsZero() || r.EndedAt.After(r.At) {
		return r.At
	}
	return r.EndedAt
}

// MarkSending announces, durably, that a request is about to leave. seen is the instruction as the
// caller read it, Items of a refund of trade filled in: ErrSuperseded means that its state or its
// attempt is another one by now. A *BusyError means that another instruction of the order comes
// first: see the package's doc on turns. ErrNoInstruction: there is no such row. due is when to
// look, should the answer never be seen.
func (s *Store) MarkSending(ctx context.Context, seen Instruction, at, due time.Time) (Instruction, error) {
	return s.move(ctx, seen, func(tx *gorm.DB, i *Instruction) (bool, error) {
		hadTurn, items := i.Turn, i.Items
		clock, err := s.readClock(tx)
		if err != nil {
			return false, err
		}
		if err := i.Announce(seen, clock, at, due); err != nil {
			return false, err
		}
		if items != i.Items {
			if err := s.fixItems(tx, i); err != nil {
				return false, err
			}
		}
		if !hadTurn {
			return true, s.checkTurn(tx, i)
		}
		return true, nil
	}, nil)
}

// Submitted records that Douyin has accepted the request: the result is to come by callback, or by
// asking at a.DueAt. ErrSuperseded: the row is not as it was seen; only the log was written.
func (s *Store) Submitted(ctx context.Context, seen Instruction, a Answer) (Instruction, error) {
	return s.move(ctx, seen, func(_ *gorm.DB, i *Instruction) (bool, error) { return true, i.Accept(seen, a) }, a.Log)
}

// Postpone records an answer that does not end the instruction, and when to go on. ErrSuperseded as
// for Submitted.
func (s *Store) Postpone(ctx context.Context, seen Instruction, a Answer) (Instruction, error) {
	return s.move(ctx, seen, func(_ *gorm.DB, i *Instruction) (bool, error) { return true, i.Postpone(seen, a) }, a.Log)
}

// Alarm raises an alarm that a person has to look at. The first one stays. ErrSuperseded as for
// Submitted.
func (s *Store) Alarm(ctx context.Context, seen Instruction, alarm string, at time.Time) (Instruction, error) {
	return s.move(ctx, seen, func(_ *gorm.DB, i *Instruction) (bool, error) { return i.Raise(seen, alarm, at) }, nil)
}

// Finished records the end. changed is false when the instruction had ended before; a result of
// Douyin's own that contradicts the first one raises AlarmContradiction and changes nothing else.
// An amount other than ours raises AlarmAmount. A refund that ends makes its order due for a push.
// ErrSuperseded as for Submitted.
func (s *Store) Finished(ctx context.Context, seen Instruction, r Result) (changed bool, err error) {
	if !r.State.Final() {
		return false, fmt.Errorf("store: %q is not the end of a %s", r.State, seen.Money)
	}
	_, err = s.move(ctx, seen, func(tx *gorm.DB, i *Instruction) (touched bool, err error) {
		if r.Alarm == AlarmAutoSettle { // of all settlements, and seen once
			if open, err := alarmIsOpen(tx, seen.Money, r.Alarm); err != nil || open {
				r.Alarm = ""
				if err != nil {
					return false, err
				}
			}
		}
		changed, touched, err = i.End(seen, r)
		return touched, err
	}, r.Log)
	return changed, err
}

// fixItems writes down how a refund of trade is shared among the order's items.
func (s *Store) fixItems(tx *gorm.DB, i *Instruction) error {
	return tx.Exec("UPDATE `ordersync_refund` SET `items` = ?, `currency` = ? WHERE `out_refund_no` = ?", nullText(i.Items), i.Currency, i.Number).Error
}

// move changes one instruction under the lock of its order. change tells whether the row has to be
// written. What it finds superseded leaves the row as it is; the calls were made all the same, so
// their rows of the log are written.
func (s *Store) move(ctx context.Context, seen Instruction, change func(tx *gorm.DB, i *Instruction) (bool, error), log []LogRow) (Instruction, error) {
	m, number := seen.Money, seen.Number
	first, found, err := readInstruction(s.db.WithContext(ctx), m, number, "")
	if err == nil && !found {
		err = ErrNoInstruction
	}
	if err != nil {
		return Instruction{}, fmt.Errorf("store: %s %s: %w", m, cut.To(number, maxID), err)
	}
	var moved Instruction
	var late error
	err = s.underOrderLock(ctx, first.OrderID, func(tx *gorm.DB) (err error) {
		moved, err = s.moveLocked(tx, m, number, change)
		if late = err; err != nil && !errors.Is(err, ErrSuperseded) {
			return err
		}
		rows := make([]LogRow, len(log))
		for n, r := range log {
			rows[n] = s.withBodies(r)
		}
		return s.sql.insertLog(tx, rows)
	})
	if err == nil {
		err = late
	}
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
	if i.Audit != stored.Audit {
		if err := s.saveAudit(tx, &i); err != nil {
			return i, err
		}
	}
	if i.State.Final() == stored.State.Final() && i.Alarm == stored.Alarm { // Douyin is told nothing new
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
		"`attempts` = ?, `polls` = ?, `due_at` = ?, `alarm` = ?, `alarm_at` = ?, `ack_at` = ?, `ack_by` = ?, `ack_note` = ?, `updated_at` = ?, `finished_at` = ?, "+
		"`sending_at` = ?, `answered_at` = ?, `refused` = ?, `has_turn` = ? WHERE "+quote(l.number)+" = ?",
		int64(i.Amount), string(i.State), cut.To(i.PlatformNo, maxID), s.sql.timePtr(i.SentAt), cut.To(i.Kind, maxKind), i.Code, words(i.Message), cut.To(i.LogID, maxLogID),
		i.Attempts, i.Polls, s.sql.timePtr(i.DueAt), i.Alarm, s.sql.timePtr(i.AlarmAt), s.sql.timePtr(i.Ack.At), i.Ack.By, i.Ack.Note,
		s.sql.time(i.UpdatedAt), s.sql.timePtr(i.FinishedAt), s.sql.timePtr(i.SendingAt), s.sql.timePtr(i.AnsweredAt), cut.To(i.Refused, maxKind), i.Turn, i.Number).Error
}
