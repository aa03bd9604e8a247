package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// AuditKey is a place in the list of audits, which is in the order of deadline and number. The zero
// value is its beginning.
type AuditKey struct {
	Deadline time.Time
	Number   string // out_refund_no
}

// openAudit selects audits that wait for Douyin or for a word, through the index on (audit,
// audit_deadline, out_refund_no).
const openAudit = "`audit` = 'needed' AND `state` NOT IN ('succeeded', 'failed')"

// AuditsNeeded lists refunds that wait for the shop's word, the nearest deadline first, behind
// after. One that ends at its deadline is in the list until Douyin has been asked.
func (s *Store) AuditsNeeded(ctx context.Context, after AuditKey, limit int) ([]Instruction, error) {
	where, args := openAudit+" AND `audit_word` = ''", []any{}
	if after != (AuditKey{}) {
		at := s.sql.time(after.Deadline)
		where += " AND `audit_deadline` >= ? AND (`audit_deadline` > ? OR `out_refund_no` > ?)"
		args = append(args, at, at, after.Number)
	}
	stored, err := readInstructions(s.db.WithContext(ctx), Refund, where+" ORDER BY `audit_deadline`, `out_refund_no` LIMIT ?", "", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: audits: %w", err)
	}
	all := make([]Instruction, len(stored))
	for i := range stored {
		all[i] = stored[i].Instruction
	}
	return all, nil
}

// AuditKey is i's place in the list of audits.
func (i *Instruction) AuditKey() AuditKey {
	k := AuditKey{Number: i.Number}
	if i.Audit.Deadline != nil {
		k.Deadline = *i.Audit.Deadline
	}
	return k
}

// DueAudits lists audits that are due at now, the longest due first.
func (s *Store) DueAudits(ctx context.Context, now time.Time, limit int) ([]DueInstruction, error) {
	return s.auditNumbers(ctx, "audit_due_at", "`audit_due_at` <= ?", limit, s.sql.time(now))
}

// DueAuditsAfter is as DueInstructionsAfter, for audits.
func (s *Store) DueAuditsAfter(ctx context.Context, after DueInstruction, until time.Time, limit int) ([]DueInstruction, error) {
	from := s.sql.time(after.DueAt)
	return s.auditNumbers(ctx, "audit_due_at", "`audit_due_at` >= ? AND `audit_due_at` <= ? AND (`audit_due_at` > ? OR ? <> '' AND `out_refund_no` > ?)", limit,
		from, s.sql.time(until), from, after.Number, after.Number)
}

// EndedAudits lists audits that nobody has a time for and that Douyin has decided by now: their
// deadline is over, or their refund has ended. DueAt is the deadline.
func (s *Store) EndedAudits(ctx context.Context, now time.Time, limit int) ([]DueInstruction, error) {
	return s.auditNumbers(ctx, "audit_deadline", "`audit` = 'needed' AND `audit_due_at` IS NULL AND (`audit_deadline` <= ? OR `state` IN ('succeeded', 'failed'))", limit, s.sql.time(now))
}

// AuditsNear lists audits that Douyin will decide by itself before until, and that have no alarm for
// it: without a word, or with one that was said before saidBefore and that Douyin does not have.
// DueAt is the deadline.
func (s *Store) AuditsNear(ctx context.Context, until, saidBefore time.Time, limit int) ([]DueInstruction, error) {
	return s.auditNumbers(ctx, "audit_deadline", openAudit+" AND `audit_deadline` <= ? AND (`audit_word` = '' OR `audit_at` < ?) AND `alarm` IN ('', '"+AlarmOverdue+"')",
		limit, s.sql.time(until), s.sql.time(saidBefore))
}

func (s *Store) auditNumbers(ctx context.Context, by, where string, limit int, args ...any) ([]DueInstruction, error) {
	due, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (d DueInstruction, err error) {
		var at timestamp
		err = rows.Scan(&d.Number, &at)
		d.DueAt = at.Time
		return d, err
	}, "SELECT `out_refund_no`, "+quote(by)+" FROM `ordersync_refund` WHERE "+where+" ORDER BY "+quote(by)+", `out_refund_no` LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: audits: %w", err)
	}
	return due, nil
}

// WakeAudit makes an audit due that has no time; any other stays as it is.
func (s *Store) WakeAudit(ctx context.Context, number string, due time.Time) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_refund` SET `audit_due_at` = ? WHERE `out_refund_no` = ? AND `audit` = 'needed' AND `audit_due_at` IS NULL", s.sql.time(due), number)
	if err != nil {
		return fmt.Errorf("store: audit %s: %w", number, err)
	}
	return nil
}

// PostponeAudit makes an audit due at until instead, where its due time is still the one given.
func (s *Store) PostponeAudit(ctx context.Context, due DueInstruction, until time.Time) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_refund` SET `audit_due_at` = ? WHERE `out_refund_no` = ? AND `audit_due_at` = ?", s.sql.time(until), due.Number, s.sql.time(due.DueAt))
	if err != nil {
		return fmt.Errorf("store: audit %s: %w", due.Number, err)
	}
	return nil
}

// DropAudit ends what nobody can be asked about: no task can name the row. It raises
// AlarmUnsendable, and the audit has no time any more.
func (s *Store) DropAudit(ctx context.Context, number string, at time.Time) error {
	_, err := s.move(ctx, Instruction{Money: Refund, Number: number}, func(_ *gorm.DB, i *Instruction) (bool, error) {
		i.Audit.State, i.Audit.DueAt = AuditNone, nil
		i.clearAuditDue()
		i.clearOverdue()
		i.raise(AlarmUnsendable, at)
		return true, nil
	}, nil)
	return err
}

// AlarmAudit raises AlarmAuditDue where Douyin still waits; raised is false where it does not, or
// another alarm stands there.
func (s *Store) AlarmAudit(ctx context.Context, number string, at time.Time) (raised bool, err error) {
	_, err = s.move(ctx, Instruction{Money: Refund, Number: number}, func(_ *gorm.DB, i *Instruction) (bool, error) {
		raised = i.Audit.State == AuditNeeded && !i.State.Final() && i.raiseAuditDue(at)
		return raised, nil
	}, nil)
	return raised && err == nil, err
}

// OpenAudits are audits that Douyin waits for.
type OpenAudits struct {
	Count    int64     // up to BacklogLimit
	Deadline time.Time // the nearest; zero: there is none
}

// countAudits reads those without a word and those whose word Douyin does not have yet.
func (s *Store) countAudits(db *gorm.DB, c *Counts) error {
	for _, of := range []struct {
		where string
		into  *OpenAudits
	}{{"`audit_word` = ''", &c.AuditsUnsaid}, {"`audit_word` > ''", &c.AuditsSaid}} {
		var nearest timestamp
		err := db.Raw("SELECT COUNT(*), MIN(a.`audit_deadline`) FROM (SELECT `audit_deadline` FROM `ordersync_refund` WHERE "+openAudit+" AND "+of.where+
			" ORDER BY `audit_deadline` LIMIT ?) a", BacklogLimit).Row().Scan(&of.into.Count, &nearest)
		if err != nil {
			return err
		}
		of.into.Deadline = nearest.Time
	}
	return nil
}
