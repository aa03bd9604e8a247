package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	tokenAge  = describe("token_age_seconds", "How long the shared access token has been in place; 0: there is none.")
	tokenLeft = describe("token_left_seconds", "How long it still serves; 0: there is none.")
)

var (
	clientTokenAge  = describe("client_token_age_seconds", "How long the shared client_token of trade has been in place; 0: there is none.")
	clientTokenLeft = describe("client_token_left_seconds", "How long it still serves; 0: there is none.")
)

// tokenLife reads the token's life at each scrape.
type tokenLife struct {
	life    func(context.Context) (age, left time.Duration, err error)
	of, end *prometheus.Desc // age and left
}

// WatchToken shows the life of the token. It is called once.
func (m *Metrics) WatchToken(life func(context.Context) (age, left time.Duration, err error)) {
	m.registry.MustRegister(tokenLife{life, tokenAge, tokenLeft})
}

// WatchClientToken is WatchToken for the client_token of trade, and makes the series of trade: a process
// without it has none of them.
func (m *Metrics) WatchClientToken(life func(context.Context) (age, left time.Duration, err error)) {
	m.registry.MustRegister(tokenLife{life, clientTokenAge, clientTokenLeft})
	m.fillTrade()
}

// Describe implements prometheus.Collector.
func (t tokenLife) Describe(out chan<- *prometheus.Desc) { out <- t.of; out <- t.end }

// Collect implements prometheus.Collector. While Redis cannot be asked it sends nothing.
func (t tokenLife) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readingTimeout) // a Collector is handed none
	defer cancel()
	old, left, err := t.life(ctx)
	if err != nil {
		return
	}
	out <- gauge(t.of, old.Seconds())
	out <- gauge(t.end, left.Seconds())
}
