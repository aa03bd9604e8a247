package servertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"gorm.io/gorm"
)

// mysqldVariable names a mysqld of MySQL itself, which Debian's stable suite does not have: with
// it, EachDB and EachMySQL run their tests on MySQL too.
const mysqldVariable = "ORDERSYNC_TEST_MYSQLD"

// emptyMySQL is a data directory that was made once for the process: MySQL takes seconds for it,
// and cannot start from an empty one as MariaDB does.
var sharedMySQL8 = sync.OnceValues(func() (*MySQLServer, error) {
	path := os.Getenv(mysqldVariable)
	p, err := newProcess(path)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(p.dir, "data")
	args := []string{"--no-defaults", "--datadir=" + data, "--character-set-server=utf8mb4"}
	if os.Getuid() == 0 {
		args = append(args, "--user=root")
	}
	if out, err := exec.Command(
		path,
		append(args, "--initialize-insecure")...).CombinedOutput(); err != nil {
		p.close()
		return nil, &startError{"initialize", err, oneLine(string(out))}
	}
	p.args = append(
		args,
		"--socket="+p.socket,
		"--pid-file="+p.dir+"/pid",
		"--skip-networking",
		"--skip-grant-tables",
		"--mysqlx=OFF",
		"--max-connections=400",
		"--innodb-buffer-pool-size=64M",
		"--innodb-flush-log-at-trx-commit=2",
		"--innodb-lock-wait-timeout=20",
		"--disable-log-bin",
	)
	if err := p.start(); err != nil {
		p.close()
		return nil, err
	}
	return &MySQLServer{p}, nil
})

// startError says at which step a server failed to start.
type startError struct {
	step string
	err  error
	out  string
}

func (e *startError) Error() string { return e.step + ": " + e.err.Error() + ": " + e.out }
func (e *startError) Unwrap() error { return e.err }

// mysql8DSN is a fresh database on MySQL itself; "" where none was named.
func mysql8DSN(t testing.TB) string {
	t.Helper()
	if os.Getenv(mysqldVariable) == "" {
		return ""
	}
	s, err := sharedMySQL8()
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
	}{{"mariadb", MySQLDSN}, {"mysql", mysql8DSN}} {
		if dsn := server.dsn(t); dsn != "" {
			t.Run(server.name, func(t *testing.T) { test(t, mysqlDB(t, dsn), dsn) })
		}
	}
}
