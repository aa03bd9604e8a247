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

	"github.com/ordersync/ordersync/tasks"
)

const queue = tasks.QueuePush

// ward is a Redis with asynq's client on it, and the doctor.
type ward struct {
	*Doctor
	rdb       redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
}

func newWard(rdb redis.UniversalClient) *ward {
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
	must(t, w.rdb.LRem(ctx, tasks.Key(queue, "pending"), 0, id).Err())
	must(t, w.rdb.LPush(ctx, tasks.Key(queue, "active"), id).Err())
	must(t, w.rdb.HSet(ctx, tasks.TaskKey(queue, id), "state", "active").Err())
	must(t, w.rdb.HDel(ctx, tasks.TaskKey(queue, id), "pending_since").Err())
	if lease {
		must(t, w.rdb.ZAdd(ctx, tasks.Key(queue, "lease"), redis.Z{Member: id, Score: 1}).Err())
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

// serve runs a real asynq server until stop. asynq recovers crashed tasks once at its start. ran
// gets the id of each task.
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
	ids, err := w.rdb.LRange(context.Background(), tasks.Key(queue, "active"), 0, -1).Result()
	must(t, err)
	for _, found := range ids {
		if found == id {
			return true
		}
	}
	return false
}
