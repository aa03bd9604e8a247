package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/inbox"
)

const (
	// countsFor is how long one reading of the database serves.
	countsFor = 10 * time.Second
	// readingTimeout bounds one reading. All of them run side by side and end before the scrape does.
	readingTimeout = 5 * time.Second
)

// Counter is the store as a scrape sees it.
type Counter interface {
	Counts(ctx context.Context, now time.Time) (store.Counts, error)
}

// Shared is what all processes have in common.
type Shared struct {
	Redis  redis.UniversalClient
	Store  Counter
	Queues []string // tasks.Queues()
	Now    func() time.Time
	Log    zerolog.Logger
	// Statuses counts the shop's newest orders by status. It is asked at each scrape.
	Statuses func(context.Context) (store.StatusCounts, error)
}

var readingUp = describe("reading_up", "1: what was read for this scrape is complete. 0: something failed, and its series are missing.", "source")

// reading is one source. It sends what it could read, and returns an error when that is not all.
type reading struct {
	source string
	descs  []*prometheus.Desc
	read   func(ctx context.Context, out chan<- prometheus.Metric) error
	failed bool // at the last scrape
}

// shared reads at each scrape. It implements prometheus.Collector.
type shared struct {
	Shared
	readings []*reading

	mu     sync.Mutex // one scrape at a time; the others wait and read again, the database excepted
	counts store.Counts
	at     time.Time // of counts
}

// Watch adds the readings of what is shared. It is called once.
func (m *Metrics) Watch(what Shared) {
	s := &shared{Shared: what}
	s.readings = []*reading{
		{source: "queues", descs: []*prometheus.Desc{queueTasks, queueOldest, queuePaused, servers}, read: s.readQueues},
		{source: "inbox", descs: []*prometheus.Desc{inboxEntries, inboxOldest, inboxDead}, read: s.readInbox},
		{source: "memory", descs: []*prometheus.Desc{memoryUsed, memoryMax, memoryKeeps}, read: s.readMemory},
		{source: "shop", descs: []*prometheus.Desc{unworded}, read: s.readStatuses},
		{source: "database", descs: backlogDescs(), read: s.readBacklog},
	}
	m.registry.MustRegister(s)
}

var unworded = describe("orders_without_word",
	"Orders, of the newest 2000 within scheduler.lookback, whose status has no word in shop.status: they are never pushed. The start page of the operators has the values.")

func (s *shared) readStatuses(ctx context.Context, out chan<- prometheus.Metric) error {
	counts, err := s.Statuses(ctx)
	if err != nil {
		return err
	}
	out <- gauge(unworded, float64(counts.Orders()))
	return nil
}

// Describe implements prometheus.Collector.
func (s *shared) Describe(out chan<- *prometheus.Desc) {
	out <- readingUp
	for _, r := range s.readings {
		for _, d := range r.descs {
			out <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (s *shared) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readingTimeout) // a Collector is handed none
	defer cancel()
	var all sync.WaitGroup
	for _, r := range s.readings {
		all.Go(func() { s.collect(ctx, r, out) })
	}
	all.Wait()
}

// collect reads one source. A failure is logged once, not at every scrape.
func (s *shared) collect(ctx context.Context, r *reading, out chan<- prometheus.Metric) {
	up := 1.0
	err := r.read(ctx, out)
	if err != nil {
		up = 0
	}
	if err != nil && !r.failed {
		s.Log.Warn().Err(err).Str("source", r.source).Msg("metrics cannot be read")
	}
	r.failed = err != nil
	out <- gauge(readingUp, up, r.source)
}

var (
	inboxEntries = describe("inbox_entries", "Entries of the Redis Stream that were not handed over yet.")
	inboxOldest  = describe("inbox_oldest_seconds", "Since when the oldest of them waits; 0: none does.")
	inboxDead    = describe("inbox_dead_entries", "Entries that can never be handed over, kept for a person.")
)

func (s *shared) readInbox(ctx context.Context, out chan<- prometheus.Metric) error {
	w, err := inbox.Lag(ctx, s.Redis)
	if err != nil {
		return err
	}
	out <- gauge(inboxEntries, float64(w.Entries))
	out <- gauge(inboxOldest, age(s.Now(), w.Oldest))
	out <- gauge(inboxDead, float64(w.Dead))
	return nil
}
