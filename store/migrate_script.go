package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// errNoScript is what SQLite answers: its database lives in one process, where no client reaches
// it.
var errNoScript = errors.New(
	"store: migrations: an embedded database is migrated by its own process, not by a script",
)

// versionTableSQL are the statements of goose's version table, as goose makes it but for tstamp: a
// TIMESTAMP is the same moment for sessions of every zone. goose's DATETIME holds the clock of the
// session that migrated, which had the server's zone.
var versionTableSQL = []string{
	`CREATE TABLE IF NOT EXISTS ` + versionTable + ` (
    id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp NULL default CURRENT_TIMESTAMP,
    PRIMARY KEY(id)
)`,
	`SET @ordersync_zone = @@session.time_zone`,
	`SET time_zone = @@global.time_zone`,
	`ALTER TABLE ` + versionTable + ` MODIFY tstamp timestamp NULL default CURRENT_TIMESTAMP`,
	`SET time_zone = @ordersync_zone`,
	`INSERT INTO ` + versionTable + ` (version_id, is_applied)
    SELECT 0, 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ` + versionTable + `)`,
}

// PendingSQL is what Migrate would do now, as a script for the client of MySQL or MariaDB, and the
// names of the files in it, oldest first; none, and an empty script, where nothing waits. It
// changes nothing.
//
// # What keeps the script from doing harm
//
// It holds no Down half. It takes Migrate's lock, and it stops before its first change where the
// database is not at the version for which it was printed: run a second time, or in another
// database, it does nothing. Each file's version row is written behind it, so a later Migrate has
// nothing to do, and a script that broke off is followed by one that is printed anew.
//
// Its session has the zone of Open's, whatever the client's is: times that stand in our tables are
// converted from there.
func (s *Store) PendingSQL(ctx context.Context) (script string, names []string, err error) {
	if s.sql.sqlite {
		return "", nil, errNoScript
	}
	all, err := s.MigrationStatus(ctx)
	if err != nil {
		return "", nil, err
	}
	database, err := s.Database(ctx)
	if err != nil {
		return "", nil, err
	}
	var zone string
	err = s.db.WithContext(ctx).Raw("SELECT @@session.time_zone").Row().Scan(&zone)
	if err != nil {
		return "", nil, fmt.Errorf("store: session's zone: %w", err)
	}
	var at int64
	var pending []Migration
	for _, m := range all {
		if m.AppliedAt == nil {
			pending = append(pending, m)
		} else {
			at = max(at, m.Version)
		}
	}
	return s.script(at, place{database, zone}, pending)
}

// FreshSQL is PendingSQL for a database that has none of our tables yet, without asking one. It
// stops where it finds them.
func (s *Store) FreshSQL() (script string, err error) {
	if s.sql.sqlite {
		return "", errNoScript
	}
	provider, err := s.provider()
	if err != nil {
		return "", fmt.Errorf("store: migrations: %w", err)
	}
	var all []Migration
	for _, source := range provider.ListSources() {
		all = append(all, Migration{Version: source.Version, Name: source.Path})
	}
	script, _, err = s.script(0, place{}, all)
	return script, err
}

// place is where a script will run: a database, and the zone of the times that stand there, which
// is loc of the DSN. The zero value is a database of which nothing is known and that is empty.
type place struct{ database, zone string }

// script brings a database that is at a version to the newest one.
func (s *Store) script(at int64, where place, pending []Migration) (string, []string, error) {
	if len(pending) == 0 {
		return "", nil, nil
	}
	files, err := s.files()
	if err != nil {
		return "", nil, fmt.Errorf("store: migrations: %w", err)
	}
	var b strings.Builder
	var names []string
	if where.database != "" {
		fmt.Fprintf(
			&b,
			"SET @ordersync = GET_LOCK('%s', %d);\n",
			migrationLock(where.database),
			migrationWait,
		)
		b.WriteString(stopUnless("@ordersync = 1", "another process is migrating this database"))
	}
	if where.zone != "" {
		fmt.Fprintf(&b, "SET time_zone = '%s';\n", where.zone)
	}
	for _, statement := range versionTableSQL {
		b.WriteString(statement + ";\n")
	}
	b.WriteString(
		stopUnless(
			fmt.Sprintf("(SELECT MAX(version_id) FROM %s WHERE is_applied) = %d", versionTable, at),
			fmt.Sprintf("this database is not at version %d, print the script anew", at),
		),
	)
	for _, m := range pending {
		text, err := fs.ReadFile(files, m.Name)
		if err != nil {
			return "", nil, fmt.Errorf("store: migrations: %w", err)
		}
		up, err := upHalf(string(text))
		if err != nil {
			return "", nil, fmt.Errorf("store: migrations: %s: %w", m.Name, err)
		}
		fmt.Fprintf(&b, "\n-- %s\nSTART TRANSACTION;\n%s\n", m.Name, strings.TrimSpace(up))
		fmt.Fprintf(
			&b,
			"INSERT INTO %s (version_id, is_applied) VALUES (%d, 1);\nCOMMIT;\n",
			versionTable,
			m.Version,
		)
		names = append(names, m.Name)
	}
	if where.database != "" {
		fmt.Fprintf(&b, "\nDO RELEASE_LOCK('%s');\n", migrationLock(where.database))
	}
	return b.String(), names, nil
}

// stopUnless ends the script with an error whose text is why, which has no quotes. Outside a stored
// program SQL has neither IF nor, in a prepared statement of MySQL, SIGNAL: what is no SQL fails to
// be prepared everywhere, and the error quotes it.
func stopUnless(condition, why string) string {
	return "SET @ordersync = IF(COALESCE(" + condition + ", 0), 'DO 0', 'ordersync stops: " + why + "');\n" +
		"PREPARE ordersync FROM @ordersync;\nEXECUTE ordersync;\nDEALLOCATE PREPARE ordersync;\n"
}

// blockEnd ends a statement that has semicolons of its own.
const blockEnd = "$$"

// upHalf is a file's Up half as a client reads it. goose's marks around a statement with semicolons
// of its own become DELIMITER lines. A mark that is not known here is an error, for the script
// would do something else than goose.
func upHalf(text string) (string, error) {
	var b strings.Builder
	var up bool
	for line := range strings.Lines(text) {
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "-- +goose ")
		switch {
		case !isMark && up:
			b.WriteString(line)
		case !isMark:
		case mark == "Up":
			up = true
		case mark == "Down":
			return b.String(), nil
		case mark == "StatementBegin":
			b.WriteString("DELIMITER " + blockEnd + "\n")
		case mark == "StatementEnd":
			b.WriteString(blockEnd + "\nDELIMITER ;\n")
		default:
			return "", fmt.Errorf("the mark %q is not known to the printed script", mark)
		}
	}
	return b.String(), nil
}
