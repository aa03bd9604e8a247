package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/ordersync/ordersync/douyin"
)

// Config is what a Gate needs. AppID is required.
type Config struct {
	AppID string
	Redis redis.UniversalClient // nil: each process keeps the rates for itself
	// Rates are calls per second, per op (douyin.OpOrderPush, ...), over all processes of the app;
	// they are laid over DefaultRates. 0: no limit. An op without a rate has none.
	Rates map[string]int

	Failures int           // consecutive failures that open the breaker; 0: 10
	OpenFor  time.Duration // until probes are let through; 0: 15 s
	Probes   int           // that must succeed to close it again, and run at once at most; 0: 3
	MaxPark  time.Duration // how long Enter waits; 0: 20 s. Below the task's timeout
	// OnState is told of every change of a breaker (Pushes, Signed or Trade), for logs and metrics; nil:
	// nobody. It must return at once and not call the Gate.
	OnState func(calls, from, to string)
	// OnRate is told when the rate of an op goes down because Douyin throttles, and when it is what
	// is configured (most; 0: no limit) again. It must return at once and not call the Gate. Nil:
	// nobody.
	OnRate    func(op string, now, most float64)
	OnLimiter func(err error) // told once when Redis fails the limiter, and with nil when it is back; nil: nobody
}

// DefaultRates are the limits that Douyin publishes for its calls, and a careful one for the order
// push, whose limit is not known (UNCONFIRMED).
func DefaultRates() map[string]int {
	return map[string]int{
		douyin.OpOrderPush:    50,
		douyin.OpOrderQuery:   150,
		douyin.OpRefundCreate: 50,
		douyin.OpRefundQuery:  30,
		douyin.OpSettleCreate: 30,
		douyin.OpSettleQuery:  30,
	}
}

const (
	window     = 30 * time.Second // in which the share of failures is counted
	leastCalls = 40               // below which a share says nothing
)

// Gate is the limiters and the breakers of one app. It is safe for concurrent use.
type Gate struct {
	cfg    Config
	pushes *circuit
	signed *circuit
	trade  *circuit

	mu       sync.Mutex
	limiters map[string]*limiter
	held     map[string]time.Time // per op: Douyin has asked for silence until then
	health   health
}

var _ douyin.Gate = (*Gate)(nil)

// New checks cfg. Its breakers are closed: calls pass.
func New(cfg Config) (*Gate, error) {
	if cfg.AppID == "" {
		return nil, errors.New("gate: AppID is required")
	}
	rates := DefaultRates()
	maps.Copy(rates, cfg.Rates)
	for op, rate := range rates {
		if rate < 0 {
			return nil, fmt.Errorf("gate: rate of %s is negative", op)
		}
	}
	if cfg.Failures < 0 || cfg.Probes < 0 || cfg.OpenFor < 0 || cfg.MaxPark < 0 {
		return nil, errors.New("gate: Failures, Probes, OpenFor and MaxPark must not be negative")
	}
	cfg.Rates = rates
	cfg.Failures = orDefault(cfg.Failures, 10)
	cfg.Probes = orDefault(cfg.Probes, 3)
	cfg.OpenFor = orDefault(cfg.OpenFor, 15*time.Second)
	cfg.MaxPark = orDefault(cfg.MaxPark, 20*time.Second)
	g := &Gate{cfg: cfg, limiters: map[string]*limiter{}, held: map[string]time.Time{}}
	g.health.report = cfg.OnLimiter
	g.pushes, g.signed, g.trade = g.newCircuit(Pushes), g.newCircuit(Signed), g.newCircuit(Trade)
	return g, nil
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// weigh turns the end of a call into the breaker's nil, a failure, or errNeutral.
func (g *Gate) weigh(op string, entered time.Time, err error) error {
	var e *douyin.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return errNeutral
	case errors.Is(err, douyin.ErrConfiguration): // so are all calls of this kind, whatever the questions beside them are answered
		g.hold(op, g.cfg.OpenFor)
		return err
	case e.Outage():
		return err
	case e.Kind == douyin.Throttled:
		g.limiter(op).pace.throttled(entered)
		g.hold(op, e.RetryAfter)
		return errNeutral
	case e.HTTPStatus == 0: // cancelled, refused before sending, Redis: Douyin was not heard
		return errNeutral
	}
	return nil
}

// Enter waits for the breaker, for Douyin's own wishes and for the rate limit, in this order,
// heeding ctx. The error is an *douyin.Error: Paused when the wait would exceed MaxPark,
// Unavailable when ctx ended; nothing was sent then.
func (g *Gate) Enter(ctx context.Context, op string) (done func(error), err error) {
	deadline, c := time.Now().Add(g.cfg.MaxPark), g.circuit(op)
	for {
		if err := g.awaitSilence(ctx, op, deadline); err != nil {
			return nil, err
		}
		report, changed, err := c.ask()
		if err != nil {
			if err := c.park(ctx, op, changed, deadline, err); err != nil {
				return nil, err
			}
			continue
		}
		if err := g.queue(ctx, op, deadline); err != nil {
			c.done(report, errNeutral)
			return nil, err
		}
		// The queue before the limiter may be long: what was closed at its end may be open at its
		// head.
		if c.breaker.State() == gobreaker.StateOpen {
			report(errNeutral)
			continue
		}
		entered := time.Now()
		return func(err error) { c.done(report, g.weigh(op, entered, err)) }, nil
	}
}

// queue waits for the rate limit.
func (g *Gate) queue(ctx context.Context, op string, deadline time.Time) error {
	l := g.limiter(op)
	if g.cfg.Rates[op] == 0 {
		l.pace.pass()
		if l.pace.rate() == 0 {
			if err := ctx.Err(); err != nil {
				return stopped(op, err)
			}
			return nil
		}
	}
	patient, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	switch err := l.wait(patient); {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: time.Second, Message: "more calls wait than the rate limit lets through"}
	default:
		return stopped(op, err)
	}
}

func stopped(op string, err error) error {
	return &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: err}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// await ends with the event, at the time, or with an error when ctx ends.
func await(ctx context.Context, event <-chan struct{}, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-event:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
