package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// pageSize is how many of the shop's orders one statement reads.
	pageSize = 1000
	// pagesPerTick bounds the work of one tick: 50,000 orders a minute at the default pace, about a
	// quarter of a second of the database's time.
	pagesPerTick = 50
	// freshWindow is read at every tick where the shop has no updated_at; what is older is
	// patrolled page by page.
	freshWindow = time.Hour
	// patrolPages is how much of what is older is read at a tick where the shop has updated_at:
	// somebody may write a time that has passed long ago, with a clock that is behind or a loc of
	// mysql.dsn that is not the shop's.
	patrolPages = 5
	// overlap is read again at every tick where the shop has updated_at: a transaction may commit
	// later than the time it wrote.
	overlap = 5 * time.Minute
	// handOverAgain is when an order that was handed over is looked at again: longer than the
	// largest backlog needs at the default rate. A worker writes a time of its own before that.
	// When Redis came back empty nobody waits for it: see Mark.
	handOverAgain = 15 * time.Minute
	// maxBacklog stops handing over while that many of the sweep's tasks wait: a backlog is not
	// worth a second copy of it.
	maxBacklog = 10_000
)

// Unsynced is the store as the sweep sees it.
type Unsynced interface {
	MarkUnsynced(ctx context.Context, s store.Scan) (store.ScanPage, error)
	DueOrders(ctx context.Context, now time.Time, limit int) ([]store.Due, error)
	PostponeDue(ctx context.Context, due []store.Due, until time.Time) error
	RefuseDue(ctx context.Context, d store.Due, kind, message string, now time.Time) error
}

// Sweep finds the orders that Douyin should know and does not, and enqueues them. Not safe for
// concurrent use; any number of processes may have one each.
type Sweep struct {
	Orders Unsynced
	Queue  tasks.Enqueuer
	// Backlog is the number of tasks that wait in tasks.QueueSweep.
	Backlog func(ctx context.Context) (int64, error)
	// Mark tells that Redis came back empty; what had been handed over is handed over again then.
	// Nil: that is noticed only when handOverAgain is over.
	Mark Mark
	// Statuses are the shop's status values that have a word of Douyin's. Nil: the shop has no
	// status column.
	Statuses []string
	// Changes tells by which times the shop's orders are read. Nil: by create_time.
	Changes func(ctx context.Context) (store.Changes, error)
	// After is how old an unsynced order must be (0: it may be new), Lookback how far back the sweep
	// looks: longer than After.
	After, Lookback time.Duration
	Now             func() time.Time // the database's clock
	Log             zerolog.Logger
	// Ahead is told at each tick how many of the shop's orders lie ahead of the clock. Nil: nobody.
	Ahead func(orders int)

	ahead store.ScanKey // where the next tick goes on among them
	// aheadCreated is ahead by create_time, where updated_at says nothing yet.
	aheadCreated store.ScanKey
	strange      bool          // there were some at the last tick
	changes      trail         // by updated_at
	created      trail         // by create_time, of orders whose updated_at says nothing yet
	resume       store.ScanKey // by create_time: where the next tick goes on when the last one could not read everything
	lost         loss          // what was handed over before it and was not handed over again yet
}

// Tick does one round: look, then hand over what is due. It implements Job.Do.
func (s *Sweep) Tick(ctx context.Context) (more bool, err error) {
	now := s.Now()
	read, marked, lookErr := s.look(ctx, now)
	if lookErr != nil { // what is due already does not wait for a table that cannot be read
		lookErr = fmt.Errorf("sweep: look: %w", lookErr)
	}
	handed, err := s.handOver(ctx, now)
	if err != nil {
		err = fmt.Errorf("sweep: hand over: %w", err)
	}
	if err = errors.Join(lookErr, err); err != nil {
		return false, err
	}
	if marked > 0 || handed > 0 {
		s.Log.Info().Int("read", read).Int("found", marked).Int("enqueued", handed).Msg("sweep")
	}
	return false, nil
}

func (s *Sweep) look(ctx context.Context, now time.Time) (read, marked int, err error) {
	var by store.Changes
	if s.Changes != nil {
		if by, err = s.Changes(ctx); err != nil {
			return 0, 0, err
		}
	}
	read, marked, err = s.lookAhead(ctx, by, now)
	if err != nil {
		return read, marked, err
	}
	r, m, err := s.lookBack(ctx, by, now)
	return read + r, marked + m, err
}

// lookAhead reads what lies ahead of the clock, where the shop's times are wrong: by a clock, or by
// a loc of mysql.dsn that is not the shop's. How old such an order is cannot be known, so it is
// taken to be new: it becomes due when After is over.
func (s *Sweep) lookAhead(
	ctx context.Context, by store.Changes, now time.Time,
) (read, marked int, err error) {
	next := now.Add(time.Second) // the shop may write whole seconds
	q := store.Scan{From: next, After: s.ahead, DueAt: now.Add(s.After)}
	last, read, marked, err := s.scan(ctx, q, pagesPerTick)
	if err != nil {
		return read, marked, err
	}
	s.ahead = goOn(last)
	orders, suchAs := read, last.Next.Time
	if by.ByUpdate && by.Unmarked { // an order without a change has no other time
		q.ByCreateTime, q.After = true, s.aheadCreated
		last, r, m, err := s.scan(ctx, q, pagesPerTick)
		read, marked = read+r, marked+m
		if err != nil {
			return read, marked, err
		}
		s.aheadCreated = goOn(last)
		if r > orders { // many lie ahead by both of their times
			orders, suchAs = r, last.Next.Time
		}
	}
	if s.Ahead != nil {
		s.Ahead(orders)
	}
	if strange := orders > 0; strange != s.strange {
		s.strange = strange
		if strange {
			s.Log.Warn().Int("orders", orders).Time("such_as", suchAs).
				Msg("sweep: orders lie ahead of the database's clock; compare the shop's time zone with loc in mysql.dsn")
		} else {
			s.Log.Info().Msg("sweep: no order lies ahead of the database's clock any more")
		}
	}
	return read, marked, nil
}

func (s *Sweep) lookBack(
	ctx context.Context, by store.Changes, now time.Time,
) (read, marked int, err error) {
	oldest, newest := now.Add(-s.Lookback), now.Add(-s.After)
	if by.ByUpdate {
		read, marked, err = s.follow(ctx, &s.changes, store.Scan{From: oldest, To: newest, DueAt: now})
		if err != nil || !by.Unmarked {
			return read, marked, err
		}
		r, m, err := s.follow(ctx, &s.created, store.Scan{From: oldest, To: newest, DueAt: now, ByCreateTime: true})
		return read + r, marked + m, err
	}

	fresh := newest.Add(-freshWindow)
	last, read, marked, err := s.scan(ctx, store.Scan{From: fresh, To: newest, DueAt: now}, pagesPerTick)
	if err != nil {
		return read, marked, err
	}
	if !last.Done {
		s.Log.Warn().Int("read", read).Msg("sweep: more orders in the last hour than one tick reads; the rest comes with the patrol")
		fresh = newest
	}
	last, r, m, err := s.scan(ctx, store.Scan{From: oldest, To: fresh, After: s.resume, DueAt: now}, pagesPerTick)
	if err != nil {
		return read + r, marked + m, err
	}
	s.resume = goOn(last)
	return read + r, marked + m, nil
}

// trail is how far the orders of a range were read once.
type trail struct {
	resume  store.ScanKey // where the next tick goes on when the last one could not read everything
	until   time.Time     // everything older was read
	skipped bool          // orders since until could not be marked
	patrol  store.ScanKey // where the next tick goes on among what was read once
}

// follow reads what is new in a range since the last tick, and a few pages of what is older:
// somebody may write a time that has passed long ago.
func (s *Sweep) follow(ctx context.Context, t *trail, q store.Scan) (read, marked int, err error) {
	fresh, known := q, t.until.After(q.From)
	if known {
		fresh.From = t.until
	}
	fresh.After = t.resume
	last, read, marked, err := s.scan(ctx, fresh, pagesPerTick)
	if err != nil {
		return read, marked, err
	}
	t.resume = goOn(last)
	t.skipped = t.skipped || last.Skipped > 0
	if last.Done && t.skipped { // they are read again
		t.skipped = false
	} else if last.Done {
		t.until = q.To.Add(-overlap)
	}
	if !known {
		return read, marked, nil
	}
	old := q
	old.To, old.After = fresh.From, t.patrol
	last, r, m, err := s.scan(ctx, old, patrolPages)
	if err == nil {
		t.patrol = goOn(last)
	}
	return read + r, marked + m, err
}

// goOn is where the next scan of a range begins that was read up to last.
func goOn(last store.ScanPage) store.ScanKey {
	if last.Done {
		return store.ScanKey{}
	}
	return last.Next
}

// scan reads up to most pages and returns the last one, with what all of them skipped.
func (s *Sweep) scan(ctx context.Context, q store.Scan, most int) (last store.ScanPage, read, marked int, err error) {
	q.Statuses, q.Limit = s.Statuses, pageSize
	skipped := 0
	for range most {
		last, err = s.Orders.MarkUnsynced(ctx, q)
		if err != nil {
			return last, read, marked, err
		}
		skipped += last.Skipped
		if last.Skipped+last.Unreadable > 0 {
			s.Log.Warn().Int("skipped", last.Skipped).Int("unreadable", last.Unreadable).
				Msg("sweep: orders are locked and could not be marked, or have a time that cannot be read; the others went on")
		}
		read, marked = read+last.Read, marked+last.Marked
		if last.Done {
			break
		}
		q.After = last.Next
	}
	last.Skipped = skipped
	return last, read, marked, nil
}
