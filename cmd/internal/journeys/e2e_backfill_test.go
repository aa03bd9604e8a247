package journeys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store/servertest"
)

// TestABackfillIsInterruptedInEveryWay walks over old orders that no sweep looks at (scheduler.lookback is 7 days).
func TestABackfillIsInterruptedInEveryWay(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	t.Parallel()
	s := newStack(t, 10*time.Second)
	const known, batch = 40, 100 // two seconds' worth
	n := orderCount(t) / 2
	s.shop.sellAt(t, n, time.Now().Add(-30*24*time.Hour))
	s.run()
	s.finish(s.push(s.shop.ids(func(id int) bool { return id <= known }), "paid"))
	s.awaitHeld(known)
	s.await("the books of those are closed", func(context.Context) (bool, string, error) {
		open := s.shop.count(t, "SELECT COUNT(*) FROM ordersync_order WHERE outcome <> 'pushed' OR due_at IS NOT NULL")
		return open == 0, fmt.Sprint(open), nil
	})
	s.report("%d old orders, of which Douyin holds %d", n, known)

	old := s.backfillOf(30*24*time.Hour, "50")
	first := old()
	s.awaitHeld(n / 4)
	first.kill()
	s.checkInterrupted(n)
	s.report("kill -9 with %d of %d orders at Douyin", s.stats().Held, n)

	second := old()
	s.awaitHeld(n / 2)
	code, _, err := second.stop(t.Context())
	if err != nil || code != exitFailed || !strings.Contains(second.log.String(), "ordersync: backfill interrupted: the same command goes on where it stopped") {
		t.Errorf("after SIGTERM: code %d, %v, and it says\n%s", code, err, second.log)
	}
	s.checkInterrupted(n)
	s.report("SIGTERM with %d of %d orders at Douyin", s.stats().Held, n)

	last := old()
	s.awaitFinished(last, fmt.Sprintf(" left out %d; ", n/20))
	var found, enqueued, held, underWay int
	_, err = fmt.Sscanf(last.log.last("found "), "found %d: enqueued %d, held by Douyin already %d, under way already %d,", &found, &enqueued, &held, &underWay)
	// Of an interrupted batch, those that were pushed before it was read again count as held, and those still in their queue as under way.
	if err != nil || found != n+n/20 || enqueued+held+underWay != n || held < known || held > known+2*batch {
		t.Errorf("it says\n%s\nwant %d found, of which %d were held and at most two batches of %d were read again", last.log, n+n/20, known, batch)
	}
	s.awaitNewest()
	s.awaitBooks()
	if again := s.checkLedger().repeats(); again != 0 {
		t.Errorf("%d orders were pushed twice", again)
	}
	s.report("Douyin holds all of them, and each was pushed once")
	s.awaitFinished(old(), "once more from the beginning: the same command with --again")

	s.slow(time.Second) // 50 handlers and 20 more in hand: of the hundred that are at the workers thirty wait in Redis
	s.shop.sellAt(t, n, time.Now().Add(-60*24*time.Hour))
	older := s.backfillOf(60*24*time.Hour, "100")()
	var lost int64
	s.await("orders wait in Redis", func(ctx context.Context) (bool, string, error) {
		var err error
		lost, err = s.rdb.LLen(ctx, "asynq:{backfill}:pending").Result()
		return lost >= 20 && s.stats().Held >= n+n/10, fmt.Sprint(lost), err
	})
	if err := s.rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.report("FLUSHALL with %d of %d orders at Douyin and %d in Redis", s.stats().Held-n, n, lost)
	s.slow(10 * time.Millisecond)
	s.awaitFinished(older, fmt.Sprintf("found %d: enqueued", n+n/20))
	s.awaitNewest()
	s.awaitBooks()
	s.report("Douyin holds all of them; %d pushes were made again", s.checkLedger().repeats())
	s.checkLogs()
}

// backfillOf is the command for the orders of the day that was so long ago.
func (s *stack) backfillOf(ago time.Duration, rate string) func() *running {
	at := time.Now().Add(-ago)
	from, to := at.Add(-12*time.Hour).Format(time.RFC3339), at.Add(12*time.Hour).Format(time.RFC3339)
	return func() *running { return s.begin("backfill", "--from", from, "--to", to, "--rate", rate) }
}

// checkInterrupted holds the row of a backfill against what was seen: it has not come to its end.
func (s *stack) checkInterrupted(n int) {
	s.t.Helper()
	if finished := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_backfill WHERE finished_at IS NOT NULL"); finished != 0 || s.stats().Held >= n {
		s.t.Fatalf("it had finished before it was interrupted: this machine needs a larger ORDERSYNC_E2E_ORDERS")
	}
}

// awaitFinished waits until a backfill has ended well and has said so.
func (s *stack) awaitFinished(r *running, say string) {
	s.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		s.t.Fatalf("the backfill does not end; it says\n%s", r.log)
	}
	if text := r.log.String(); r.code != exitDone || !strings.Contains(text, say) {
		s.t.Errorf("the backfill ended with %d and says\n%s\nwant %q", r.code, text, say)
	}
}

// last is the last line that begins so.
func (j *journal) last(begin string) string {
	lines := strings.Split(j.String(), "\n")
	slices.Reverse(lines)
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, begin) }); i >= 0 {
		return lines[i]
	}
	return ""
}
