package inbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store/servertest"
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

func TestEntriesBecomeTasksThatNameThem(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		plain := add(t, rdb, "kind", "push", "order_id", "123")
		add(t, rdb, "kind", "push", "order_id", "124", "cause", "paid", "revision", "r7")
		add(t, rdb, "kind", "push", "order_id", "124", "cause", "paid", "revision", "r7")
		add(t, rdb, "kind", "push", "order_id", "125", "cause", "backfill", "colour", "red")
		start(t, newConsumer(rdb, pushHand(asynq.NewClientFromRedisClient(rdb))))
		eventually(t, "the stream is empty", empty(rdb))

		inspector := asynq.NewInspectorFromRedisClient(rdb)
		for id, queue := range map[string]string{"push:123:inbox-" + plain: "push", "push:124:r7": "push"} {
			info, err := inspector.GetTaskInfo(queue, id)
			if err != nil || info.State != asynq.TaskStatePending {
				t.Errorf("task %s: %v, %v", id, info, err)
			}
		}
		if q, err := inspector.GetQueueInfo("backfill"); err != nil || q.Pending != 1 {
			t.Errorf("backfill: %+v, %v", q, err)
		}
		if q, err := inspector.GetQueueInfo("push"); err != nil || q.Pending != 2 {
			t.Errorf("push: %+v, %v; want 2 tasks", q, err)
		}
	})
}

func TestMoneyComesCheckedWithItsRequest(t *testing.T) {
	t.Parallel()
	rdb := servertest.Redis(t)
	add(t, rdb, "kind", "refund", "order_id", "7", "payload", `{"out_refund_no":"R1","amount_fen":100,"reason":"坏了"}`)
	add(t, rdb, "kind", "settle", "order_id", "7", "payload", `{"out_settle_no":"S1","desc":"课程"}`)
	got := make(chan Entry, 2)
	start(t, newConsumer(rdb, func(_ context.Context, e Entry) error { got <- e; return nil }))
	for range 2 {
		switch e := <-got; e.Kind() {
		case "refund":
			if want := (tasks.RefundRequest{OrderID: "7", OutRefundNo: "R1", AmountFen: 100, Reason: "坏了"}); *e.Refund != want {
				t.Errorf("refund %+v, want %+v", *e.Refund, want)
			}
		case "settle":
			if e.Settle.OrderID != "7" || e.Settle.OutSettleNo != "S1" {
				t.Errorf("settle %+v", *e.Settle)
			}
		default:
			t.Errorf("kind %q", e.Kind())
		}
	}
}

func TestABadEntryIsBuriedWithItsReasonAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		bad := map[string]struct {
			fields []string
			reason string
			kind   string
		}{
			"unknown kind":    {[]string{"kind", "pusch", "order_id", "1"}, `tasks: kind: "pusch" is unknown`, "unknown"},
			"no kind":         {[]string{"order_id", "1"}, "tasks: kind: is missing", "unknown"},
			"no order":        {[]string{"kind", "push"}, "tasks: order_id: is missing", "unknown"},
			"bad order":       {[]string{"kind", "push", "order_id", "1/2"}, "tasks: order_id: has a space, slash", "unknown"},
			"bad revision":    {[]string{"kind", "push", "order_id", "1", "revision", "a:b"}, "tasks: revision: ", "unknown"},
			"bad cause":       {[]string{"kind", "push", "order_id", "1", "cause", "whim"}, "tasks: cause: ", "unknown"},
			"id not UTF-8":    {[]string{"kind", "push", "order_id", "1\xff"}, "tasks: order_id: is not valid UTF-8", "unknown"},
			"kind not UTF-8":  {[]string{"kind", "\xc4\xe3", "order_id", "1"}, "tasks: kind: ", "unknown"},
			"push payload":    {[]string{"kind", "push", "order_id", "1", "payload", "{}"}, "tasks: payload: is not for a push", "unknown"},
			"no payload":      {[]string{"kind", "refund", "order_id", "1"}, "tasks: out_refund_no: is missing", "unknown"},
			"payload no JSON": {[]string{"kind", "settle", "order_id", "1", "payload", "S1"}, "tasks: payload: ", "unknown"},
			"payload GBK":     {[]string{"kind", "refund", "order_id", "1", "payload", "{\"reason\":\"\xbb\xb5\"}"}, "tasks: payload: is not valid UTF-8", "unknown"},
			"payload too big": {[]string{"kind", "refund", "order_id", "1", "payload", strings.Repeat("x", maxPayloadBytes+1)}, "tasks: payload: has 65537 bytes", "unknown"},
			"conflict":        {[]string{"kind", "push", "order_id", "known"}, "inbox: refused: another amount", "push"},
		}
		ids := map[string]string{}
		for what, b := range bad {
			ids[add(t, rdb, b.fields...)] = what
		}
		add(t, rdb, "kind", "push", "order_id", "good")

		var mu sync.Mutex
		counted := map[string]int{}
		s := &seen{refuse: func(e Entry) error {
			if e.Push != nil && e.Push.OrderID == "known" {
				return fmt.Errorf("%w: another amount", ErrRefused)
			}
			return nil
		}}
		c := newConsumer(rdb, s.hand)
		c.Observe = func(kind, outcome string) {
			mu.Lock()
			defer mu.Unlock()
			counted[kind+" "+outcome]++
		}
		start(t, c)
		eventually(t, "the stream is empty", empty(rdb))

		if s.count() != 1 || s.ids["push good"] != 1 {
			t.Errorf("handed over %v, want the good one only", s.ids)
		}
		dead, err := rdb.XRange(context.Background(), DeadStream, "-", "+").Result()
		if err != nil || len(dead) != len(bad) {
			t.Fatalf("%d dead entries, %v; want %d", len(dead), err, len(bad))
		}
		for _, d := range dead {
			what := ids[d.Values["dead_entry"].(string)]
			reason := d.Values["dead_reason"].(string)
			if !strings.HasPrefix(reason, bad[what].reason) || !utf8.ValidString(reason) || len(reason) > maxReasonBytes {
				t.Errorf("%s: reason %q, want %q…", what, reason, bad[what].reason)
			}
			for i := 0; i < len(bad[what].fields); i += 2 {
				field, want := bad[what].fields[i], bad[what].fields[i+1]
				if got := d.Values[field]; got != want[:min(len(want), maxDeadValueBytes)] {
					t.Errorf("%s: field %s is %.50q, want %.50q", what, field, got, want)
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if counted["unknown dead"] != len(bad)-1 || counted["push dead"] != 1 || counted["push handed"] != 1 {
			t.Errorf("counted %v", counted)
		}
		if w, err := Lag(context.Background(), rdb); err != nil || w.Dead != int64(len(bad)) {
			t.Errorf("lag %+v, %v", w, err)
		}
	})
}

func TestTwoConsumersShareAndNothingRunsTwice(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
		s := &seen{}
		start(t, newConsumer(rdb, s.hand))
		add(t, rdb, "kind", "push", "order_id", "before")
		eventually(t, "the first is handed over", func() bool { return s.count() == 1 })
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
		if rdb.Options().Network != "unix" {
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
	servertest.EachRedis(t, func(t *testing.T, rdb *redis.Client) {
		t.Parallel()
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
