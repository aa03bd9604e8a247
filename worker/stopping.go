package worker

import (
	"context"
	"errors"
	"sync"
)

// errStopping is why a parked task goes back to its queue. An operator reads it in asynqmon: nobody
// else has anything to do with it.
var errStopping = errors.New("the process is stopping")

// stopping ends waits when the process is to stop. The zero value is ready.
type stopping struct {
	mu    sync.Mutex
	now   bool
	waits map[*context.CancelFunc]struct{}
}

// stop ends the waits, those to come too.
func (s *stopping) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = true
	for cancel := range s.waits {
		(*cancel)()
	}
	s.waits = nil
}

// unless is wait, whose context ends when the process is to stop. The error is errStopping then.
func (s *stopping) unless(
	ctx context.Context, wait func(context.Context) (func(error), error),
) (func(error), error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.add(&cancel)
	defer s.remove(&cancel)
	done, err := wait(ctx)
	if err != nil && s.stopped() {
		return nil, errStopping
	}
	return done, err
}

func (s *stopping) add(cancel *context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now {
		go (*cancel)() // not at once: who finds no wait goes on
		return
	}
	if s.waits == nil {
		s.waits = map[*context.CancelFunc]struct{}{}
	}
	s.waits[cancel] = struct{}{}
}

func (s *stopping) remove(cancel *context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waits, cancel)
}

func (s *stopping) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}
