package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

const op = "test.call" // without a rate

var (
	down     = &douyin.Error{Op: op, Kind: douyin.Unavailable}
	rejected = &douyin.Error{Op: op, Kind: douyin.Rejected, HTTPStatus: 200, Code: 40003}
	absent   = &douyin.Error{Op: op, Kind: douyin.Unavailable, HTTPStatus: 200, Code: 40022}
	refused  = &douyin.Error{Op: op, Kind: douyin.Unauthorized, HTTPStatus: 200, Code: 40002}
	gone     = &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: context.Canceled}
)

func newGate(t *testing.T, change ...func(*Config)) *Gate {
	t.Helper()
	cfg := Config{AppID: "tt1"}
	for _, f := range change {
		f(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// call enters at once and ends with err.
func call(t *testing.T, g *Gate, end error) {
	t.Helper()
	done, err := g.Enter(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	done(end)
}

func trip(t *testing.T, g *Gate) {
	t.Helper()
	for range 10 {
		call(t, g, down)
	}
	if g.State(op) != "open" {
		t.Fatalf("state %s after ten failures", g.State(op))
	}
}

func TestWhatOpensTheBreaker(t *testing.T) {
	cases := []struct {
		name string
		ends []error
		n    int
		want string
	}{
		{"nine failures", []error{down}, 9, "closed"},
		{"ten failures", []error{down}, 10, "open"},
		{"ten refused tokens", []error{refused}, 10, "open"},
		{"orders that Douyin rejects", []error{rejected}, 100, "closed"},
		{"orders without a payment yet", []error{absent}, 100, "closed"},
		{"callers that go away", []error{gone}, 100, "closed"},
		{"a success in between", []error{down, down, down, down, nil}, 35, "closed"},
		{"callers that go away in between", []error{down, gone}, 20, "open"},
		{"four of five, in the long run", []error{down, down, down, down, down, down, down, down, down, nil}, 50, "open"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(t)
				for i := range c.n {
					if g.State(op) == "open" {
						break
					}
					call(t, g, c.ends[i%len(c.ends)])
				}
				if g.State(op) != c.want {
					t.Errorf("state %s, want %s", g.State(op), c.want)
				}
			})
		})
	}
}

func TestADeadDouyinParksItsCallersAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns []string
		g := newGate(t, func(cfg *Config) { cfg.OnState = func(_, from, to string) { turns = append(turns, from+" "+to) } })
		trip(t, g)
		start := time.Now()
		var atOnce, most, passed atomic.Int64
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				done, err := g.Enter(t.Context(), op)
				if err != nil {
					t.Error(err)
					return
				}
				if g.State(op) == "half-open" {
					most.Store(max(most.Load(), atOnce.Add(1)))
				}
				if time.Since(start) < 15*time.Second {
					t.Error("a call passed while the breaker was open")
				}
				<-time.After(time.Second) // the call takes a second
				atOnce.Add(-1)
				done(nil)
				passed.Add(1)
			})
		}
		all.Wait()
		if passed.Load() != 100 || most.Load() > 3 || g.State(op) != "closed" {
			t.Errorf("%d passed, %d probes at once, state %s", passed.Load(), most.Load(), g.State(op))
		}
		if took := time.Since(start); took > 18*time.Second {
			t.Errorf("all were through after %s", took)
		}
		if len(turns) != 3 || turns[0] != "closed open" || turns[1] != "open half-open" || turns[2] != "half-open closed" {
			t.Errorf("%q", turns)
		}
	})
}

func TestAProbeThatEndsBetweenARefusalAndTheWaitIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, func(cfg *Config) { cfg.Probes = 1 })
		trip(t, g)
		<-time.After(16 * time.Second)
		probe, err := g.Enter(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, changed, refusal := g.circuit(op).ask()
		if refusal == nil {
			t.Fatal("two probes at once")
		}
		probe(nil)
		if err := g.circuit(op).park(t.Context(), op, changed, start.Add(20*time.Second), refusal); err != nil || time.Since(start) > 0 {
			t.Errorf("parked for %s: %v", time.Since(start), err)
		}
	})
}

func TestWhoWaitedLongEnoughIsPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, func(cfg *Config) { cfg.OpenFor = time.Minute })
		trip(t, g)
		start := time.Now()
		_, err := g.Enter(t.Context(), op)
		var e *douyin.Error
		if !errors.As(err, &e) || e.Kind != douyin.Paused || e.MayHave || e.RetryAfter < 40*time.Second || e.RetryAfter > 41*time.Second {
			t.Errorf("%#v", err)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("parked for %s", took)
		}
	})
}

func TestAFailedProbeKeepsTheOthersParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		trip(t, g)
		var sent, paused atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				done, err := g.Enter(t.Context(), op)
				var e *douyin.Error
				switch {
				case err == nil:
					sent.Add(1)
					<-time.After(100 * time.Millisecond)
					done(down)
				case errors.As(err, &e) && e.Kind == douyin.Paused && e.RetryAfter > 0 && e.RetryAfter <= 15*time.Second:
					paused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if sent.Load() != 3 || paused.Load() != 47 {
			t.Errorf("%d sent, %d paused", sent.Load(), paused.Load())
		}
	})
}

func TestAProbeThatTellsNothingMakesRoomForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, func(cfg *Config) { cfg.Probes = 1 })
		trip(t, g)
		<-time.After(15*time.Second + time.Millisecond)
		first, err := g.Enter(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		second := make(chan error)
		go func() {
			done, err := g.Enter(t.Context(), op)
			if err == nil {
				done(nil)
			}
			second <- err
		}()
		synctest.Wait()
		first(gone)
		if err := <-second; err != nil || g.State(op) != "closed" {
			t.Errorf("%v, state %s", err, g.State(op))
		}
	})
}

func TestWhoStillQueuesWhenTheBreakerOpensIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, limited(nil, 10))
		var sent atomic.Int64
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if done, err := g.Enter(t.Context(), op); err == nil {
					sent.Add(1)
					done(down)
				}
			})
		}
		all.Wait()
		if n := sent.Load(); n > 13 {
			t.Errorf("%d calls were sent: ten open the breaker, three probe", n)
		}
	})
}

func TestEnterHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		trip(t, g)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := g.Enter(ctx, op)
		var e *douyin.Error
		if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestThrottlingHoldsBackTheCallsOfItsKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		busy := func(wait time.Duration) error {
			return &douyin.Error{Op: op, Kind: douyin.Throttled, HTTPStatus: 429, RetryAfter: wait}
		}
		start := time.Now()
		call(t, g, busy(7*time.Second))
		if done, err := g.Enter(t.Context(), "other.call"); err != nil || time.Since(start) != 0 {
			t.Errorf("another kind of call waited %s, %v", time.Since(start), err)
		} else {
			done(nil)
		}
		call(t, g, busy(0))
		if waited := time.Since(start); waited != 7*time.Second {
			t.Errorf("waited %s", waited)
		}
		call(t, g, busy(time.Minute))
		if waited := time.Since(start); waited >= 8*time.Second {
			t.Errorf("waited %s: without a time of Douyin's only the rate goes down", waited)
		}
		_, err := g.Enter(t.Context(), op)
		var e *douyin.Error
		if !errors.As(err, &e) || e.Kind != douyin.Paused || e.RetryAfter < 40*time.Second || e.RetryAfter > 41*time.Second {
			t.Errorf("%v", err)
		}
		if g.State(op) != "closed" {
			t.Errorf("throttling is no outage: %s", g.State(op))
		}
	})
}

func TestNewRefusesNonsense(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no app": {}, "rate": {AppID: "a", Rates: map[string]int{op: -1}}, "failures": {AppID: "a", Failures: -1},
		"probes": {AppID: "a", Probes: -1}, "open": {AppID: "a", OpenFor: -1}, "park": {AppID: "a", MaxPark: -1},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The bug: with a merchant of another app settlements were sent every nine seconds for ever: the
// question before each of them was answered well, so the breaker never opened.
func TestAWrongConfigurationHoldsItsCallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		start, sent := time.Now(), 0
		for time.Since(start) < 10*time.Minute {
			if done, err := g.Enter(t.Context(), douyin.OpSettleQuery); err == nil {
				done(nil)
			}
			done, err := g.Enter(t.Context(), douyin.OpSettleCreate)
			if err != nil {
				continue
			}
			sent++
			done(&douyin.Error{Op: douyin.OpSettleCreate, Kind: douyin.Unauthorized, HTTPStatus: 200, Code: 4000, Err: douyin.ErrConfiguration})
		}
		if sent < 20 || sent > 41 {
			t.Errorf("%d settlements were sent in ten minutes", sent)
		}
	})
}

// Refused credentials fail every call that needs them, and the others are made all the same.
func TestEachKindOfCredentialsHasABreaker(t *testing.T) {
	for failing, well := range map[string]string{
		douyin.OpRefundCreate: douyin.OpOrderPush, douyin.OpOrderPush: douyin.OpSettleQuery,
		"trade.refund.create": douyin.OpRefundCreate, douyin.OpSettleCreate: "trade.settle.query",
	} {
		synctest.Test(t, func(t *testing.T) {
			var turns []string
			g := newGate(t, func(cfg *Config) { cfg.OnState = func(calls, _, to string) { turns = append(turns, calls+" "+to) } })
			for range 10 {
				done, err := g.Enter(t.Context(), failing)
				if err != nil {
					t.Fatal(err)
				}
				done(&douyin.Error{Op: failing, Kind: douyin.Unauthorized, HTTPStatus: 401})
			}
			if g.State(failing) != "open" || g.State(well) != "closed" || len(turns) != 1 {
				t.Errorf("%s fails: %s, %s is %s; told %v", failing, g.State(failing), well, g.State(well), turns)
			}
			start := time.Now()
			done, err := g.Enter(t.Context(), well)
			if err != nil || time.Since(start) > 0 {
				t.Fatalf("%s waited %s: %v", well, time.Since(start), err)
			}
			done(nil)
		})
	}
}
