package glance

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes g as a person reads it, with times in zone.
func (g *Glance) Print(out io.Writer, zone *time.Location) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, said := range g.Missing {
		fmt.Fprintf(w, "NOT KNOWN\t%s\n", strings.Join(strings.Fields(said), " "))
	}
	unread := slices.ContainsFunc(g.Missing, func(said string) bool { return strings.HasPrefix(said, "processes: ") })
	if len(g.Processes) == 0 && !unread {
		fmt.Fprintln(w, "processes\tnone gives a sign of life: start ordersync run, or gateway, worker and scheduler")
	}
	for _, p := range g.Processes {
		fmt.Fprintf(w, "process\t%s %d\t%s\t%s\tsince %s\tsign of life %s ago\t%d tasks in hand\n", p.Host, p.PID, strings.Join(p.Roles, "+"), orDash(p.Version),
			p.Started.In(zone).Format(time.RFC3339), seconds(p.AgeSeconds), p.Active)
	}
	fmt.Fprintf(w, "Douyin\tbreaker %s, last success %s, token %s\n", orNotKnown(g.Douyin.Breaker), moment(g.Douyin.LastSuccess, zone), g.Douyin.token())
	for _, b := range []struct {
		name string
		Waiting
	}{
		{"orders due", g.Backlog.Orders}, {"refunds open", g.Backlog.Refunds}, {"settlements open", g.Backlog.Settlements},
		{"outbox", g.Backlog.Outbox}, {"callbacks to hand on", g.Backlog.Forwards},
	} {
		fmt.Fprintf(w, "%s\t%d%s\n", b.name, b.Count, b.since(zone))
	}
	if g.Backlog.PutAside > 0 {
		fmt.Fprintf(w, "outbox, put aside\t%d\n", g.Backlog.PutAside)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return g.printTables(out, zone)
}

func (g *Glance) printTables(out io.Writer, zone *time.Location) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(g.Queues) > 0 {
		fmt.Fprintln(w, "\nqueue\tpending\tactive\tscheduled\tretry\tarchived\toldest\t")
	}
	for _, q := range g.Queues {
		paused := ""
		if q.Paused {
			paused = "PAUSED"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", q.Name, q.Pending, q.Active, q.Scheduled, q.Retry, q.Archived, seconds(q.OldestSeconds), paused)
	}
	if len(g.Failures) > 0 {
		fmt.Fprintln(w, "\nfailed\treason\tcode\tnewest\texample\twords")
	}
	for _, f := range g.Failures {
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\t%s\n", f.Count, f.Kind, f.Code, f.Newest.In(zone).Format(time.RFC3339), f.OrderID, f.Message)
	}
	if len(g.Held)+len(g.Alarms) > 0 {
		fmt.Fprintln(w, "\nLOOK AT THIS")
	}
	for _, h := range g.Held {
		fmt.Fprintf(w, "%d\t%ss wait since %s: Douyin refuses the configuration (code %d: %s)\n", h.Count, h.Money, h.Oldest.In(zone).Format(time.RFC3339), h.Code, h.Message)
	}
	for _, a := range g.Alarms {
		fmt.Fprintf(w, "%d\t%s\t%s\n", a.Count, a.Table, a.Alarm)
	}
	return w.Flush()
}

func (w Waiting) since(zone *time.Location) string {
	if w.Oldest == nil {
		return ""
	}
	return ", the oldest since " + w.Oldest.In(zone).Format(time.RFC3339)
}

func (d Douyin) token() string {
	switch {
	case d.TokenUnknown:
		return "not known without douyin.app_id and douyin.secret"
	case d.TokenSeconds == 0:
		return "none yet"
	}
	return "for " + seconds(d.TokenSeconds) + " more"
}

func moment(t *time.Time, zone *time.Location) string {
	if t == nil {
		return "not among the newest " + strconv.Itoa(lastCalls) + " calls"
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

func orNotKnown(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
