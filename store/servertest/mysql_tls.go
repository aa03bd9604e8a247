package servertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TLSMySQL is a server that takes encrypted connections on a port, and Users of two kinds.
type TLSMySQL struct {
	*MySQLServer
	Certs Certificates
	Addr  string // host:port on loopback
}

// Who may connect to a TLSMySQL, over TCP and with everything but SUPER allowed; neither has a password.
const (
	UserOverTLS         = "over_tls"         // REQUIRE SSL
	UserWithCertificate = "with_certificate" // REQUIRE X509
)

var tlsUsers = []string{
	"CREATE USER " + UserOverTLS + "@'127.0.0.1' REQUIRE SSL",
	"CREATE USER " + UserWithCertificate + "@'127.0.0.1' REQUIRE X509",
	"GRANT ALL ON *.* TO " + UserOverTLS + "@'127.0.0.1'",
	"GRANT ALL ON *.* TO " + UserWithCertificate + "@'127.0.0.1'",
}

// EachTLSMySQL runs test on a server of its own of each kind that is there, as EachMySQL does.
func EachTLSMySQL(t *testing.T, test func(t *testing.T, s *TLSMySQL)) {
	t.Helper()
	if path, ok := need(t, mariadbd); ok {
		t.Run("mariadb", func(t *testing.T) { test(t, startTLS(t, path, newMySQLWithUsers)) })
	}
	if HasMySQLD() {
		t.Run("mysql", func(t *testing.T) { test(t, startTLS(t, os.Getenv(mysqldVariable), newMySQLD)) })
	}
}

func startTLS(t *testing.T, path string, start func(path string, args ...string) (*MySQLServer, error)) *TLSMySQL {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	c := NewCertificates(t)
	s, err := start(
		path,
		"--skip-grant-tables=0", "--skip-networking=0", "--bind-address=127.0.0.1", "--port="+strconv.Itoa(int(port)),
		"--ssl-ca="+c.CA, "--ssl-cert="+c.Cert, "--ssl-key="+c.Key,
	)
	if err != nil {
		t.Fatalf("private server with TLS: %v", err)
	}
	t.Cleanup(s.p.close)
	for _, statement := range tlsUsers {
		s.exec(t, statement)
	}
	return &TLSMySQL{MySQLServer: s, Certs: c, Addr: loopback(port)}
}

// NewDatabaseFor is NewDatabase as one of the users reaches it.
func (s *TLSMySQL) NewDatabaseFor(t testing.TB, user string) (dsn string) {
	t.Helper()
	_, name, _ := strings.Cut(s.NewDatabase(t), ")/")
	return fmt.Sprintf("%s@tcp(%s)/%s", user, s.Addr, name)
}

// newMySQLWithUsers is a mariadbd that knows users: its system tables are made first, by the
// server's own script, with a root who needs no password.
func newMySQLWithUsers(path string, args ...string) (*MySQLServer, error) {
	script, err := systemTables()
	if err != nil {
		return nil, err
	}
	p, err := newProcess(path)
	if err != nil {
		return nil, err
	}
	bootstrap := exec.CommandContext(context.Background(), path, append(mariadbArgs(p), "--bootstrap")...)
	bootstrap.Stdin = strings.NewReader("CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n" + script +
		"\nINSERT INTO global_priv VALUES ('localhost', 'root', '{\"access\": 18446744073709551615}');\n")
	if out, err := bootstrap.CombinedOutput(); err != nil {
		p.close()
		return nil, &startError{"bootstrap", err, oneLine(string(out))}
	}
	return startMariaDB(p, args...)
}

// systemTables is the script that makes them, from beside the server's character sets.
func systemTables() (script string, err error) {
	s, err := sharedMySQL()
	if err != nil {
		return "", err
	}
	charsets, err := s.variable("character_sets_dir")
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(filepath.Clean(charsets))
	for _, name := range []string{"mariadb_system_tables.sql", "mysql_system_tables.sql"} {
		text, failed := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // where the server itself reads
		if failed == nil {
			return string(text), nil
		}
		err = errors.Join(err, failed)
	}
	return "", cmp.Or(err, errors.New("no script of the system tables"))
}
