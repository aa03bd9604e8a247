package pages

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ordersync/ordersync/douyin/gate"
)

// frame is what every template gets; the page's own content is Page.
type frame struct {
	lang
	Zone     *time.Location
	Now      time.Time
	User     string
	Operator bool
	Title    string
	Style    string // digest of the style sheet
	Other    string // address of this page in the other language
	Query    string // what was searched for
	Notice   string
	Refresh  int
	Live     bool
	At       string // the template's name: which link of the menu is the present one
	Page     any
	Health   healthView
}

// moment is a time as the template "when" shows it.
type moment struct{ Machine, Stamp, Ago string }

// When is a moment of a page.
func (f *frame) When(t time.Time) moment { return moment{f.Machine(t), f.Stamp(t), f.Ago(t)} }

// Role is what a process does.
func (f *frame) Role(role string) string { return f.T(cmp.Or(roleNames[role], role)) }

var guarded = map[string]string{gate.Pushes: "pushes", gate.Signed: "payments, refunds, settlements", gate.Trade: "calls of trade"}

// Guarded are the calls that a breaker guards.
func (f *frame) Guarded(calls string) string { return f.T(cmp.Or(guarded[calls], calls)) }

var breakerStates = map[string]string{"closed": "closed", "open": "open", "half-open": "half-open"}

// Breaker is the state of a breaker.
func (f *frame) Breaker(state string) string { return f.T(cmp.Or(breakerStates[state], state)) }

// Stamp is a time as a reader takes it: to the second, with its zone's offset, for the zone's letters
// are the same in China and in America.
func (f *frame) Stamp(t time.Time) string { return stampIn(f.Zone, t) }

func stampIn(zone *time.Location, t time.Time) string {
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}

// Machine is the same for <time datetime>.
func (f *frame) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Ago is how long ago t is, or how far ahead, in one unit.
func (f *frame) Ago(t time.Time) string {
	d := f.Now.Sub(t)
	if d < 0 {
		return f.T("in %s", f.Span(-d))
	}
	return f.T("%s ago", f.Span(d))
}

// Span is a length of time in one unit.
func (l lang) Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return l.T("%d s", int(d.Seconds()))
	case d < time.Hour:
		return l.T("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return l.T("%d h", int(d.Hours()))
	}
	return l.T("%d days", int(d.Hours()/24))
}

// length is Span where less than a few seconds matter.
func (l lang) length(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return l.Span(d)
}

// Count is a number with its thousands apart.
func (lang) Count(n any) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Many says how many there are of something: one for 1, else many. %s in a text is the number.
func (l lang) Many(n any, one, many string) string {
	text := many
	if fmt.Sprint(n) == "1" {
		text = one
	}
	return strings.Replace(l.T(text), "%s", l.Count(n), 1)
}

// Rows is a number of rows.
func (l lang) Rows(n any) string { return l.Many(n, "1 row", "%s rows") }

// Orders is a number of orders.
func (l lang) Orders(n any) string { return l.Many(n, "1 order", "%s orders") }
