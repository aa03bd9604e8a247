package scheduler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

const (
	// settledByDouyin: what was not settled after 150 days goes to the seller by itself
	// (OLD-SETTLE).
	settledByDouyin = 150 * 24 * time.Hour
	// settleTries bounds the automatic settlements of one order until a person has looked,
	// settleAgain the pace after a failure: each takes a new number.
	settleTries = 5
	settleAgain = 24 * time.Hour
	// settleFaults is how many payments in a row may fail before a round ends: then it is not the
	// payments' fault.
	settleFaults = 3
)

// Payments is the store as automatic settlement sees it.
type Payments interface {
	UnsettledPayments(ctx context.Context, q store.PaymentScan) (store.PaymentPage, error)
	Instructions(ctx context.Context, m store.Money, orderID string) ([]store.Instruction, error)
	CreateSettlement(ctx context.Context, n store.NewSettlement) (i store.Instruction, fresh bool, err error)
	PaymentAlarm(ctx context.Context, outOrderNo, alarm, message string) error
	AutoSettleRefused(ctx context.Context) (bool, error)
}

// AutoSettle settles every paid order whose time has come, all of it to the seller. What failed
// settleTries times, or can never be written down, raises store.AlarmUnsettled at its payment; once
// somebody has acknowledged that, it is tried as often again. Where Douyin settles the app's orders
// by itself, which store.AlarmAutoSettle tells, payments of trade are left to it until that is
// acknowledged. Not safe for concurrent use; any number of processes may have one each: they make
// the same numbers.
type AutoSettle struct {
	Payments Payments
	After    time.Duration // since payment; 0: at once
	Desc     string        // settle_desc
	Now      func() time.Time
	Log      zerolog.Logger

	resume store.ScanKey
}

// Tick looks at one page of payments. The settlements that it writes down are due at once. It
// implements Job.Do.
func (s *AutoSettle) Tick(ctx context.Context) (more bool, err error) {
	now := s.Now()
	page, err := s.Payments.UnsettledPayments(ctx, store.PaymentScan{
		From: now.Add(-settledByDouyin), To: now.Add(-s.After), After: s.resume, Limit: pageSize,
	})
	if err != nil {
		return false, err
	}
	refused, err := s.Payments.AutoSettleRefused(ctx)
	if err != nil {
		return false, err
	}
	if refused {
		page.Unsettled = slices.DeleteFunc(page.Unsettled, func(p store.Payment) bool { return p.System == store.Trade })
	}
	err = s.settleEach(ctx, page.Unsettled, now)
	if errors.Is(err, errSettleEnds) {
		return false, err
	}
	s.resume = page.Next
	if page.Done {
		s.resume = store.ScanKey{}
	}
	return !page.Done, err
}

// errSettleEnds: payment after payment failed.
var errSettleEnds = errors.New("scheduler: the round of automatic settlement ends here")

// settleEach settles each payment. One that fails holds up no other one; the error is the first
// one's, and errSettleEnds as well when one after the other failed.
func (s *AutoSettle) settleEach(ctx context.Context, payments []store.Payment, now time.Time) (failed error) {
	faults := 0
	for _, p := range payments {
		err := s.settle(ctx, p, now)
		if err == nil {
			faults = 0
			continue
		}
		failed = cmp.Or(failed, fmt.Errorf("order %s: %w", p.OrderID, err))
		if store.OneRow(err) {
			continue
		}
		if faults++; faults == settleFaults || ctx.Err() != nil {
			return errors.Join(failed, errSettleEnds)
		}
	}
	return failed
}

func (s *AutoSettle) settle(ctx context.Context, p store.Payment, now time.Time) error {
	if p.Alarm == store.AlarmUnsettled && p.Ack.At == nil {
		return nil // a person has to look
	}
	before, err := s.Payments.Instructions(ctx, store.Settlement, p.OrderID)
	if err != nil {
		return err
	}
	tries := 0
	for _, i := range before {
		if p.Ack.At == nil || i.CreatedAt.After(*p.Ack.At) {
			tries++
		}
	}
	if tries >= settleTries {
		last := before[len(before)-1]
		return s.giveUp(ctx, p, fmt.Sprintf("%d settlements have failed, the last one: %d %s", tries, last.Code, last.Message))
	}
	for _, i := range before {
		if i.FinishedAt != nil && now.Sub(*i.FinishedAt) < settleAgain {
			return nil
		}
	}
	if refunded, err := s.refunded(ctx, p); err != nil || refunded {
		return err
	}
	number := autoNumber(p.OutOrderNo, len(before))
	_, fresh, err := s.Payments.CreateSettlement(ctx, store.NewSettlement{
		Number: number, OrderID: p.OrderID, Desc: s.Desc, NotBefore: p.PaidAt.Add(s.After), DueAt: now,
	})
	var busy *store.BusyError
	var conflict *store.ConflictError
	switch {
	case errors.As(err, &busy), errors.Is(err, store.ErrOrderNotFound): // later, or not Douyin's business any more
		return nil
	case errors.As(err, &conflict):
		return s.giveUp(ctx, p, err.Error())
	case err != nil:
		return err
	case fresh:
		s.Log.Info().Str("order", p.OrderID).Str("number", number).Msg("automatic settlement")
	}
	return nil
}

func (s *AutoSettle) giveUp(ctx context.Context, p store.Payment, why string) error {
	s.Log.Error().Str("order", p.OrderID).Str("why", why).Msg("automatic settlement waits for a person")
	return s.Payments.PaymentAlarm(ctx, p.OutOrderNo, store.AlarmUnsettled, why)
}

// refunded tells whether all of a payment was paid back through ordersync: then nothing is left to
// settle.
func (s *AutoSettle) refunded(ctx context.Context, p store.Payment) (bool, error) {
	refunds, err := s.Payments.Instructions(ctx, store.Refund, p.OrderID)
	if err != nil {
		return false, err
	}
	left := p.Total - p.Discount
	for _, r := range refunds {
		if r.State == store.MoneySucceeded {
			left -= r.Amount
		}
	}
	return left <= 0, nil
}

// autoNumber is the same in every process, and another one after each failure.
func autoNumber(outOrderNo string, try int) string {
	sum := sha256.Sum256([]byte(outOrderNo + "\x00" + strconv.Itoa(try)))
	return "auto-" + hex.EncodeToString(sum[:])[:32]
}
