package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/ordersync/ordersync/store/migrations"
)

const (
	// versionTable is where goose remembers which files were applied.
	versionTable = "ordersync_migration"
	// migrationLock is MySQL's name for "somebody is migrating": names are the server's, so the database's name is added.
	migrationLock = "CONCAT('ordersync_migrate_', MD5(DATABASE()))"
	// migrationWait bounds how long another process's migration is waited for, in seconds.
	migrationWait = 600
)

// Migration is one versioned file and whether it was applied.
type Migration struct {
	Version   int64
	Name      string // "0001_orders.sql"
	AppliedAt *time.Time
}

// Migrate creates and upgrades our tables and returns the files that it applied, oldest first; none when all were applied
// already. It is safe to run twice, and by two processes at once: the second waits for the first.
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
	results, err := provider.Up(patiently)
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err != nil {
		return applied, fmt.Errorf("store: migrate: %w", err)
	}
	return applied, nil
}

// MigrationStatus lists all files. It changes nothing, except that the version table is made where it is missing.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	provider, err := s.provider()
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	all := make([]Migration, 0, len(status))
	for _, m := range status {
		entry := Migration{Version: m.Source.Version, Name: m.Source.Path}
		if m.State == goose.StateApplied {
			at := m.AppliedAt
			entry.AppliedAt = &at
		}
		all = append(all, entry)
	}
	return all, nil
}

// MigrationSQL is all files in order, as a DBA reads them.
func (s *Store) MigrationSQL() (string, error) {
	files, err := s.files()
	if err != nil {
		return "", fmt.Errorf("store: migrations: %w", err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", fmt.Errorf("store: migrations: %w", err)
	}
	var all string
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", fmt.Errorf("store: migrations: %w", err)
		}
		all += "-- " + name + "\n" + string(text) + "\n"
	}
	return all, nil
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

// lockMigrations holds GET_LOCK on a connection of its own. goose's own lockers were measured and left (platform.md §8):
// they take seconds a round or fail in a race for the version table. SQLite needs none: it lives in one process.
func (s *Store) lockMigrations(ctx context.Context) (release func() error, err error) {
	if s.sql.sqlite {
		s.migrating.Lock()
		return func() error { s.migrating.Unlock(); return nil }, nil
	}
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	err = conn.QueryRowContext(ctx, "SELECT GET_LOCK("+migrationLock+", ?)", migrationWait).Scan(&got)
	if err == nil && got.Int64 != 1 {
		err = fmt.Errorf("another process has been migrating for %d seconds", migrationWait)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		// The lock also goes with the connection, so an ended ctx does not leave it behind for long.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+migrationLock+")")
		return errors.Join(err, conn.Close())
	}, nil
}
