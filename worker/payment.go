package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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

// paymentSteps are the waits between questions; the last one repeats.
var paymentSteps = []time.Duration{2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute}

// PaymentRows are the payments that nobody has confirmed yet.
type PaymentRows interface {
	PaymentAsk(ctx context.Context, outOrderNo string) (a store.PaymentAsk, found bool, err error)
	PostponePaymentAsk(ctx context.Context, outOrderNo string, due time.Time, message string) error
	GiveUpPaymentAsk(ctx context.Context, seen store.PaymentAsk, at time.Time, message string) error
	ForgetPayment(ctx context.Context, seen store.PaymentAsk) error
	ConfirmPayment(ctx context.Context, c store.Callback) (store.Accepted, error)
}

// Cashier is Douyin's side of payments.
type Cashier interface {
	QueryOrder(ctx context.Context, outOrderNo string) (douyin.OrderPayment, douyin.Receipt, error)
}

// PaymentHandler handles tasks.TypePayment: it asks Douyin how one payment stands and writes down
// what it says, by one step. When to ask again stands in the row, so a task is never retried for
// what Douyin answers.
type PaymentHandler struct {
	Rows   PaymentRows
	Douyin Cashier
	// asks for a push of an order that was paid; it is due in any case
	Changed func(ctx context.Context, orderID string) error
	Now     func() time.Time
	Log     zerolog.Logger
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
	answer, _, err := h.Douyin.QueryOrder(ctx, p.OutOrderNo)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return h.record(ctx, row, answer, err)
}

func (h *PaymentHandler) record(ctx context.Context, row store.PaymentAsk, answer douyin.OrderPayment, err error) error {
	now := h.Now()
	over := now.After(row.ValidUntil.Add(paymentLag))
	switch {
	case err == nil && answer.Status == douyin.ResultSuccess:
		return h.paid(ctx, row, answer, now)
	case err == nil && answer.Status == douyin.ResultTimeout,
		over && (err == nil && answer.Status == douyin.ResultFail || errors.Is(err, douyin.ErrNotFound)): // before, the buyer may pay once more
		return h.Rows.ForgetPayment(ctx, row)
	}
	said := "Douyin says " + string(answer.Status)
	if err != nil {
		said = err.Error()
	}
	if now.After(row.ValidUntil.Add(paymentUnanswered)) {
		h.Log.Error().Str("number", row.OutOrderNo).Str("alarm", store.AlarmUnanswered).Str("said", said).Msg("payment")
		return h.Rows.GiveUpPaymentAsk(ctx, row, now, said)
	}
	return h.Rows.PostponePaymentAsk(ctx, row.OutOrderNo, nextPaymentAsk(row, now), said)
}

// nextPaymentAsk is one of the steps, but never long past the last moment at which it can be paid.
func nextPaymentAsk(row store.PaymentAsk, now time.Time) time.Time {
	next := now.Add(paymentSteps[min(row.Asks, len(paymentSteps)-1)])
	if last := row.ValidUntil.Add(2 * paymentLag); next.After(last) && now.Before(last) {
		return last
	}
	return next
}

// payTime is when a payment was made; now where Douyin tells no time of the years 2000 to 2100:
// nobody needs it to the second.
func payTime(told string, now time.Time) time.Time {
	at, err := time.ParseInLocation(time.DateTime, told, china)
	if err != nil || at.Year() < 2000 || at.Year() > 2100 {
		return now
	}
	return at
}

func (h *PaymentHandler) paid(ctx context.Context, row store.PaymentAsk, answer douyin.OrderPayment, now time.Time) error {
	way := ""
	if answer.Way != 0 {
		way = strconv.Itoa(answer.Way)
	}
	accepted, err := h.Rows.ConfirmPayment(ctx, store.Callback{
		Number: row.OutOrderNo, Amount: store.Fen(answer.TotalFee), PlatformNo: answer.OrderID, Way: way, FinishedAt: payTime(answer.PayTime, now), At: now,
	})
	if err != nil {
		return fmt.Errorf("payment %s: %w", row.OutOrderNo, err)
	}
	log := h.Log.Warn()
	if accepted.Alarm != "" {
		log = h.Log.Error().Str("alarm", accepted.Alarm)
	}
	log.Str("number", row.OutOrderNo).Str("order", accepted.OrderID).Msg("payment confirmed by asking: its callback has not come")
	if accepted.OrderID != "" && h.Changed != nil {
		_ = h.Changed(ctx, accepted.OrderID) // the order is due: the sweep does it otherwise
	}
	return nil
}

// china is the zone of Douyin's pay_time.
var china = time.FixedZone("CST", 8*60*60)
