package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// ServerInfo is what answers behind the DSN.
type ServerInfo struct {
	Flavour string // MySQL, MariaDB or SQLite
	Version string // as the server says it
	Enough  bool   // MySQL 5.7 or newer, MariaDB 10.3 or newer
	Old     bool   // enough, but without SKIP LOCKED: older than MySQL 8.0 or MariaDB 10.6
	Tested  string // the versions that the tests were run on; empty for SQLite
}

// ServerInfo asks the server for its version.
func (s *Store) ServerInfo(ctx context.Context) (ServerInfo, error) {
	query := "SELECT VERSION()"
	if s.sql.sqlite {
		query = "SELECT sqlite_version()"
	}
	var version string
	if err := s.db.WithContext(ctx).Raw(query).Row().Scan(&version); err != nil {
		return ServerInfo{}, fmt.Errorf("store: server version: %w", err)
	}
	return serverInfo(version, s.sql.sqlite), nil
}

// serverInfo reads a server's own words.
func serverInfo(version string, sqlite bool) ServerInfo {
	info := ServerInfo{Flavour: "MySQL", Version: version, Tested: "9.7"}
	least, skips := [2]int{5, 7}, [2]int{8, 0}
	switch {
	case sqlite:
		info.Flavour, info.Tested = "SQLite", ""
		least, skips = [2]int{3, 35}, [2]int{}
	case strings.Contains(strings.ToLower(version), "mariadb"):
		info.Flavour, info.Tested = "MariaDB", "10.5, 10.11"
		least, skips = [2]int{10, 3}, [2]int{10, 6}
	}
	info.Enough = atLeast(version, least)
	info.Old = info.Enough && !atLeast(version, skips)
	return info
}

func atLeast(version string, least [2]int) bool {
	// What MariaDB says to clients of old: a replication slave of that time took 10 for 1.
	parts := strings.SplitN(strings.TrimPrefix(version, "5.5.5-"), ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(strings.TrimRight(parts[1], "-abcdefghijklmnopqrstuvwxyz"))
	return err1 == nil && err2 == nil && (major > least[0] || major == least[0] && minor >= least[1])
}

// checkVersion also tells whether the database answers at all.
func (s *Store) checkVersion(ctx context.Context) (f Finding, answers bool) {
	info, err := s.ServerInfo(ctx)
	if err != nil {
		says := "the database does not answer, so the tables were not looked at"
		if !passing(err) {
			says = "the database does not let us in, so the tables were not looked at"
		}
		return failed(says, err, answerCure(err)), false
	}
	return info.finding(), true
}

// answerCure is what helps where the server does not let us in.
func answerCure(err error) string {
	var untrusted *tls.CertificateVerificationError
	var alert tls.AlertError
	switch {
	case errors.As(err, &untrusted):
		return "name the authority that signed its certificate in mysql.ca_file, and let mysql.dsn call it by a name that the certificate has"
	case errors.As(err, &alert):
		return "it does not take our certificate: check mysql.cert_file and mysql.key_file"
	case errors.Is(err, mysql.ErrNoTLS):
		return "it speaks no TLS: give it a certificate, or take mysql.ca_file, mysql.cert_file and the dsn's tls away"
	}
	if number, known := errorNumber(err); known {
		switch number {
		case 1044, 1045, 1698:
			return "check mysql.dsn (user, password, database), and that the server lets this account in from this host"
		case 1049:
			return "check mysql.dsn (the database's name), or create the database"
		}
	}
	return "check mysql.dsn, and that the server is up and lets this host in"
}

func (i ServerInfo) finding() Finding {
	f := Finding{OK: i.Enough && !i.Old, Minor: i.Old, What: i.Flavour + " " + i.Version}
	if i.Tested != "" {
		f.What += " (tested: " + i.Tested + ")"
	}
	switch {
	case i.Old:
		f.Cure = "it does not know FOR UPDATE SKIP LOCKED: rows of the outbox are claimed one by one, and a locked row holds its batch up for seconds. " +
			"Nothing else is missing, as far as it was tested; MySQL 8.0 and MariaDB 10.6 know it"
	case !i.Enough:
		f.Cure = "MySQL 5.7 and MariaDB 10.3 are the oldest that can be used: upgrade the server"
	}
	return f
}
