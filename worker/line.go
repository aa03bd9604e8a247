package worker

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/semaphore"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// rightPatience is how long a task waits for the right to announce its attempt.
	rightPatience = 5 * time.Second
	// turnPatience is how long a task of a backfill waits for its turn at the gate.
	turnPatience = 5 * time.Second
	// LongestQueue is how long the tasks of a process may keep each other from the gate, or an
	// unwell database all of them.
	LongestQueue = shelterPatience + rightPatience + turnPatience
)

// Line is the way of a push from "read" to "at Douyin". All tasks of a process share one. A task in
// hand (asynq has given it to this process) goes down it step by step:
//
//	in hand: worker.concurrency + worker.prefetch tasks
//	  |
//	enter   shelter   the database is well, or this run is the one that tries      3 s
//	  |
//	  :     the order is read and built; Douyin does not hold it
//	  |
//	stepUp  right     one of 3/2 * slots; old orders have a third of them          5 s
//	  |     turn      old orders only: no live one stands at the gate, nor
//	  |               another old one                                              5 s
//	  |     gate      rate limit, breaker                                          MaxPark
//	  |
//	  :     the attempt is announced (BeginPush)
//	  |
//	call    slot      one of worker.concurrency                                    the pass's time
//	  |
//	Douyin            the slot is free again, the gate is told of the answer,
//	  |               the right goes back
//	  :     the answer is written down (RecordPush), the shelter is told how the
//	        database fares
//
// At the right, the gate and the slot, who comes first goes first. Who waits longer than the time
// on the right side goes back to the queue, and so does who waits in enter or stepUp when the
// process stops (Stop). Nothing was sent then, and no attempt is used up: the error is a
// *douyin.Error of Kind Paused, or errStopping. Where the task's own time is over first, it may be
// of Kind Unavailable.
//
// # Why there are more tasks in hand than slots
//
// A task holds a slot while its call is made, and not while its order is read and its result
// written. With as many tasks again in hand (worker.prefetch) every slot has a call to make
// whenever Douyin, and not MySQL, is what orders wait for.
//
// # Why the right comes before the gate, and the slot after the announcement
//
// A task announces its attempt before the call, so some are announced ahead of a slot. They are
// few, because an announced attempt must end within a time (PushHandler.staleAfter): whoever has to
// wait longer waits before. Example: with 8 slots 12 tasks have announced an attempt or stand at
// the gate; 8 of them are at Douyin.
//
// # Why old orders have a turn
//
// The gate lets callers through in the order of their arrival. A live order that comes finds at
// most one old order (of tasks.QueueBackfill) before it there, and not as many as there are rights.
// Old orders that wait for their turn hold rights meanwhile: they have a third of them, or live
// ones would find none.
type Line struct {
	Slots   *Slots
	Shelter *Shelter    // nil: everybody goes on, whatever the database does
	Gate    douyin.Gate // nil: none
	Douyin  Pusher
	// Watch wraps the wait for right, turn and gate, for who measures it. Nil: nobody.
	Watch func(douyin.Gate) douyin.Gate

	patience time.Duration // for the turn; 0: turnPatience
	live     liveAtGate
	stopping stopping
}

// Slots are the places of one process on its Line.
type Slots struct {
	slots  *semaphore.Weighted // at Douyin
	rights *semaphore.Weighted // to announce: slots, and half as many
	old    *semaphore.Weighted // those of rights that tasks of a backfill may have
	turn   *semaphore.Weighted // of the one task of a backfill that stands at the gate
}

// NewSlots is for a process that may have n calls at Douyin at once (worker.concurrency), at least
// 1.
func NewSlots(n int) *Slots {
	half := (int64(n) + 1) / 2
	return &Slots{
		slots:  semaphore.NewWeighted(int64(n)),
		rights: semaphore.NewWeighted(int64(n) + half),
		old:    semaphore.NewWeighted(half),
		turn:   semaphore.NewWeighted(1),
	}
}

// Stop is for a process that is to stop: whoever waits in enter or stepUp goes back to the queue.
// Who need not wait goes on, and a call at Douyin ends as it does.
func (l *Line) Stop() { l.stopping.stop() }

// enter takes a task in, before it reads its order. leave is told at the end of the run of the
// error that the database had, nil: none.
func (l *Line) enter(ctx context.Context) (leave func(error), err error) {
	if l.Shelter == nil {
		return func(error) {}, nil
	}
	return l.stopping.unless(ctx, l.Shelter.Enter)
}

// stepUp waits until the task may announce its attempt. leave must be called: it is told how the
// call ended (nil: answered), and gives the right back.
func (l *Line) stepUp(ctx context.Context) (leave func(error), err error) {
	return l.stepUpTo(ctx, douyin.OpOrderPush)
}

// stepUpTo is stepUp for another call than the push.
func (l *Line) stepUpTo(ctx context.Context, op string) (leave func(error), err error) {
	var steps douyin.Gate = ahead{l}
	if l.Watch != nil {
		steps = l.Watch(steps)
	}
	return l.stopping.unless(ctx, func(ctx context.Context) (func(error), error) {
		return steps.Enter(ctx, op)
	})
}

// call makes the call of an announced attempt in a slot. Where ctx ends before one is free nothing
// was sent.
func (l *Line) call(ctx context.Context, o douyin.OrderPush) (r douyin.Receipt, err error) {
	err = l.inSlot(ctx, douyin.OpOrderPush, func() (err error) {
		r, err = l.Douyin.PushOrder(ctx, o)
		return err
	})
	return r, err
}

// inSlot is call for another call than the push.
func (l *Line) inSlot(ctx context.Context, op string, call func() error) error {
	if err := l.Slots.slots.Acquire(ctx, 1); err != nil {
		return allBusy(op, 0, err)
	}
	defer l.Slots.slots.Release(1)
	return call()
}

// ahead are the steps before the announcement in the form in which they can be watched.
type ahead struct{ *Line }

// Enter takes a right, the turn where the order is an old one, and goes through the gate.
func (l ahead) Enter(ctx context.Context, op string) (leave func(error), err error) {
	old := isBackfill(ctx)
	giveBack, err := l.Slots.right(ctx, op, old)
	if err != nil {
		return nil, err
	}
	done, err := l.throughGate(ctx, op, old)
	if err != nil {
		giveBack()
		return nil, err
	}
	return func(err error) {
		done(err)
		giveBack()
	}, nil
}

// right waits for the right to announce.
func (s *Slots) right(ctx context.Context, op string, old bool) (giveBack func(), err error) {
	if !old && s.rights.TryAcquire(1) {
		return s.giveBack, nil
	}
	ctx, cancel := context.WithTimeout(ctx, rightPatience)
	defer cancel()
	if old {
		if err := s.old.Acquire(ctx, 1); err != nil {
			return nil, allBusy(op, rightPatience, err)
		}
	}
	if err := s.rights.Acquire(ctx, 1); err != nil {
		if old {
			s.old.Release(1)
		}
		return nil, allBusy(op, rightPatience, err)
	}
	if old {
		return func() { s.giveBack(); s.old.Release(1) }, nil
	}
	return s.giveBack, nil
}

func (s *Slots) giveBack() { s.rights.Release(1) }

func allBusy(op string, wait time.Duration, err error) error {
	return &douyin.Error{
		Op: op, Kind: douyin.Paused, RetryAfter: wait, Err: err,
		Message: "no slot came free: Douyin is slow, the gate holds calls back, or worker.concurrency is small",
	}
}

// throughGate stands at the gate and goes through it, an old order when its turn has come.
func (l *Line) throughGate(ctx context.Context, op string, old bool) (done func(error), err error) {
	switch {
	case l.Gate == nil:
		return func(error) {}, nil
	case !old:
		l.live.count(1)
		defer l.live.count(-1)
		return l.Gate.Enter(ctx, op)
	}
	patience := cmp.Or(l.patience, turnPatience)
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = l.Slots.turn.Acquire(patient, 1)
	if err == nil {
		defer l.Slots.turn.Release(1)
		err = l.live.awaitNone(patient)
	}
	switch {
	case err == nil:
		return l.Gate.Enter(ctx, op)
	case ctx.Err() != nil:
		return nil, &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: ctx.Err()}
	}
	return nil, &douyin.Error{
		Op: op, Kind: douyin.Paused, RetryAfter: patience,
		Message: "old orders wait until live ones have passed",
	}
}

func isBackfill(ctx context.Context) bool {
	queue, _ := asynq.GetQueueName(ctx)
	return queue == tasks.QueueBackfill
}

// liveAtGate counts the live orders at the gate. The zero value is ready.
type liveAtGate struct {
	mu   sync.Mutex
	n    int
	gone chan struct{} // closed when the last of them has gone through; nil: nobody waits for that
}

func (l *liveAtGate) count(more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n += more; l.n == 0 && l.gone != nil {
		close(l.gone)
		l.gone = nil
	}
}

// awaitNone waits until no live order stands at the gate.
func (l *liveAtGate) awaitNone(ctx context.Context) error {
	for {
		gone := l.allGone()
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

// allGone is closed when those that stand at the gate now have gone through; nil: there are none.
func (l *liveAtGate) allGone() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == 0 {
		return nil
	}
	if l.gone == nil {
		l.gone = make(chan struct{})
	}
	return l.gone
}
