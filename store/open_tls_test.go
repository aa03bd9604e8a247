package store_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// answers asks through a pool of its own which cipher the connection has, and lets doctor look.
func answers(t *testing.T, dsn string, c *tls.Config) (cipher string, f store.Finding, err error) {
	t.Helper()
	db, err := store.Open(dsn, store.WithTLS(c))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // the test is over
	s, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var name string
	err = db.WithContext(t.Context()).Raw("SHOW SESSION STATUS LIKE 'Ssl_cipher'").Row().Scan(&name, &cipher)
	return cipher, s.CheckShop(t.Context())[0], err
}

func TestEveryConnectionIsEncryptedByTheGivenCertificates(t *testing.T) {
	servertest.EachTLSMySQL(t, func(t *testing.T, server *servertest.TLSMySQL) {
		ours := server.Certs.Config(t)
		alone := ours.Clone()
		alone.Certificates = nil
		stranger := servertest.NewCertificates(t).Config(t)
		stranger.Certificates = ours.Certificates
		for name, tt := range map[string]struct {
			user string
			tls  *tls.Config
			cure string // empty: it works
		}{
			"certificate wanted, and shown": {servertest.UserWithCertificate, ours, ""},
			"encryption wanted":             {servertest.UserOverTLS, alone, ""},
			"certificate wanted, none":      {servertest.UserWithCertificate, alone, "check mysql.dsn"},
			"plain":                         {servertest.UserOverTLS, nil, "check mysql.dsn"},
			"another authority":             {servertest.UserOverTLS, stranger, "mysql.ca_file"},
		} {
			cipher, f, err := answers(t, server.NewDatabaseFor(t, tt.user), tt.tls)
			if tt.cure != "" {
				if err == nil || f.OK || !strings.Contains(f.Cure, tt.cure) {
					t.Errorf("%s: %v, %+v; want a cure with %q", name, err, f, tt.cure)
				}
				continue
			}
			if err != nil || cipher == "" || !f.OK {
				t.Errorf("%s: cipher %q, %+v, %v", name, cipher, f, err)
			}
		}
	})
}

// The DSN's own wish to go on without encryption does not count beside files of certificates.
func TestFilesOfCertificatesNeverFallBackToPlain(t *testing.T) {
	m := servertest.StartMySQL(t)
	if m == nil {
		return // ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	dsn := m.NewDatabase(t) + "?allowFallbackToPlaintext=true"
	_, f, err := answers(t, dsn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "localhost"})
	if !errors.Is(err, mysql.ErrNoTLS) || f.OK || !strings.Contains(f.Cure, "it speaks no TLS") {
		t.Errorf("%v, %+v; want that a server without TLS is refused", err, f)
	}
}
