package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed: the Store is closed.
var ErrClosed = errors.New("store: closed")

// call is one caller's question and, after done is closed, its answer.
type call[K, V any] struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the call, and tells whether somebody still waits
	key   K
	value V
	err   error
	done  chan struct{}

	answered bool // done is closed
}

// answer lets the caller go on with what value and err are now.
func (c *call[K, V]) answer() {
	if !c.answered {
		c.answered = true
		close(c.done)
	}
}

// fail makes err the call's answer, instead of whatever was meant to be it.
func (c *call[K, V]) fail(err error) {
	var none V
	c.value, c.err = none, lockedError(err)
}

// gatherer lets calls that are made at the same time share one run.
//
// A call that finds nobody else waits for nothing. What comes while a run is in flight travels together in the next one: two at
// once would halve the batches and cost half as much again of MySQL and of the processor for each order, measured with 200
// handlers on two cores. While runs carry more than one call, the next one gathers for as long as the last one took, at most
// window, or until it is full: a database that answers at once is not waited for longer than it works, and a busy one gets
// larger batches.
type gatherer[K, V any] struct {
	// run sets value or err of every call. The rest, where it returns one, is done while the next batch runs; the calls that
	// need not wait for that are answered before. Every other call is answered in the end.
	run    func(ctx context.Context, calls []*call[K, V]) (rest func())
	window time.Duration
	size   int

	mu      sync.Mutex
	pending []*call[K, V]
	full    chan struct{} // closed when pending reaches size; nil when nobody waits for that
	running bool
	crowded bool          // the last run carried more than one call
	took    time.Duration // the last run, without its rest
	closed  bool
	idle    sync.WaitGroup
}

func newGatherer[K, V any](cfg Config, run func(context.Context, []*call[K, V]) func()) *gatherer[K, V] {
	return &gatherer[K, V]{run: run, window: cfg.Gather, size: cfg.BatchSize}
}

// do asks for key and waits for the answer. When ctx ends first, what was asked may still be done.
func (g *gatherer[K, V]) do(ctx context.Context, key K) (V, error) {
	c := &call[K, V]{ctx: ctx, key: key, done: make(chan struct{})}
	if err := g.add(c); err != nil {
		return c.value, err
	}
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}

func (g *gatherer[K, V]) add(c *call[K, V]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.pending = append(g.pending, c)
	if g.full != nil && len(g.pending) >= g.size {
		close(g.full)
		g.full = nil
	}
	if !g.running {
		g.running = true
		g.idle.Go(g.runner)
	}
	return nil
}

// runner runs batches until nothing is pending.
func (g *gatherer[K, V]) runner() {
	for {
		g.gather()
		g.mu.Lock()
		batch := g.take()
		g.crowded = len(batch) > 1
		g.mu.Unlock()

		began := time.Now()
		if len(batch) > 0 {
			g.runBatch(batch)
		}

		g.mu.Lock()
		g.took = time.Since(began)
		if len(g.pending) == 0 {
			g.running = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
	}
}

// gather waits for company where that is to be expected.
func (g *gatherer[K, V]) gather() {
	g.mu.Lock()
	window := min(g.window, g.took)
	if !g.crowded || window <= 0 || len(g.pending) >= g.size {
		g.mu.Unlock()
		return
	}
	full := make(chan struct{})
	g.full = full
	g.mu.Unlock()

	timer := time.NewTimer(window)
	defer timer.Stop()
	select {
	case <-full:
	case <-timer.C:
		g.mu.Lock()
		g.full = nil
		g.mu.Unlock()
	}
}

// take removes the next batch from pending, without the calls whose callers have gone. g.mu is held.
func (g *gatherer[K, V]) take() []*call[K, V] {
	n := min(len(g.pending), g.size)
	batch := make([]*call[K, V], 0, n)
	for _, c := range g.pending[:n] {
		if c.ctx.Err() == nil {
			batch = append(batch, c)
		}
	}
	rest := copy(g.pending, g.pending[n:])
	clear(g.pending[rest:])
	g.pending = g.pending[:rest]
	return batch
}

// runBatch runs under a context of its own: no caller's end may fail the others. The runner is in idle.
func (g *gatherer[K, V]) runBatch(batch []*call[K, V]) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	end := func() {
		for _, c := range batch {
			c.answer()
		}
		cancel()
	}
	rest := g.run(ctx, batch)
	if rest == nil {
		end()
		return
	}
	g.idle.Go(func() {
		rest()
		end()
	})
}

// close refuses new calls and waits for those that were accepted.
func (g *gatherer[K, V]) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.idle.Wait()
}
