package queuedoctor

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

func TestAMessageThatIsNotAsynqsStopsRecoveryAndIsMovedAway(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, w := context.Background(), newWard(rdb)
		poison := "\x0a\xff\xff not protobuf \xff"
		w.crashed(t, "healthy", true)
		w.crashed(t, "poison", true)
		must(t, rdb.HSet(ctx, tasks.TaskKey(queue, "poison"), "msg", poison).Err())

		_, log, stop := w.serve(t, nil)
		await(t, log, "could not list lease expired tasks") // the effect: nothing is recovered
		stop()
		if !w.isActive(t, "healthy") {
			t.Fatal("the healthy task was recovered in spite of the poison: there is nothing to repair")
		}

		w.check(t, Report{{queue, Undecodable}: {1, 1}})
		if got, err := rdb.HGet(ctx, Quarantine, "push/poison").Result(); err != nil || got != poison {
			t.Errorf("in quarantine: %q, %v", got, err)
		}
		ran, _, _ := w.serve(t, nil)
		await(t, ran, "healthy")
		w.check(t, Report{})
		w.enqueue(t, "poison") // its id is free again
	})
}

func TestAMessageIsJudgedWhereverItStands(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, w := context.Background(), newWard(rdb)
		for _, l := range lists {
			id := "poison-" + l.name
			must(t, rdb.HSet(ctx, tasks.TaskKey(queue, id), "msg", "\xff", "state", l.name).Err())
			if l.sorted {
				must(t, rdb.ZAdd(ctx, tasks.Key(queue, l.name), redis.Z{Member: id, Score: 9e9}).Err())
			} else {
				must(t, rdb.LPush(ctx, tasks.Key(queue, l.name), id).Err())
			}
		}
		w.check(t, Report{{queue, Undecodable}: {len(lists), len(lists)}})
		keys, err := rdb.Keys(ctx, "asynq:*").Result()
		if err != nil || len(keys) != 0 {
			t.Errorf("left behind: %v, %v", keys, err)
		}
		if n := rdb.HLen(ctx, Quarantine).Val(); n != int64(len(lists)) {
			t.Errorf("%d messages in quarantine", n)
		}
	})
}

func TestAFullQuarantineOnlyReports(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	_, err := w.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range maxQuarantine {
			p.HSet(ctx, Quarantine, fmt.Sprint(i), "")
		}
		return nil
	})
	must(t, err)
	w.enqueue(t, "poison")
	must(t, w.rdb.HSet(ctx, tasks.TaskKey(queue, "poison"), "msg", "\xff").Err())
	w.check(t, Report{{queue, Undecodable}: {1, 0}})
	if n := w.rdb.LLen(ctx, tasks.Key(queue, "pending")).Val(); n != 1 {
		t.Errorf("%d tasks are pending: the message is lost", n)
	}
}

func TestAMisfiledMessageIsOnlyReported(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	w.enqueue(t, "one")
	w.enqueue(t, "two")
	message := w.rdb.HGet(ctx, tasks.TaskKey(queue, "one"), "msg").Val()
	must(t, w.rdb.HSet(ctx, tasks.TaskKey(queue, "two"), "msg", message).Err())
	w.check(t, Report{{queue, Misfiled}: {1, 0}})
	w.check(t, Report{{queue, Misfiled}: {1, 0}})
	if n := w.rdb.LLen(ctx, tasks.Key(queue, "pending")).Val(); n != 2 {
		t.Errorf("%d tasks are pending, want both", n)
	}
}

func TestAGhostBreaksCountingAndIsRemoved(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, w := context.Background(), newWard(rdb)
		w.enqueue(t, "healthy")
		w.enqueue(t, "ghost")
		must(t, rdb.Del(ctx, tasks.TaskKey(queue, "ghost")).Err())
		// miniredis counts on
		if _, err := w.inspector.GetQueueInfo(queue); err == nil && !servertest.IsMiniredis(rdb) {
			t.Fatal("the queue can be counted in spite of the ghost: there is nothing to repair")
		}
		w.check(t, Report{}) // seen once: it may be a task on its way
		w.check(t, Report{{queue, Ghost}: {1, 1}})
		if info, err := w.inspector.GetQueueInfo(queue); err != nil || info.Pending != 1 {
			t.Errorf("%+v, %v; want the healthy one", info, err)
		}
		w.check(t, Report{})
	})
}

func TestGhostsAreRemovedFromEveryList(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, w := context.Background(), newWard(rdb)
		for _, l := range lists {
			if id := "ghost-" + l.name; l.sorted {
				must(t, rdb.ZAdd(ctx, tasks.Key(queue, l.name), redis.Z{Member: id, Score: 9e9}).Err())
			} else {
				must(t, rdb.LPush(ctx, tasks.Key(queue, l.name), id).Err())
			}
		}
		must(t, rdb.ZAdd(ctx, tasks.Key(queue, "lease"), redis.Z{Member: "ghost-active", Score: 1}).Err())
		must(t, rdb.HSet(ctx, tasks.TaskKey(queue, "ghost-archived"), "state", "active").Err()) // half a task
		w.check(t, Report{})
		w.check(t, Report{{queue, Ghost}: {len(lists), len(lists)}})
		if keys, err := rdb.Keys(ctx, "*").Result(); err != nil || len(keys) != 0 {
			t.Errorf("left behind: %v, %v", keys, err)
		}
	})
}

func TestASuspectThatMovedOnIsLeftAlone(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	w.crashed(t, "was-unleased", false)
	w.enqueue(t, "was-ghost")
	message := w.rdb.HGet(ctx, tasks.TaskKey(queue, "was-ghost"), "msg").Val()
	must(t, w.rdb.HDel(ctx, tasks.TaskKey(queue, "was-ghost"), "msg").Err())
	w.check(t, Report{})
	must(t, w.rdb.HSet(ctx, tasks.TaskKey(queue, "was-ghost"), "msg", message).Err())
	must(t, w.rdb.ZAdd(ctx, tasks.Key(queue, "lease"), redis.Z{Member: "was-unleased", Score: 77}).Err())
	w.check(t, Report{})
	if n := w.rdb.LLen(ctx, tasks.Key(queue, "pending")).Val(); n != 1 {
		t.Error("a task was removed that was no ghost any more")
	}
	if score := w.rdb.ZScore(ctx, tasks.Key(queue, "lease"), "was-unleased").Val(); score != 77 {
		t.Errorf("a lease was changed to %v", score)
	}
	stale := task{id: "was-ghost", message: "\xff", there: true} // read before its message was replaced
	if moved, err := w.quarantine(ctx, queue, stale); err != nil || moved != 0 {
		t.Errorf("a task whose message changed was moved: %d, %v", moved, err)
	}
}

func TestATaskWithoutALeaseIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWard(rdb)
		w.crashed(t, "leased", true)
		w.crashed(t, "unleased", false)
		ran, _, stop := w.serve(t, nil)
		await(t, ran, "leased") // asynq has recovered what it can see
		stop()
		if !w.isActive(t, "unleased") {
			t.Fatal("the task was recovered without its lease: there is nothing to repair")
		}

		// asynq waits half a minute after the end of a lease
		w.Now = func() time.Time { return time.Now().Add(-time.Minute) }
		w.check(t, Report{})
		w.check(t, Report{{queue, Unleased}: {1, 1}})
		ran, _, _ = w.serve(t, nil)
		await(t, ran, "unleased")
	})
}

func TestAHealthyQueueAtWorkIsLeftAlone(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		const n = 600
		w := newWard(rdb)
		var mu sync.Mutex
		times := map[string]int{}
		done := make(chan struct{})
		_, _, stop := w.serve(t, func(_ context.Context, id string) error {
			mu.Lock()
			defer mu.Unlock()
			if times[id]++; len(times) == n && times[id] == 1 {
				close(done)
			}
			return nil
		})
		go func() {
			for i := range n {
				retention := time.Duration(i%2) * time.Hour
				_, _ = w.client.Enqueue(asynq.NewTask("any", nil), asynq.TaskID(fmt.Sprint(i)), asynq.Queue(queue), asynq.Retention(retention))
			}
		}()
		for working := true; working; {
			w.check(t, Report{})
			select {
			case <-done:
				working = false
			default:
			}
		}
		stop()
		w.check(t, Report{})
		for id, ran := range times {
			if ran != 1 {
				t.Errorf("task %s ran %d times", id, ran)
			}
		}
	})
}

func TestLongListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	for i := range page + 1 { // pushed to the head: the first is the last
		w.enqueue(t, fmt.Sprint(i))
	}
	must(t, w.rdb.Del(ctx, tasks.TaskKey(queue, "0")).Err())
	w.check(t, Report{})
	w.check(t, Report{})
	w.check(t, Report{{queue, Ghost}: {1, 1}})
}

func TestOneBrokenQueueDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	must(t, w.rdb.Set(ctx, tasks.Key(tasks.QueueRefund, "active"), "a text", 0).Err())
	w.enqueue(t, "poison")
	must(t, w.rdb.HSet(ctx, tasks.TaskKey(queue, "poison"), "msg", "\xff").Err())
	var observed Report
	w.Observe = func(r Report) { observed = r }
	if _, err := w.Tick(ctx); err == nil || !strings.Contains(err.Error(), "queue refund") {
		t.Errorf("got %v, want an error that names the queue", err)
	}
	if !maps.Equal(observed, Report{{queue, Undecodable}: {1, 1}}) {
		t.Errorf("report %v", observed)
	}
}

func TestDecodeIsAsynqsOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message, id, queue string
		bad                bool
	}{
		"id and queue":     {"\x1a\x01a\x22\x04push", "a", "push", false},
		"empty":            {"", "", "", false},
		"a newer asynq's":  {"\x1a\x01a\x22\x04push\xa2\x06\x01x", "a", "push", false},
		"cut short":        {"\x1a\x05a", "", "", true},
		"id not UTF-8":     {"\x1a\x01\xff", "", "", true},
		"JSON of long ago": {`{"Type":"push"}`, "", "", true},
	} {
		id, in, err := decode(c.message)
		if (err != nil) != c.bad || id != c.id || in != c.queue {
			t.Errorf("%s: %q %q %v", name, id, in, err)
		}
	}
}
