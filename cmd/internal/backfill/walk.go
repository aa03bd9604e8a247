package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// batchSeconds is for how long a batch of orders lasts that all have to be enqueued: what an interrupted walk does again.
	batchSeconds = 2
	// maxBatch is how many of the shop's orders are read at a time at most.
	maxBatch = 500
	// askAgain is when the scheduler hands an order over by itself. It is a little less than the quarter of an hour within which
	// the scheduler hands over everything when Redis came back empty.
	askAgain = 14 * time.Minute
	// mostAtWorkers bounds what is pending or in hand, at rates above it.
	mostAtWorkers = 200
	// mostLater bounds what Douyin has failed and asynq will try again.
	mostLater = 300
	// mostLive is how many live orders may wait without the walk standing still: an ordinary burst.
	mostLive = 10
	// lookEvery is how often a walk that stands still looks at the queues.
	lookEvery = 100 * time.Millisecond
	// tryEvery and patience: how often a batch that failed is tried again, and for how long.
	tryEvery = time.Second
	patience = 2 * time.Minute
)

// Books are where the place is kept, and the shop's orders.
type Books interface {
	OpenBackfill(ctx context.Context, from, to time.Time, again bool) (store.Backfill, error)
	MarkBackfill(ctx context.Context, b store.Backfill, q store.BackfillQuery) (store.BackfillPage, error)
	MoveBackfill(ctx context.Context, b store.Backfill, page store.BackfillPage) (store.Backfill, error)
}

// Load is what there is in the queues.
type Load struct {
	AtWorkers int64 // of the backfill's queue: pending, or in hand
	Later     int64 // of the backfill's queue: to be tried again
	Live      int64 // of all other pushes: pending
}

// Display is told how a walk goes on. It is called from one goroutine.
type Display interface {
	// Show tells the tally of the run, after every order that was enqueued.
	Show(t store.BackfillTally)
	// Note tells why nothing goes on at the moment; empty: it goes on. The same may be said many times.
	Note(why string)
}

// Walk is one process's walk over one range.
type Walk struct {
	Books Books
	Queue tasks.Enqueuer
	Load  func(context.Context) (Load, error)
	// Statuses are the shop's status values that have a word of Douyin's. Nil: the shop has no status column.
	Statuses []string
	Rate     float64 // orders enqueued per second; above 0
	Now      func() time.Time
	Show     Display

	pace *rate.Limiter
	room int // may be enqueued without another look at the queues
}

// Run walks on from b until the range is finished, and returns the backfill as it then stands; after an error (ctx's too) as it
// was when this process moved it last. What fails after the walk has begun is tried again for two minutes.
func (w *Walk) Run(ctx context.Context, b store.Backfill) (store.Backfill, error) {
	w.pace = rate.NewLimiter(rate.Limit(w.Rate), max(1, int(w.Rate/20)))
	worked := time.Time{}
	for b.FinishedAt.IsZero() {
		next, err := w.batch(ctx, b)
		if errors.Is(err, store.ErrBackfillMoved) {
			next, err = w.Books.OpenBackfill(ctx, b.From, b.To, false)
		}
		switch {
		case err == nil:
			b, worked = next, w.Now()
			w.Show.Show(b.Tally)
		case ctx.Err() != nil:
			return b, ctx.Err()
		case w.Now().Sub(worked) > patience: // also at once, when nothing has worked yet
			return b, err
		default:
			w.room = 0
			w.Show.Note("tries again: " + err.Error())
			if err := wait(ctx, tryEvery); err != nil {
				return b, err
			}
		}
	}
	return b, nil
}

// batch reads one page, asks for its orders, and moves the place behind it.
func (w *Walk) batch(ctx context.Context, b store.Backfill) (store.Backfill, error) {
	if err := w.awaitRoom(ctx); err != nil { // nothing is made due that could not be enqueued now
		return b, err
	}
	limit := int(min(maxBatch, max(1, math.Ceil(batchSeconds*w.Rate))))
	page, err := w.Books.MarkBackfill(ctx, b, store.BackfillQuery{Statuses: w.Statuses, Limit: limit, DueAt: w.Now().Add(askAgain)})
	if err != nil {
		return b, err
	}
	sofar := b.Tally.Plus(page.Tally)
	sofar.Found, sofar.Enqueued = sofar.Found-int64(len(page.Ask)), b.Tally.Enqueued
	for _, id := range page.Ask {
		switch err := w.ask(ctx, b, id); {
		case isUnfit(err): // no task can name it, and it must not hold up the others
			page.Tally.Enqueued--
			page.Tally.LeftOut++
			sofar.LeftOut++
		case err != nil:
			return b, fmt.Errorf("order %s: %w", id, err)
		default:
			sofar.Enqueued++
		}
		sofar.Found++
		w.Show.Show(sofar)
	}
	return w.Books.MoveBackfill(ctx, b, page)
}

func isUnfit(err error) bool {
	var unfit *tasks.PayloadError
	return errors.As(err, &unfit)
}

// ask enqueues one order when there is room, and paces those that were not in the queue already.
func (w *Walk) ask(ctx context.Context, b store.Backfill, id string) error {
	if err := w.awaitRoom(ctx); err != nil {
		return err
	}
	w.room--
	fresh, err := tasks.Enqueue(ctx, w.Queue, tasks.PushOrder{OrderID: id, Revision: b.Revision(), Cause: tasks.CauseBackfill})
	if err != nil || !fresh {
		return err
	}
	return w.pace.Wait(ctx)
}

// awaitRoom returns when at least one order may be enqueued.
func (w *Walk) awaitRoom(ctx context.Context) error {
	for w.room <= 0 {
		load, err := w.Load(ctx)
		if err != nil {
			return err
		}
		room, why := w.roomFor(load)
		w.room = room
		w.Show.Note(why)
		if room > 0 {
			return nil
		}
		if err := wait(ctx, lookEvery); err != nil {
			return err
		}
	}
	return nil
}

// roomFor is how many orders may be enqueued now, and where it is none, why.
func (w *Walk) roomFor(l Load) (room int, why string) {
	most := int64(min(mostAtWorkers, max(1, math.Ceil(w.Rate))))
	switch {
	case l.Live > mostLive:
		return 0, fmt.Sprintf("waits: %d live orders go first", l.Live)
	case l.Later >= mostLater:
		return 0, fmt.Sprintf("waits: %d of its orders failed and are to be tried again", l.Later)
	case l.AtWorkers >= most:
		return 0, fmt.Sprintf("waits: %d of its orders are at the workers", l.AtWorkers)
	}
	return int(min(most-l.AtWorkers, max(1, most/10))), ""
}

// wait returns after d, or with ctx's error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
