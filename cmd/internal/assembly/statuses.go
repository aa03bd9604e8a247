package assembly

import (
	"context"
	"sync"
	"time"

	"github.com/ordersync/ordersync/store"
)

const (
	// newestOrders bounds the orders whose statuses are counted.
	newestOrders = 2000
	// statusesTimeout bounds one counting: some shops' SELECTs are dear.
	statusesTimeout = 3 * time.Second
	// statusesFor is how long a counting serves at least. One that took long serves longer.
	statusesFor = time.Minute
	// statusesRest is how much longer it serves than it took.
	statusesRest = 20
)

// statuses counts the newest orders by status for pages and metrics, not more often than their
// reading costs little.
type statuses struct {
	count func(context.Context) (store.StatusCounts, error)
	now   func() time.Time

	mu     sync.Mutex
	until  time.Time
	counts store.StatusCounts
	err    error
}

// statusCounts are the orders within scheduler.lookback whose status has no word in shop.status, of
// the newest 2000.
func (a *Assembly) statusCounts() (*statuses, error) {
	return a.statuses.get(func() (*statuses, error) {
		st, err := a.Store()
		if err != nil {
			return nil, err
		}
		words := shopStatuses(a.cfg.Shop)
		return &statuses{now: time.Now, count: func(ctx context.Context) (store.StatusCounts, error) {
			return st.UnwordedStatuses(ctx, words, st.Clock().Add(-a.cfg.Scheduler.Lookback), newestOrders)
		}}, nil
	})
}

// Count is the newest counting, or its error.
func (s *statuses) Count(ctx context.Context) (store.StatusCounts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.now()
	if began.Before(s.until) {
		return s.counts, s.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusesTimeout) // it serves others too
	defer cancel()
	s.counts, s.err = s.count(ctx)
	ended := s.now()
	s.until = ended.Add(max(statusesFor, statusesRest*ended.Sub(began)))
	return s.counts, s.err
}
