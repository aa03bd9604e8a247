package store

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// dialect is the seam between the databases. Everything else in this package is written once.
type dialect struct {
	sqlite     bool
	byKey      string // behind a table whose rows are locked: through its key, never by reading over other rows
	forUpdate  string // at the end of a SELECT that locks its rows
	skipLocked string // at the end of a SELECT that locks only rows nobody else has locked
}

func dialectOf(db *gorm.DB) dialect {
	if db.Name() == "sqlite" {
		return dialect{sqlite: true} // a transaction begins immediate, so it has the whole database to itself
	}
	return dialect{
		byKey:      " FORCE INDEX (PRIMARY)",
		forUpdate:  " FOR UPDATE",
		skipLocked: " FOR UPDATE SKIP LOCKED",
	}
}

// text is expr as text that compares as bytes with our key columns.
func (d dialect) text(expr string) string {
	if d.sqlite {
		return "CAST(" + expr + " AS TEXT)"
	}
	return "CAST(" + expr + " AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin"
}

// upsert is the end of an INSERT that replaces columns of the row that has the key already.
func (d dialect) upsert(key string, columns []string) string {
	var b strings.Builder
	if d.sqlite {
		b.WriteString(" ON CONFLICT (" + quote(key) + ") DO UPDATE SET ")
	} else {
		b.WriteString(" ON DUPLICATE KEY UPDATE ")
	}
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		if d.sqlite {
			b.WriteString(quote(c) + " = excluded." + quote(c))
		} else {
			b.WriteString(quote(c) + " = VALUES(" + quote(c) + ")")
		}
	}
	return b.String()
}

// keep is the end of an INSERT that leaves the row that has the key already as it is. Unlike INSERT
// IGNORE it hides no other error.
func (d dialect) keep(key string) string {
	if d.sqlite {
		return " ON CONFLICT (" + quote(key) + ") DO NOTHING"
	}
	return " ON DUPLICATE KEY UPDATE " + quote(key) + " = " + quote(key)
}

// lastInsertID is an expression for the number that this connection's last INSERT was given.
func (d dialect) lastInsertID() string {
	if d.sqlite {
		return "last_insert_rowid()"
	}
	return "LAST_INSERT_ID()"
}

// sqliteTime is how our times are written: UTC, of one width, so that they compare as text too.
const sqliteTime = "2006-01-02 15:04:05.000"

// time is t as a statement's argument, in UTC and cut to the millisecond that DATETIME(3) holds;
// the zero time is NULL.
func (d dialect) time(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(sqliteTime)
}

// stamped is a TIMESTAMP column in UTC, whatever the session's zone. Columns that the database
// fills are TIMESTAMPs, so that it writes the same moment for a session of any zone.
func (d dialect) stamped(column string) string {
	if d.sqlite {
		return column
	}
	return "TIMESTAMPADD(MICROSECOND, CAST(NULLIF(UNIX_TIMESTAMP(" + column +
		"), 0) * 1000000 AS SIGNED), '1970-01-01 00:00:00')"
}

// timePtr is the same for a pointer.
func (d dialect) timePtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return d.time(*t)
}

// timestamp scans a DATETIME column of ours, in UTC; NULL is the zero time.
type timestamp struct{ time.Time }

// Scan implements sql.Scanner.
func (t *timestamp) Scan(from any) error {
	switch v := from.(type) {
	case nil:
		t.Time = time.Time{}
		return nil
	case time.Time:
		t.Time = v
		return nil
	case string:
		return t.parse(v)
	case []byte:
		return t.parse(string(v))
	}
	return fmt.Errorf("store: a %T is no time", from)
}

func (t *timestamp) parse(s string) (err error) {
	t.Time, err = parseTime(s, time.UTC)
	return err
}

// timeLayouts are the texts that are times.
var timeLayouts = []string{
	"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999-07:00", time.RFC3339Nano,
}

// parseTime reads a text that is a time in loc, or says its own offset.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("store: %d bytes are no time", len(s))
}

func (t timestamp) ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}
