package worker

import (
	"context"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/semaphore"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

// backfillPatience is how long a task of a backfill keeps its handler while others stand at the gate.
const backfillPatience = 5 * time.Second

// LiveFirst is g for the tasks of this process, with one difference: a task of tasks.QueueBackfill steps up to g only when no other
// task stands there, and one at a time. g lets callers through in the order of their arrival, so a live order that comes finds
// at most one old order before it, and not as many as there are handlers. A task that had to wait too long goes back to its queue
// without having used up an attempt (douyin.Paused).
func LiveFirst(g douyin.Gate) douyin.Gate {
	return &liveFirst{gate: g, patience: backfillPatience, turn: semaphore.NewWeighted(1)}
}

type liveFirst struct {
	gate     douyin.Gate
	patience time.Duration
	turn     *semaphore.Weighted // of the tasks of a backfill

	mu   sync.Mutex
	live int           // that stand at the gate
	gone chan struct{} // closed when the last of them has gone through; nil: nobody waits for that
}

// Enter implements douyin.Gate.
func (g *liveFirst) Enter(ctx context.Context, op string) (done func(error), err error) {
	if !isBackfill(ctx) {
		g.count(1)
		defer g.count(-1)
		return g.gate.Enter(ctx, op)
	}
	patient, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	err = g.turn.Acquire(patient, 1)
	if err == nil {
		defer g.turn.Release(1)
		err = g.awaitNoLive(patient)
	}
	switch {
	case err == nil:
		return g.gate.Enter(ctx, op)
	case ctx.Err() != nil:
		return nil, &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: ctx.Err()}
	}
	return nil, &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: g.patience, Message: "old orders wait until live ones have passed"}
}

func isBackfill(ctx context.Context) bool {
	queue, _ := asynq.GetQueueName(ctx)
	return queue == tasks.QueueBackfill
}

func (g *liveFirst) count(more int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live += more; g.live == 0 && g.gone != nil {
		close(g.gone)
		g.gone = nil
	}
}

func (g *liveFirst) awaitNoLive(ctx context.Context) error {
	for {
		gone := g.gonePast()
		if gone == nil {
			return nil
		}
		select {
		case <-gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gonePast is closed when the live tasks that stand at the gate now have gone through; nil: there are none.
func (g *liveFirst) gonePast() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live == 0 {
		return nil
	}
	if g.gone == nil {
		g.gone = make(chan struct{})
	}
	return g.gone
}
