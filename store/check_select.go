package store

import (
	"context"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// SelectError is a SELECT of shop.sql that the database refuses, or that does not answer what it has
// to. Beneath Err is a *TextError, or the server's own error.
type SelectError struct{ Err error }

func (e *SelectError) Error() string { return e.Err.Error() }
func (e *SelectError) Unwrap() error { return e.Err }

// CheckSelects tells whether the shop's SELECTs can be read, for a process that begins. Nil where the
// shop has none, and where the database does not answer: that is nothing that the configuration says
// wrong. The error is a *SelectError.
func (s *Store) CheckSelects(ctx context.Context) error {
	if s.schema.SQL.Order == "" {
		return nil
	}
	_, err := s.reading(ctx)
	var text *TextError
	var refused *mysql.MySQLError
	if errors.As(err, &text) || errors.As(err, &refused) && !noDatabase[refused.Number] {
		return &SelectError{err}
	}
	return nil
}

// noDatabase are answers of a server that lets nobody in at the moment, or has no time.
var noDatabase = map[uint16]bool{1040: true, 1044: true, 1045: true, 1049: true, 1053: true, 1203: true, 1205: true, 1317: true, 3024: true, 1969: true}

// checkSelects looks at the SELECTs of shop.sql, and at what the statements over them cost.
func (s *Store) checkSelects(ctx context.Context) []Finding {
	r, err := s.reading(ctx)
	if err != nil {
		return []Finding{unreadable(err)}
	}
	findings := []Finding{{OK: true, What: "shop.sql: the SELECTs answer the columns that are needed"}}
	for _, wrong := range r.Misfits() {
		findings = append(findings, Finding{Minor: wrong.Minor, What: "shop.sql: " + wrong.What, Cure: wrong.Cure})
	}
	findings = append(findings, s.checkNewestUnique(ctx, r)...)
	findings = append(findings, s.checkChanges(ctx, r)...)
	return append(findings, s.explainAll(ctx, r)...)
}
