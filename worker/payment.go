package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// FirstPaymentAsk is how long after a payment was asked for Douyin is asked first: most callbacks
// have come by then.
const FirstPaymentAsk = time.Minute

const (
	// paymentUnanswered: a payment that has no end a day after it could be paid last is for a
	// person to look at.
	paymentUnanswered = 24 * time.Hour
	// paymentLag is how long after it could be paid last a payment may still become known.
	paymentLag = time.Minute
)

// paymentSteps are production's PaymentHandler.Steps.
var paymentSteps = []time.Duration{2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute}

// PaymentRows are the payments that Douyin is to be asked about.
type PaymentRows interface {
	PaymentAsk(ctx context.Context, outOrderNo string) (a store.PaymentAsk, found bool, err error)
	PostponePaymentAsk(ctx context.Context, outOrderNo string, due time.Time, message string) error
	GiveUpPaymentAsk(ctx context.Context, seen store.PaymentAsk, at time.Time, message string) error
	ForgetPayment(ctx context.Context, seen store.PaymentAsk) error
	ConfirmPayment(ctx context.Context, c store.Callback) (store.Accepted, error)
	HearTradePayment(ctx context.Context, n store.TradePayment) (store.Accepted, error)
}

// PaymentHandler handles tasks.TypePayment: it asks Douyin how one payment stands, in the system that
// the payment is of, and writes down what it says, by one step. When to ask again stands in the row,
// so a task is never retried for what Douyin answers.
type PaymentHandler struct {
	Rows   PaymentRows
	Douyin Cashier      // of ecpay; nil: those wait
	Trade  TradeCashier // of trade; nil: those wait
	// Changed asks for a push of an order that was paid; it is due in any case. Nil: nobody is
	// asked.
	Changed func(ctx context.Context, orderID string) error
	// Steps are the waits between questions; the last one repeats. Nil: production's, from two
	// minutes to half an hour.
	Steps []time.Duration
	Now   func() time.Time
	Log   zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (h *PaymentHandler) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return judge(h.step(ctx, t), attemptOf(ctx)).tell
}

// step returns errors of the payload, of the database and of ctx, and none of Douyin's.
func (h *PaymentHandler) step(ctx context.Context, t *asynq.Task) error {
	p, err := tasks.ParseAskPayment(t)
	if err != nil {
		return err
	}
	row, found, err := h.Rows.PaymentAsk(ctx, p.OutOrderNo)
	if err != nil || !found || row.Alarm != "" {
		return err
	}
	system := h.system(row.System)
	if system == nil {
		return h.Rows.PostponePaymentAsk(ctx, row.OutOrderNo, h.next(row, h.Now()), "this worker is not set up for payments of "+string(row.System))
	}
	said, err := system.ask(ctx, row, h.Now())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return h.record(ctx, row, said, err)
}

// record writes down what Douyin said, and when it is to be asked again.
func (h *PaymentHandler) record(ctx context.Context, row store.PaymentAsk, said paymentAnswer, err error) error {
	now := h.Now()
	over := now.After(row.ValidUntil.Add(paymentLag))
	message := "Douyin says " + string(said.state)
	switch {
	case errors.Is(err, douyin.ErrNotFound) && over:
		return h.Rows.ForgetPayment(ctx, row)
	case err != nil:
		message = err.Error()
	case said.state == store.PaymentFail && !over: // the buyer may pay once more
	case said.state == store.PaymentFail:
		if _, err := said.write(ctx); err != nil {
			return fmt.Errorf("payment %s: %w", row.OutOrderNo, err)
		}
		return h.Rows.ForgetPayment(ctx, row)
	default:
		accepted, err := said.write(ctx)
		if err != nil {
			return fmt.Errorf("payment %s: %w", row.OutOrderNo, err)
		}
		if said.state == store.PaymentSuccess {
			h.paid(ctx, row, accepted)
		}
		if said.state != store.PaymentProcess && !said.lacks {
			return nil
		}
	}
	last := row.ValidUntil.Add(paymentUnanswered)
	switch {
	case now.After(last) && err == nil && said.lacks:
		h.Log.Warn().Str("number", row.OutOrderNo).Msg("Douyin does not tell the items of a payment: a refund of a part has to name them")
		return h.Rows.ForgetPayment(ctx, row)
	case now.After(last):
		h.Log.Error().Str("number", row.OutOrderNo).Str("alarm", store.AlarmUnanswered).Str("said", message).Msg("payment")
		return h.Rows.GiveUpPaymentAsk(ctx, row, now, message)
	}
	return h.Rows.PostponePaymentAsk(ctx, row.OutOrderNo, h.next(row, now), message)
}

func (h *PaymentHandler) paid(ctx context.Context, row store.PaymentAsk, accepted store.Accepted) {
	log, words := h.Log.Warn(), "payment confirmed by asking: its callback has not come"
	if row.System == store.Trade { // it is asked about after a callback too
		log, words = h.Log.Info(), "payment confirmed by asking"
	}
	if accepted.Alarm != "" {
		log = h.Log.Error().Str("alarm", accepted.Alarm)
	}
	log.Str("number", row.OutOrderNo).Str("order", accepted.OrderID).Msg(words)
	if accepted.OrderID != "" && h.Changed != nil {
		_ = h.Changed(ctx, accepted.OrderID) // the order is due: the sweep does it otherwise
	}
}

// next is the time after one of the steps, but never long past the last moment at which it can be
// paid.
func (h *PaymentHandler) next(row store.PaymentAsk, now time.Time) time.Time {
	steps := h.Steps
	if len(steps) == 0 {
		steps = paymentSteps
	}
	next := now.Add(steps[min(row.Asks, len(steps)-1)])
	if last := row.ValidUntil.Add(2 * paymentLag); next.After(last) && now.Before(last) {
		return last
	}
	return next
}
