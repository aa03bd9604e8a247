package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/migrations"
)

const (
	// versionTable is where goose remembers which files were applied.
	versionTable = "ordersync_migration"
	// migrationWait bounds how long another process's migration is waited for, in seconds.
	migrationWait = 600
)

// Migration is one versioned file and whether it was applied.
type Migration struct {
	Version   int64      // the number in Name
	Name      string     // "0001_orders.sql"
	AppliedAt *time.Time // nil: it waits
}

// Migrate creates and upgrades our tables and returns the files that it applied, oldest first; none
// when all were applied already. It is safe to run twice, and by two processes at once: the second
// waits for the first, ten minutes at most.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	release, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migrate: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	provider, err := s.provider()
	if err != nil {
		return nil, fmt.Errorf("store: migrate: %w", err)
	}
	patiently, impatient, err := s.patiently(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migrate: %w", err)
	}
	defer impatient()
	if err := s.prepareVersions(patiently); err != nil {
		return nil, fmt.Errorf("store: migrate: %w", err)
	}
	results, err := provider.Up(patiently)
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err != nil {
		return applied, fmt.Errorf("store: migrate: %w", err)
	}
	return applied, nil
}

// prepareVersions makes goose's version table before goose does, with a time that is the same
// moment for sessions of every zone. SQLite's clock is UTC.
func (s *Store) prepareVersions(ctx context.Context) error {
	if s.sql.sqlite {
		return nil
	}
	return s.db.WithContext(ctx).Connection(func(conn *gorm.DB) error {
		var ready int
		err := conn.Raw("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()"+
			" AND table_name = ? AND column_name = 'tstamp' AND data_type = 'timestamp'", versionTable).Row().Scan(&ready)
		if err != nil || ready > 0 {
			return err
		}
		for _, statement := range versionTableSQL {
			if _, err := execIn(conn, statement, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// MigrationStatus lists all files, oldest first. It changes nothing: a database without the version
// table has none applied.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	provider, err := s.provider()
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	applied, err := s.appliedVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	sources := provider.ListSources()
	all := make([]Migration, 0, len(sources))
	for _, source := range sources {
		entry := Migration{Version: source.Version, Name: source.Path}
		if at, ok := applied[source.Version]; ok {
			entry.AppliedAt = &at
		}
		all = append(all, entry)
	}
	return all, nil
}

// appliedVersions reads the version table, and answers an empty map where there is none. goose's own status makes the table
// where it is missing, which somebody who only looks may have no right to.
func (s *Store) appliedVersions(ctx context.Context) (map[int64]time.Time, error) {
	db := s.db.WithContext(ctx)
	tables := "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
	if s.sql.sqlite {
		tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
	}
	applied := map[int64]time.Time{}
	var there int
	if err := db.Raw(tables, versionTable).Row().Scan(&there); err != nil || there == 0 {
		return applied, err
	}
	rows, err := db.Raw("SELECT version_id, " + s.sql.stamped("tstamp") + " FROM " + versionTable + " WHERE is_applied ORDER BY id").Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var version int64
		var at timestamp
		if err := rows.Scan(&version, &at); err != nil {
			return nil, err
		}
		applied[version] = at.Time
	}
	return applied, rows.Err()
}

// patiently makes the pool open new sessions, which wait for locks as a migration has to, as long as ctx is used; impatient ends
// that. SQLite has one session only.
func (s *Store) patiently(ctx context.Context) (patiently context.Context, impatient func(), err error) {
	if s.sql.sqlite {
		return ctx, func() {}, nil
	}
	pool, err := s.db.DB()
	if err != nil {
		return nil, nil, err
	}
	pool.SetMaxIdleConns(0) // those that are idle now are closed, and those of ctx are not kept
	return context.WithValue(ctx, patient{}, true), func() { pool.SetMaxIdleConns(maxConns) }, nil
}

func (s *Store) files() (fs.FS, error) {
	if s.sql.sqlite {
		return fs.Sub(migrations.Files, "sqlite")
	}
	return fs.Sub(migrations.Files, "mysql")
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	dialect := database.DialectMySQL
	if s.sql.sqlite {
		dialect = database.DialectSQLite3
	}
	return goose.NewProvider(dialect, pool, files, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
