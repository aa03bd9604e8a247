package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// refundAskPage bounds the payments of one round: 72,000 questions a day where every round is full.
const refundAskPage = 50

// RefundAsks are the payments of trade whose refunds Douyin is to be asked for.
type RefundAsks interface {
	DueRefundAsks(ctx context.Context, now time.Time, limit int) ([]store.RefundAsk, error)
	PostponeRefundAsk(ctx context.Context, seen store.RefundAsk, until time.Time) error
}

// DueRefunds hands over the payments of trade whose refunds Douyin is to be asked for, one page a
// round, however many are due: nobody waits for what it finds. Any number of processes may have one
// each: their tasks have the same ids. What Redis loses comes again after handOverAgain.
type DueRefunds struct {
	Rows  RefundAsks
	Queue tasks.Enqueuer
	Now   func() time.Time
	Log   zerolog.Logger
}

// Tick implements Job.Do.
func (d *DueRefunds) Tick(ctx context.Context) (more bool, err error) {
	now := d.Now()
	due, err := d.Rows.DueRefundAsks(ctx, now, refundAskPage)
	if err != nil {
		return false, err
	}
	for _, a := range due {
		if err := d.handOver(ctx, a, now); err != nil {
			return false, fmt.Errorf("refunds of %s: %w", a.OutOrderNo, err)
		}
	}
	return false, nil
}

func (d *DueRefunds) handOver(ctx context.Context, a store.RefundAsk, now time.Time) error {
	t, err := tasks.AskRefunds{OutOrderNo: a.OutOrderNo, Revision: "due-" + strconv.FormatInt(a.DueAt.UnixMilli(), 10)}.Task()
	if err != nil {
		d.Log.Error().Err(err).Str("number", a.OutOrderNo).Msg("a payment that no task can name: nobody asks for its refunds")
		return d.Rows.PostponeRefundAsk(ctx, a, time.Time{})
	}
	if _, err := d.Queue.EnqueueContext(ctx, t); err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return err // Redis: the next one would not pass either
	}
	return d.Rows.PostponeRefundAsk(ctx, a, now.Add(handOverAgain))
}
