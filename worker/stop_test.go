package worker

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// The bug: run fetched tasks for as long as its port drained, and what it had fetched last had that
// much less than a task's time before the shutdown was over.
func TestAStoppedWorkerFetchesNothing(t *testing.T) {
	t.Parallel()
	const pushes = 300
	rdb := redis.NewClient(&redis.Options{Addr: servertest.StartRedis(t).Addr})
	t.Cleanup(func() { _ = rdb.Close() })
	var byStopped, byOther atomic.Int64
	all, once := make(chan struct{}), sync.Once{}
	start := func(n *atomic.Int64) *Servers {
		s, err := NewServers(Config{Redis: rdb, InHand: 2, Log: zerolog.Nop()}, Handlers{
			Push: asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
				n.Add(1)
				if byStopped.Load()+byOther.Load() == pushes {
					once.Do(func() { close(all) })
				}
				return nil
			}),
		})
		if err == nil {
			err = s.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
		return s
	}
	stopped := start(&byStopped)
	<-stopped.Stop()
	<-stopped.Stop()
	for n := range pushes {
		if _, err := tasks.Enqueue(t.Context(), asynq.NewClientFromRedisClient(rdb), tasks.PushOrder{OrderID: fmt.Sprint(n), Cause: tasks.CausePaid}); err != nil {
			t.Fatal(err)
		}
	}
	start(&byOther)
	<-all
	if byStopped.Load() != 0 {
		t.Errorf("%d tasks were fetched after the stop", byStopped.Load())
	}
}
