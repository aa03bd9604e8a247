package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// WatchDatabase shows whether tasks of this process are kept from the database, because it fails everybody. It is called once.
func (m *Metrics) WatchDatabase(unwell func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "database_unwell",
		Help: "1: the database failed run after run of this process, and its tasks wait while one at a time tries. 0: they run.",
	}, func() float64 {
		if unwell() {
			return 1
		}
		return 0
	}))
}

var (
	rateNow  = describe("rate_limit_now", "Calls a second that pass over all processes now; below rate_limit_configured while Douyin throttles. 0: no limit.", "op")
	rateMost = describe("rate_limit_configured", "Calls a second that pass over all processes as configured. 0: no limit.", "op")
)

// Rate is how many calls of one op pass in a second over all processes, now and as configured; 0: no limit.
type Rate struct{ Now, Most float64 }

// WatchRates shows the rates of the calls that this process has made. It is called once.
func (m *Metrics) WatchRates(rates func() map[string]Rate) {
	m.registry.MustRegister(paces(rates))
}

// paces implements prometheus.Collector.
type paces func() map[string]Rate

func (paces) Describe(out chan<- *prometheus.Desc) { out <- rateNow; out <- rateMost }

func (p paces) Collect(out chan<- prometheus.Metric) {
	for op, r := range p() {
		out <- gauge(rateNow, r.Now, op)
		out <- gauge(rateMost, r.Most, op)
	}
}

var clockSkew = describe("clock_skew_seconds", "How far this process's clock is ahead of the database's, which counts between processes; negative: behind.")

// WatchSkew shows what the newest comparison with the database's clock found. It is called once.
func (m *Metrics) WatchSkew(last func() (ahead time.Duration, ok bool)) {
	m.registry.MustRegister(skew(last))
}

// skew implements prometheus.Collector.
type skew func() (time.Duration, bool)

func (skew) Describe(out chan<- *prometheus.Desc) { out <- clockSkew }

func (s skew) Collect(out chan<- prometheus.Metric) {
	if ahead, ok := s(); ok {
		out <- gauge(clockSkew, ahead.Seconds())
	}
}

// OrdersAhead notes how many of the shop's orders the sweep found ahead of the clock.
func (e *events) OrdersAhead(orders int) { e.ahead.Set(float64(orders)) }
