package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/store/shop"
)

// unixMS is the TimeFormat that holds milliseconds, for the cures that name it.
const unixMS = TimeFormat(cell.UnixMS)

const (
	// aheadAtMost is how far an order may lie ahead of the database's clock: hosts' clocks differ.
	aheadAtMost = 2 * time.Minute
	// justNow is how old the newest order is at most in a shop that sells.
	justNow = 15 * time.Minute
)

// newestTime is the newest value of a column that holds times of the shop's orders.
type newestTime struct {
	Column string
	Format TimeFormat // as it was read
	// Absolute: the database itself knows the moment, as of a TIMESTAMP; no zone shifts it.
	Absolute bool
	At       time.Time // zero: no row has one
}

// CheckTimes compares the newest times of the shop's orders with the database's clock, and says
// which key makes them right where they are read wrong. It also looks at the session's zone. It
// reads a row a column, and no column that no index begins with. An error of the database becomes
// a finding; what is wrong is Minor, for orders travel all the same.
func (s *Store) CheckTimes(ctx context.Context) []Finding {
	const what = "the shop's times"
	now, err := s.readClock(s.db.WithContext(ctx))
	if err != nil {
		return []Finding{failed(what, err, "mend the database first")}
	}
	server, zone, err := s.serverZones(ctx)
	if err != nil {
		return []Finding{failed(what, err, "mend the database first")}
	}
	findings := s.textTimes(ctx)
	newest, passed, err := s.newestTimes(ctx)
	if err != nil {
		return append(findings, failed(what, err, "mend the shop's order table first"))
	}
	findings = append(findings, passed...)
	for _, t := range newest {
		findings = append(findings, judgeTime(t, now, s.zone, server))
	}
	if f, ok := judgeSession(s.zone, zone); !ok {
		findings = append(findings, f)
	}
	return findings
}

// serverZones are the zone in which a session of the shop's writes unless it says otherwise, as its
// offset of now, and the name of ours.
func (s *Store) serverZones(ctx context.Context) (server *time.Location, session string, err error) {
	if s.sql.sqlite {
		return time.UTC, sqlOffset(0), nil
	}
	var seconds int
	err = s.db.WithContext(ctx).Raw("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), "+
		"CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone)), @@session.time_zone").
		Row().Scan(&seconds, &session)
	return time.FixedZone(sqlOffset(seconds), seconds), session, err
}

// newestTimes reads them where an index leads there. passed says which columns were passed over.
func (s *Store) newestTimes(ctx context.Context) (newest []newestTime, passed []Finding, err error) {
	r, err := s.reading(ctx)
	if err != nil {
		return nil, nil, err
	}
	created := newestTime{Column: s.schema.Columns.CreateTime, Format: s.schema.WithDefaults().Time}
	updated := newestTime{Column: s.schema.Columns.UpdatedAt, Format: Datetime}
	if r.UpdatedIsNumber() {
		updated.Format = Unix
		if created.Format == UnixMS {
			updated.Format = UnixMS
		}
	}
	if !r.ByNames() {
		newest, err = s.newestSelected(ctx, r, created, updated)
		return newest, nil, err
	}
	columns := []newestTime{created}
	if updated.Column != "" {
		columns = append(columns, updated)
	}
	for _, t := range columns {
		switch indexed, err := s.indexed(ctx, t.Column); {
		case err != nil:
			return nil, nil, err
		case !indexed:
			passed = append(passed, Finding{
				OK: true, What: t.Column + ": its newest was not compared with now, for no index begins with it",
			})
		default:
			newestFirst := shop.Statement{SQL: "SELECT " + quote(t.Column) + " FROM " + quote(s.schema.Tables.Order) +
				" ORDER BY " + quote(t.Column) + " DESC LIMIT 1"}
			if t, err = s.readNewest(ctx, r, t, newestFirst); err != nil {
				return nil, nil, err
			}
			newest = append(newest, t)
		}
	}
	return newest, passed, nil
}

// readNewest fills At and Absolute from what the statement finds.
func (s *Store) readNewest(ctx context.Context, r *shopReading, t newestTime, q shop.Statement) (filled newestTime, err error) {
	rows, err := s.querier(ctx).QueryContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return t, err
	}
	t.Absolute = strings.EqualFold(types[0].DatabaseTypeName(), "TIMESTAMP")
	if !rows.Next() {
		return t, rows.Err()
	}
	var value any
	if err := rows.Scan(&value); err != nil {
		return t, err
	}
	var number sql.NullInt64
	if t.Format == Datetime || number.Scan(value) == nil && number.Int64 != 0 { // 0: not changed yet
		t.At, err = r.AnyTime(value)
	}
	if err != nil {
		return t, fmt.Errorf("%s: %w", t.Column, err)
	}
	return t, nil
}

// judgeTime tells whether the newest time of a column can be right. loc is the zone in which it was
// read, server the one in which the shop's sessions write unless they say otherwise.
func judgeTime(t newestTime, now time.Time, loc, server *time.Location) Finding {
	if t.At.IsZero() {
		return Finding{OK: true, What: t.Column + ": no order has one yet"}
	}
	distance := t.At.Sub(now).Round(time.Second)
	what := fmt.Sprintf("the newest %s, %s, is %s", t.Column, t.At.In(loc).Format(time.RFC3339), aside(distance))
	wrong := func(found, cure string) Finding {
		return Finding{Minor: true, What: what + found, Cure: cure}
	}
	switch {
	case t.Format == Unix && t.At.Year() > lastYear:
		return wrong(": it is read as seconds", "set shop.time to unix_ms: the column holds milliseconds")
	case t.Format == unixMS && t.At.Year() < firstYear:
		return wrong(": it is read as milliseconds", "set shop.time to unix: the column holds seconds")
	case distance <= aheadAtMost && distance >= -justNow:
		return Finding{OK: true, What: what}
	}
	written, found := time.Duration(0), false
	var zone *time.Location
	if t.Format == Datetime && !t.Absolute {
		written, zone, found = writtenIn(t.At.In(loc), now, server)
	}
	switch {
	case found:
		return wrong(
			fmt.Sprintf(", read in %s; read in %s it is %s", loc, zone, aside(written)),
			"set loc in mysql.dsn to the zone in which the shop writes its times, which seems to be "+
				zoneName(zone)+" (or, if that order is as old as it says, leave it)",
		)
	case distance <= aheadAtMost: // a shop that has sold nothing for a while
		return Finding{OK: true, What: what}
	case t.Format == Datetime && !t.Absolute:
		return wrong(", read in "+loc.String(), "set loc in mysql.dsn to the zone in which the shop writes, "+
			"and look at the clock of whoever writes "+t.Column)
	}
	return wrong("", "look at the clock of whoever writes "+t.Column)
}

// writtenIn looks for a zone in which a clock's time would be just now.
func writtenIn(wall, now time.Time, server *time.Location) (time.Duration, *time.Location, bool) {
	china := time.FixedZone("+08:00", 8*60*60)
	for _, zone := range []*time.Location{server, time.UTC, china} {
		distance := cell.InZone(wall, zone).Sub(now).Round(time.Second)
		if distance <= aheadAtMost && distance >= -justNow {
			return distance, zone, true
		}
	}
	return 0, nil, false
}

// zoneName is a value for loc, as it stands in a DSN.
func zoneName(zone *time.Location) string {
	switch zone.String() {
	case "+00:00", "UTC":
		return "UTC"
	case "+08:00":
		return "Asia%2FShanghai"
	}
	return "the one of " + zone.String()
}

// aside is a distance from now in words.
func aside(distance time.Duration) string {
	if distance > 0 {
		return distance.String() + " ahead of the database's clock"
	}
	return (-distance).String() + " old"
}

// judgeSession tells whether sessions have the zone of the shop's times all the year round.
func judgeSession(loc *time.Location, session string) (f Finding, ok bool) {
	if _, steady := steadyOffset(loc); steady || session == loc.String() {
		return Finding{}, true
	}
	f = Finding{
		Minor: true,
		What: "loc is " + loc.String() + ", which has summer time, and sessions have " + session +
			": TIMESTAMP columns that were written at the other time of year are read an hour off",
		Cure: "load the server's time zone tables (mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql)",
	}
	if loc.String() == time.Local.String() {
		f.Cure += ", and name the zone in loc, as Europe%2FBerlin"
	}
	return f, false
}
