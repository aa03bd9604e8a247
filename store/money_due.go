package store

import (
	"context"
	"fmt"
	"time"
)

// DueInstruction is an instruction whose time has come.
type DueInstruction struct {
	Number string
	DueAt  time.Time
}

// DueInstructions lists instructions that are due at now, the longest due first.
func (s *Store) DueInstructions(ctx context.Context, m Money, now time.Time, limit int) ([]DueInstruction, error) {
	return s.dueInstructions(ctx, m, "`due_at` <= ?", limit, s.sql.time(now))
}

// DueInstructionsAfter lists instructions that come behind after in the order of their due times (and, of one time, of their numbers)
// and are due until a time. The zero Number with a DueAt: what is due later than that.
func (s *Store) DueInstructionsAfter(ctx context.Context, m Money, after DueInstruction, until time.Time, limit int) ([]DueInstruction, error) {
	from := s.sql.time(after.DueAt)
	if after.Number == "" {
		return s.dueInstructions(ctx, m, "`due_at` > ? AND `due_at` <= ?", limit, from, s.sql.time(until))
	}
	return s.dueInstructions(ctx, m, "`due_at` >= ? AND `due_at` <= ? AND (`due_at` > ? OR "+quote(ledgers[m].number)+" > ?)", limit, from, s.sql.time(until), from, after.Number)
}

func (s *Store) dueInstructions(ctx context.Context, m Money, where string, limit int, args ...any) ([]DueInstruction, error) {
	due, err := readInstructions(s.db.WithContext(ctx), m, where+" ORDER BY `due_at`, "+quote(ledgers[m].number)+" LIMIT ?", "", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: due %ss: %w", m, err)
	}
	all := make([]DueInstruction, len(due))
	for n, i := range due {
		all[n] = DueInstruction{Number: i.Number, DueAt: *i.DueAt}
	}
	return all, nil
}

// PostponeInstructions makes instructions due at until instead, each only where its due time is still the one given.
func (s *Store) PostponeInstructions(ctx context.Context, m Money, due []DueInstruction, until time.Time) error {
	l := ledgers[m]
	for _, d := range due {
		_, err := s.exec(ctx, "UPDATE "+quote(l.table)+" SET `due_at` = ? WHERE "+quote(l.number)+" = ? AND `due_at` = ?", s.sql.time(until), d.Number, s.sql.time(d.DueAt))
		if err != nil {
			return fmt.Errorf("store: postpone due %ss: %w", m, err)
		}
	}
	return nil
}
