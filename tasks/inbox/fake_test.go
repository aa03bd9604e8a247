package inbox

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/tasks"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // the tests kill Redis on purpose
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// seen counts what was handed over, and refuses what the test says.
type seen struct {
	mu     sync.Mutex
	ids    map[string]int
	refuse func(e Entry) error
}

func (s *seen) hand(_ context.Context, e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(e); err != nil {
			return err
		}
	}
	if s.ids == nil {
		s.ids = map[string]int{}
	}
	s.ids[name(e)]++
	return nil
}

func name(e Entry) string {
	switch {
	case e.Refund != nil:
		return "refund " + e.Refund.OutRefundNo
	case e.Settle != nil:
		return "settle " + e.Settle.OutSettleNo
	}
	return "push " + e.Push.OrderID
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}

func newConsumer(rdb redis.UniversalClient, hand func(context.Context, Entry) error) *Consumer {
	return &Consumer{
		Redis: rdb, Hand: hand, Name: uuid.NewString(), Log: zerolog.Nop(), Now: time.Now,
		timing: timing{claimIdle: 200 * time.Millisecond, claimEvery: 20 * time.Millisecond, retryAfter: 10 * time.Millisecond, idleConsumer: time.Hour},
	}
}

// start runs c until the test ends or stop is called.
func start(t *testing.T, c *Consumer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

func add(t *testing.T, rdb redis.UniversalClient, fields ...string) string {
	t.Helper()
	id, err := rdb.XAdd(context.Background(), &redis.XAddArgs{Stream: Stream, Values: fields}).Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.NewTimer(20*time.Second)
	defer tick.Stop()
	defer end.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("never: %s", what)
		}
	}
}

func empty(rdb redis.UniversalClient) func() bool {
	return func() bool {
		w, err := Lag(context.Background(), rdb)
		return err == nil && w.Entries == 0
	}
}

// pushHand is what cmd gives: the entry becomes a task.
func pushHand(q tasks.Enqueuer) func(context.Context, Entry) error {
	return func(ctx context.Context, e Entry) error {
		_, err := tasks.Enqueue(ctx, q, *e.Push)
		return err
	}
}
