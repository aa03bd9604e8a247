package pages

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store"
)

// maxText bounds what somebody looks for, in bytes.
const maxText = 128

// filterForm is a filter as it was typed, and what it means.
type filterForm struct {
	State, Kind, Code, Cause, Text, Since, Until, Least, Most string

	Alarm string // anyAlarm, or which one
	Turn  bool

	code         *int
	since, until time.Time
	least, most  *store.Fen
}

// anyAlarm is filterForm.Alarm of rows with whichever alarm.
const anyAlarm = "1"

// Typed tells that something is filtered at all.
func (f *filterForm) Typed() bool {
	return f.State+f.Kind+f.Code+f.Cause+f.Text+f.Since+f.Until+f.Least+f.Most+f.Alarm != ""
}

// Column is the cell's table and column, where that is the cause.
func (f *filterForm) Column() string { return columnOf(f.Kind, f.Cause) }

// firstYear and lastYear bound the times that every database can compare, in whatever zone.
const firstYear, lastYear = 1000, 9998

// moments are how a browser, or a person, writes a time. Without a zone it is the operator's.
var moments = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// moment reads a time into the operator's zone; empty: the zero one, which is no bound. No other
// text gives the zero one.
func (p *pages) moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range append([]string{time.RFC3339}, moments...) {
		t, err := time.ParseInLocation(layout, text, p.Zone)
		if err == nil && t.UTC().Year() >= firstYear && t.UTC().Year() <= lastYear {
			return t.In(p.Zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("%d bytes are no time", len(text))
}

// From and To are the times as a browser's fields for a time take them; empty: no bound.
func (f *filterForm) From() string { return momentField(f.since) }

// To is described at From.
func (f *filterForm) To() string { return momentField(f.until) }

func momentField(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Second() == 0 && t.Nanosecond() == 0:
		return t.Format(moments[0])
	}
	return t.Format("2006-01-02T15:04:05.999")
}

// readFilter reads a form or an address. The error is errBadAddress.
func (p *pages) readFilter(in url.Values) (f filterForm, err error) {
	get := func(name string) string { return strings.TrimSpace(in.Get(name)) }
	f = filterForm{
		State: get("state"), Kind: get("kind"), Code: get("code"), Cause: in.Get("cause"), Text: get("text"), Since: get("since"), Until: get("until"),
		Least: get("least"), Most: get("most"), Alarm: get("alarm"), Turn: in.Get("turn") != "",
	}
	if len(f.Text) > maxText || len(f.Cause) > maxText || len(f.State)+len(f.Kind)+len(f.Alarm) > maxText {
		return f, errBadAddress
	}
	if f.Code != "" {
		code, err := strconv.Atoi(f.Code)
		if err != nil {
			return f, errBadAddress
		}
		f.code = &code
	}
	for _, yuan := range []struct {
		text string
		into **store.Fen
	}{{f.Least, &f.least}, {f.Most, &f.most}} {
		if yuan.text == "" {
			continue
		}
		fen, err := store.ParseYuan(yuan.text)
		if err != nil {
			return f, errBadAddress
		}
		*yuan.into = &fen
	}
	if f.since, err = p.moment(f.Since); err != nil {
		return f, errBadAddress
	}
	if f.until, err = p.moment(f.Until); err != nil {
		return f, errBadAddress
	}
	return f, nil
}

// codeOf is a filter's code; 0: none, or the code 0.
func codeOf(code *int) int {
	if code == nil {
		return 0
	}
	return *code
}

func (f *filterForm) failures() store.FailureFilter {
	return store.FailureFilter{Kind: f.Kind, Code: f.code, Cause: f.Cause, Since: f.since, Until: f.until, Text: f.Text}
}

func (f *filterForm) list() store.ListFilter {
	rows := store.ListFilter{State: f.State, Kind: f.Kind, Code: f.code, Since: f.since, Until: f.until, Least: f.least, Most: f.most, Text: f.Text}
	if rows.Alarm = f.Alarm == anyAlarm; !rows.Alarm {
		rows.AlarmIs = f.Alarm
	}
	return rows
}

// values are the filter as an address, and what else the address has.
func (f *filterForm) values(more ...string) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"state": f.State, "kind": f.Kind, "code": f.Code, "cause": f.Cause, "text": f.Text, "since": f.Since, "until": f.Until, "least": f.Least, "most": f.Most,
		"alarm": f.Alarm,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Turn {
		q.Set("turn", "1")
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q
}

// hidden are the filter, and what else there is, as fields of a form.
func (f *filterForm) hidden(more ...string) (all []fieldValue) {
	q := f.values(more...)
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if value := q.Get(name); value != "" {
			all = append(all, fieldValue{name, value})
		}
	}
	return all
}

// link is an address with the filter.
func (f *filterForm) link(path string, more ...string) string {
	if q := f.values(more...).Encode(); q != "" {
		return path + "?" + q
	}
	return path
}

// The place of a page in an address: milliseconds, a hyphen, the key. Without a time it is the key
// behind a hyphen.
func placeText(k store.ListKey) string {
	if k.At.IsZero() {
		return "-" + k.Key
	}
	return strconv.FormatInt(k.At.UnixMilli(), 10) + "-" + k.Key
}

func readPlace(text string) (k store.ListKey, err error) {
	if text == "" {
		return k, nil
	}
	at, key, found := strings.Cut(text, "-")
	if !found || len(key) > maxText {
		return k, errBadAddress
	}
	k.Key = key
	if at != "" {
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return k, errBadAddress
		}
		k.At = time.UnixMilli(ms)
	}
	return k, nil
}
