package queuedoctor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// archive fills the archive with n tasks, the first of them the oldest.
func (w *ward) archive(t *testing.T, n int, age time.Duration) {
	t.Helper()
	ctx := context.Background()
	w.enqueue(t, "template")
	message := w.rdb.HGet(ctx, tasks.TaskKey(queue, "template"), "msg").Val()
	must(t, w.inspector.DeleteTask(queue, "template"))
	_, err := w.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range n {
			id := fmt.Sprintf("%08d", i) // as long as "template": its message holds
			p.HSet(ctx, tasks.TaskKey(queue, id), "msg", strings.Replace(message, "template", id, 1), "state", "archived")
			p.ZAdd(ctx, tasks.Key(queue, "archived"), redis.Z{Member: id, Score: float64(time.Now().Add(-age).Unix() + int64(i/100))})
		}
		return nil
	})
	must(t, err)
}

func TestAnArchiveNearItsLimitIsTrimmedFromItsOldEnd(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, w := context.Background(), newWard(rdb)
		w.archive(t, maxArchived, time.Hour)
		w.check(t, Report{})
		must(t, rdb.ZAdd(ctx, tasks.Key(queue, "archived"), redis.Z{Member: "one more", Score: float64(time.Now().Unix())}).Err())
		must(t, rdb.HSet(ctx, tasks.TaskKey(queue, "00000000"), "unique_key", "asynq:{push}:unique:x").Err())
		must(t, rdb.Set(ctx, "asynq:{push}:unique:x", "00000000", 0).Err())
		w.check(t, Report{{queue, Overfull}: {1001, 1001}})
		if n := rdb.ZCard(ctx, tasks.Key(queue, "archived")).Val(); n != safeArchived {
			t.Errorf("%d stay, want %d", n, safeArchived)
		}
		if n := rdb.Exists(ctx, tasks.TaskKey(queue, "00000000"), tasks.TaskKey(queue, "00001000"), "asynq:{push}:unique:x").Val(); n != 0 {
			t.Error("the oldest stand still")
		}
		if n := rdb.Exists(ctx, tasks.TaskKey(queue, "00001001"), tasks.TaskKey(queue, "00004999")).Val(); n != 2 {
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
	if !servertest.IsMiniredis(w.rdb) { // miniredis's Lua unpacks more
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
