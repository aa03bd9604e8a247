package shop

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/cell"
)

// readTime reads a time as shop.time says.
func (r *Reading) readTime(v any) (time.Time, cell.Reason) {
	return cell.Time(v, cell.Format(r.schema.Time), r.zone)
}

// readNumber reads how many pieces a line has.
func readNumber(v sql.NullString) (int64, cell.Reason) {
	n, reason := cell.Number(v.String)
	if reason == "" && n < 1 {
		reason = cell.NotPositive
	}
	return n, reason
}

// AnyTime reads updated_at, whose type may be another than that of create_time: a number is read
// in the unit of shop.time. NULL is the zero time. A text of digits is a time where shop.time is
// datetime, if it can be one: 20261130120000 is no number of seconds.
func (r *Reading) AnyTime(v any) (time.Time, error) {
	if v == nil {
		return time.Time{}, nil
	}
	if text, ok := textOf(v); ok && r.schema.Time == Datetime {
		if t, ok := cell.Text(text, r.zone); ok {
			return t, nil
		}
	}
	if n, ok := number(v); ok {
		return r.fromNumber(n), nil
	}
	return r.readDatetime(v)
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

func (r *Reading) fromNumber(n int64) time.Time {
	if r.schema.Time == UnixMS {
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

func number(v any) (int64, bool) {
	var n sql.NullInt64
	if _, isTime := v.(time.Time); isTime || n.Scan(v) != nil {
		return 0, false
	}
	return n.Int64, n.Valid
}

// readDatetime reads a DATETIME, or a text of that form in the zone of the DSN.
func (r *Reading) readDatetime(v any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		if r.sqlite || t.IsZero() {
			return t, nil
		}
		return cell.InZone(t, r.zone), nil
	}
	text, ok := textOf(v)
	if !ok {
		return time.Time{}, fmt.Errorf("a %T is no time", v)
	}
	if t, ok := cell.Text(text, r.zone); ok {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%d bytes are no time", len(text))
}

// mark is a value of updated_at in a form that only compares, the same on every server and driver;
// it is never empty.
func (r *Reading) mark(v any) (string, error) {
	if v == nil {
		return "-", nil
	}
	t, err := r.AnyTime(v)
	return strconv.FormatInt(t.UnixMicro(), 10), err
}

// bind is t as an argument beside a time column of the shop's, which holds numbers or not.
func (r *Reading) bind(t time.Time, numeric bool) any {
	switch {
	case numeric && r.schema.Time == UnixMS:
		return t.UnixMilli()
	case numeric:
		return t.Unix()
	case r.sqlite: // as text, which must compare as text
		return strings.TrimSuffix(t.UTC().Format("2006-01-02 15:04:05.000"), ".000")
	}
	return t.In(r.zone).Format("2006-01-02 15:04:05.999999")
}

// phpEmpty is PHP's empty() for text: the class falls back to sn for "0" too.
func phpEmpty(s string) bool { return s == "" || s == "0" }

// columnType is what has to be known of a column.
type columnType struct {
	number, decimal, float, single, bit, datetime, text bool

	null bool // it may be NULL
}

// typeOf reads a type. All floats of SQLite are double.
func (r *Reading) typeOf(t *sql.ColumnType) columnType {
	name := strings.ToUpper(t.DatabaseTypeName())
	null, known := t.Nullable()
	return columnType{
		number: IsInteger(name) || name == "BIT", decimal: name == "DECIMAL", datetime: name == "DATETIME" || name == "TIMESTAMP",
		float: name == "FLOAT" || name == "DOUBLE" || name == "REAL", single: name == "FLOAT" && !r.sqlite, bit: name == "BIT",
		text: strings.Contains(name, "CHAR") || strings.Contains(name, "TEXT"),
		null: null || !known,
	}
}

// IsInteger tells whether a column type, as its driver names it, is an integer.
func IsInteger(databaseType string) bool {
	return strings.Contains(strings.ToUpper(databaseType), "INT")
}
