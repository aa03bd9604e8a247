package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// refundAskPage bounds the payments of one round: 72,000 questions a day where every round is full.
const refundAskPage = 50

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
		t, unfit := tasks.AskPayment{OutOrderNo: p.OutOrderNo, Revision: dueRevision(*p.DueAt)}.Task()
		err := handOver(ctx, d.Queue, handed{
			task: t, unfit: unfit,
			postpone: func() error { return d.Rows.HandOverPaymentAsk(ctx, p, now.Add(handOverAgain)) },
			drop: func() error {
				d.Log.Error().Err(unfit).Str("number", p.OutOrderNo).Msg("a payment that no task can carry is not asked about")
				return d.Rows.GiveUpPaymentAsk(ctx, p, now, unfit.Error())
			},
		})
		if err != nil {
			return false, fmt.Errorf("payment %s: %w", p.OutOrderNo, err)
		}
	}
	return len(due) == moneyPage, nil
}

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
		t, unfit := tasks.AskRefunds{OutOrderNo: a.OutOrderNo, Revision: dueRevision(a.DueAt)}.Task()
		err := handOver(ctx, d.Queue, handed{
			task: t, unfit: unfit,
			postpone: func() error { return d.Rows.PostponeRefundAsk(ctx, a, now.Add(handOverAgain)) },
			drop: func() error {
				d.Log.Error().Err(unfit).Str("number", a.OutOrderNo).Msg("a payment that no task can name: nobody asks for its refunds")
				return d.Rows.PostponeRefundAsk(ctx, a, time.Time{})
			},
		})
		if err != nil {
			return false, fmt.Errorf("refunds of %s: %w", a.OutOrderNo, err)
		}
	}
	return false, nil
}
