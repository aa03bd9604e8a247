package tasks

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store/servertest"
)

// redis is an asynq client and inspector on a Redis of the test's own.
type redis struct {
	client    *asynq.Client
	inspector *asynq.Inspector
}

func startRedis(t *testing.T) redis {
	t.Helper()
	rdb := servertest.Redis(t)
	return redis{asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)}
}

// fakeQueue is an Enqueuer whose answer the test chooses by payload.
type fakeQueue struct {
	mu     sync.Mutex
	seen   map[string]int
	answer func(payload string) error
}

func newFakeQueue() *fakeQueue {
	return &fakeQueue{seen: map[string]int{}, answer: func(string) error { return nil }}
}

func (q *fakeQueue) EnqueueContext(_ context.Context, task *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seen[string(task.Payload())]++
	if err := q.answer(string(task.Payload())); err != nil {
		return nil, fmt.Errorf("fake: %w", err)
	}
	return &asynq.TaskInfo{}, nil
}
