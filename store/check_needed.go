package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// CheckNeeded is the part of CheckShop that a process looks at before it begins to work: whether the
// server lets us in and is new enough, whether the shop's tables and columns (or its SELECTs) can be
// read, and whether our tables have the version of this program. It writes nothing and costs a few
// round trips.
func (s *Store) CheckNeeded(ctx context.Context) []Finding {
	server, answers := s.checkVersion(ctx)
	if !answers {
		return []Finding{server}
	}
	findings := []Finding{server}
	if s.schema.SQL.Order == "" {
		findings = append(findings, s.checkShopTables(ctx)...)
	} else if err := s.CheckSelects(ctx); err != nil {
		findings = append(findings, unreadable(err))
	}
	return append(findings, s.checkSchema(ctx))
}

// checkShopTables reads each table of the shop that a description by tables names.
func (s *Store) checkShopTables(ctx context.Context) (findings []Finding) {
	for _, t := range s.shopTables() {
		findings = append(findings, s.checkTable(ctx, t))
	}
	return findings
}

// unreadable is a SELECT of shop.sql that cannot be read.
func unreadable(err error) Finding {
	return Finding{What: "shop.sql: " + err.Error(), Cure: "correct the SELECT that the error names"}
}

const (
	ourTablesWhat = "our tables (ordersync_…)"
	migrateCure   = "run: ordersync migrate"
	grantCure     = "GRANT SELECT, INSERT, UPDATE, DELETE on the ordersync_ tables to the account of mysql.dsn"
)

// checkSchema compares our tables with what this program needs. Tables that are not migrated yet are
// waited for: another process may be about to do it. A migration that this program does not know
// was applied by a newer one, whose rows it would misread.
func (s *Store) checkSchema(ctx context.Context) Finding {
	newer, err := s.newerMigrations(ctx)
	if err != nil {
		return failed(ourTablesWhat, err, migrateCure)
	}
	if len(newer) > 0 {
		return Finding{
			What: fmt.Sprintf("%s are newer than this program: migration %d was applied, and it knows none above %d", ourTablesWhat, newer[len(newer)-1], newer[0]),
			Cure: "start the newer version of ordersync, or take its migrations back with it: ordersync migrate --down",
		}
	}
	var tables *TablesError
	switch err := s.CheckTables(ctx); {
	case errors.As(err, &tables) && tables.Missing != nil:
		return Finding{What: tables.Error(), Cure: "bring them back from a backup; where they held nothing, empty " + versionTable + " and run: ordersync migrate"}
	case errors.As(err, &tables):
		return Finding{Waits: true, What: ourTablesWhat + ": " + waiting(tables.Pending), Cure: migrateCure}
	case err != nil:
		return failed(ourTablesWhat, err, migrateCure)
	}
	if err := s.deniedInsert(ctx); err != nil {
		return Finding{What: ourTablesWhat + ": " + err.Error(), Cure: grantCure}
	}
	return Finding{OK: true, What: ourTablesWhat}
}

// deniedInsert is the error of the first of our tables into which this account may write nothing: rights are given
// table by table, and a migration brings new ones. It asks with statements that insert no row. Any other error is
// nil: a server that is read only may have another role in a moment, and /readyz says so.
func (s *Store) deniedInsert(ctx context.Context) error {
	tables, err := s.ourTables()
	if err != nil || s.sql.sqlite {
		return err
	}
	for _, table := range tables {
		err := s.db.WithContext(ctx).Exec("INSERT INTO " + quote(table) + " SELECT * FROM " + quote(table) + " WHERE 1 = 0").Error
		if n, known := errorNumber(err); known && n == noRight {
			return err
		}
	}
	return nil
}

// noRight is the server's answer to an account that may not do this to a table.
const noRight = 1142

// waiting names the migrations that are not applied, where there are few of them.
func waiting(pending []string) string {
	if len(pending) == 1 {
		return pending[0] + " is not applied"
	}
	return fmt.Sprintf("%d migrations are not applied, %s to %s", len(pending), pending[0], pending[len(pending)-1])
}

// newerMigrations is nil where every applied migration is known. Else it begins with the newest
// known one, followed by those that are not, in ascending order.
func (s *Store) newerMigrations(ctx context.Context) ([]int64, error) {
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return nil, err
	}
	applied, err := s.appliedVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	newest := all[len(all)-1].Version
	newer := []int64{newest}
	for version := range applied {
		if version > newest {
			newer = append(newer, version)
		}
	}
	if len(newer) == 1 {
		return nil, nil
	}
	slices.Sort(newer)
	return newer, nil
}

// passingNumbers are answers of a server that has no room or time at the moment, starts or stops.
var passingNumbers = map[int]bool{
	1040: true, 1053: true, 1203: true, 1205: true, 1213: true, 1226: true, 1317: true, 1927: true, 1969: true, 2006: true, 2013: true, 3024: true,
}

// passing tells whether what failed with err may work in a moment, without a change: nobody
// answered, or the server is starting, or busy. A server that has read our account, the certificate
// or the statement and refuses it will go on to.
func passing(err error) bool {
	if n, known := errorNumber(err); known {
		return passingNumbers[n] || n&0xff == sqliteBusy && n < 1000
	}
	var untrusted *tls.CertificateVerificationError
	var alert tls.AlertError
	switch {
	case errors.As(err, &untrusted), errors.As(err, &alert), errors.Is(err, mysql.ErrNoTLS):
		return false
	case errors.Is(err, mysql.ErrNativePassword), errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrCleartextPassword):
		return false
	}
	return !strings.HasPrefix(err.Error(), "this authentication plugin is not supported")
}
