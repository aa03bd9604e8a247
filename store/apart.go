package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// lockPatience bounds how long one batch meets locks before what is left of it counts as stuck.
const lockPatience = 5 * time.Second

// parts is a batch that goes through the database in one piece where it can, and in parts where one item would fail all of
// them. It is the only such mechanism: whatever carries many orders, or rows, in one statement goes through it.
type parts[T any] struct {
	// run does all of the items or none of them.
	run func(items []T) error
	// held tells the items whose rows somebody else has locked from the others, without waiting. Nil: a lock fails
	// the whole batch, because the statement locks no rows and can only have met a table that is locked.
	held func(items []T) (held, free []T, err error)
	// fail is told of an item that the database refuses, and of all items where the database itself has failed.
	fail func(item T, err error)
	// apart tells whether an error may be that of one item alone. Nil: badRow.
	apart func(err error) bool

	stuck []T // items whose rows stay locked; nobody was told yet
	since time.Time
}

// do runs the items. Those of stuck are left to the caller.
func (p *parts[T]) do(items []T) {
	if len(items) == 0 {
		return
	}
	if p.since.IsZero() {
		p.since = time.Now()
	}
	apart := p.apart
	if apart == nil {
		apart = badRow
	}
	switch err := p.run(items); {
	case err == nil:
	case apart(err) && len(items) > 1:
		p.halves(items)
	case locked(err) && p.held != nil:
		p.aroundLocks(items, err)
	default:
		for _, item := range items {
			p.fail(item, err)
		}
	}
}

func (p *parts[T]) halves(items []T) {
	p.do(items[:len(items)/2])
	p.do(items[len(items)/2:])
}

// aroundLocks goes on without the items whose rows are locked. Where none is seen to be, the lock is on a gap, or over
// meanwhile: then halves find it.
func (p *parts[T]) aroundLocks(items []T, met error) {
	held, free, err := p.held(items)
	switch {
	case err != nil: // the table is locked, or the database is gone
		for _, item := range items {
			p.fail(item, met)
		}
	case len(held) > 0:
		p.stuck = append(p.stuck, held...)
		p.do(free)
	case len(items) == 1 || time.Since(p.since) > lockPatience:
		p.stuck = append(p.stuck, items...)
	default:
		p.halves(items)
	}
}

// writeAll writes a batch. A row that the database refuses fails alone; calls whose row stays locked are returned and have no
// answer yet.
func writeAll[K, V any](
	ctx context.Context, s *Store, calls []*call[K, V], order func(K) string, write func([]*call[K, V]) error,
) (stuck []*call[K, V]) {
	held := heldBy(ctx, s, func(c *call[K, V]) string { return order(c.key) })
	p := parts[*call[K, V]]{run: write, held: held, fail: (*call[K, V]).fail}
	p.do(calls)
	return p.stuck
}

// writeStuck tries calls whose rows are locked for a while longer, while the batches behind theirs go on.
func writeStuck[K, V any](
	ctx context.Context, s *Store, stuck []*call[K, V], order func(K) string, write func([]*call[K, V]) error,
) {
	for try := 1; try < lockTries && len(stuck) > 0; try++ {
		stuck = writeAll(ctx, s, stuck, order, write)
	}
	for _, c := range stuck {
		c.fail(fmt.Errorf("store: write order state: %w", ErrLocked))
	}
}

// insertAll writes a batch of new rows, which meets no lock but that of the table. A row that the database refuses fails alone.
func insertAll[K, V any](calls []*call[K, V], write func([]*call[K, V]) error) {
	p := parts[*call[K, V]]{run: write, fail: (*call[K, V]).fail}
	p.do(calls)
}

// answerOthers answers the calls that need not wait.
func answerOthers[K, V any](calls, waits []*call[K, V]) {
	for _, c := range calls {
		if !slices.Contains(waits, c) {
			c.answer()
		}
	}
}
