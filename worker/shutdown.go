package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

// booksTimeout is how long asynq may take to close its books when no handler runs any more. It
// takes well under a second where Redis answers, and never ends where Redis is frozen: asynq waits
// for loops that ask Redis again and again.
const booksTimeout = 10 * time.Second

// StuckError says that asynq did not end: Redis does not answer.
type StuckError struct {
	InHand int // handlers that still ran
}

func (e *StuckError) Error() string {
	return fmt.Sprintf(
		"worker: Redis does not answer, so asynq did not end; %d handlers still ran. "+
			"Tasks whose end Redis was not told run again in about two minutes and find in MySQL what is done",
		e.InHand,
	)
}

// Stop begins to end: no task is fetched any more. What is in hand goes on, and Shutdown waits for
// it. It returns at once; the channel is closed when the last fetch has ended, which is never while
// Redis is frozen. Calling it again is harmless.
func (s *Servers) Stop() (stopped <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, srv := range s.servers {
			srv.Stop()
		}
	}()
	return ended
}

// Shutdown stops fetching, then waits for the handlers in flight, at most Config.ShutdownTimeout,
// and for asynq's books, at most ten seconds more. ctx ends the wait early. The error is a
// *StuckError: nothing is lost by it, for a task is done when MySQL says so. asynq goes on using
// Config.Redis then, and its subscriber panics (v0.26) when that is closed: leave it open.
func (s *Servers) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.longest+booksTimeout)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, srv := range s.servers {
			srv.Stop()
		}
		var wg sync.WaitGroup
		for _, srv := range s.servers {
			wg.Go(srv.Shutdown)
		}
		wg.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-s.hand.empty():
	case <-ctx.Done():
		return &StuckError{InHand: s.hand.now()}
	}
	books := time.NewTimer(booksTimeout)
	defer books.Stop()
	select {
	case <-ended:
		return nil
	case <-books.C:
	case <-ctx.Done():
	}
	return &StuckError{InHand: s.hand.now()}
}

// inHand counts the handlers that run.
type inHand struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil: nobody waits
}

func (h *inHand) count(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		h.add(1)
		defer h.add(-1)
		return next.ProcessTask(ctx, t)
	})
}

func (h *inHand) add(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n += n
	if h.n == 0 && h.idle != nil {
		close(h.idle)
		h.idle = nil
	}
}

func (h *inHand) now() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// empty is closed as soon as no handler runs.
func (h *inHand) empty() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.idle == nil {
		h.idle = make(chan struct{})
	}
	idle := h.idle
	if h.n == 0 {
		close(h.idle)
		h.idle = nil
	}
	return idle
}
