package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

func limited(rdb redis.UniversalClient, rate int) func(*Config) {
	return func(cfg *Config) { cfg.Redis, cfg.Rates = rdb, map[string]int{op: rate} }
}

// rush makes n calls from each gate at once and tells how long all took.
func rush(t *testing.T, n int, gates ...*Gate) time.Duration {
	t.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for _, g := range gates {
		for range n {
			all.Go(func() {
				done, err := g.Enter(t.Context(), op)
				if err != nil {
					t.Error(err)
					return
				}
				done(nil)
			})
		}
	}
	all.Wait()
	return time.Since(start)
}

func TestTheRateHoldsOverAllProcesses(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		const rate, each = 200, 40
		took := rush(t, each, newGate(t, limited(rdb, rate)), newGate(t, limited(rdb, rate)), newGate(t, limited(rdb, rate)))
		// 120 calls at 200/s are 600 ms, less the first burst of a twentieth of a second and what a
		// lot may hold.
		if least := 500 * time.Millisecond; took < least {
			t.Errorf("%s for %d calls, want at least %s", took, 3*each, least)
		}
	})
}

// commands counts round trips.
type commands struct{ n atomic.Int64 }

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}
func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestAHighRateDoesNotCostARoundTripPerCall(t *testing.T) {
	rdb := servertest.Redis(t)
	seen := &commands{}
	rdb.AddHook(seen)
	g := newGate(t, limited(rdb, 5000))
	took := rush(t, 1000, g)
	// A question gets half a lot of 250 or is followed by a pause in which half a lot gathers. Two
	// more: the script is loaded. And once a second the pace is asked for, with a script of its
	// own.
	most := int64(1000/125 + took/g.limiter(op).halfLot() + took/lotLapses + 1 + 2 + took/paceRead + 2)
	if n := seen.n.Load(); n > most {
		t.Errorf("%d round trips for 1000 calls in %s, want at most %d", n, took, most)
	}
}

func TestPermissionThatNobodyUsedLapses(t *testing.T) {
	rdb := servertest.Redis(t)
	seen := &commands{}
	rdb.AddHook(seen)
	g := newGate(t, limited(rdb, 5000))
	call(t, g, nil)
	asked := seen.n.Load()
	call(t, g, nil)
	if n := seen.n.Load(); n != asked {
		t.Errorf("the second call of a lot asked again")
	}
	g.limiter(op).lapses = time.Now() // a second later
	call(t, g, nil)
	if n := seen.n.Load(); n == asked {
		t.Error("an old lot was used")
	}
}

func TestWithoutALimitRedisIsNotAsked(t *testing.T) {
	rdb := servertest.Redis(t)
	seen := &commands{}
	rdb.AddHook(seen)
	rush(t, 100, newGate(t, limited(rdb, 0)))
	if n := seen.n.Load(); n != 0 {
		t.Errorf("%d round trips", n)
	}
}

func TestWithoutRedisTheRateHoldsInTheProcessAndItSaysSoOnce(t *testing.T) {
	srv := servertest.StartRedis(t)
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr, MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	var mu sync.Mutex
	var told []bool
	g := newGate(t, limited(rdb, 200), func(cfg *Config) {
		cfg.OnLimiter = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err == nil)
		}
	})
	rush(t, 5, g)
	srv.Kill()
	if took := rush(t, 60, g); took < 200*time.Millisecond {
		t.Errorf("60 calls at 200/s took %s", took)
	}
	srv.Restart(t)
	l := g.limiter(op)
	if err := l.turn.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	l.askRedis = time.Time{} // five seconds later
	l.turn.Release(1)
	rush(t, 20, g)
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 2 || told[0] || !told[1] {
		t.Errorf("told %v, want one failure and one recovery", told)
	}
}

func TestLocalCallersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, limited(nil, 10))
		start := time.Now()
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if done, err := g.Enter(t.Context(), op); err == nil {
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					done(nil)
				}
			})
			synctest.Wait() // i stands in the queue
		}
		all.Wait()
		if took := time.Since(start); took != 1900*time.Millisecond {
			t.Errorf("20 calls at 10/s took %s", took)
		}
		for i, got := range order {
			if i != got {
				t.Fatalf("order %v", order)
			}
		}
	})
}

func TestNobodyWaitsLongerThanMaxParkForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, limited(nil, 1), func(cfg *Config) { cfg.MaxPark = 5 * time.Second })
		start := time.Now()
		var passed, paused atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				done, err := g.Enter(t.Context(), op)
				if err == nil {
					passed.Add(1)
					done(nil)
					return
				}
				var e *douyin.Error
				if !errors.As(err, &e) || e.Kind != douyin.Paused || e.RetryAfter == 0 {
					t.Errorf("got %v, want Paused and when to come again", err)
				}
				paused.Add(1)
			})
		}
		all.Wait()
		// One at once and one in each second; at the fifth both may happen first.
		if took, n := time.Since(start), passed.Load(); took != 5*time.Second || n < 5 || n > 6 || n+paused.Load() != 20 {
			t.Errorf("%d passed and %d were paused in %s", n, paused.Load(), took)
		}
		if c := g.circuit(op).breaker.Counts(); c.TotalFailures != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhoLeavesTheQueueLetsTheOthersPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, limited(nil, 1))
		call(t, g, nil)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := g.Enter(ctx, op); left <- err }()
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		call(t, g, nil)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the next one waited %s", took)
		}
		if c := g.circuit(op).breaker.Counts(); c.TotalFailures != 0 {
			t.Errorf("%+v", c)
		}
	})
}
