package gather

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is the answer of Do after Close. Its text names the room whose callers see it.
var ErrClosed = errors.New("store: closed")

// Call is one caller's question and, in the end, its answer. Value and Err belong to the run until
// it has called Answer.
type Call[K, V any] struct {
	Key   K     // what is asked
	Value V     // the answer, or what there is of it beside an Err; after Fail the zero value
	Err   error // nil: answered

	ctx      context.Context //nolint:containedctx // it tells whether somebody still waits
	done     chan struct{}
	answered bool // done is closed
}

// Answer lets the caller go on with what Value and Err are now. A second one does nothing.
func (c *Call[K, V]) Answer() {
	if !c.answered {
		c.answered = true
		close(c.done)
	}
}

// Fail makes err the call's answer, instead of whatever was meant to be it. The caller still waits
// for Answer.
func (c *Call[K, V]) Fail(err error) {
	var none V
	c.Value, c.Err = none, err
}

// Config of a Group.
type Config struct {
	Window  time.Duration // a call waits for company this long at most; 0 or less: not at all
	Size    int           // calls that share a run at most; at least 1
	Timeout time.Duration // ends the context of a run and of its rest; above 0
}

// Run does what many calls ask for: it sets Value or Err of each. The rest, where it returns one,
// is done while the next run goes on; calls that need not wait for that are answered before. Every
// other call is answered when the rest has returned.
type Run[K, V any] func(ctx context.Context, calls []*Call[K, V]) (rest func())

// Group gathers the calls of one run. It is safe for concurrent use.
type Group[K, V any] struct {
	run Run[K, V]
	cfg Config

	mu      sync.Mutex // guards what follows; no run and no other lock is taken under it
	pending []*Call[K, V]
	full    chan struct{} // closed when pending reaches cfg.Size; nil when nobody waits for that
	running bool
	crowded bool          // the last run carried more than one call
	took    time.Duration // the last run, without its rest
	closed  bool
	idle    sync.WaitGroup // the runner, and rests
}

// New makes a Group. It starts nothing: the first call does.
func New[K, V any](cfg Config, run Run[K, V]) *Group[K, V] {
	return &Group[K, V]{run: run, cfg: cfg}
}

// Do asks for key and waits for the answer. When ctx ends first, the error is its cause, and what
// was asked may still be done. ErrClosed: the Group is closed.
func (g *Group[K, V]) Do(ctx context.Context, key K) (V, error) {
	c := &Call[K, V]{Key: key, ctx: ctx, done: make(chan struct{})}
	if err := g.add(c); err != nil {
		return c.Value, err
	}
	select {
	case <-c.done:
		return c.Value, c.Err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}

func (g *Group[K, V]) add(c *Call[K, V]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.pending = append(g.pending, c)
	if g.full != nil && len(g.pending) >= g.cfg.Size {
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
func (g *Group[K, V]) runner() {
	for {
		g.wait()
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

// wait waits for company where that is to be expected: see the package's doc.
func (g *Group[K, V]) wait() {
	g.mu.Lock()
	window := min(g.cfg.Window, g.took)
	if !g.crowded || window <= 0 || len(g.pending) >= g.cfg.Size {
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

// take removes the next batch from pending, and leaves out the calls whose callers have gone. The
// caller holds g.mu.
func (g *Group[K, V]) take() []*Call[K, V] {
	n := min(len(g.pending), g.cfg.Size)
	batch := make([]*Call[K, V], 0, n)
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

// runBatch runs under a context of its own, so that no caller's end fails the others. The caller is
// the runner, which idle counts already.
func (g *Group[K, V]) runBatch(batch []*Call[K, V]) {
	ctx, cancel := context.WithTimeout(context.Background(), g.cfg.Timeout)
	end := func() {
		for _, c := range batch {
			c.Answer()
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

// Close refuses new calls and waits for those that were accepted.
func (g *Group[K, V]) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.idle.Wait()
}
