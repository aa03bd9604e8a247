package tasks

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

func TestMoneyTasksNameTheInstruction(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	for _, c := range []struct {
		request       Request
		kind, payload string
		id, queue     string
		parse         func(*asynq.Task) (any, error)
	}{
		{Refund{OutRefundNo: "R-1*", Revision: "new"}, "refund:run", `{"out_refund_no":"R-1*","revision":"new"}`, "refund:R-1*:new", "refund",
			func(t *asynq.Task) (any, error) { return ParseRefund(t) }},
		{Settle{OutSettleNo: "S_1", Revision: "new"}, "settle:run", `{"out_settle_no":"S_1","revision":"new"}`, "settle:S_1:new", "settle",
			func(t *asynq.Task) (any, error) { return ParseSettle(t) }},
	} {
		task, err := c.request.Task()
		if err != nil {
			t.Fatal(err)
		}
		if task.Type() != c.kind || string(task.Payload()) != c.payload {
			t.Errorf("task %s %s, want %s %s", task.Type(), task.Payload(), c.kind, c.payload)
		}
		if back, err := c.parse(task); err != nil || back != c.request {
			t.Errorf("read back %+v, %v", back, err)
		}
		for _, fresh := range []bool{true, false} {
			if got, err := Hurry(context.Background(), redis.client, c.request); err != nil || got != fresh {
				t.Errorf("%s: fresh %v, %v; want %v", c.id, got, err, fresh)
			}
		}
		info, err := redis.inspector.GetTaskInfo(c.queue, c.id)
		if err != nil {
			t.Fatal(err)
		}
		if info.Retention < 24*time.Hour || info.MaxRetry < 20 || info.Timeout != Timeout {
			t.Errorf("%s: retention %v, max retry %d, timeout %v", c.id, info.Retention, info.MaxRetry, info.Timeout)
		}
	}
}

func TestMoneyTasksRefuseBadNumbers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 65)
	for name, c := range map[string]struct {
		number, field string
	}{
		"empty": {"", "out_refund_no"}, "too long": {long, "out_refund_no"}, "chinese": {"退1", "out_refund_no"}, "slash": {"a/b", "out_refund_no"},
		"colon": {"a:b", "out_refund_no"}, "not UTF-8": {"\xff", "out_refund_no"}, "space": {" 1", "out_refund_no"},
	} {
		var bad *PayloadError
		if _, err := (Refund{OutRefundNo: c.number}).Task(); !errors.As(err, &bad) || bad.Field != "out_refund_no" {
			t.Errorf("%s: refund: %v", name, err)
		}
		if _, err := (Settle{OutSettleNo: c.number}).Task(); !errors.As(err, &bad) || bad.Field != "out_settle_no" {
			t.Errorf("%s: settle: %v", name, err)
		}
	}
	var bad *PayloadError
	for _, payload := range []string{``, `{}`, `{"out_refund_no":5}`, `{"out_refund_no":"a b"}`, `{"out_refund_no":"1","revision":"a/b"}`} {
		if _, err := ParseRefund(asynq.NewTask(TypeRefund, []byte(payload))); !errors.As(err, &bad) {
			t.Errorf("%s: %v", payload, err)
		}
		if _, err := ParseSettle(asynq.NewTask(TypeSettle, []byte(strings.ReplaceAll(payload, "refund", "settle")))); !errors.As(err, &bad) {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
