package servertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"gorm.io/gorm"
)

// mysqldVariable names a mysqld of MySQL itself, which Debian's stable suite does not have (.ci/mysqld
// fetches one): with it, EachDB and EachMySQL run their tests on MySQL too.
const mysqldVariable = "ORDERSYNC_TEST_MYSQLD"

// newMySQLD starts a mysqld of MySQL itself. MySQL takes seconds for an empty data directory, and
// cannot start without one as MariaDB does. What only some versions know is --loose.
func newMySQLD(path string, args ...string) (*MySQLServer, error) {
	p, err := newProcess(path)
	if err != nil {
		return nil, err
	}
	p.args = []string{
		"--no-defaults",
		"--datadir=" + filepath.Join(p.dir, "data"),
		"--character-set-server=utf8mb4",
		"--loose-innodb-redo-log-capacity=32M",
	}
	if os.Getuid() == 0 {
		p.args = append(p.args, "--user=root")
	}
	initialize := exec.CommandContext(context.Background(), path, append(p.args, "--initialize-insecure")...)
	if out, err := initialize.CombinedOutput(); err != nil {
		p.close()
		return nil, &startError{"initialize", err, oneLine(string(out))}
	}
	p.args = append(
		p.args,
		"--socket="+p.socket,
		"--pid-file="+p.dir+"/pid",
		"--skip-networking",
		"--skip-grant-tables",
		"--loose-mysqlx=OFF",
		"--max-connections=400",
		"--innodb-buffer-pool-size=64M",
		"--innodb-flush-log-at-trx-commit=2",
		"--innodb-lock-wait-timeout=20",
	)
	p.args = append(p.args, args...)
	if err := p.start(); err != nil {
		p.close()
		return nil, err
	}
	return &MySQLServer{p}, nil
}

// startError says at which step a server failed to start.
type startError struct {
	step string
	err  error
	out  string
}

func (e *startError) Error() string { return e.step + ": " + e.err.Error() + ": " + e.out }
func (e *startError) Unwrap() error { return e.err }

// sharedMySQLD is one server for all tests of the process, without a binary log.
var sharedMySQLD = sync.OnceValues(func() (*MySQLServer, error) {
	return newMySQLD(os.Getenv(mysqldVariable), "--skip-log-bin")
})

// HasMySQLD tells whether somebody named a mysqld of MySQL itself.
func HasMySQLD() bool { return os.Getenv(mysqldVariable) != "" }

// StartMySQLD starts a server of MySQL itself for this test alone, with its binary log as it comes;
// it ends with the test. It is nil where ORDERSYNC_TEST_MYSQLD names none. mysqld is given args too.
func StartMySQLD(t testing.TB, args ...string) *MySQLServer {
	t.Helper()
	if !HasMySQLD() {
		return nil
	}
	s, err := newMySQLD(os.Getenv(mysqldVariable), args...)
	if err != nil { // somebody asked for it
		t.Fatalf("%s: %v", mysqldVariable, err)
	}
	t.Cleanup(s.p.close)
	return s
}

// mysqldDSN is a fresh database on MySQL itself; "" where none was named.
func mysqldDSN(t testing.TB) string {
	t.Helper()
	if !HasMySQLD() {
		return ""
	}
	s, err := sharedMySQLD()
	if err != nil { // somebody asked for it
		t.Fatalf("%s: %v", mysqldVariable, err)
	}
	return s.NewDatabase(t)
}

// EachMySQL runs test on a fresh database of each server that is there: MariaDB, and MySQL where
// ORDERSYNC_TEST_MYSQLD names a mysqld. db and dsn lead to the same database.
func EachMySQL(t *testing.T, test func(t *testing.T, db *gorm.DB, dsn string)) {
	t.Helper()
	for _, server := range []struct {
		name string
		dsn  func(testing.TB) string
	}{{"mariadb", MySQLDSN}, {"mysql", mysqldDSN}} {
		if dsn := server.dsn(t); dsn != "" {
			t.Run(server.name, func(t *testing.T) { test(t, mysqlDB(t, dsn), dsn) })
		}
	}
}
