package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
)

// unwellNumbers are MySQL's and MariaDB's complaints about the server, the disk, the schema or our
// account, and not about a row.
var unwellNumbers = map[uint16]bool{
	// The disk, the storage engine, the server's memory.
	3: true, 5: true, 11: true, 12: true, 14: true, 23: true, 28: true, 1004: true, 1005: true, 1006: true, 1015: true, 1016: true, 1017: true,
	1020: true, 1021: true, 1024: true, 1026: true, 1030: true, 1034: true, 1037: true, 1038: true, 1041: true, 1114: true, 1135: true,
	1180: true, 1181: true, 1194: true, 1195: true, 1712: true, 1812: true, 1877: true, 3055: true, 3675: true,
	// The schema: no such table, column, index or database; a column that we do not fill.
	1049: true, 1054: true, 1072: true, 1109: true, 1146: true, 1176: true, 1356: true, 1364: true, 1412: true, 1932: true, 4161: true,
	// The account: no right, too many connections, a password that has expired.
	1040: true, 1044: true, 1045: true, 1129: true, 1130: true, 1142: true, 1143: true, 1203: true, 1226: true, 1227: true, 1396: true,
	1698: true, 1820: true, 1862: true, 3118: true, 4151: true,
	// The server does not take writes, or goes away.
	1053: true, 1077: true, 1078: true, 1079: true, 1152: true, 1158: true, 1159: true, 1160: true, 1161: true, 1184: true, 1223: true,
	1290: true, 1317: true, 1792: true, 1836: true, 1927: true, 2002: true, 2003: true, 2006: true, 2013: true, 3100: true, 3101: true,
	3169: true, 4031: true,
}

// unwellSQLite are SQLite's primary codes of the same kind: an error in the statement or the
// schema, rights, memory, a read only file, the disk, a damaged file.
var unwellSQLite = map[int]bool{1: true, 3: true, 7: true, 8: true, 10: true, 11: true, 13: true, 14: true, 23: true, 26: true}

// Unwell tells whether err speaks of the database as a whole and not of one row: it cannot be
// reached, its disk is full, it takes no writes, a table or a column is missing. Whatever is asked
// next fails as well, until somebody mends it.
func Unwell(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return unwellNumbers[my.Number]
	}
	var lite coded
	if errors.As(err, &lite) {
		return unwellSQLite[lite.Code()&0xff]
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded)
}

// Busy tells whether err says that the database had no time for this one call: a row is locked, or
// the call's own time was over. The next call may fare better.
func Busy(err error) bool {
	return errors.Is(err, ErrLocked) || locked(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) || again(err)
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
	// Out of range, too long, not a number, NULL, wrong text, a division by zero, a wrong time, a
	// CHECK.
	1048: true, 1264: true, 1265: true, 1292: true, 1366: true, 1365: true, 1406: true, 1411: true, 1690: true, 3819: true, 4025: true,
	// Text that the column's character set cannot hold, or that no comparison takes: one id in a
	// list of them is enough.
	1267: true, 1270: true, 1271: true, 1300: true, 1977: true, 3854: true, 3988: true,
	// In a shop's view: two rows where one is wanted, text that is no JSON, a trigger's or a
	// function's own refusal.
	1242: true, 1644: true, 3140: true, 3141: true, 3143: true, 3146: true, 3155: true, 3156: true, 3157: true,
	3665: true, 3666: true, 3669: true, 3853: true,
	// The same JSON by MariaDB's numbers, the last five of JSON_TABLE.
	4035: true, 4036: true, 4037: true, 4038: true, 4039: true, 4040: true, 4174: true, 4176: true, 4177: true, 4178: true, 4179: true,
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

// locked tells whether err says that somebody else's lock was waited for in vain. The statement has
// done nothing.
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

// foreignTextNumbers are MariaDB's answer to such a text, and two of MySQL's.
var foreignTextNumbers = map[int]bool{1267: true, 3854: true, 3988: true}

// foreignText tells whether err says no more than that text, a key or a number that a statement was
// asked for, cannot stand in the column: nobody has it. What a row holds is no matter of that error,
// and a shop's SELECT that mixes collations by itself is refused when it is looked at.
func foreignText(err error, text string) bool {
	n, known := errorNumber(err)
	return known && foreignTextNumbers[n] && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// errorNumber is the server's number of an error. known is false where err is not of the server's.
func errorNumber(err error) (number int, known bool) {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return int(my.Number), true
	}
	var lite coded
	if errors.As(err, &lite) {
		return lite.Code(), true
	}
	return 0, false
}

// outOfTime tells whether the server ended a statement that took too long: max_execution_time on
// MySQL, max_statement_time on MariaDB.
func outOfTime(err error) bool {
	n, known := errorNumber(err)
	return known && (n == 3024 || n == 1969)
}
