package assembly

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/backfill"
	"github.com/ordersync/ordersync/tasks"
)

// Backfill is a walk that has everything but its rate and its display.
func (a *Assembly) Backfill() (*backfill.Walk, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	rdb, err := a.Redis()
	if err != nil {
		return nil, err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return nil, err
	}
	return &backfill.Walk{
		Books: st, Queue: queue, Load: func(ctx context.Context) (backfill.Load, error) { return load(ctx, rdb) },
		Statuses: shopStatuses(a.cfg.Shop), Now: time.Now,
	}, nil
}

// load counts tasks in one round trip.
func load(ctx context.Context, rdb redis.UniversalClient) (l backfill.Load, err error) {
	pipe := rdb.Pipeline()
	count := map[*int64][]*redis.IntCmd{
		&l.AtWorkers: {pipe.LLen(ctx, tasks.Key(tasks.QueueBackfill, "pending")), pipe.LLen(ctx, tasks.Key(tasks.QueueBackfill, "active"))},
		&l.Later:     {pipe.ZCard(ctx, tasks.Key(tasks.QueueBackfill, "retry")), pipe.ZCard(ctx, tasks.Key(tasks.QueueBackfill, "scheduled"))},
		&l.Live:      {pipe.LLen(ctx, tasks.Key(tasks.QueuePush, "pending")), pipe.LLen(ctx, tasks.Key(tasks.QueueSweep, "pending"))},
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return l, fmt.Errorf("queues: %w", err)
	}
	for sum, parts := range count {
		for _, n := range parts {
			*sum += n.Val()
		}
	}
	return l, nil
}
