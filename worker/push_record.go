package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
)

// settled closes the books on an order that Douyin holds already. It writes only where the books say otherwise.
func (r *run) settled(ctx context.Context, s store.OrderSnapshot) verdict {
	v := verdict{outcome: store.Settled}
	if r.passed > 1 {
		v.outcome = store.Pushed
	}
	if s.State.Outcome == store.Pushed && s.State.DueAt == nil && s.State.ShopStatus == s.Order.Status &&
		s.State.ShopUpdated == s.Order.Updated {
		return v
	}
	p := r.of(s)
	p.OrderID, p.Seq, p.At, p.Outcome = r.task.OrderID, s.State.Seq, r.now(), store.Settled
	_, err := r.Orders.RecordPush(ctx, p)
	if r.asked(err) != nil {
		return r.judge(fmt.Errorf("record: %w", err))
	}
	return v
}

// record writes how an attempt ended. A verdict that cannot be written becomes a failure of the task: it comes back, and
// the open attempt makes it push again.
func (r *run) record(ctx context.Context, v verdict, p store.Push) verdict {
	p.OrderID, p.Cause, p.TaskID, p.Attempt, p.At = r.task.OrderID, string(r.task.Cause), r.taskID, r.attempt.number, r.now()
	p.Outcome, p.Kind, p.Code, p.Message, p.LogID = v.outcome, v.kind, v.code, v.message, v.logID
	if p.Seq > 0 {
		p.HTTPStatus, p.Duration = r.receipt.HTTPStatus, r.receipt.Duration
		p.Request, p.Response = string(r.receipt.Request), string(r.receipt.Response)
		if p.LogID == "" {
			p.LogID = r.receipt.LogID
		}
	}
	if again := r.dueIn(v); again > 0 {
		due := p.At.Add(again)
		p.DueAt = &due
	}
	// Douyin has been called: its answer is written down even when the task's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	var err error
	if r.changed, err = r.Orders.RecordPush(ctx, p); r.asked(err) != nil {
		r.changed = false
		r.owe(p)
		return r.judge(fmt.Errorf("record %s: %w", v.outcome, err))
	}
	return v
}

// dueIn is when the sweep shall look at an order that ended with v, should its task be lost. A wait that Douyin named is obeyed.
func (r *run) dueIn(v verdict) time.Duration {
	switch {
	case v.within > 0:
		return max(v.within, waitOf(v.tell))
	case v.again > 0:
		return v.again + r.grace()
	}
	return 0
}
