package cell

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Format is how a shop writes a time: Schema's TimeFormat.
type Format string

const (
	Unix     Format = "unix"     // seconds since 1970
	UnixMS   Format = "unix_ms"  // milliseconds since 1970
	Datetime Format = "datetime" // DATETIME, TIMESTAMP or text, in a zone
)

// The years that a shop's order can be of. What lies outside was written in another unit or is a filler:
// milliseconds read as seconds are the year 50,000, seconds read as milliseconds 1970.
const firstYear, lastYear = 2000, 2100

// layouts of a time as text, the year first: 3/4/2026 is a day in March or in April. Go reads a fraction of a
// second behind each by itself.
var layouts = []string{
	"2006-1-2 15:04:05", "2006-1-2T15:04:05", "2006-1-2 15:04", "2006-1-2T15:04", "2006-1-2",
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2",
	"2006-1-2T15:04:05Z07:00", "2006-1-2T15:04:05Z0700", "2006-1-2T15:04:05Z07", "2006-1-2T15:04Z07:00",
	"2006-1-2 15:04:05Z07:00", "2006-1-2 15:04:05 Z07:00", "2006-1-2 15:04:05Z0700", "2006-1-2 15:04:05 Z0700",
	"20060102150405", "20060102T150405", "20060102T150405Z07:00", "20060102",
}

// Time reads a time of the shop's. v is what the driver gave: nil, int64, uint64, float64, []byte, string or time.Time. loc is
// the zone of what names none, a time.Time too: it is what a clock shows, as store.Open's driver gives
// it. A reason that is not empty is NullTime, ZeroTime, NotTime, NotSeconds,
// NotMilliseconds or YearOutside.
func Time(v any, format Format, loc *time.Location) (t time.Time, reason Reason) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, NullTime
	case []byte:
		return timeOfText(string(v), format, loc)
	case string:
		return timeOfText(v, format, loc)
	case int64:
		return timeOfNumber(v, format)
	case uint64:
		return timeOfText(strconv.FormatUint(v, 10), format, loc)
	case float64:
		return timeOfText(strconv.FormatFloat(v, 'f', -1, 64), format, loc)
	case time.Time:
		switch {
		case format != Datetime:
			return time.Time{}, notNumber(format)
		case v.IsZero() || v.Year() <= 1:
			return time.Time{}, ZeroTime
		}
		return inRange(InZone(v, loc))
	}
	return time.Time{}, NotTime
}

// InZone is the moment at which a clock in loc shows what t's own clock shows.
func InZone(t time.Time, loc *time.Location) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), loc)
}

func timeOfText(text string, format Format, loc *time.Location) (time.Time, Reason) {
	text = strings.TrimFunc(text, blank)
	if format != Datetime {
		whole, fraction, _ := strings.Cut(text, ".") // a DECIMAL
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || !digits(fraction) {
			return time.Time{}, notNumber(format)
		}
		return timeOfNumber(n, format)
	}
	if text == "" || strings.Trim(text, "0-: .T/") == "" { // 0000-00-00 00:00:00
		return time.Time{}, ZeroTime
	}
	if t, ok := Text(text, loc); ok {
		return inRange(t)
	}
	return time.Time{}, NotTime
}

// Text reads a time in one of the forms that shops write, of whatever year; loc is the zone of one that names
// none.
func Text(text string, loc *time.Location) (t time.Time, ok bool) {
	text = strings.TrimFunc(text, blank)
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// sorting are the layouts of texts that compare as their times do, beside what the sweep compares them with.
var sorting = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// Sorts tells whether the text stands in the form by which the sweep finds orders in a column of texts,
// 2006-01-02 15:04:05. Beside it, a T, a slash or a zone compares as if it were another time.
func Sorts(text string) bool {
	return slices.ContainsFunc(sorting, func(layout string) bool {
		t, err := time.Parse(layout, text)
		return err == nil && strings.HasPrefix(text, t.Format(layout))
	})
}

func timeOfNumber(n int64, format Format) (time.Time, Reason) {
	switch {
	case format == Datetime:
		return time.Time{}, NotTime
	case n == 0:
		return time.Time{}, ZeroTime
	case format == UnixMS:
		return inRange(time.UnixMilli(n))
	}
	return inRange(time.Unix(n, 0))
}

func notNumber(format Format) Reason {
	if format == UnixMS {
		return NotMilliseconds
	}
	return NotSeconds
}

func inRange(t time.Time) (time.Time, Reason) {
	if y := t.UTC().Year(); y < firstYear || y > lastYear {
		return time.Time{}, YearOutside
	}
	return t, ""
}
