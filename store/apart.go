package store

import "time"

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
	switch err := p.run(items); {
	case err == nil:
	case badRow(err) && len(items) > 1:
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
