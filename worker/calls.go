package worker

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ordersync/ordersync/douyin"
)

const (
	// announcePatience is how long a task waits for the right to announce before it goes back to its queue.
	announcePatience = 5 * time.Second
	// LongestQueue is how long tasks of a process may keep each other from the gate, or an unwell database them all: see Calls,
	// LiveFirst and Shelter.
	LongestQueue = announcePatience + backfillPatience + shelterPatience
)

// Calls bounds the pushes of one process at Douyin. A task holds one of its handlers while its call is made, and not while its
// order is read and its result written: with as many tasks again in hand (worker.prefetch) every handler has a call to make
// whenever Douyin, and not MySQL, is what an order waits for.
//
// A task must announce its attempt before the call (store.Begin), so some are announced ahead. They are few, because an
// announced attempt has a time within which it must end (PushHandler.staleAfter): whoever has to wait longer waits before.
type Calls struct {
	announced *semaphore.Weighted // handlers, and half as many that announce or have announced and wait for one
	old       *semaphore.Weighted // those of announced that tasks of a backfill may have: live ones find room while LiveFirst holds these back
	atDouyin  *semaphore.Weighted // handlers
}

// NewCalls is for a process with so many handlers, at least 1.
func NewCalls(handlers int) *Calls {
	half := (int64(handlers) + 1) / 2
	return &Calls{
		announced: semaphore.NewWeighted(int64(handlers) + half),
		old:       semaphore.NewWeighted(half),
		atDouyin:  semaphore.NewWeighted(int64(handlers)),
	}
}

// Gate is g behind a queue for the right to announce, first come first served; its done gives that right back. Tasks of a backfill
// have a third of these rights, or else those that g holds back (LiveFirst) would hold back live ones here. A task that had to wait
// too long goes back to its queue without having used up an attempt (douyin.Paused).
func (c *Calls) Gate(g douyin.Gate) douyin.Gate { return &announcing{c, announcePatience, g} }

// Pusher is p behind a queue for a handler, first come first served. Where ctx ends in that queue nothing was sent
// (douyin.Paused).
func (c *Calls) Pusher(p Pusher) Pusher { return &calling{c.atDouyin, p} }

type announcing struct {
	*Calls
	patience time.Duration
	gate     douyin.Gate
}

func (a *announcing) Enter(ctx context.Context, op string) (func(error), error) {
	leave, err := a.queue(ctx)
	if err != nil {
		return nil, allBusy(op, a.patience, err)
	}
	done, err := a.gate.Enter(ctx, op)
	if err != nil {
		leave()
		return nil, err
	}
	return func(err error) {
		done(err)
		leave()
	}, nil
}

func (a *announcing) queue(ctx context.Context) (leave func(), err error) {
	ofBackfill := isBackfill(ctx)
	if !ofBackfill && a.announced.TryAcquire(1) {
		return a.leave, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	if !ofBackfill {
		return a.leave, a.announced.Acquire(ctx, 1)
	}
	if err := a.old.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := a.announced.Acquire(ctx, 1); err != nil {
		a.old.Release(1)
		return nil, err
	}
	return func() { a.leave(); a.old.Release(1) }, nil
}

func (a *announcing) leave() { a.announced.Release(1) }

type calling struct {
	room   *semaphore.Weighted
	pusher Pusher
}

func (c *calling) PushOrder(ctx context.Context, o douyin.OrderPush) (douyin.Receipt, error) {
	if err := c.room.Acquire(ctx, 1); err != nil {
		return douyin.Receipt{}, allBusy(douyin.OpOrderPush, 0, err)
	}
	defer c.room.Release(1)
	return c.pusher.PushOrder(ctx, o)
}

func allBusy(op string, wait time.Duration, err error) error {
	return &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: wait, Message: "no handler came free: Douyin is slow, the gate holds calls back, or worker.concurrency is small", Err: err}
}
