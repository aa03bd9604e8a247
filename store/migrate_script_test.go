package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	osexec "os/exec"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// scripted is a database of one test, into which scripts are piped in one way.
type scripted struct {
	*store.Store
	t    *testing.T
	db   *gorm.DB
	pipe func(script string) error
}

// eachPipe runs test on each server with a script that goes through the driver, and where a client
// is installed, through that: only a client reads DELIMITER.
func eachPipe(t *testing.T, test func(s scripted)) {
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, dsn string) {
		st, err := store.New(db, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		t.Run("driver", func(t *testing.T) {
			test(
				scripted{
					st,
					t,
					db,
					func(script string) error { return throughDriver(t, dsn, script) },
				},
			)
		})
		for _, name := range []string{"mariadb", "mysql"} {
			if client, ok := servertest.SQLClient(t, name); ok {
				t.Run(name, func(t *testing.T) {
					test(
						scripted{
							st,
							t,
							db,
							func(script string) error { return throughClient(t, client, dsn, script) },
						},
					)
				})
			}
		}
	})
}

func throughDriver(t *testing.T, dsn, script string) error {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MultiStatements = true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), script)
	return err
}

func throughClient(t *testing.T, client, dsn, script string) error {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(
		t.Context(),
		client,
		"--no-defaults",
		"--user=root",
		"--socket="+cfg.Addr,
		cfg.DBName,
	)
	cmd.Stdin = strings.NewReader(script)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return nil
}

func (s scripted) migrate() {
	s.t.Helper()
	if _, err := s.Migrate(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s scripted) pending() (script string, names []string) {
	s.t.Helper()
	script, names, err := s.PendingSQL(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return script, names
}

// done fails the test unless everything is applied, in Migrate's eyes and in the script's.
func (s scripted) done() {
	s.t.Helper()
	if names, err := s.Migrate(s.t.Context()); err != nil || len(names) != 0 {
		s.t.Errorf("after the script Migrate applied %v, %v; want nothing to do", names, err)
	}
	if script, names := s.pending(); script != "" || len(names) != 0 {
		s.t.Errorf("after the script %v are pending:\n%s", names, script)
	}
}

// tables are our tables' definitions, one after the other.
func (s scripted) tables() string {
	s.t.Helper()
	var names []string
	err := s.db.Raw(
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
	).Scan(
		&names,
	).Error
	if err != nil {
		s.t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		var table, definition string
		if err := s.db.Raw("SHOW CREATE TABLE "+name).Row().Scan(&table, &definition); err != nil {
			s.t.Fatal(err)
		}
		all.WriteString(
			definition[:strings.LastIndexByte(definition, ')')] + "\n",
		) // the rest counts rows
	}
	return all.String()
}

func (s scripted) empty() {
	s.t.Helper()
	var names []string
	err := s.db.Raw(
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
	).Scan(
		&names,
	).Error
	for _, name := range names {
		err = errors.Join(err, s.db.Exec("DROP TABLE "+name).Error)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// use puts a row into a table of the first migrations, and kept fails the test when it is gone.
func (s scripted) use() {
	s.t.Helper()
	if err := s.db.Exec(
		"INSERT INTO ordersync_outbox (kind, order_id) VALUES ('push', '抖音1')",
	).Error; err != nil {
		s.t.Fatal(err)
	}
}

func (s scripted) kept() {
	s.t.Helper()
	var order string
	if err := s.db.Raw(
		"SELECT order_id FROM ordersync_outbox",
	).Row().Scan(
		&order,
	); err != nil ||
		order != "抖音1" {
		s.t.Errorf("the row that was there reads %q, %v", order, err)
	}
}

// What README gives a DBA once dropped every table of a database in use, and broke off on a fresh
// one.
func TestThePrintedSQLDoesWhatMigrateDoes(t *testing.T) {
	eachPipe(t, func(s scripted) {
		s.migrate()
		want := s.tables()

		s.empty()
		script, names := s.pending()
		if err := s.pipe(script); err != nil {
			s.t.Fatalf("on a fresh database: %v", err)
		}
		if got := s.tables(); got != want {
			s.t.Errorf("the script made\n%s\nMigrate\n%s", got, want)
		}
		if all, err := s.MigrationStatus(s.t.Context()); err != nil || len(names) != len(all) {
			s.t.Errorf("the script named %v of %v, %v", names, all, err)
		}
		s.done()

		s.use()
		newest, _, err := s.Newest(s.t.Context())
		if err == nil {
			err = s.TakeBack(s.t.Context(), newest)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		script, names = s.pending()
		if len(names) != 1 || names[0] != newest.Name {
			s.t.Errorf("pending are %v, want %s", names, newest.Name)
		}
		if err := s.pipe(script); err != nil {
			s.t.Fatalf("on a used database: %v", err)
		}
		if got := s.tables(); got != want {
			s.t.Errorf("the script made\n%s\nMigrate\n%s", got, want)
		}
		s.kept()
		s.done()

		fresh, err := s.FreshSQL()
		if err != nil {
			s.t.Fatal(err)
		}
		for name, old := range map[string]string{"the same script again": script, "a script for a fresh database": fresh} {
			if err := s.pipe(
				old,
			); err == nil ||
				!strings.Contains(err.Error(), "stops: this database is not at version") {
				s.t.Errorf("%s: %v, want it to stop", name, err)
			}
			s.kept()
			s.done()
		}
		s.empty()
		if err := s.pipe(fresh); err != nil {
			s.t.Fatalf("FreshSQL on a fresh database: %v", err)
		}
		s.done()
		s.empty()
	})
}

// A script and a Migrate, old or new, wait for each other: the name of the lock is what the first
// versions let the server make.
func TestTheLockIsThatOfTheFirstVersions(t *testing.T) {
	if !servertest.HasMySQL(t) {
		return
	}
	dsn := servertest.MySQLDSN(t)
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	var old string // MariaDB has MD5 still
	if err := db.Raw(
		"SELECT CONCAT('ordersync_migrate_', MD5(DATABASE()))",
	).Row().Scan(
		&old,
	); err != nil {
		t.Fatal(err)
	}
	script, _, err := st.PendingSQL(t.Context())
	if err != nil || !strings.Contains(script, "GET_LOCK('"+old+"'") {
		t.Errorf("%v; the script takes another lock than %s:\n%.300s", err, old, script)
	}
}
