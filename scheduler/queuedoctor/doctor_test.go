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
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

const queue = tasks.QueuePush

// ward is a Redis with asynq's client on it, and the doctor.
type ward struct {
	*Doctor
	rdb       *redis.Client
	client    *asynq.Client
	inspector *asynq.Inspector
}

func newWard(rdb *redis.Client) *ward {
	return &ward{
		&Doctor{Redis: rdb, Queues: tasks.Queues(), Now: time.Now, Log: zerolog.Nop()},
		rdb, asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb),
	}
}

func (w *ward) enqueue(t *testing.T, id string, options ...asynq.Option) {
	t.Helper()
	if _, err := w.client.Enqueue(asynq.NewTask("any", nil), append(options, asynq.TaskID(id), asynq.Queue(queue))...); err != nil {
		t.Fatal(err)
	}
}

// crashed makes a task that a killed worker left behind: active, with a lease that ended long ago.
func (w *ward) crashed(t *testing.T, id string, lease bool) {
	t.Helper()
	w.enqueue(t, id)
	ctx := context.Background()
	must(t, w.rdb.LRem(ctx, key(queue, "pending"), 0, id).Err())
	must(t, w.rdb.LPush(ctx, key(queue, "active"), id).Err())
	must(t, w.rdb.HSet(ctx, taskKey(queue, id), "state", "active").Err())
	must(t, w.rdb.HDel(ctx, taskKey(queue, id), "pending_since").Err())
	if lease {
		must(t, w.rdb.ZAdd(ctx, key(queue, "lease"), redis.Z{Member: id, Score: 1}).Err())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check runs one check and compares its report.
func (w *ward) check(t *testing.T, want Report) {
	t.Helper()
	got, err := w.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("report %v, want %v", got, want)
	}
}

// lines is an asynq.Logger that hands on each line.
type lines chan string

func (l lines) put(args []any) {
	select {
	case l <- fmt.Sprint(args...):
	default:
	}
}
func (l lines) Debug(args ...any) {}
func (l lines) Info(args ...any)  {}
func (l lines) Warn(args ...any)  { l.put(args) }
func (l lines) Error(args ...any) { l.put(args) }
func (l lines) Fatal(args ...any) { l.put(args) }

// serve runs a real asynq server until stop. asynq recovers crashed tasks once at its start. ran gets the id of each task.
func (w *ward) serve(t *testing.T, handle func(ctx context.Context, id string) error) (ran chan string, log lines, stop func()) {
	t.Helper()
	ran, log = make(chan string, 1000), make(lines, 1000)
	server := asynq.NewServerFromRedisClient(w.rdb, asynq.Config{
		Queues: map[string]int{queue: 1}, Concurrency: 8, TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: 50 * time.Millisecond,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 0 }, Logger: log, LogLevel: asynq.WarnLevel,
	})
	must(t, server.Start(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		var err error
		if handle != nil {
			err = handle(ctx, id)
		}
		ran <- id
		return err
	})))
	var once sync.Once
	stop = func() { once.Do(server.Shutdown) }
	t.Cleanup(stop)
	return ran, log, stop
}

func await(t *testing.T, from <-chan string, want string) {
	t.Helper()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for {
		select {
		case got := <-from:
			if strings.Contains(got, want) {
				return
			}
		case <-end.C:
			t.Fatalf("never: %s", want)
		}
	}
}

func (w *ward) isActive(t *testing.T, id string) bool {
	t.Helper()
	ids, err := w.rdb.LRange(context.Background(), key(queue, "active"), 0, -1).Result()
	must(t, err)
	for _, found := range ids {
		if found == id {
			return true
		}
	}
	return false
}

func TestAMessageThatIsNotAsynqsStopsRecoveryAndIsMovedAway(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		ctx, w := context.Background(), newWard(rdb)
		poison := "\x0a\xff\xff not protobuf \xff"
		w.crashed(t, "healthy", true)
		w.crashed(t, "poison", true)
		must(t, rdb.HSet(ctx, taskKey(queue, "poison"), "msg", poison).Err())

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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		ctx, w := context.Background(), newWard(rdb)
		for _, l := range lists {
			id := "poison-" + l.name
			must(t, rdb.HSet(ctx, taskKey(queue, id), "msg", "\xff", "state", l.name).Err())
			if l.sorted {
				must(t, rdb.ZAdd(ctx, key(queue, l.name), redis.Z{Member: id, Score: 9e9}).Err())
			} else {
				must(t, rdb.LPush(ctx, key(queue, l.name), id).Err())
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
	must(t, w.rdb.HSet(ctx, taskKey(queue, "poison"), "msg", "\xff").Err())
	w.check(t, Report{{queue, Undecodable}: {1, 0}})
	if n := w.rdb.LLen(ctx, key(queue, "pending")).Val(); n != 1 {
		t.Errorf("%d tasks are pending: the message is lost", n)
	}
}

func TestAMisfiledMessageIsOnlyReported(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	w.enqueue(t, "one")
	w.enqueue(t, "two")
	message := w.rdb.HGet(ctx, taskKey(queue, "one"), "msg").Val()
	must(t, w.rdb.HSet(ctx, taskKey(queue, "two"), "msg", message).Err())
	w.check(t, Report{{queue, Misfiled}: {1, 0}})
	w.check(t, Report{{queue, Misfiled}: {1, 0}})
	if n := w.rdb.LLen(ctx, key(queue, "pending")).Val(); n != 2 {
		t.Errorf("%d tasks are pending, want both", n)
	}
}

func TestAGhostBreaksCountingAndIsRemoved(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		ctx, w := context.Background(), newWard(rdb)
		w.enqueue(t, "healthy")
		w.enqueue(t, "ghost")
		must(t, rdb.Del(ctx, taskKey(queue, "ghost")).Err())
		if _, err := w.inspector.GetQueueInfo(queue); err == nil && rdb.Options().Network == "unix" { // miniredis counts on
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		ctx, w := context.Background(), newWard(rdb)
		for _, l := range lists {
			if id := "ghost-" + l.name; l.sorted {
				must(t, rdb.ZAdd(ctx, key(queue, l.name), redis.Z{Member: id, Score: 9e9}).Err())
			} else {
				must(t, rdb.LPush(ctx, key(queue, l.name), id).Err())
			}
		}
		must(t, rdb.ZAdd(ctx, key(queue, "lease"), redis.Z{Member: "ghost-active", Score: 1}).Err())
		must(t, rdb.HSet(ctx, taskKey(queue, "ghost-archived"), "state", "active").Err()) // half a task
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
	message := w.rdb.HGet(ctx, taskKey(queue, "was-ghost"), "msg").Val()
	must(t, w.rdb.HDel(ctx, taskKey(queue, "was-ghost"), "msg").Err())
	w.check(t, Report{})
	must(t, w.rdb.HSet(ctx, taskKey(queue, "was-ghost"), "msg", message).Err())
	must(t, w.rdb.ZAdd(ctx, key(queue, "lease"), redis.Z{Member: "was-unleased", Score: 77}).Err())
	w.check(t, Report{})
	if n := w.rdb.LLen(ctx, key(queue, "pending")).Val(); n != 1 {
		t.Error("a task was removed that was no ghost any more")
	}
	if score := w.rdb.ZScore(ctx, key(queue, "lease"), "was-unleased").Val(); score != 77 {
		t.Errorf("a lease was changed to %v", score)
	}
	stale := task{id: "was-ghost", message: "\xff", there: true} // read before its message was replaced
	if moved, err := w.quarantine(ctx, queue, stale); err != nil || moved != 0 {
		t.Errorf("a task whose message changed was moved: %d, %v", moved, err)
	}
}

func TestATaskWithoutALeaseIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		w := newWard(rdb)
		w.crashed(t, "leased", true)
		w.crashed(t, "unleased", false)
		ran, _, stop := w.serve(t, nil)
		await(t, ran, "leased") // asynq has recovered what it can see
		stop()
		if !w.isActive(t, "unleased") {
			t.Fatal("the task was recovered without its lease: there is nothing to repair")
		}

		w.Now = func() time.Time { return time.Now().Add(-time.Minute) } // asynq waits half a minute after the end of a lease
		w.check(t, Report{})
		w.check(t, Report{{queue, Unleased}: {1, 1}})
		ran, _, _ = w.serve(t, nil)
		await(t, ran, "unleased")
	})
}

// archive fills the archive with n tasks, the first of them the oldest.
func (w *ward) archive(t *testing.T, n int, age time.Duration) {
	t.Helper()
	ctx := context.Background()
	w.enqueue(t, "template")
	message := w.rdb.HGet(ctx, taskKey(queue, "template"), "msg").Val()
	must(t, w.inspector.DeleteTask(queue, "template"))
	_, err := w.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range n {
			id := fmt.Sprintf("%08d", i) // as long as "template": its message holds
			p.HSet(ctx, taskKey(queue, id), "msg", strings.Replace(message, "template", id, 1), "state", "archived")
			p.ZAdd(ctx, key(queue, "archived"), redis.Z{Member: id, Score: float64(time.Now().Add(-age).Unix() + int64(i/100))})
		}
		return nil
	})
	must(t, err)
}

func TestAnArchiveNearItsLimitIsTrimmedFromItsOldEnd(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		ctx, w := context.Background(), newWard(rdb)
		w.archive(t, maxArchived, time.Hour)
		w.check(t, Report{})
		must(t, rdb.ZAdd(ctx, key(queue, "archived"), redis.Z{Member: "one more", Score: float64(time.Now().Unix())}).Err())
		must(t, rdb.HSet(ctx, taskKey(queue, "00000000"), "unique_key", "asynq:{push}:unique:x").Err())
		must(t, rdb.Set(ctx, "asynq:{push}:unique:x", "00000000", 0).Err())
		w.check(t, Report{{queue, Overfull}: {1001, 1001}})
		if n := rdb.ZCard(ctx, key(queue, "archived")).Val(); n != safeArchived {
			t.Errorf("%d stay, want %d", n, safeArchived)
		}
		if n := rdb.Exists(ctx, taskKey(queue, "00000000"), taskKey(queue, "00001000"), "asynq:{push}:unique:x").Val(); n != 0 {
			t.Error("the oldest stand still")
		}
		if n := rdb.Exists(ctx, taskKey(queue, "00001001"), taskKey(queue, "00004999")).Val(); n != 2 {
			t.Error("the newest are gone")
		}
	})
}

func TestAnOldFullArchiveBreaksArchivingUntilItIsTrimmed(t *testing.T) {
	t.Parallel()
	w := newWard(servertest.Redis(t))
	w.archive(t, 8_500, 100*24*time.Hour)
	refuse := func(context.Context, string) error { return fmt.Errorf("refused: %w", asynq.SkipRetry) }
	w.enqueue(t, "before")
	ran, log, stop := w.serve(t, refuse)
	await(t, ran, "before")
	if w.rdb.Options().Network == "unix" { // miniredis's Lua unpacks more
		await(t, log, "Could not move task id=before") // the effect: half archived, in no list but the archive
	}
	stop()

	report, err := w.Check(context.Background())
	must(t, err)
	if report[Place{queue, Overfull}].Repaired < 4_500 {
		t.Errorf("report %v", report)
	}
	w.enqueue(t, "after")
	ran, _, stop = w.serve(t, refuse)
	await(t, ran, "after")
	stop()
	if info, err := w.inspector.GetTaskInfo(queue, "after"); err != nil || info.State != asynq.TaskStateArchived {
		t.Errorf("%+v, %v; want it archived", info, err)
	}
}

func TestAHealthyQueueAtWorkIsLeftAlone(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
	must(t, w.rdb.Del(ctx, taskKey(queue, "0")).Err())
	w.check(t, Report{})
	w.check(t, Report{})
	w.check(t, Report{{queue, Ghost}: {1, 1}})
}

func TestOneBrokenQueueDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newWard(servertest.Redis(t))
	must(t, w.rdb.Set(ctx, key(tasks.QueueRefund, "active"), "a text", 0).Err())
	w.enqueue(t, "poison")
	must(t, w.rdb.HSet(ctx, taskKey(queue, "poison"), "msg", "\xff").Err())
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
