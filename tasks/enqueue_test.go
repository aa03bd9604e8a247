package tasks

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

func TestTheSameChangeAskedTwiceIsQueuedOnce(t *testing.T) {
	t.Parallel()
	ctx, redis := context.Background(), startRedis(t)
	for i, c := range []struct {
		push  PushOrder
		fresh bool
	}{
		{PushOrder{OrderID: "7", Revision: "paid"}, true},
		{PushOrder{OrderID: "7", Revision: "paid"}, false},
		{PushOrder{OrderID: "7", Revision: "refunded"}, true},
		{PushOrder{OrderID: "8", Revision: "paid"}, true},
		{PushOrder{OrderID: "7"}, true},
		{PushOrder{OrderID: "7"}, true},
	} {
		fresh, err := Enqueue(ctx, redis.client, c.push)
		if err != nil || fresh != c.fresh {
			t.Errorf("call %d: fresh %v, %v; want %v", i, fresh, err, c.fresh)
		}
	}
	queue, err := redis.inspector.GetQueueInfo(QueuePush)
	if err != nil {
		t.Fatal(err)
	}
	if queue.Pending != 5 {
		t.Errorf("%d tasks are pending, want 5", queue.Pending)
	}
}

// A Refund that nobody wrote down was queued with fresh = true and refused by the worker later.
func TestEnqueueTakesPushesAlone(t *testing.T) {
	t.Parallel()
	enqueue := reflect.TypeOf(Enqueue)
	for _, money := range []any{Refund{}, Settle{}, AskPayment{}} {
		for i := range enqueue.NumIn() {
			if reflect.TypeOf(money).AssignableTo(enqueue.In(i)) {
				t.Errorf("Enqueue compiles with a %T, whose row may not stand", money)
			}
		}
	}
}

func TestEnqueueAddsTheCallersOptions(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	p := PushOrder{OrderID: "7", Revision: "later"}
	if _, err := Enqueue(context.Background(), redis.client, p, asynq.ProcessIn(time.Hour)); err != nil {
		t.Fatal(err)
	}
	info, err := redis.inspector.GetTaskInfo(QueuePush, p.ID())
	if err != nil {
		t.Fatal(err)
	}
	if info.State != asynq.TaskStateScheduled || info.MaxRetry != pushMaxRetry {
		t.Errorf("state %v, max retry %d; want scheduled, %d", info.State, info.MaxRetry, pushMaxRetry)
	}
}

func TestEnqueueRefusesBeforeRedisIsAsked(t *testing.T) {
	t.Parallel()
	q := newFakeQueue()
	var bad *PayloadError
	if _, err := Enqueue(context.Background(), q, PushOrder{OrderID: "a b"}); !errors.As(err, &bad) {
		t.Errorf("got %v, want a *PayloadError", err)
	}
	if len(q.seen) != 0 {
		t.Errorf("Redis was asked: %v", q.seen)
	}
}

func TestEnqueueManyAnswersForEachItem(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	q := newFakeQueue()
	q.answer = func(payload string) error {
		switch {
		case strings.Contains(payload, `"known"`):
			return asynq.ErrTaskIDConflict
		case strings.Contains(payload, `"down"`):
			return down
		}
		return nil
	}
	var items []Wanted
	for i := range 500 {
		rev := [...]string{"fresh", "known", "down", "bad revision"}[i%4]
		items = append(items, Wanted{PushOrder: PushOrder{OrderID: fmt.Sprint(i), Revision: rev}})
	}
	results := EnqueueMany(context.Background(), q, items)
	if len(results) != len(items) {
		t.Fatalf("%d answers for %d items", len(results), len(items))
	}
	for i, r := range results {
		var bad *PayloadError
		ok := [...]bool{
			r.Fresh && r.Err == nil,
			!r.Fresh && r.Err == nil,
			!r.Fresh && errors.Is(r.Err, down),
			!r.Fresh && errors.As(r.Err, &bad) && bad.Field == "revision",
		}[i%4]
		if !ok {
			t.Fatalf("item %d (%s): %+v", i, items[i].Revision, r)
		}
	}
	if len(q.seen) != 375 {
		t.Errorf("Redis was asked for %d items, want 375", len(q.seen))
	}
	if got := EnqueueMany(context.Background(), q, nil); len(got) != 0 {
		t.Errorf("no items: %v", got)
	}
}

func TestEnqueueManyStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q := newFakeQueue()
	for i, r := range EnqueueMany(ctx, q, make([]Wanted, 100)) {
		if !errors.Is(r.Err, context.Canceled) {
			t.Fatalf("item %d: %v", i, r.Err)
		}
	}
	if len(q.seen) != 0 {
		t.Errorf("Redis was asked: %v", q.seen)
	}
}
