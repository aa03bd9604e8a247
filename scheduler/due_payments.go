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

// PaymentAsks are the payments that nobody has confirmed yet.
type PaymentAsks interface {
	DuePaymentAsks(ctx context.Context, now time.Time, limit int) ([]store.PaymentAsk, error)
	HandOverPaymentAsk(ctx context.Context, seen store.PaymentAsk, until time.Time) error
	GiveUpPaymentAsk(ctx context.Context, seen store.PaymentAsk, at time.Time, message string) error
}

// DuePayments hands over the payments that Douyin is to be asked about. A row that no task can
// carry holds up no other: it ends with an alarm. Any number of processes may have one each: their
// tasks have the same ids. What Redis loses comes again after handOverAgain.
type DuePayments struct {
	Rows  PaymentAsks
	Queue tasks.Enqueuer
	Now   func() time.Time
	Log   zerolog.Logger
}

// Tick hands one page over and asks for more while pages are full. It implements Job.Do.
func (d *DuePayments) Tick(ctx context.Context) (more bool, err error) {
	now := d.Now()
	due, err := d.Rows.DuePaymentAsks(ctx, now, moneyPage)
	if err != nil {
		return false, err
	}
	for _, p := range due {
		if err := d.handOver(ctx, p, now); err != nil {
			return false, fmt.Errorf("payment %s: %w", p.OutOrderNo, err)
		}
	}
	return len(due) == moneyPage, nil
}

func (d *DuePayments) handOver(ctx context.Context, p store.PaymentAsk, now time.Time) error {
	t, err := tasks.AskPayment{OutOrderNo: p.OutOrderNo, Revision: "due-" + strconv.FormatInt(p.DueAt.UnixMilli(), 10)}.Task()
	if err != nil {
		d.Log.Error().Err(err).Str("number", p.OutOrderNo).Msg("a payment that no task can carry is not asked about")
		return d.Rows.GiveUpPaymentAsk(ctx, p, now, err.Error())
	}
	if _, err := d.Queue.EnqueueContext(ctx, t); err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return err // Redis: the next one would not pass either
	}
	return d.Rows.HandOverPaymentAsk(ctx, p, now.Add(handOverAgain))
}
