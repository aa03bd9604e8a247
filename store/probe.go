package store

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// TablesError says that our tables are not what this program needs: nothing can be written down.
// `ordersync migrate` mends it.
type TablesError struct {
	Pending []string // files that are not applied
	Missing []string // tables that are gone all the same
}

func (e *TablesError) Error() string {
	if len(e.Pending) > 0 {
		return "our tables (ordersync_…) are not up to date: " + strings.Join(
			e.Pending,
			", ",
		) + " waits"
	}
	return "our tables are not there: " + strings.Join(e.Missing, ", ")
}

// ProbeWrite tells whether our tables are there, up to date, and take a row: a database that is
// read only, has no room or lost its tables still answers a ping. It writes a row of the outbox and
// takes it away again in one transaction that is committed, so that nobody sees the row, and costs
// a few round trips: ask every few seconds, not more often. It also fails while real writes were
// refused for such a reason a moment ago, for a full disk takes a small row where a large one finds
// no room. The error is a *TablesError, a *RefusedError or the database's.
func (s *Store) ProbeWrite(ctx context.Context) error {
	if err := s.CheckTables(ctx); err != nil {
		return err
	}
	if err := s.refusals.recent(); err != nil {
		return err
	}
	tx := s.db.WithContext(ctx).Begin()
	if tx.Error != nil {
		return fmt.Errorf("store: probe: %w", tx.Error)
	}
	defer tx.Rollback()
	err := tx.Exec("INSERT INTO `ordersync_outbox` (`kind`, `order_id`) VALUES ('probe', '')").Error
	if err == nil {
		err = tx.Exec(
			"DELETE FROM `ordersync_outbox` WHERE `kind` = 'probe' AND `id` = " + s.sql.lastInsertID(),
		).Error
	}
	if err == nil {
		err = tx.Commit().Error
	}
	if err != nil {
		return fmt.Errorf("store: probe: %w", err)
	}
	return nil
}

// CheckTables looks for migrations that wait and tables that are gone. The error is a *TablesError, or
// the database's.
func (s *Store) CheckTables(ctx context.Context) error {
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	var bad TablesError
	for _, m := range all {
		if m.AppliedAt == nil {
			bad.Pending = append(bad.Pending, m.Name)
		}
	}
	if bad.Pending != nil {
		return &bad
	}
	wanted, err := s.ourTables()
	if err != nil {
		return err
	}
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ?"
	if s.sql.sqlite {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ?"
	}
	var there []string
	if err := s.db.WithContext(ctx).Raw(query, wanted).Scan(&there).Error; err != nil {
		return fmt.Errorf("store: our tables: %w", err)
	}
	bad.Missing = slices.DeleteFunc(
		wanted,
		func(name string) bool { return slices.Contains(there, name) },
	)
	if len(bad.Missing) > 0 {
		return &bad
	}
	return nil
}

// tableChange is a table that a migration makes, drops or renames.
var tableChange = regexp.MustCompile(
	`(?im)^\s*(CREATE|DROP|ALTER) TABLE (?:IF (?:NOT )?EXISTS )?` + "`?" + `(ordersync_\w+)` + "`?" + `(?:\s+RENAME TO ` + "`?" + `(ordersync_\w+))?`,
)

// ourTables are the tables that all migrations together leave, in alphabetical order.
func (s *Store) ourTables() ([]string, error) {
	files, err := s.files()
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	var tables []string
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("store: migrations: %w", err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, m := range tableChange.FindAllStringSubmatch(up, -1) {
			word, table, renamed := strings.ToUpper(m[1]), m[2], m[3]
			if word == "CREATE" {
				tables = append(tables, table)
			}
			if word == "DROP" || renamed != "" {
				tables = slices.DeleteFunc(tables, func(t string) bool { return t == table })
			}
			if renamed != "" {
				tables = append(tables, renamed)
			}
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables), nil
}

// What probeSpace writes and takes back: more than InnoDB adds to a table's file at once (4 MiB),
// in statements that every max_allowed_packet takes.
const (
	spaceRows  = 20
	spaceBytes = 256 << 10
)

// probeSpace tells whether the log has room to grow, for doctor: it writes 5 MiB into it and rolls
// back. The room stays the log's.
func (s *Store) probeSpace(ctx context.Context) error {
	tx := s.db.WithContext(ctx).Begin()
	if tx.Error != nil {
		return tx.Error
	}
	defer tx.Rollback()
	for range spaceRows {
		err := tx.Exec(
			"INSERT INTO `ordersync_log` (`at`, `call_name`, `outcome`, `request`) VALUES "+
				"('2000-01-01 00:00:00', 'doctor', '', ?)",
			strings.Repeat("x", spaceBytes),
		).Error
		if err != nil {
			return err
		}
	}
	return nil
}
