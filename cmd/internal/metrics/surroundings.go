package metrics

import "github.com/prometheus/client_golang/prometheus"

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
