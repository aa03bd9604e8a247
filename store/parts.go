package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ordersync/ordersync/store/gather"
)

// lockPatience bounds how long one batch meets locks before what is left of it counts as stuck.
const lockPatience = 5 * time.Second

// parts is a batch that goes through the database in one piece where it can, and in parts where one
// item would fail all of them. It is the only such mechanism: whatever carries many orders, or
// rows, in one statement goes through it.
type parts[T any] struct {
	// run does all of the items or none of them.
	run func(items []T) error
	// held tells the items whose rows somebody else has locked from the others, without waiting.
	// Nil: a lock fails the whole batch, because the statement locks no rows and can only have met
	// a table that is locked.
	held func(items []T) (held, free []T, err error)
	// fail is told of an item that the database refuses, and of all items where the database itself
	// has failed.
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

// aroundLocks goes on without the items whose rows are locked. Where none is seen to be, the lock
// is on a gap, or over meanwhile: then halves find it.
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

// writeAll writes a batch. A row that the database refuses fails alone; calls whose row stays
// locked are returned and have no answer yet.
func writeAll[K, V any](
	ctx context.Context, s *Store, calls []*gather.Call[K, V], order func(K) string, write func([]*gather.Call[K, V]) error,
) (stuck []*gather.Call[K, V]) {
	held := heldBy(ctx, s, func(c *gather.Call[K, V]) string { return order(c.Key) })
	p := parts[*gather.Call[K, V]]{run: write, held: held, fail: failCall[K, V]}
	p.do(calls)
	return p.stuck
}

// writeStuck tries calls whose rows are locked for a while longer, while the batches behind theirs
// go on. The batch was the first of the tries.
func writeStuck[K, V any](
	ctx context.Context, s *Store, stuck []*gather.Call[K, V], order func(K) string, write func([]*gather.Call[K, V]) error,
) {
	if len(stuck) == 0 {
		return
	}
	left := afterLock
	left.most--
	err := left.do(ctx, func() error {
		if stuck = writeAll(ctx, s, stuck, order, write); len(stuck) > 0 {
			return ErrLocked
		}
		return nil
	})
	for _, c := range stuck {
		failCall(c, fmt.Errorf("store: write order state: %w", err))
	}
}

// failCall makes err the call's answer. A lock that was waited for in vain is ErrLocked.
func failCall[K, V any](c *gather.Call[K, V], err error) { c.Fail(lockedError(err)) }

// answerOthers answers the calls that need not wait.
func answerOthers[K, V any](calls, waits []*gather.Call[K, V]) {
	for _, c := range calls {
		if !slices.Contains(waits, c) {
			c.Answer()
		}
	}
}
