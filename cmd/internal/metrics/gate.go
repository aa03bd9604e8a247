package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ordersync/ordersync/douyin"
)

// breakerStates are gate.Gate's.
var breakerStates = []string{"closed", "open", "half-open"}

// BreakerTurned counts a change of the breaker.
func (e *events) BreakerTurned(to string) { e.turns.WithLabelValues(to).Inc() }

// LimiterTurned notes whether the rate limit is shared.
func (e *events) LimiterTurned(err error) {
	shared := 1.0
	if err != nil {
		shared = 0
	}
	e.limiter.Set(shared)
}

// WatchBreaker shows the state that the function tells, as one series per state of which one is 1: name is the metric's, calls are those
// that pass the breaker. It is called once for each name.
func (m *Metrics) WatchBreaker(name, calls string, state func() string) {
	for _, s := range breakerStates {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: name, Help: "1 for the state of this process's circuit breaker for " + calls + ", 0 for the others.",
			ConstLabels: prometheus.Labels{"state": s},
		}, func() float64 {
			if state() == s {
				return 1
			}
			return 0
		}))
	}
}

// Gate measures the waits at a gate.
func (m *Metrics) Gate(g douyin.Gate) douyin.Gate { return measured{g, &m.events} }

type measured struct {
	douyin.Gate
	events *events
}

// Enter passes on what the gate says.
func (g measured) Enter(ctx context.Context, op string) (func(error), error) {
	started := time.Now()
	done, err := g.Gate.Enter(ctx, op)
	g.events.gateTime.WithLabelValues(op).Observe(time.Since(started).Seconds())
	if err != nil {
		g.events.held.WithLabelValues(op).Inc()
	}
	return done, err
}
