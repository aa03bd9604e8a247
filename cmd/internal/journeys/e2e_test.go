package journeys

import (
	"context"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store/servertest"
)

// TestOrdersArriveWhateverHappens is issue 2's "Shown by" with real processes: `ordersync simulator`, `migrate` and `run` on a
// private MariaDB and a private Redis, over a shop whose tables and columns have names of their own; one story is told on
// MySQL itself too, where ORDERSYNC_TEST_MYSQLD names one. Where MariaDB is not installed the same stories are told on SQLite in a file.
//
// The stories wait most of the time (for an attempt to be given up for lost, for a breaker to probe), so they run side by side.
func TestOrdersArriveWhateverHappens(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	n := orderCount(t)
	type told struct {
		name    string
		timeout time.Duration // of one call to Douyin: what a busy machine does not reach by itself, and a lost attempt is waited for
		tell    func(s *stack, n int)
		on      func(testing.TB, ...string) *servertest.MySQLServer
	}
	stories := []told{
		{"ordersync is killed twice", 2 * time.Second, killedTwice, servertest.StartMySQL},
		{"redis and mysql fail", 2 * time.Second, serversFail, servertest.StartMySQL},
		{"a deploy", 10 * time.Second, deployed, servertest.StartMySQL},
		{"douyin is down", 2 * time.Second, douyinDown, servertest.StartMySQL},
	}
	if servertest.HasMySQLD() {
		stories = append(stories, told{"redis and mysql fail, on MySQL itself", 2 * time.Second, serversFail, servertest.StartMySQLD})
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			s := newStackOn(t, story.timeout, story.on(t))
			story.tell(s, n)
			if archived := s.inQueues("archived"); archived > 0 {
				t.Errorf("%d tasks are archived, want none", archived)
			}
			s.checkLogs()
		})
	}
}

// pace is a latency of Douyin's with which n orders need at least six seconds at 50 handlers, so that what happens on
// their way happens on their way.
func pace(n int) time.Duration {
	return min(max(6*time.Second*50/time.Duration(n), 50*time.Millisecond), 600*time.Millisecond)
}

func killedTwice(s *stack, n int) {
	s.slow(pace(n))
	s.run()
	s.shop.sell(s.t, n)
	s.report("%d orders are sold", n)
	pushed := s.push(s.shop.ids(everyOrder), "paid")

	s.killInTheMiddle(n/4, n)
	redeemed := s.shop.ids(func(id int) bool { return id%10 == 3 })
	s.shop.set(s.t, stateRedeemed, redeemed)
	s.run()
	s.killInTheMiddle(n/2, n)
	s.shop.set(s.t, stateRefunding, s.shop.ids(func(id int) bool { return id%10 == 7 })) // and nobody is told
	s.run()
	s.finish(pushed)
	s.finish(s.push(redeemed, "redeemed"))
	s.report("ordersync was killed twice, and everything is acknowledged")
	s.awaitNewest()
	s.report("Douyin holds every order's newest state")
	s.awaitBooks()
	s.report("the books are closed; %d pushes were made again", s.checkLedger().repeats())

	s.shop.set(s.t, stateRefunded, s.shop.ids(func(id int) bool { return id%5 == 0 }))
	s.awaitNewest()
	s.report("the sweep brought %d refunds over", n/5)
	s.awaitBooks()
	s.checkLedger()
}

// killInTheMiddle waits until Douyin holds so many orders and kills ordersync.
func (s *stack) killInTheMiddle(held, n int) {
	s.t.Helper()
	s.awaitHeld(held)
	s.app.Load().kill()
	now := s.stats().Held
	if now >= n {
		s.t.Fatalf("killed when nothing was on its way any more: this machine needs a larger ORDERSYNC_E2E_ORDERS")
	}
	s.report("kill -9 with %d of %d orders at Douyin, %d attempts open", now, n, s.open())
}

// open is the number of attempts whose end nobody has seen.
func (s *stack) open() int {
	s.t.Helper()
	return s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_order WHERE open_attempts > 0")
}

func serversFail(s *stack, n int) {
	s.slow(pace(n))
	s.run()
	s.shop.sell(s.t, n)
	s.finish(s.push(s.shop.ids(everyOrder), "paid"))
	s.report("%d orders are sold and asked for", n)

	s.awaitHeld(n / 4)
	// What the sweep has handed over is lost too, and it must not rely on it: that once took 15 minutes.
	s.awaitLine("the sweep has handed orders over", func(l logLine) bool { return l.Message == "sweep" && l.Enqueued >= n/10 })
	if err := s.rdb.FlushAll(s.t.Context()).Err(); err != nil {
		s.t.Fatal(err)
	}
	s.report("FLUSHALL with %d of %d orders at Douyin", s.stats().Held, n)

	s.awaitHeld(n / 2)
	s.redis.Kill()
	s.awaitReady(503)
	s.shop.set(s.t, stateRefunding, s.shop.ids(func(id int) bool { return id%10 == 7 }))
	s.redis.Restart(s.t)
	s.awaitReady(200)
	s.report("Redis was killed and came back with %d of %d orders at Douyin", s.stats().Held, n)

	s.awaitHeld(n * 3 / 4)
	if s.mysql != nil {
		s.mysql.Kill()
		s.awaitReady(503)
		s.mysql.Restart(s.t)
		s.awaitReady(200)
		s.report("MySQL was killed and came back with %d of %d orders at Douyin", s.stats().Held, n)
	}
	s.awaitNewest()
	s.report("Douyin holds every order's newest state")
	s.awaitBooks()
	s.report("the books are closed; %d pushes were made again", s.checkLedger().repeats())

	s.shop.set(s.t, stateRefunded, s.shop.ids(func(id int) bool { return id%5 == 0 }))
	s.awaitNewest()
	s.report("the sweep brought %d refunds over", n/5)
	s.awaitBooks()
	s.checkLedger()
}

func deployed(s *stack, n int) {
	n /= 2
	s.slow(pace(n))
	s.run()
	s.shop.sell(s.t, n)
	s.finish(s.push(s.shop.ids(everyOrder), "paid"))
	s.report("%d orders are sold and asked for", n)
	for _, part := range []int{4, 2} {
		s.awaitHeld(n / part)
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		code, took, err := s.app.Load().stop(ctx)
		cancel()
		if err != nil || code != exitDone {
			s.t.Fatalf("after SIGTERM: code %d, %v; want 0", code, err)
		}
		if took > 20*time.Second {
			s.t.Errorf("SIGTERM took %v; calls take %v", took, pace(n))
		}
		if open, active := s.open(), s.inQueues("active"); open != 0 || active != 0 {
			s.t.Errorf("after SIGTERM %d attempts are open and %d tasks are active, want none", open, active)
		}
		s.report("SIGTERM with %d of %d orders at Douyin: ended with 0 after %v", s.stats().Held, n, took.Round(time.Millisecond))
		s.run()
	}
	s.awaitNewest()
	s.report("Douyin holds every order's newest state")
	s.awaitBooks()
	if again := s.checkLedger().repeats(); again != 0 {
		s.t.Errorf("%d pushes were made twice because of a deploy", again)
	}
	s.report("the books are closed")
}

func douyinDown(s *stack, n int) {
	n /= 2
	s.run()
	s.shop.sell(s.t, n/10)
	s.finish(s.push(s.shop.ids(everyOrder), "paid"))
	s.awaitNewest()
	s.report("%d orders arrive on a good day", n/10)

	s.faults(map[string]any{"kind": "5xx"})
	before := len(s.shop.state)
	s.shop.sell(s.t, n-before)
	waiting := s.shop.ids(func(id int) bool { return id > before })
	s.finish(s.push(waiting, "paid"))
	s.awaitLine("the breaker opens", func(l logLine) bool { return l.Message == "circuit breaker" && l.To == "open" })
	s.awaitLine("a probe fails", func(l logLine) bool { return l.Message == "circuit breaker" && l.From == "half-open" && l.To == "open" })
	failed, archived := s.stats().faulted("5xx"), s.inQueues("archived")
	if archived > 0 {
		s.t.Errorf("%d tasks were archived because Douyin was down", archived)
	}
	if failed > len(waiting)/2 {
		s.t.Errorf("%d calls for %d waiting orders: the breaker did not spare Douyin", failed, len(waiting))
	}
	s.report("Douyin was down: %d calls failed for %d waiting orders, %d tasks archived", failed, len(waiting), archived)

	s.faults()
	s.awaitNewest()
	s.report("Douyin is back and holds every order's newest state")
	s.awaitBooks()
	s.report("the books are closed; %d pushes were made again", s.checkLedger().repeats())
}
