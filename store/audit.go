package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// AlarmAuditDue: Douyin is about to agree to a refund because it has no word of the shop's: nobody
// has said one, or Douyin does not take it. It passes when a word is said, or with the audit.
const AlarmAuditDue = "audit_due"

// AuditReason is why a word cannot be taken.
type AuditReason string

// The reasons.
const (
	AuditOfOurs    AuditReason = "ours"       // the shop's own refund: nobody is asked
	AuditNotAsked  AuditReason = "not_needed" // Douyin wants no word on it
	AuditOtherWord AuditReason = "other_word" // another word was said before
	AuditOver      AuditReason = "ended"      // the refund has ended, or Douyin has decided by itself
)

var auditReasons = map[AuditReason]string{
	AuditOfOurs: "is the shop's own", AuditNotAsked: "needs no audit", AuditOtherWord: "has another word already",
	AuditOver: "is decided already: it has ended, or its deadline is over",
}

// AuditConflictError: there is nothing to decide about a refund, or it was decided otherwise.
type AuditConflictError struct {
	Number string // out_refund_no
	Reason AuditReason
	Word   AuditWord // that stands; empty: none
}

func (e *AuditConflictError) Error() string {
	return fmt.Sprintf("store: refund %s %s", cut.To(e.Number, maxID), auditReasons[e.Reason])
}

// SayAudit writes the shop's word on a refund down; Douyin is due to be told. by is who says it.
// Deny needs a denyMessage of 1 to 512 bytes, Agree has none. The same word with the same message
// again is the one that stands: fresh is false, and by stays who said it first. Errors:
// ErrNoInstruction, *AuditConflictError, or the database's. A word that is said comes too late when
// the deadline is over by the database's clock.
func (s *Store) SayAudit(ctx context.Context, number string, word AuditWord, by, denyMessage string) (i Instruction, fresh bool, err error) {
	if word != Agree && word != Deny || (word == Deny) != (denyMessage != "") || len(denyMessage) > maxMessage {
		return Instruction{}, false, errors.New("store: audit: want agree, or deny with at most 512 bytes of words")
	}
	i, err = s.move(ctx, Instruction{Money: Refund, Number: number}, func(tx *gorm.DB, i *Instruction) (bool, error) {
		if fresh = false; i.Audit.Word == word && i.Audit.DenyMessage == denyMessage {
			return false, nil
		}
		now, err := s.readClock(tx)
		if err != nil {
			return false, err
		}
		if reason := i.undecidable(now); reason != "" {
			return false, &AuditConflictError{Number: number, Reason: reason, Word: i.Audit.Word}
		}
		fresh = true
		a := &i.Audit
		a.Word, a.By, a.At, a.DueAt, a.DenyMessage = word, by, &now, &now, denyMessage
		a.SentAt, a.Tries, a.Message = nil, 0, ""
		i.clearAuditDue()
		return true, nil
	}, nil)
	return i, fresh, err
}

// undecidable is why no word can be said on i; empty: one can.
func (i *Instruction) undecidable(now time.Time) AuditReason {
	a := i.Audit
	switch {
	case cmp.Or(i.Origin, OriginOurs) == OriginOurs:
		return AuditOfOurs
	case cmp.Or(a.State, AuditNone) == AuditNone:
		return AuditNotAsked
	case a.Word != "":
		return AuditOtherWord
	case a.State != AuditNeeded, i.State.Final(), a.Deadline != nil && !now.Before(*a.Deadline):
		return AuditOver
	}
	return ""
}

// AuditAnswer is what Douyin, or the attempt to reach it, had to say about an audit.
type AuditAnswer struct {
	At      time.Time  // when it was heard
	State   AuditState // as Douyin holds it now; AuditNeeded: it waits, or nobody knows; empty: Ended alone tells
	Ended   *Result    // unless AuditNeeded: how the refund has ended; nil: it has not, or Douyin does not say
	Message string     // of an attempt without success; with AuditDenied the words that the buyer reads
	LogID   string     // X-Tt-Logid; empty: none
	DueAt   *time.Time // with AuditNeeded: when to go on; nil: nobody does by himself
	Unsent  bool       // with AuditNeeded: nothing of the word is at Douyin, and that is known
	Alarm   bool       // with AuditNeeded: Douyin takes no word: AlarmAuditDue is raised
	Log     []LogRow   // the calls to Douyin that were made, oldest first; written in the same transaction
}

// AnnounceAudit announces, durably, that the word is about to leave: ErrSuperseded where the audit
// is not as it was seen. due is when to look, should the answer never be seen.
func (s *Store) AnnounceAudit(ctx context.Context, seen Instruction, due time.Time) (Instruction, error) {
	return s.move(ctx, seen, func(tx *gorm.DB, i *Instruction) (bool, error) {
		clock, err := s.readClock(tx)
		if err != nil {
			return false, err
		}
		return true, i.AnnounceAudit(seen, clock, due)
	}, nil)
}

// RecordAudit writes down how an audit stands. What Douyin has decided is taken over: a denial ends
// the refund, as Ended does, and an agreement makes it due to be asked about. Where that contradicts
// the shop's word it raises AlarmContradiction. ErrSuperseded: the audit is not as it was seen; only
// the log was written.
func (s *Store) RecordAudit(ctx context.Context, seen Instruction, a AuditAnswer) (Instruction, error) {
	return s.move(ctx, seen, func(_ *gorm.DB, i *Instruction) (bool, error) { return true, i.HearAudit(seen, a) }, a.Log)
}

// AnnounceAudit is the step of Store.AnnounceAudit; clock is the database's.
func (i *Instruction) AnnounceAudit(seen Instruction, clock, due time.Time) error {
	if err := i.auditFollows(seen); err != nil {
		return err
	}
	if i.Audit.State != AuditNeeded || i.Audit.Word == "" {
		return ErrSuperseded
	}
	i.Audit.SentAt, i.Audit.DueAt, i.Audit.Message, i.ReadAt = &clock, &due, "", clock
	i.Audit.Tries++
	return nil
}

// HearAudit is the step of Store.RecordAudit.
func (i *Instruction) HearAudit(seen Instruction, a AuditAnswer) error {
	if err := i.auditFollows(seen); err != nil {
		return err
	}
	i.audited(a)
	return nil
}

// auditFollows is ErrSuperseded unless the audit is still as the caller has seen it.
func (i *Instruction) auditFollows(seen Instruction) error {
	now, was := i.Audit, seen.Audit
	if now.State != was.State || now.Word != was.Word || now.Tries != was.Tries {
		return ErrSuperseded
	}
	return nil
}

func (i *Instruction) audited(a AuditAnswer) {
	i.UpdatedAt = a.At
	if a.State == AuditNeeded {
		i.Audit.DueAt, i.Audit.Message = a.DueAt, a.Message
		if a.Unsent {
			i.Audit.SentAt = nil
		}
		if a.Alarm {
			i.raiseAuditDue(a.At)
		}
		return
	}
	i.Audit.DueAt, i.Audit.Message = nil, ""
	r := Result{State: MoneySubmitted, Answer: Answer{At: a.At, LogID: a.LogID}}
	if a.Ended != nil {
		r = *a.Ended
	}
	i.hearDouyin(a.State, a.Message, r, i.hear)
	if !i.State.Final() {
		i.DueAt = &a.At
	}
}

// raiseAuditDue raises the alarm; that of a refund without a result gives way to it, for that one
// waits for the word.
func (i *Instruction) raiseAuditDue(at time.Time) bool {
	i.clearOverdue()
	return i.raise(AlarmAuditDue, at)
}

func (i *Instruction) clearAuditDue() {
	if i.Alarm == AlarmAuditDue {
		i.Alarm, i.AlarmAt = "", nil
	}
}

// saveAudit writes what may change of a refund's audit.
func (s *Store) saveAudit(tx *gorm.DB, i *Instruction) error {
	a := i.Audit
	return tx.Exec("UPDATE `ordersync_refund` SET `audit` = ?, `audit_deadline` = ?, `audit_word` = ?, `audit_by` = ?, `audit_at` = ?, `audit_due_at` = ?, `audit_sent_at` = ?, "+
		"`audit_tries` = ?, `audit_message` = ?, `deny_message` = ? WHERE `out_refund_no` = ?",
		string(cmp.Or(a.State, AuditNone)), s.sql.timePtr(a.Deadline), string(a.Word), cut.To(a.By, maxID), s.sql.timePtr(a.At), s.sql.timePtr(a.DueAt), s.sql.timePtr(a.SentAt),
		a.Tries, words(a.Message), cut.To(a.DenyMessage, maxMessage), i.Number).Error
}
