package servertest

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// mysql8Mode is the default sql_mode of MySQL 8.
const mysql8Mode = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// MySQLServer is a private mariadbd on a unix socket.
type MySQLServer struct {
	p *process
}

func newMySQL(path string, args ...string) (*MySQLServer, error) {
	p, err := newProcess(path)
	if err != nil {
		return nil, err
	}
	return startMariaDB(p, args...)
}

// mariadbArgs are those of every mariadbd, for p's directory.
func mariadbArgs(p *process) []string {
	args := []string{
		"--no-defaults", "--datadir=" + p.dir, "--socket=" + p.socket, "--pid-file=" + p.dir + "/pid",
		"--skip-networking", "--skip-grant-tables", "--sql-mode=" + mysql8Mode,
		"--character-set-server=utf8mb4", "--max-connections=400", "--lower-case-table-names=0",
		"--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M", "--innodb-autoextend-increment=1",
		// Commits reach the operating system, which survives kill -9 of the server; only a power cut would take them.
		"--innodb-flush-log-at-trx-commit=2", "--innodb-lock-wait-timeout=20",
	}
	if os.Getuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

func startMariaDB(p *process, args ...string) (*MySQLServer, error) {
	p.args = append(mariadbArgs(p), args...)
	if err := p.start(); err != nil {
		p.close()
		return nil, err
	}
	return &MySQLServer{p}, nil
}

// StartMySQL starts a server for this test alone; it ends with the test. It is nil where mariadbd is not installed.
// mariadbd is given args too.
func StartMySQL(t testing.TB, args ...string) *MySQLServer {
	t.Helper()
	path, ok := need(t, mariadbd)
	if !ok {
		return nil
	}
	s, err := newMySQL(path, args...)
	if err != nil {
		t.Fatalf("private mariadbd: %v", err)
	}
	t.Cleanup(s.p.close)
	// Until its first checkpoint a new system tablespace is zeros on the disk, and MariaDB 10.11 cannot recover from that.
	s.exec(t, "SET GLOBAL innodb_log_checkpoint_now = ON")
	return s
}

// Kill ends the server as kill -9 does; the data stays. Restart brings it back.
func (s *MySQLServer) Kill() { s.p.kill() }

// Freeze stops the server as SIGSTOP does: it accepts connections and answers nothing, until Thaw.
func (s *MySQLServer) Freeze() { s.p.signal(stopSignal) }

// Thaw lets a frozen server go on.
func (s *MySQLServer) Thaw() { s.p.signal(goOnSignal) }

// Restart starts the server again on its data and waits until it answers.
func (s *MySQLServer) Restart(t testing.TB) {
	t.Helper()
	s.p.kill()
	if err := s.p.start(); err != nil {
		t.Fatalf("private mariadbd: %v", err)
	}
}

// Pid is the server's process id, for tests that measure it.
func (s *MySQLServer) Pid() int { return s.p.cmd.Process.Pid }

var databases atomic.Int64

// NewDatabase makes an empty database and answers its DSN; the database is dropped when the test ends.
func (s *MySQLServer) NewDatabase(t testing.TB) (dsn string) {
	t.Helper()
	name := "test_" + strconv.FormatInt(databases.Add(1), 10)
	s.exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		select {
		case <-s.p.exited: // killed by the test: its directory goes too
		default:
			s.exec(t, "DROP DATABASE "+name)
		}
	})
	return s.dsn(name)
}

func (s *MySQLServer) dsn(database string) string {
	return fmt.Sprintf("root@unix(%s)/%s", s.p.socket, database)
}

func (s *MySQLServer) exec(t testing.TB, statement string) {
	t.Helper()
	db := open(t, s.dsn("information_schema"))
	defer closeDB(db)
	if err := db.Exec(statement).Error; err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// variable is one of the server's global variables.
func (s *MySQLServer) variable(name string) (value string, err error) {
	db, err := store.Open(s.dsn("information_schema"))
	if err != nil {
		return "", err
	}
	defer closeDB(db)
	err = db.Raw("SELECT @@" + name).Row().Scan(&value)
	return value, err
}

// sharedMySQL is one server for all tests of the process.
var sharedMySQL = sync.OnceValues(func() (*MySQLServer, error) {
	return newMySQL(mariadbdProgram)
})

// MySQLDSN is the DSN of a fresh database for a process that the test starts. It is "" where mariadbd is not installed.
func MySQLDSN(t testing.TB) string {
	t.Helper()
	if _, ok := need(t, mariadbd); !ok {
		return ""
	}
	s, err := sharedMySQL()
	if err != nil {
		t.Fatalf("private mariadbd: %v", err)
	}
	return s.NewDatabase(t)
}

func open(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func closeDB(db *gorm.DB) {
	if pool, err := db.DB(); err == nil {
		_ = pool.Close()
	}
}
