package metrics

import (
	"cmp"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "ordersync"

const (
	// scrapesAtOnce and scrapeTimeout keep somebody who asks all the time from costing more than that.
	scrapesAtOnce = 3
	scrapeTimeout = 9 * time.Second // below Prometheus's usual 10 s
)

// Build names the program that runs. Empty fields show as "unknown".
type Build struct{ Version, Commit string }

// Metrics is the registry of one process and the counters in it. Its methods may be called from any goroutine.
type Metrics struct {
	registry *prometheus.Registry
	events
}

// New makes all counters with all their label values.
func New(b Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), events: newEvents()}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; the labels tell what runs.",
		ConstLabels: prometheus.Labels{"version": cmp.Or(b.Version, "unknown"), "commit": cmp.Or(b.Commit, "unknown"), "go": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.all()...)
	return m
}

// Handler answers scrapes. What can be read is answered also where another reading failed.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTimeout, EnableOpenMetrics: true,
	})
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}
