package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DueInstruction is an instruction whose time has come.
type DueInstruction struct {
	Number string // out_refund_no or out_settle_no
	DueAt  time.Time
}

// DueInstructions lists instructions that are due at now, the longest due first.
func (s *Store) DueInstructions(ctx context.Context, m Money, now time.Time, limit int) ([]DueInstruction, error) {
	return s.dueInstructions(ctx, m, "`due_at` <= ?", limit, s.sql.time(now))
}

// DueInstructionsAfter lists instructions that come behind after in the order of their due times
// (and, of one time, of their numbers) and are due until a time. An empty Number with a DueAt: what
// is due later than that.
func (s *Store) DueInstructionsAfter(ctx context.Context, m Money, after DueInstruction, until time.Time, limit int) ([]DueInstruction, error) {
	from := s.sql.time(after.DueAt)
	if after.Number == "" {
		return s.dueInstructions(ctx, m, "`due_at` > ? AND `due_at` <= ?", limit, from, s.sql.time(until))
	}
	return s.dueInstructions(ctx, m, "`due_at` >= ? AND `due_at` <= ? AND (`due_at` > ? OR "+quote(ledgers[m].number)+" > ?)", limit, from, s.sql.time(until), from, after.Number)
}

func (s *Store) dueInstructions(ctx context.Context, m Money, where string, limit int, args ...any) ([]DueInstruction, error) {
	l := ledgers[m]
	// Nothing else is read of them: a row that cannot be read is found when its task runs, and holds up no other one.
	due, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (d DueInstruction, err error) {
		var at timestamp
		err = rows.Scan(&d.Number, &at)
		d.DueAt = at.Time
		return d, err
	}, "SELECT "+quote(l.number)+", `due_at` FROM "+quote(l.table)+" WHERE "+where+" ORDER BY `due_at`, "+quote(l.number)+" LIMIT ?",
		append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: due %ss: %w", m, err)
	}
	return due, nil
}

// PostponeInstructions makes instructions due at until instead, each only where its due time is
// still the one given. One whose row is locked stays as it is; ErrLocked: all of them did.
func (s *Store) PostponeInstructions(ctx context.Context, m Money, due []DueInstruction, until time.Time) error {
	l := ledgers[m]
	locked := 0
	for _, d := range due {
		_, err := s.exec(ctx, "UPDATE "+quote(l.table)+" SET `due_at` = ? WHERE "+quote(l.number)+" = ? AND `due_at` = ?", s.sql.time(until), d.Number, s.sql.time(d.DueAt))
		switch {
		case OneRow(err):
			locked++
		case err != nil:
			return fmt.Errorf("store: postpone due %ss: %w", m, err)
		}
	}
	if locked > 0 && locked == len(due) {
		return fmt.Errorf("store: postpone due %ss: %w", m, ErrLocked)
	}
	return nil
}
