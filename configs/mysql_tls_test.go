package configs

import (
	"crypto/tls"
	"strings"
	"testing"
)

func TestFilesOfMySQLEncryptTheConnection(t *testing.T) {
	cert, key, _ := pemFiles(t)
	for dsn, host := range map[Secret]string{
		"u:p@tcp(db.example.com:3307)/shop":           "db.example.com",
		"u:p@tcp([::1]:3306)/shop?tls=true":           "::1",
		"u:p@/shop":                                   "127.0.0.1",
		"u:p@tcp(db)/shop?allowFallbackToPlaintext=1": "db",
	} {
		c, err := MySQL{DSN: dsn, CAFile: cert, CertFile: cert, KeyFile: key}.TLS()
		if err != nil || c == nil || c.RootCAs == nil || len(c.Certificates) != 1 || c.MinVersion < tls.VersionTLS12 || c.InsecureSkipVerify || c.ServerName != host {
			t.Errorf("%s: %+v, %v", host, c, err)
		}
	}
	if c, err := (MySQL{DSN: "u:p@tcp(h)/shop", CertFile: cert, KeyFile: key}).TLS(); err != nil || c.RootCAs != nil {
		t.Errorf("without ca_file: %v; want whom the system trusts", err)
	}
	if c, err := (MySQL{DSN: "u:p@tcp(h)/shop?tls=skip-verify"}).TLS(); c != nil || err != nil {
		t.Errorf("without files: %v, %v; want that the DSN decides", c, err)
	}
}

func TestWhatMySQLsTLSCannotWorkWithIsNamedByItsKey(t *testing.T) {
	cert, key, neither := pemFiles(t)
	for _, tt := range []struct {
		mysql MySQL
		want  string
	}{
		{MySQL{DSN: "u:hunter2@unix(/run/mysqld.sock)/shop", CAFile: cert}, "mysql.ca_file: is given, and mysql.dsn names a socket"},
		{MySQL{DSN: "u:hunter2@tcp(h)/shop?tls=skip-verify", CAFile: cert}, "mysql.ca_file: is given, so the server has to show its certificate: want tls=true in mysql.dsn"},
		{MySQL{DSN: "u:hunter2@tcp(h)/shop?tls=preferred", KeyFile: key, CertFile: cert}, "mysql.cert_file: is given, so the server"},
		{MySQL{DSN: "u:hunter2@tcp(h)/shop?tls=false", CAFile: cert}, "mysql.ca_file: is given, so the server"},
		{MySQL{DSN: "u:p@tcp(h)/shop", CAFile: neither + ".not"}, "mysql.ca_file: cannot be read: open "},
		{MySQL{DSN: "u:p@tcp(h)/shop", CAFile: neither}, "mysql.ca_file: want certificates in PEM"},
		{MySQL{DSN: "u:p@tcp(h)/shop", CertFile: cert}, "mysql.key_file: mysql.cert_file is given: want its key too"},
		{MySQL{DSN: "u:p@tcp(h)/shop", KeyFile: key}, "mysql.cert_file: mysql.key_file is given: want its certificate too"},
		{MySQL{DSN: "u:p@tcp(h)/shop", CertFile: neither, KeyFile: key}, "mysql.cert_file: with mysql.key_file: want a certificate and its key in PEM"},
	} {
		_, err := tt.mysql.TLS()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error = %v, want %q", err, tt.want)
		}
	}
	_, err := Load("", []string{"ORDERSYNC_MYSQL__DSN=u:p@tcp(h)/shop", "ORDERSYNC_MYSQL__CA_FILE=/nowhere/ca.pem"})
	if err == nil || !strings.Contains(err.Error(), "mysql.ca_file (ORDERSYNC_MYSQL__CA_FILE): cannot be read") {
		t.Errorf("error = %v", err)
	}
}
