package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ordersync/ordersync/store"
)

var (
	auditsWaiting = describe("audits_waiting",
		"Refunds that buyers asked for and that Douyin decides at their deadline: for \"word\" the shop has not said one, for \"douyin\" Douyin does not have it yet. Counted up to 10000.", "for")
	auditsDeadline = describe("audits_deadline_seconds",
		"How long until the nearest of their deadlines, when Douyin agrees by itself; below 0: it is over. 0: none waits.", "for")
)

// decidedAudits are the ends of an audit.
var decidedAudits = []store.AuditState{store.AuditAgreed, store.AuditDenied, store.AuditOvertime, store.AuditNone}

// Audited counts an audit whose end a worker has written down.
func (e *events) Audited(s store.AuditState) { e.audits.WithLabelValues(string(s)).Inc() }

func sendAudits(out chan<- prometheus.Metric, now time.Time, c store.Counts) {
	for who, open := range map[string]store.OpenAudits{"word": c.AuditsUnsaid, "douyin": c.AuditsSaid} {
		left := 0.0
		if !open.Deadline.IsZero() {
			left = open.Deadline.Sub(now).Seconds()
		}
		out <- gauge(auditsWaiting, float64(open.Count), who)
		out <- gauge(auditsDeadline, left, who)
	}
}
