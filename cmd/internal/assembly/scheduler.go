package assembly

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ordersync/ordersync/scheduler"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// purgeEvery is how often old log rows are looked for.
const purgeEvery = 10 * time.Minute

// registerEvery is how often asynq's list of queues is completed: running clients never do it again after Redis came back
// empty, and the Inspector and asynqmon would show nothing (asynq.md §1.9).
const registerEvery = time.Minute

// Scheduler is everything that happens because a clock rang.
func (a *Assembly) Scheduler() (*scheduler.Scheduler, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return nil, err
	}
	cfg := a.cfg.Scheduler
	sweep := &scheduler.Sweep{
		Orders: st, Queue: queue,
		Backlog: func(ctx context.Context) (int64, error) {
			return redis.LLen(ctx, "asynq:{"+tasks.QueueSweep+"}:pending").Result()
		},
		Statuses: statuses(a.cfg.Shop.Columns.Status, a.cfg.Shop.Status), ByUpdate: a.cfg.Shop.Columns.UpdatedAt != "",
		After: cfg.SweepAfter, Lookback: cfg.Lookback, Now: time.Now, Log: a.log,
	}
	relay := &scheduler.Relay{Outbox: st, Hand: handOver(queue)}
	purge := &scheduler.Purge{Rows: st, Keep: a.cfg.Log.Keep, Now: time.Now}
	register := func(ctx context.Context) (bool, error) {
		return false, redis.SAdd(ctx, "asynq:queues", tasks.Queues()).Err()
	}
	return &scheduler.Scheduler{Log: a.log, Jobs: []scheduler.Job{
		{Name: "sweep", Every: cfg.SweepEvery, Do: sweep.Tick},
		{Name: "outbox", Every: cfg.OutboxEvery, Do: relay.Tick},
		{Name: "purge", Every: purgeEvery, Do: purge.Tick},
		{Name: "register", Every: registerEvery, Do: register},
	}}, nil
}

// statuses are the shop's values that have a word; nil where there is no status column.
func statuses(column string, words map[string]string) []string {
	if column == "" {
		return nil
	}
	return slices.Sorted(maps.Keys(words))
}

// handOver asks for what rows of the outbox say.
func handOver(queue tasks.Enqueuer) func(context.Context, []store.OutboxRow) []error {
	return func(ctx context.Context, rows []store.OutboxRow) []error {
		answers := make([]error, len(rows))
		for i, r := range rows {
			answers[i] = handOverOne(ctx, queue, r)
		}
		return answers
	}
}

func handOverOne(ctx context.Context, queue tasks.Enqueuer, r store.OutboxRow) error {
	asked, err := tasks.FromOutbox(r.Kind, r.OrderID, r.Payload, r.ID)
	if err == nil && asked.Push != nil {
		_, err = tasks.Enqueue(ctx, queue, *asked.Push)
	}
	var bad *tasks.PayloadError
	if errors.As(err, &bad) {
		return &store.BadRow{Err: err}
	}
	return err
}
