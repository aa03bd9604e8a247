package glance

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
)

// Print writes g as a person reads it, in a language and with times in zone.
func (g *Glance) Print(out io.Writer, l lang.Lang, zone *time.Location) error {
	w := l.Table(out)
	for _, said := range g.Missing {
		w.Text(l.T("NOT KNOWN\t%s", l.Say(strings.Join(strings.Fields(said), " "))))
	}
	unread := slices.ContainsFunc(g.Missing, func(said string) bool { return strings.HasPrefix(said, "processes: ") })
	without := missing(g.Processes)
	switch {
	case unread:
	case len(g.Processes) == 0:
		w.Text(l.T("processes\tnone gives a sign of life: start ordersync run, or gateway, worker and scheduler"))
	case len(without) > 0:
		w.Text(l.T("LOOK AT THIS\tno %s runs: start it", strings.Join(without, ", ")))
	}
	for _, p := range g.Processes {
		text := "process\t%s %d\t%s\t%s\tsince %s\tsign of life %s ago\t%d tasks in hand"
		if !p.Alive {
			text = "process\t%s %d\t%s\t%s\tsince %s\tGONE: last sign of life %s ago\t%d tasks in hand"
		}
		w.Text(l.T(text, p.Host, p.PID, strings.Join(p.Roles, "+"), orDash(p.Version), p.Started.In(zone).Format(time.RFC3339), seconds(p.AgeSeconds), p.Active))
	}
	w.Text(l.T("Douyin\tbreaker %s, last success %s, token %s", orNotKnown(l, g.Douyin.Breaker), moment(l, g.Douyin.LastSuccess, zone), g.Douyin.token(l)))
	w.Row(l.T("orders due"), fmt.Sprint(g.Backlog.Orders.Count)+g.Backlog.Orders.since(l, zone)+g.Backlog.later(l))
	for _, b := range []struct {
		name string
		Waiting
	}{
		{"refunds open", g.Backlog.Refunds}, {"settlements open", g.Backlog.Settlements},
		{"outbox", g.Backlog.Outbox}, {"callbacks to hand on", g.Backlog.Forwards},
	} {
		w.Row(l.T(b.name), fmt.Sprint(b.Count)+b.since(l, zone))
	}
	if g.Backlog.PutAside > 0 {
		w.Text(l.T("outbox, put aside\t%d", g.Backlog.PutAside))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return g.printTables(out, l, zone)
}

func (g *Glance) printTables(out io.Writer, l lang.Lang, zone *time.Location) error {
	w := l.Table(out)
	if len(g.Queues) > 0 {
		w.Text(l.T("\nqueue\tpending\tactive\tscheduled\tretry\tarchived\toldest\t"))
	}
	for _, q := range g.Queues {
		paused := ""
		if q.Paused {
			paused = l.T("PAUSED")
		}
		w.Row(q.Name, q.Pending, q.Active, q.Scheduled, q.Retry, q.Archived, seconds(q.OldestSeconds), paused)
	}
	if len(g.Failures) > 0 {
		w.Text(l.T("\nfailed\treason\tcode\tnewest\texample\twords"))
	}
	for _, f := range g.Failures {
		w.Row(f.Count, f.Kind, f.Code, f.Newest.In(zone).Format(time.RFC3339), f.OrderID, l.Say(f.Message))
	}
	if len(g.Held)+len(g.Alarms) > 0 {
		w.Text(l.T("\nLOOK AT THIS"))
	}
	for _, h := range g.Held {
		w.Text(l.T("%d\t%ss wait since %s: Douyin refuses the configuration (code %d: %s)", h.Count, l.T(h.Money), h.Oldest.In(zone).Format(time.RFC3339), h.Code, h.Message))
	}
	for _, a := range g.Alarms {
		w.Row(a.Count, a.Table, a.Alarm)
	}
	return w.Flush()
}

func (w Waiting) since(l lang.Lang, zone *time.Location) string {
	if w.Oldest == nil {
		return ""
	}
	return l.T(", the oldest since %s", w.Oldest.In(zone).Format(time.RFC3339))
}

// later tells of the orders that are under way or come back later: nobody sees them among those due.
func (b Backlog) later(l lang.Lang) string {
	if b.Later == 0 {
		return ""
	}
	return l.T("; %d more are under way or tried again later", b.Later)
}

func (d Douyin) token(l lang.Lang) string {
	switch {
	case d.tokenUnread:
		return l.T("not known")
	case d.TokenUnknown:
		return l.T("not known without douyin.app_id and douyin.secret")
	case d.TokenSeconds == 0:
		return l.T("none yet")
	}
	return l.T("for %s more", seconds(d.TokenSeconds))
}

func moment(l lang.Lang, t *time.Time, zone *time.Location) string {
	if t == nil {
		return l.T("not among the newest %d calls", lastCalls)
	}
	return t.In(zone).Format(time.RFC3339)
}

func seconds(s float64) string {
	return (time.Duration(s * float64(time.Second))).Round(time.Second).String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func orNotKnown(l lang.Lang, s string) string {
	if s == "" {
		return l.T("not known")
	}
	return s
}
