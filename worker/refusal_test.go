package worker

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// Refused orders filled asynq's archive, and made the error rate that asynqmon shows. Our row keeps
// a refusal; the queue has neither a failure of it nor its task.
func TestARefusalIsNoFailureOfTheQueue(t *testing.T) {
	t.Parallel()
	rejection := func() error { return &douyin.Error{Kind: douyin.Rejected, Code: 40012, Message: "open_id错误"} }
	for name, c := range map[string]struct {
		spoil func(*memory)
		calls int
	}{
		"by the order itself": {func(m *memory) { m.s.User.OpenID = "" }, 0},
		"by Douyin":           {func(*memory) {}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, d := &memory{s: testSnapshot()}, &douyinFake{answers: []func() error{rejection, rejection}}
			c.spoil(m)
			q := startQueue(t, newPush(m, d))
			for run := 1; run <= 2; run++ { // the second under the same name, by a client that makes no room
				fresh, err := tasks.Enqueue(t.Context(), q.client, tasks.PushOrder{OrderID: "123", Revision: "paid"})
				if err != nil || !fresh {
					t.Fatalf("asked %d times: queued %v, %v", run, fresh, err)
				}
				info := q.await(t, func(i *asynq.QueueInfo) bool { return i.Processed == run && i.Active == 0 })
				if info.Failed+info.Archived+info.Retry+info.Completed > 0 {
					t.Errorf("after %d refusals: %+v; want no failure and no task", run, info)
				}
			}
			q.stop()
			if !equalOutcomes(m.outcomes(), []store.Outcome{store.Refused, store.Refused}) || len(d.pushes) != c.calls {
				t.Errorf("outcomes %v, %d calls; want two refusals and %d calls", m.outcomes(), len(d.pushes), c.calls)
			}
		})
	}
}

// A payload that cannot be read names no order, so no row of ours keeps it.
func TestAPayloadThatNamesNoOrderIsArchivedByTheQueue(t *testing.T) {
	t.Parallel()
	q := startQueue(t, newPush(&memory{}, &douyinFake{}))
	task := asynq.NewTask(tasks.TypePushOrder, []byte(`{"order_id":5}`))
	if _, err := q.client.EnqueueContext(t.Context(), task, asynq.Queue(tasks.QueuePush)); err != nil {
		t.Fatal(err)
	}
	info := q.await(t, func(i *asynq.QueueInfo) bool { return i.Processed == 1 && i.Active == 0 })
	if info.Archived != 1 || info.Failed != 1 {
		t.Errorf("%+v; want it archived, a failure", info)
	}
}

// servedQueue is the queue of pushes of a Redis of the test's own, and a worker that serves it.
type servedQueue struct {
	client    *asynq.Client
	inspector *asynq.Inspector
	stop      func() // and waits until nothing runs
}

func startQueue(t *testing.T, push asynq.Handler) servedQueue {
	t.Helper()
	rdb := servertest.Redis(t)
	servers, err := NewServers(Config{Redis: rdb, InHand: 1, ShutdownTimeout: 10 * time.Second, Log: zerolog.Nop()}, Handlers{Push: push})
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		if err := servers.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return servedQueue{asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb), stop}
}

// await returns the queue's numbers as soon as they are as wanted.
func (q servedQueue) await(t *testing.T, wanted func(*asynq.QueueInfo) bool) *asynq.QueueInfo {
	t.Helper()
	bell := time.NewTicker(10 * time.Millisecond)
	defer bell.Stop()
	late := time.After(20 * time.Second)
	for {
		info, err := q.inspector.GetQueueInfo(tasks.QueuePush)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(info) {
			return info
		}
		select {
		case <-bell.C:
		case <-late:
			t.Fatalf("after 20 s: %+v", info)
		}
	}
}
