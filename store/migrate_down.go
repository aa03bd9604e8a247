package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// goosesMark is a line that speaks to goose and not to a person.
var goosesMark = regexp.MustCompile(`(?m)^\s*-- \+goose .*\n?`)

// Newest is the migration that was applied last, with the SQL that takes it back, for somebody who
// has to agree first. The zero Migration: none is applied.
func (s *Store) Newest(ctx context.Context) (newest Migration, down string, err error) {
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return Migration{}, "", err
	}
	for _, m := range all {
		if m.AppliedAt != nil {
			newest = m
		}
	}
	if newest.AppliedAt == nil {
		return newest, "", nil
	}
	files, err := s.files()
	if err != nil {
		return newest, "", fmt.Errorf("store: migrations: %w", err)
	}
	text, err := fs.ReadFile(files, newest.Name)
	if err != nil {
		return newest, "", fmt.Errorf("store: migrations: %w", err)
	}
	_, down, _ = strings.Cut(string(text), "-- +goose Down\n")
	return newest, strings.TrimSpace(goosesMark.ReplaceAllString(down, "")), nil
}

// Database is the name of the database that the DSN leads to; "main" for an embedded one.
func (s *Store) Database(ctx context.Context) (name string, err error) {
	query := "SELECT DATABASE()"
	if s.sql.sqlite {
		query = "SELECT name FROM pragma_database_list LIMIT 1"
	}
	if err := s.db.WithContext(ctx).Raw(query).Row().Scan(&name); err != nil {
		return "", fmt.Errorf("store: database name: %w", err)
	}
	return name, nil
}

// TakeBack undoes the newest migration, with all that its tables and columns hold. It does nothing
// where another one than m is the newest by now, and says so.
func (s *Store) TakeBack(ctx context.Context, m Migration) (err error) {
	release, err := s.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("store: take back: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	newest, _, err := s.Newest(ctx)
	if err != nil {
		return fmt.Errorf("store: take back: %w", err)
	}
	if newest.Version != m.Version {
		return fmt.Errorf("store: take back: %s is not the newest migration any more", m.Name)
	}
	provider, err := s.provider()
	if err != nil {
		return fmt.Errorf("store: take back: %w", err)
	}
	if _, err := provider.Down(ctx); err != nil {
		return fmt.Errorf("store: take back: %w", err)
	}
	return nil
}
