package inbox

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
)

func TestTwoConsumersShareAndNothingRunsTwice(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		const n = 1000
		s := &seen{}
		for range 2 {
			c := newConsumer(rdb, s.hand)
			c.timing.claimIdle = time.Minute
			start(t, c)
		}
		for i := range n {
			add(t, rdb, "kind", "push", "order_id", fmt.Sprint(i))
		}
		eventually(t, "the stream is empty", empty(rdb))
		if s.count() != n {
			t.Fatalf("%d orders were handed over, want %d", s.count(), n)
		}
		for order, times := range s.ids {
			if times != 1 {
				t.Errorf("%s was handed over %d times", order, times)
			}
		}
	})
}

func TestWhatAKilledConsumerHeldIsOneTask(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		for i := range 10 {
			add(t, rdb, "kind", "push", "order_id", fmt.Sprint(i))
		}
		queue := asynq.NewClientFromRedisClient(rdb)
		killed := newConsumer(rdb, nil)
		if err := killed.createGroup(ctx); err != nil {
			t.Fatal(err)
		}
		held, err := killed.read(ctx, ">", block)
		if err != nil || len(held) != 10 {
			t.Fatalf("held %d, %v", len(held), err)
		}
		for _, m := range held[:5] { // handed over, and killed before it was acknowledged
			e, err := read(m)
			if err != nil {
				t.Fatal(err)
			}
			if err := pushHand(queue)(ctx, e); err != nil {
				t.Fatal(err)
			}
		}

		start(t, newConsumer(rdb, pushHand(queue)))
		eventually(t, "the stream is empty", empty(rdb))
		info, err := asynq.NewInspectorFromRedisClient(rdb).GetQueueInfo("push")
		if err != nil || info.Pending != 10 {
			t.Errorf("%+v, %v; want 10 tasks", info, err)
		}
	})
}

func TestRedisThatCameBackEmptyIsServedAgain(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		s := &seen{}
		start(t, newConsumer(rdb, s.hand))
		add(t, rdb, "kind", "push", "order_id", "before")
		eventually(t, "the first is handed over", func() bool { return s.count() == 1 })
		// An empty Redis numbers its entries anew: in the same millisecond the second would have
		// the first one's id, and be deleted in its place.
		eventually(t, "the first is deleted", empty(rdb))
		if err := rdb.FlushDB(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		add(t, rdb, "kind", "push", "order_id", "after")
		eventually(t, "the second is handed over", func() bool { return s.count() == 2 })
		eventually(t, "the stream is empty", empty(rdb))
	})
}

func TestAnOutageOfRedisIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	rdb := server.Client(t)
	s := &seen{}
	start(t, newConsumer(rdb, s.hand))
	add(t, rdb, "kind", "push", "order_id", "before")
	eventually(t, "the first is handed over", func() bool { return s.count() == 1 })
	server.Kill()
	server.Restart(t)
	eventually(t, "Redis answers", func() bool { return rdb.Ping(context.Background()).Err() == nil })
	add(t, rdb, "kind", "push", "order_id", "after")
	eventually(t, "the second is handed over", func() bool { return s.count() == 2 })
}

func TestAnOutageOfTheDatabaseLosesNothingAndDoesNotSpin(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		var tries int
		down := true
		s := &seen{}
		s.refuse = func(Entry) error {
			if tries++; down {
				return errors.New("database is down")
			}
			return nil
		}
		c := newConsumer(rdb, s.hand)
		c.timing.claimIdle = time.Minute
		start(t, c)
		add(t, rdb, "kind", "push", "order_id", "1")
		began := time.Now()
		eventually(t, "it was tried three times", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return tries >= 3 })
		if least := firstWait + 2*firstWait; time.Since(began) < least {
			t.Errorf("three tries in %v, want pauses of at least %v", time.Since(began), least)
		}
		s.mu.Lock()
		down = false
		s.mu.Unlock()
		eventually(t, "the stream is empty", empty(rdb))
		if s.count() != 1 {
			t.Errorf("handed over %v", s.ids)
		}
	})
}

func TestABatchThatWasReadIsHandedOverBeforeRunReturns(t *testing.T) {
	t.Parallel()
	rdb := servertest.Redis(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var handed error
	c := newConsumer(rdb, func(hand context.Context, _ Entry) error {
		stop()
		handed = hand.Err()
		return handed
	})
	add(t, rdb, "kind", "push", "order_id", "1")
	c.Run(ctx)
	if handed != nil {
		t.Errorf("the hand-over was stopped: %v", handed)
	}
	if !empty(rdb)() {
		t.Error("the entry was handed over and stands in the stream still")
	}
}

func TestAnEntryThatAlwaysFailsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	rdb := servertest.Redis(t)
	s := &seen{refuse: func(e Entry) error {
		if e.Push.OrderID == "poison" {
			return errors.New("some bug")
		}
		return nil
	}}
	add(t, rdb, "kind", "push", "order_id", "poison")
	start(t, newConsumer(rdb, s.hand))
	for i := range 20 {
		add(t, rdb, "kind", "push", "order_id", fmt.Sprint(i))
		eventually(t, "the next one is handed over", func() bool { return s.count() == i+1 })
	}
	eventually(t, "only the poison waits", func() bool {
		w, err := Lag(context.Background(), rdb)
		return err == nil && w.Entries == 1 && w.Dead == 0
	})
}

func TestAnEntryThatWasTrimmedAwayIsForgotten(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		id := add(t, rdb, "kind", "push", "order_id", "1")
		s := &seen{}
		c := newConsumer(rdb, s.hand)
		if err := c.createGroup(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.read(ctx, ">", block); err != nil {
			t.Fatal(err)
		}
		if err := rdb.XDel(ctx, Stream, id).Err(); err != nil {
			t.Fatal(err)
		}
		c.retryAt = time.Unix(1, 0)
		start(t, c)
		eventually(t, "nothing is held", func() bool {
			p, err := rdb.XPending(ctx, Stream, Group).Result()
			return err == nil && p.Count == 0
		})
		if s.count() != 0 {
			t.Errorf("handed over %v", s.ids)
		}
	})
}

func TestConsumersLeaveNoNamesBehindAndNoEntries(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		names := func() map[string]int64 {
			found, err := rdb.XInfoConsumers(ctx, Stream, Group).Result()
			if err != nil {
				t.Fatal(err)
			}
			pending := map[string]int64{}
			for _, c := range found {
				pending[c.Name] = c.Pending
			}
			return pending
		}
		s := &seen{}
		c := newConsumer(rdb, s.hand)
		stop := start(t, c)
		add(t, rdb, "kind", "push", "order_id", "1")
		eventually(t, "it is handed over", func() bool { return s.count() == 1 })
		stop()
		if got := names(); len(got) != 0 {
			t.Errorf("a consumer that stopped stands still in the group: %v", got)
		}

		add(t, rdb, "kind", "push", "order_id", "2")
		failing := newConsumer(rdb, func(context.Context, Entry) error { return errors.New("down") })
		failed := make(chan struct{}, 99)
		failing.Observe = func(string, string) { failed <- struct{}{} }
		stop = start(t, failing)
		<-failed
		stop()
		if got := names(); got[failing.Name] != 1 {
			t.Errorf("the entry of a consumer that stopped is lost: %v", got)
		}

		last := newConsumer(rdb, s.hand)
		last.timing.idleConsumer = time.Nanosecond // every consumer but a held one
		start(t, last)
		eventually(t, "the held entry is claimed", func() bool { return s.count() == 2 })
		if servertest.IsMiniredis(rdb) {
			return // miniredis knows no idle time of consumers and forgets nobody
		}
		eventually(t, "its consumer is forgotten", func() bool {
			_, there := names()[failing.Name]
			return !there
		})
	})
}

func TestLagTellsTheOldest(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		if w, err := Lag(context.Background(), rdb); err != nil || w != (Waiting{}) {
			t.Errorf("no stream: %+v, %v", w, err)
		}
		if err := rdb.XAdd(context.Background(), &redis.XAddArgs{Stream: Stream, ID: "1700000000123-0", Values: []string{"kind", "push"}}).Err(); err != nil {
			t.Fatal(err)
		}
		add(t, rdb, "kind", "push")
		w, err := Lag(context.Background(), rdb)
		if err != nil || w.Entries != 2 || !w.Oldest.Equal(time.UnixMilli(1700000000123)) {
			t.Errorf("%+v, %v", w, err)
		}
	})
}
