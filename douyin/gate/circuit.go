package gate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/ordersync/ordersync/douyin"
)

// The breakers. Each counts the calls that need the same credentials.
const (
	Pushes = "pushes" // order pushes, which need the token
	Signed = "signed" // payments, refunds and settlements, which need the salt
	Trade  = "trade"  // the calls of package trade, which need the client_token and go to another host
)

// circuit is one breaker, with those who wait for it to change.
type circuit struct {
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	failures int64
	openFor  time.Duration
	onState  func(calls, from, to string)

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when parked callers should look again
	reopens time.Time     // when an open breaker lets probes through
}

func (g *Gate) newCircuit(calls string) *circuit {
	c := &circuit{failures: int64(g.cfg.Failures), openFor: g.cfg.OpenFor, onState: g.cfg.OnState, changed: make(chan struct{})}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          calls,
		MaxRequests:   uint32(min(g.cfg.Probes, 1000)),
		Interval:      window,
		BucketPeriod:  window / 10,
		Timeout:       g.cfg.OpenFor,
		ReadyToTrip:   c.sick,
		OnStateChange: c.turned,
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return errors.Is(err, errNeutral) },
	})
	return c
}

// circuit is the breaker that an op's calls pass.
func (g *Gate) circuit(op string) *circuit {
	switch {
	case op == douyin.OpOrderPush || op == douyin.OpTokenFetch:
		return g.pushes
	case strings.HasPrefix(op, douyin.TradePrefix):
		return g.trade
	}
	return g.signed
}

// State is that of the breaker that an op's calls pass: closed (they pass), open (their callers are
// parked) or half-open (a few probe).
func (g *Gate) State(op string) string { return g.circuit(op).breaker.State().String() }

// sick: a run of failures, or four calls of five failed.
func (c *circuit) sick(n gobreaker.Counts) bool {
	return int64(n.ConsecutiveFailures) >= c.failures ||
		n.Requests-n.TotalExclusions >= leastCalls && uint64(n.TotalFailures)*5 >= uint64(n.Requests-n.TotalExclusions)*4
}

// turned runs inside the breaker's lock: it must not ask the breaker anything, nor may onState.
func (c *circuit) turned(calls string, from, to gobreaker.State) {
	c.mu.Lock()
	if to == gobreaker.StateOpen {
		c.reopens = time.Now().Add(c.openFor)
	}
	c.wake()
	c.mu.Unlock()
	if c.onState != nil {
		c.onState(calls, from.String(), to.String())
	}
}

// wake lets every parked caller look again. c.mu is held.
func (c *circuit) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// errNeutral marks a call that tells the breaker nothing: throttled, cancelled, or never made.
var errNeutral = errors.New("neutral")

// done tells the breaker how a call ended, as weigh has it.
func (c *circuit) done(report func(error), weighed error) {
	report(weighed)
	if c.breaker.State() == gobreaker.StateHalfOpen { // a probe that told nothing has freed its place
		c.mu.Lock()
		c.wake()
		c.mu.Unlock()
	}
}

// ask asks the breaker. changed is closed at the first change after the question, so none between a
// refusal and the wait is missed.
func (c *circuit) ask() (report func(error), changed <-chan struct{}, err error) {
	c.mu.Lock()
	changed = c.changed
	c.mu.Unlock()
	report, err = c.breaker.Allow()
	return report, changed, err
}

// park waits for the breaker to change. nil means: try again.
func (c *circuit) park(ctx context.Context, op string, changed <-chan struct{}, deadline time.Time, refusal error) error {
	look := deadline
	c.mu.Lock()
	if errors.Is(refusal, gobreaker.ErrOpenState) {
		// the breaker turns when it is asked after that moment
		look = earlier(c.reopens.Add(time.Millisecond), deadline)
	}
	c.mu.Unlock()
	if err := await(ctx, changed, look); err != nil {
		return stopped(op, err)
	}
	if time.Now().Before(deadline) {
		return nil
	}
	c.mu.Lock()
	wait := max(time.Until(c.reopens), time.Second)
	c.mu.Unlock()
	return &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: wait, Message: "Douyin, or our credentials, failed again and again a moment ago"}
}
