package assembly

import (
	"context"

	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/worker"
)

// Gate is the rate limit and the circuit breaker that all calls to Douyin pass.
func (a *Assembly) Gate() (*gate.Gate, error) {
	return a.gate.get(func() (*gate.Gate, error) {
		if err := a.cfg.Require("douyin.app_id"); err != nil {
			return nil, err
		}
		rdb, err := a.Redis()
		if err != nil {
			return nil, err
		}
		rates := trade.DefaultRates()
		rates[douyin.OpOrderPush] = a.cfg.Douyin.RateLimit
		g, err := gate.New(gate.Config{
			AppID: a.cfg.Douyin.AppID, Redis: rdb, Rates: rates,
			MaxPark: longestPark - worker.LongestQueue, OnState: a.breakerTurned, OnLimiter: a.limiterTurned,
			OnRate: a.rateTurned,
		})
		if err == nil {
			a.called.Store(g)
			a.metrics.WatchBreaker("breaker_state", "pushes", func() string { return g.State(douyin.OpOrderPush) })
			a.metrics.WatchBreaker("signed_breaker_state", "payments, refunds and settlements", func() string { return g.State(douyin.OpRefundCreate) })
			if a.cfg.TradeOn() {
				a.metrics.WatchBreaker("trade_breaker_state", "all calls of trade", func() string { return g.State(trade.OpOrderQuery) })
			}
			a.metrics.WatchRates(func() map[string]metrics.Rate { return shownRates(g) })
		}
		return g, err
	})
}

// watchedGate is g with its waits in metrics and traces.
func (a *Assembly) watchedGate(g *gate.Gate) douyin.Gate { return a.tracing().Gate(a.metrics.Gate(g)) }

// sick tells whether the breaker of an op's calls is not closed.
func sick(g *gate.Gate, op string) func() bool {
	return func() bool { return g.State(op) != "closed" }
}

func (a *Assembly) breakerTurned(calls, from, to string) {
	a.metrics.BreakerTurned(to)
	a.log.Warn().Str("calls", calls).Str("from", from).Str("to", to).Msg("circuit breaker")
}

func (a *Assembly) limiterTurned(err error) {
	a.metrics.LimiterTurned(err)
	if err != nil {
		a.log.Warn().Err(err).Msg("rate limit: Redis does not answer, every process keeps the whole rate for itself")
		return
	}
	a.log.Info().Msg("rate limit: shared through Redis again")
}

func (a *Assembly) rateTurned(op string, now, most float64) {
	if now == most {
		a.log.Info().Str("op", op).Float64("rate", most).Msg("rate limit: the configured rate again")
		return
	}
	a.log.Warn().Str("op", op).Float64("rate", now).Float64("configured", most).Msg("rate limit: Douyin throttles, the rate goes down")
}

// shownRates are the gate's in the words of the metrics.
func shownRates(g *gate.Gate) map[string]metrics.Rate {
	shown := map[string]metrics.Rate{}
	for op, r := range g.Rates() {
		shown[op] = metrics.Rate{Now: r.Now, Most: r.Most}
	}
	return shown
}

// pushRate is the rate of pushes over all processes, now and as configured. Where it is not known
// here it is as configured.
func (a *Assembly) pushRate(ctx context.Context) (now, most float64) {
	g, err := a.Gate()
	if err != nil {
		return 0, 0
	}
	r := g.Look(ctx, douyin.OpOrderPush)
	return r.Now, r.Most
}
