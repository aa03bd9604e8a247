package inbox

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

func TestEntriesBecomeTasksThatNameThem(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
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
				t.Fatalf("task %s: %v, %v", id, info, err)
			}
			asked, err := tasks.ParsePushOrder(asynq.NewTask(info.Type, info.Payload))
			if ms, _, _ := strings.Cut(plain, "-"); err != nil || asked.OrderID == "123" && fmt.Sprint(asked.AskedAt) != ms {
				t.Errorf("%s: asked for at %d, %v; the entry is of %s", id, asked.AskedAt, err, plain)
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
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
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
