package gate

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

var tooMany = &douyin.Error{Op: op, Kind: douyin.Throttled, HTTPStatus: 429}

// strict is a Douyin that takes so many calls in each second and throttles the others, without
// saying for how long.
type strict struct {
	mu     sync.Mutex
	limit  int
	second int64
	taken  int

	accepted, refused int
}

func (s *strict) allow(limit int) { s.mu.Lock(); defer s.mu.Unlock(); s.limit = limit }

func (s *strict) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now().Unix(); now != s.second {
		s.second, s.taken = now, 0
	}
	if s.taken >= s.limit {
		s.refused++
		return tooMany
	}
	s.taken++
	s.accepted++
	return nil
}

func (s *strict) counts() (accepted, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, s.refused
}

// besiege lets callers call again and again for as long as it says, and returns what was accepted
// and refused in that time.
func besiege(t *testing.T, s *strict, callers int, d time.Duration, gates ...*Gate) (accepted, refused int) {
	t.Helper()
	was, no := s.counts()
	var over atomic.Bool
	timer := time.AfterFunc(d, func() { over.Store(true) })
	defer timer.Stop()
	var all sync.WaitGroup
	for i := range callers {
		g := gates[i%len(gates)]
		all.Go(func() {
			for !over.Load() {
				if done, err := g.Enter(t.Context(), op); err == nil {
					done(s.call())
				}
			}
		})
	}
	all.Wait()
	accepted, refused = s.counts()
	return accepted - was, refused - no
}

// TestALimitOfDouyinsIsFoundWithoutRetryAfter: sixty waiters fired sixty calls a second into a
// limit of five.
func TestALimitOfDouyinsIsFoundWithoutRetryAfter(t *testing.T) {
	for name, rate := range map[string]int{"fifty a second": 50, "no limit": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &strict{limit: 5}
				g := newGate(t, limited(nil, rate))
				besiege(t, s, 60, 10*time.Second, g)
				accepted, refused := besiege(t, s, 60, 60*time.Second, g)
				if accepted < 200 || refused > accepted/6 {
					t.Errorf("in a minute at 5/s %d calls were accepted and %d refused", accepted, refused)
				}
				s.allow(40)
				besiege(t, s, 60, 15*time.Second, g)
				if accepted, _ := besiege(t, s, 60, 10*time.Second, g); accepted < 300 {
					t.Errorf("the limit went up to 40/s, and in the last ten of 25 seconds %d calls were accepted", accepted)
				}
			})
		})
	}
}

func TestAfterAStormTheConfiguredRateIsBackInTwelveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Rate
		g := newGate(t, limited(nil, 50), func(cfg *Config) {
			cfg.OnRate = func(_ string, now, most float64) { told = append(told, Rate{now, most}) }
		})
		s := &strict{}
		if _, refused := besiege(t, s, 60, 90*time.Second, g); refused > 150 {
			t.Errorf("%d calls in a storm of 90 s, want about one a second", refused)
		}
		if now := g.Rates()[op].Now; now > 2 {
			t.Errorf("%.1f/s in the storm", now)
		}
		s.allow(1000)
		besiege(t, s, 60, 12*time.Second, g)
		if r := g.Rates()[op]; r != (Rate{50, 50}) {
			t.Errorf("12 s after the storm: %+v", r)
		}
		if n := len(told); n != 2 || told[0].Now >= 50 || told[1] != (Rate{50, 50}) {
			t.Errorf("told %v: want that throttling began, and that it is over", told)
		}
	})
}

func TestTheRateThatDouyinBearsIsSharedOverProcesses(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		one, other, third := newGate(t, limited(rdb, 50)), newGate(t, limited(rdb, 50)), newGate(t, limited(rdb, 50))
		call(t, other, nil)
		call(t, one, tooMany)
		slow := one.Rates()[op].Now
		if slow > 36 {
			t.Fatalf("%.1f/s after a throttled call, want 35", slow)
		}
		call(t, third, nil) // a process that starts now
		if now := third.Rates()[op].Now; now > 45 {
			t.Errorf("a process that starts later has %.1f/s", now)
		}
		// What the other sends before it has heard of that says nothing new.
		call(t, other, tooMany)
		if now := other.Rates()[op].Now; now < slow-1 || now > 45 {
			t.Errorf("the other process has %.1f/s, want about %.1f", now, slow)
		}
		if now := one.Rates()[op].Now; now < slow-1 {
			t.Errorf("one throttling counted twice: %.1f/s", now)
		}
	})
}

// TestOneCallPassesAtAnyRate: the script compares rounded times, and at some rates a lot of one
// call was never given out.
func TestOneCallPassesAtAnyRate(t *testing.T) {
	rdb := servertest.Redis(t)
	for tenths := 10; tenths < 400; tenths += 7 {
		g := newGate(t, limited(rdb, 50), func(cfg *Config) { cfg.AppID = "rate" + strconv.Itoa(tenths) })
		l := g.limiter(op)
		l.keep(float64(tenths) / 10)
		if err := l.fill(t.Context()); err != nil || l.lot != 1 {
			t.Errorf("%.1f/s: the first lot has %d calls, %v", float64(tenths)/10, l.lot, err)
		}
	}
}
