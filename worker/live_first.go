package worker

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/semaphore"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

// backfillPatience is how long a task of a backfill keeps its handler while another one of them stands at the gate.
const backfillPatience = 5 * time.Second

// LiveFirst is g for the tasks of this process, with one difference: of the tasks of tasks.QueueBackfill only one stands at g at
// a time, the others wait before it. g lets callers through in the order of their arrival, so a live order that comes finds one old
// order before it, and not as many as there are handlers. A task that had to wait too long goes back to its queue without having
// used up an attempt (douyin.Paused).
func LiveFirst(g douyin.Gate) douyin.Gate {
	return &liveFirst{gate: g, turn: semaphore.NewWeighted(1), patience: backfillPatience}
}

type liveFirst struct {
	gate     douyin.Gate
	turn     *semaphore.Weighted
	patience time.Duration
}

// Enter implements douyin.Gate.
func (g *liveFirst) Enter(ctx context.Context, op string) (done func(error), err error) {
	if queue, _ := asynq.GetQueueName(ctx); queue != tasks.QueueBackfill {
		return g.gate.Enter(ctx, op)
	}
	patient, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	if err := g.turn.Acquire(patient, 1); err != nil {
		if ctx.Err() != nil {
			return nil, &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: ctx.Err()}
		}
		return nil, &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: g.patience, Message: "old orders wait until live ones have passed"}
	}
	defer g.turn.Release(1)
	return g.gate.Enter(ctx, op)
}
