package metrics

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

func TestQueuesAreReadAlsoWithGhostsInThem(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		client := asynq.NewClientFromRedisClient(rdb)
		started := time.Now()
		for _, order := range []string{"1", "2", "3"} {
			if _, err := tasks.Enqueue(ctx, client, tasks.PushOrder{OrderID: order, Revision: "r"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tasks.Enqueue(ctx, client, tasks.PushOrder{OrderID: "4", Revision: "r"}, asynq.ProcessIn(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := asynq.NewInspectorFromRedisClient(rdb).PauseQueue(tasks.QueueSweep); err != nil {
			t.Fatal(err)
		}
		// The oldest id has lost its task, and one queue has a key of another kind: what asynq's own exporter fails by.
		rdb.RPush(ctx, "asynq:{push}:pending", "ghost")
		rdb.Set(ctx, "asynq:{refund}:pending", "not a list", 0)

		m := whole(rdb, &countsStub{}, at(started.Add(90*time.Second)))
		got := series(t, m)
		wantSeries(t, got, map[string]float64{
			"ordersync_queue_tasks{queue=push,state=pending}":     4,
			"ordersync_queue_tasks{queue=push,state=scheduled}":   1,
			"ordersync_queue_tasks{queue=push,state=archived}":    0,
			"ordersync_queue_tasks{queue=settle,state=pending}":   0,
			"ordersync_queue_tasks{queue=refund,state=retry}":     0,
			"ordersync_queue_oldest_pending_seconds{queue=sweep}": 0,
			"ordersync_queue_paused{queue=sweep}":                 1,
			"ordersync_queue_paused{queue=push}":                  0,
			"ordersync_queue_servers":                             0,
			"ordersync_reading_up{source=queues}":                 0,
		})
		if age := got["ordersync_queue_oldest_pending_seconds{queue=push}"]; age < 80 || age > 91 {
			t.Errorf("the oldest waits %v s, want about 90", age)
		}
		rdb.Del(ctx, "asynq:{refund}:pending")
		if up := series(t, m)["ordersync_reading_up{source=queues}"]; up != 1 {
			t.Error("a ghost alone makes the reading incomplete")
		}
	})
}

func TestTheInboxAndRedisAreRead(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		id := strconv.FormatInt(now.Add(-time.Minute).UnixMilli(), 10) + "-0"
		rdb.XAdd(ctx, &redis.XAddArgs{Stream: "ordersync:inbox", ID: id, Values: []string{"kind", "push"}})
		rdb.XAdd(ctx, &redis.XAddArgs{Stream: "ordersync:inbox:dead", Values: []string{"kind", "x"}})
		got := series(t, whole(rdb, &countsStub{}, at(now)))
		wantSeries(t, got, map[string]float64{
			"ordersync_inbox_entries": 1, "ordersync_inbox_oldest_seconds": 60, "ordersync_inbox_dead_entries": 1, "ordersync_reading_up{source=inbox}": 1,
		})
		if err := rdb.Info(ctx, "memory").Err(); err != nil && strings.Contains(err.Error(), "not supported") {
			wantSeries(t, got, map[string]float64{"ordersync_reading_up{source=memory}": 0}) // miniredis
			return
		}
		wantSeries(t, got, map[string]float64{"ordersync_redis_memory_max_bytes": 0, "ordersync_redis_keeps_keys": 1, "ordersync_reading_up{source=memory}": 1})
		if used := got["ordersync_redis_memory_used_bytes"]; used < 100_000 {
			t.Errorf("Redis uses %v bytes", used)
		}
	})
}

func TestTheDatabaseIsReadAtMostOnceInTenSeconds(t *testing.T) {
	st := &countsStub{counts: store.Counts{
		Unsynced: store.Unsynced{Due: 7, Oldest: now.Add(-5 * time.Minute)},
		Failed:   map[store.Outcome]int64{store.Refused: 3},
		Open:     []store.OpenMoney{{Money: store.Settlement, State: store.MoneyNew, Backlog: store.Backlog{Count: 2, Oldest: now.Add(time.Hour)}}},
		Alarms:   []store.AlarmCount{{Table: "payment", Alarm: store.AlarmAmount, Count: 1}},
		Outbox:   store.Backlog{Count: 4, Oldest: now.Add(-time.Second)},
		LogRows:  9,
	}}
	clock := now
	m := whole(servertest.Redis(t), st, func() time.Time { return clock })
	var many sync.WaitGroup
	for range 8 {
		many.Go(func() { _, _ = m.registry.Gather() })
	}
	many.Wait()
	clock = clock.Add(countsFor - time.Second)
	got := series(t, m)
	if n := st.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	wantSeries(t, got, map[string]float64{
		"ordersync_orders_unsynced": 7, "ordersync_orders_unsynced_oldest_seconds": 309,
		"ordersync_orders_without_word": 5, "ordersync_orders_failed{outcome=refused}": 3, "ordersync_orders_failed{outcome=gave_up}": 0,
		"ordersync_money_open{money=settlement,state=new}": 2, "ordersync_money_open_oldest_seconds{money=settlement,state=new}": 0,
		"ordersync_money_open{money=refund,state=submitted}": 0,
		"ordersync_alarms{alarm=amount,table=payment}":       1, "ordersync_alarms{alarm=overdue,table=refund}": 0,
		"ordersync_outbox_rows": 4, "ordersync_outbox_oldest_seconds": 10, "ordersync_outbox_bad_rows": 0,
		"ordersync_forwards_waiting": 0, "ordersync_log_rows": 9, "ordersync_log_oldest_seconds": 0,
	})
	clock = clock.Add(time.Second)
	series(t, m)
	if n := st.asked.Load(); n != 2 {
		t.Errorf("asked %d times after ten seconds, want a second time", n)
	}
}
