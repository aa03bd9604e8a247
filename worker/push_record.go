package worker

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
)

// settled closes the books on an order that Douyin holds already. It writes only where the books
// say otherwise.
func (r *run) settled(ctx context.Context, s store.OrderSnapshot) verdict {
	v := verdict{outcome: store.Settled}
	if r.passed > 1 {
		v.outcome = store.Pushed
	}
	if s.State.Outcome == store.Pushed && s.State.DueAt == nil && s.State.ShopStatus == s.Order.Status &&
		s.State.ShopUpdated == s.Order.Updated {
		return v
	}
	_, err := r.Orders.RecordPush(ctx, store.Push{
		OrderID: r.task.OrderID, OrderNo: s.Order.OrderNo, ShopStatus: s.Order.Status, ShopUpdated: s.Order.Updated,
		Seq: s.State.Seq, At: r.now(), Outcome: store.Settled,
	})
	if r.asked(err) != nil {
		return r.judge(fmt.Errorf("record: %w", err))
	}
	return v
}

// record writes how the run ended: its verdict, what was read, and the attempt, if one was
// announced. A verdict that cannot be written becomes a failure of the task: it comes back, and the
// open attempt makes it push again. changed: the order is not any more what was pushed.
func (r *run) record(ctx context.Context, v verdict, s store.OrderSnapshot, m made) (written verdict, changed bool) {
	p := r.row(v, s, m)
	// Douyin has been called: its answer is written down even when the task's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	changed, err := r.Orders.RecordPush(ctx, p)
	if r.asked(err) != nil {
		r.owe(p)
		return r.judge(fmt.Errorf("record %s: %w", v.outcome, err)), false
	}
	return v, changed
}

// row is what record writes.
func (r *run) row(v verdict, s store.OrderSnapshot, m made) store.Push {
	p := store.Push{
		OrderID: r.task.OrderID, Cause: string(r.task.Cause), TaskID: r.taskID, Attempt: r.attempt.number, At: r.now(),
		OrderNo: s.Order.OrderNo, System: s.System, Call: m.call, ShopStatus: s.Order.Status, ShopUpdated: s.Order.Updated,
		Outcome: v.outcome, Kind: v.kind, Code: v.code, Message: v.message, LogID: v.logID,
	}
	p.SinceAsked = r.sinceAsked(p.At)
	if again := r.dueIn(v); again > 0 {
		due := p.At.Add(again)
		p.DueAt = &due
	}
	if m.seq == 0 {
		return p
	}
	seen := s.Order
	p.Seq, p.Status, p.Digest, p.Seen = m.seq, int(m.status), m.digest, &seen
	p.HTTPStatus, p.Duration = m.receipt.HTTPStatus, m.receipt.Duration
	p.Fulfilled, p.Unsent = m.fulfilled, m.unsent
	p.Request, p.Response = string(m.receipt.Request), string(m.receipt.Response)
	p.LogID = cmp.Or(v.logID, m.receipt.LogID)
	return p
}

// dueIn is when the sweep shall look at an order that ended with v, should its task be lost. A wait
// that Douyin named is obeyed.
func (r *run) dueIn(v verdict) time.Duration {
	switch {
	case v.within > 0:
		return max(v.within, waitOf(v.tell))
	case v.again > 0:
		return v.again + r.grace()
	}
	return 0
}
