package backfill_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// However many old orders wait, and whoever enqueued them: a live one overtakes them. What is counted is how many old orders Douyin
// gets between the moment when the live one is enqueued and its own turn; it would be 50, one for each handler, if they all stood
// at the gate before it.
func TestALiveOrderOvertakesAFullBackfillQueue(t *testing.T) {
	const old, live, most = 400, 5, 10
	s := newScene(t, old, live, 50*time.Millisecond)
	for id := range old {
		s.ask(t, id+1, tasks.CauseBackfill)
	}
	s.work(t)
	s.douyin.await(t, func(order []string, _ map[string]time.Time) bool { return len(order) >= 30 }) // every handler has one by now
	for i := range live {
		var before, overtaken int
		s.douyin.await(t, func(order []string, _ map[string]time.Time) bool { before = len(order); return true })
		s.ask(t, firstLive+i, tasks.CausePaid)
		s.douyin.await(t, func(order []string, _ map[string]time.Time) bool {
			at := slices.Index(order, strconv.Itoa(firstLive+i))
			overtaken = at - before
			return at >= 0
		})
		if overtaken > most {
			t.Errorf("live order %d came after %d old ones, of %d that waited; want at most %d", i+1, overtaken, old-before, most)
		} else {
			t.Logf("live order %d came after %d old ones, of %d that waited", i+1, overtaken, old-before)
		}
	}
}

// BenchmarkLiveOrders measures how long live orders take from enqueue to Douyin's answer, 20 a second, in turn alone, beside a
// backfill at its default rate, and beside a queue that somebody has flooded with old orders. Douyin answers after 50 ms and
// takes 50 calls a second. One round is 15 s:
//
//	go test -run '^$' -bench LiveOrders -benchtime 4x ./cmd/internal/backfill
func BenchmarkLiveOrders(b *testing.B) {
	const perRound, flood = 100, 1000
	s := newScene(b, 20_000, perRound+3*perRound*b.N, 50*time.Millisecond)
	s.work(b)
	next, old := firstLive, 20_000
	measure := func() (took []time.Duration) {
		bell := time.NewTicker(50 * time.Millisecond)
		defer bell.Stop()
		asked := map[string]time.Time{}
		for range perRound {
			<-bell.C
			asked[strconv.Itoa(next)] = time.Now()
			s.ask(b, next, tasks.CausePaid)
			next++
		}
		s.douyin.await(b, func(_ []string, at map[string]time.Time) bool {
			took = took[:0]
			for id, since := range asked {
				if done, ok := at[id]; ok {
					took = append(took, done.Sub(since))
				}
			}
			return len(took) == perRound
		})
		return took
	}
	var alone, beside, flooded []time.Duration
	measure() // a token, connections, statements
	for range b.N {
		alone = append(alone, measure()...)

		stop := s.backfill(b)
		beside = append(beside, measure()...)
		stop()

		for range flood {
			s.ask(b, old, tasks.CauseBackfill)
			old--
		}
		flooded = append(flooded, measure()...)
		if _, err := asynq.NewInspectorFromRedisClient(s.rdb).DeleteAllPendingTasks(tasks.QueueBackfill); err != nil {
			b.Fatal(err)
		}
	}
	report := func(name string, took []time.Duration) {
		slices.Sort(took)
		slices.Sort(alone)
		for _, p := range []struct {
			name string
			at   float64
		}{{"p50", 0.50}, {"p99", 0.99}} {
			i := int(p.at * float64(len(took)-1))
			b.ReportMetric(float64(took[i].Microseconds())/1000, name+"-"+p.name+"-ms")
			if name != "alone" {
				b.ReportMetric(float64(took[i])/float64(alone[i]), name+"-"+p.name+"-ratio")
			}
		}
	}
	report("alone", alone)
	report("backfill", beside)
	report("flood", flooded)
}

// backfill runs the walk over all old orders until stop is called, which returns when it has ended.
func (s *scene) backfill(tb testing.TB) (stop func()) {
	tb.Helper()
	walk, err := s.parts.Backfill()
	if err != nil {
		tb.Fatal(err)
	}
	st, err := s.parts.Store()
	if err != nil {
		tb.Fatal(err)
	}
	b, err := st.OpenBackfill(tb.Context(), oldTime, oldTime.Add(24*time.Hour), false)
	if err != nil {
		tb.Fatal(err)
	}
	walk.Rate, walk.Show = 20, deaf{}
	ctx, cancel := context.WithCancel(tb.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := walk.Run(ctx, b)
		ended <- err
	}()
	return func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			tb.Errorf("the backfill ended with %v", err)
		}
	}
}

type deaf struct{}

func (deaf) Show(store.BackfillTally) {}
func (deaf) Note(string)              {}
