package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
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

// keep is the end of an INSERT that leaves the row that has the key already as it is. Unlike INSERT IGNORE it hides no
// other error.
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

// sqliteTime is how times are written into SQLite: UTC, of one width, so that they compare as text.
const sqliteTime = "2006-01-02 15:04:05.000"

// time is t as a statement's argument, cut to the millisecond that DATETIME(3) holds; the zero time is NULL.
func (d dialect) time(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	if d.sqlite {
		return t.UTC().Format(sqliteTime)
	}
	return t.Truncate(time.Millisecond)
}

// timePtr is the same for a pointer.
func (d dialect) timePtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return d.time(*t)
}

// timestamp scans a DATETIME column of either database; NULL is the zero time.
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
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999-07:00", time.RFC3339Nano} {
		if t.Time, err = time.Parse(layout, s); err == nil {
			return nil
		}
	}
	return fmt.Errorf("store: %d bytes are no time", len(s))
}

func (t timestamp) ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}

// The server's error numbers that decide something.
const (
	mysqlDuplicate = 1062
	mysqlParse     = 1064
	mysqlLockWait  = 1205 // for a row or for a table
	mysqlDeadlock  = 1213
	mysqlNoWait    = 3572 // MySQL's answer to NOWAIT; MariaDB's is 1205

	sqliteBusy       = 5
	sqliteConstraint = 19
	sqliteUnique     = 2067
	sqlitePrimaryKey = 1555
)

// badRowNumbers are MySQL's refusals of a value or of a row.
var badRowNumbers = map[uint16]bool{
	// Out of range, too long, not a number, NULL, wrong text, a division by zero, a wrong time, a CHECK.
	1048: true, 1264: true, 1265: true, 1292: true, 1366: true, 1365: true, 1406: true, 1411: true, 1690: true, 3819: true, 4025: true,
	// Text that the column's character set cannot hold, or that no comparison takes: one id in a list of them is enough.
	1267: true, 1270: true, 1271: true, 1300: true, 1977: true, 3854: true, 3988: true,
	// In a shop's view: two rows where one is wanted, text that is no JSON, a trigger's or a function's own refusal.
	1242: true, 1644: true, 3140: true, 3141: true, 3143: true, 3146: true, 3156: true,
}

// coded is what SQLite's driver returns, known here by its shape: production does not link it.
type coded interface {
	error
	Code() int
}

// duplicate tells whether err says that the key was there already.
func duplicate(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == mysqlDuplicate
	}
	var lite coded
	return errors.As(err, &lite) && (lite.Code() == sqliteUnique || lite.Code() == sqlitePrimaryKey)
}

// locked tells whether err says that somebody else's lock was waited for in vain. The statement has done nothing.
func locked(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && (my.Number == mysqlLockWait || my.Number == mysqlNoWait)
}

// again tells whether a transaction that was rolled back with err may simply run again.
func again(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == mysqlDeadlock
	}
	var lite coded
	return errors.As(err, &lite) && lite.Code()&0xff == sqliteBusy || errors.Is(err, driver.ErrBadConn)
}

// badRow tells whether err is about a value, so that other rows may well be written.
func badRow(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return badRowNumbers[my.Number]
	}
	var lite coded
	return errors.As(err, &lite) && lite.Code()&0xff == sqliteConstraint && !duplicate(err)
}

// isInteger tells whether a column type, as its driver names it, is an integer.
func isInteger(databaseType string) bool {
	return strings.Contains(strings.ToUpper(databaseType), "INT")
}
