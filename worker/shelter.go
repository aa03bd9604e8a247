package worker

import (
	"context"
	"sync"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

const (
	// unwellAfter is how many runs in a row the database must fail before the others are kept from
	// it.
	unwellAfter = 3
	// probeEvery is the pause between two runs that try whether a database is well again, and
	// probePatience how long one of them may take before another one tries: a connection may hang
	// for longer than the fault lasts.
	probeEvery    = time.Second
	probePatience = 5 * time.Second
	// shelterPatience is how long a task in hand waits meanwhile.
	shelterPatience = 3 * time.Second
)

// Shelter is the first step of a Line. It keeps the tasks of one process from a database that fails
// everybody: it cannot be reached, its disk is full, a table is missing. Whoever comes then waits
// in hand, and goes back to his queue after a while without having used up an attempt; so what
// stands in the queue stays there, and neither Redis nor the database is flooded, however many
// tasks wait. One run at a time goes on and tries: when it fares well everybody goes on at once.
// The zero value is ready: the database is taken to be well.
type Shelter struct {
	// OnState is told of every change: with the error that made the database count as unwell, with
	// nil when it is well again. It must return at once. Nil: nobody.
	OnState func(err error)

	mu      sync.Mutex
	faults  int // in a row
	unwell  bool
	probe   time.Time     // when the next run may try
	changed chan struct{} // closed when those who wait should look again; nil: nobody waits
}

// Enter waits while the database is unwell, heeding ctx. leave is told of the database's error, if
// any, at the end of the run. The error is a *douyin.Error of Kind Paused: nothing was asked of
// anybody.
func (s *Shelter) Enter(ctx context.Context) (leave func(error), err error) {
	deadline := time.Now().Add(shelterPatience)
	for {
		leave, changed, look := s.ask()
		if leave != nil {
			return leave, nil
		}
		left := time.Until(deadline)
		if left <= 0 || !await(ctx, changed, min(left, look)) {
			return nil, &douyin.Error{
				Op: douyin.OpOrderPush, Kind: douyin.Paused, RetryAfter: parkedWait, Err: ctx.Err(),
				Message: "the database failed again and again a moment ago",
			}
		}
	}
}

// Unwell tells whether tasks are kept from the database.
func (s *Shelter) Unwell() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unwell
}

// ask lets the caller through, or says what to wait for, and how long at most.
func (s *Shelter) ask() (leave func(error), changed <-chan struct{}, look time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := time.Now(); {
	case !s.unwell:
		return s.leave(false), nil, 0
	case !now.Before(s.probe):
		s.probe = now.Add(probePatience)
		return s.leave(true), nil, 0
	default:
		look = s.probe.Sub(now)
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return nil, s.changed, look
}

// leave is what a run calls at its end.
func (s *Shelter) leave(probe bool) func(error) {
	return func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if probe {
			s.probe = time.Now().Add(probeEvery)
			s.wake()
		}
		switch {
		case store.Unwell(err):
			if s.faults++; s.faults >= unwellAfter && !s.unwell {
				s.unwell, s.probe = true, time.Now().Add(probeEvery)
				s.tell(err)
			}
		case err == nil:
			s.faults = 0
			if s.unwell {
				s.unwell = false
				s.wake()
				s.tell(nil)
			}
		}
	}
}

// wake lets those who wait look again. s.mu is held.
func (s *Shelter) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (s *Shelter) tell(err error) {
	if s.OnState != nil {
		s.OnState(err)
	}
}

// await is false when ctx ends first.
func await(ctx context.Context, event <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-event:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}
