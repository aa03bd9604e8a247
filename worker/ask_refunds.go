package worker

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// refundAskSteps are the times after a payment at which Douyin is asked for its refunds: five
// questions for each payment of trade. After the last one a person asks, or the shop.
var refundAskSteps = []time.Duration{
	store.FirstRefundAsk, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 15 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// RefundAsks are the payments of trade whose refunds Douyin is asked for.
type RefundAsks interface {
	AnyPayment(ctx context.Context, outOrderNo string) (p store.Payment, found bool, err error)
	PostponeRefundAsk(ctx context.Context, seen store.RefundAsk, until time.Time) error
}

// RefundsHandler handles tasks.TypeRefunds: it asks Douyin for all refunds of one payment and writes
// down what it says of them, so that one whose callbacks are lost is found.
type RefundsHandler struct {
	Rows RefundAsks
	Bank TradeRefunds
	Now  func() time.Time
	Log  zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (h *RefundsHandler) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return judge(h.step(ctx, t), attemptOf(ctx)).tell
}

func (h *RefundsHandler) step(ctx context.Context, t *asynq.Task) error {
	r, err := tasks.ParseAskRefunds(t)
	if err != nil {
		return err
	}
	p, found, err := h.Rows.AnyPayment(ctx, r.OutOrderNo)
	if err != nil || !found || p.State != store.PaymentSuccess || p.DouyinOrderID == "" {
		return err
	}
	if _, err := h.Bank.Hear(ctx, p, ""); err != nil {
		return err
	}
	h.Log.Info().Str("number", r.OutOrderNo).Str("order", p.OrderID).Msg("refunds asked for")
	return h.Rows.PostponeRefundAsk(ctx, store.RefundAsk{OutOrderNo: p.OutOrderNo, DueAt: p.RefundsDueAt}, nextRefundAsk(p.PaidAt, h.Now()))
}

// nextRefundAsk is the next of the steps after now; zero after the last one.
func nextRefundAsk(paidAt, now time.Time) time.Time {
	for _, step := range refundAskSteps {
		if at := paidAt.Add(step); at.After(now) {
			return at
		}
	}
	return time.Time{}
}
