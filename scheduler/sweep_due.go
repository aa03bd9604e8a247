package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// handOver enqueues what is due. The id of each task names the order and its due time, so a second
// scheduler, or this one after a crash, enqueues the same task and asynq takes it once.
func (s *Sweep) handOver(ctx context.Context, now time.Time) (handed int, err error) {
	until, err := s.horizon(ctx, now)
	if err != nil {
		return 0, err
	}
	for {
		waiting, err := s.Backlog(ctx)
		if err != nil || waiting >= maxBacklog {
			return handed, err
		}
		due, err := s.Orders.DueOrders(ctx, until, pageSize)
		if err != nil {
			return handed, err
		}
		if len(due) > 0 {
			named, err := s.enqueue(ctx, due, now)
			if err != nil {
				return handed, err
			}
			if err := s.Orders.PostponeDue(ctx, named, now.Add(handOverAgain)); err != nil {
				return handed, err
			}
			handed += len(due)
		}
		if len(due) < pageSize {
			return handed, s.lost.recovered(ctx, s.Mark)
		}
	}
}

// horizon is the due time up to which orders are handed over: now, and where Redis has lost its
// tasks, all that they would have been looked at again by themselves.
func (s *Sweep) horizon(ctx context.Context, now time.Time) (time.Time, error) {
	noticed, err := s.lost.notice(ctx, s.Mark, now)
	if err != nil {
		return now, err
	}
	if noticed {
		s.Log.Warn().Msg("sweep: Redis is new or came back empty: what was on its way is asked for again")
	}
	if s.lost.happened() && s.lost.until().After(now) {
		return s.lost.until(), nil
	}
	return now, nil
}

// enqueue answers with the orders that a task can name. The others are refused.
func (s *Sweep) enqueue(ctx context.Context, due []store.Due, now time.Time) (named []store.Due, err error) {
	items := make([]tasks.Wanted, len(due))
	for i, d := range due {
		items[i].PushOrder = tasks.PushOrder{OrderID: d.OrderID, Revision: dueRevision(d.DueAt), Cause: tasks.CauseSweep}
	}
	for i, r := range tasks.EnqueueMany(ctx, s.Queue, items) {
		var unfit *tasks.PayloadError
		switch {
		case errors.As(r.Err, &unfit): // it must not hold up the others, and it must not be pending for ever
			s.Log.Warn().Err(r.Err).Str("order", due[i].OrderID).Msg("sweep: no task can name this order; it is refused")
			if err := s.Orders.RefuseDue(ctx, due[i], kindIncomplete, unnameable(unfit), now); err != nil {
				return nil, err
			}
		case r.Err != nil:
			return nil, fmt.Errorf("order %s: %w", due[i].OrderID, r.Err)
		default:
			named = append(named, due[i])
		}
	}
	return named, nil
}

// kindIncomplete is the worker's word for an order that lacks what a push needs.
const kindIncomplete = "incomplete"

// unnameable tells an operator why an order's key cannot be in a task's id, in a URL or on a page.
func unnameable(e *tasks.PayloadError) string {
	return "the order's key " + e.Reason + ", so no task can name it: let shop.columns.id (or id of shop.sql.order) be a key without one"
}
