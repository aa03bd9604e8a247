package scheduler

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// dueTable is ordersync_order as far as handing over goes.
type dueTable map[string]time.Time

func (d dueTable) MarkUnsynced(context.Context, store.Scan) (store.ScanPage, error) {
	return store.ScanPage{Done: true}, nil
}

func (d dueTable) DueOrders(_ context.Context, now time.Time, limit int) (due []store.Due, _ error) {
	for id, at := range d {
		if !at.After(now) && len(due) < limit {
			due = append(due, store.Due{OrderID: id, DueAt: at})
		}
	}
	return due, nil
}

func (d dueTable) PostponeDue(_ context.Context, due []store.Due, until time.Time) error {
	for _, o := range due {
		if d[o.OrderID].Equal(o.DueAt) {
			d[o.OrderID] = until
		}
	}
	return nil
}

func (d dueTable) RefuseDue(_ context.Context, o store.Due, _, _ string, _ time.Time) error {
	delete(d, o.OrderID)
	return nil
}

// road is Redis: tasks, and a mark.
type road struct {
	mu      sync.Mutex // EnqueueMany asks from many goroutines
	orders  []string   // of the tasks, in the order of their coming
	marked  bool
	backlog int64
}

func (r *road) EnqueueContext(_ context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	_, rest, _ := strings.Cut(string(t.Payload()), `"order_id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders = append(r.orders, id)
	return &asynq.TaskInfo{}, nil
}

func (r *road) Stands(context.Context) (bool, error) { return r.marked, nil }
func (r *road) Set(context.Context) error            { r.marked = true; return nil }

// handed are the orders that came since the last call.
func (r *road) handed() []string {
	orders := slices.Sorted(slices.Values(r.orders))
	r.orders = nil
	return orders
}

// The bug: FLUSHALL after the sweep had handed orders over and before a worker took them left them
// alone for 15 minutes.
func TestWhatWasHandedOverIsHandedOverAgainWhenRedisCameBackEmpty(t *testing.T) {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	now := start
	orders := dueTable{"1": start, "2": start, "retried": start.Add(time.Minute), "given up": start.Add(time.Hour)}
	redis := &road{marked: true}
	sweep := &Sweep{
		Orders: orders, Queue: redis, Mark: redis, Backlog: func(context.Context) (int64, error) { return redis.backlog, nil },
		After: time.Minute, Lookback: time.Hour, Now: func() time.Time { return now }, Log: zerolog.Nop(),
	}
	for _, step := range []struct {
		what    string
		after   time.Duration
		emptied bool
		backlog int64
		want    []string
		marked  bool
	}{
		{"what is due", 0, false, 0, []string{"1", "2"}, true},
		{"nothing twice", time.Second, false, 0, nil, true},
		{"a long queue puts it off", 2 * time.Second, true, maxBacklog, nil, false},
		{"everything on its way", 3 * time.Second, false, 0, []string{"1", "2", "retried"}, true},
		{"and that once", 4 * time.Second, false, 0, nil, true},
		{"emptied again", 5 * time.Second, true, 0, []string{"1", "2", "retried"}, true},
		{"by themselves, as ever", 6*time.Second + handOverAgain, false, 0, []string{"1", "2", "retried"}, true},
	} {
		now, redis.backlog, redis.marked = start.Add(step.after), step.backlog, redis.marked && !step.emptied
		if _, err := sweep.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := redis.handed(); !slices.Equal(got, step.want) || redis.marked != step.marked {
			t.Errorf("%s: handed over %v, marked %v; want %v, %v", step.what, got, redis.marked, step.want, step.marked)
		}
	}
}
