package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

const (
	// settledByDouyin: what was not settled after 150 days goes to the seller by itself (OLD-SETTLE).
	settledByDouyin = 150 * 24 * time.Hour
	// settleTries bounds the automatic settlements of one order, settleAgain the pace after a failure: each takes a new number.
	settleTries = 5
	settleAgain = 24 * time.Hour
)

// Payments is the store as automatic settlement sees it.
type Payments interface {
	UnsettledPayments(ctx context.Context, q store.PaymentScan) (store.PaymentPage, error)
	Instructions(ctx context.Context, m store.Money, orderID string) ([]store.Instruction, error)
	CreateSettlement(ctx context.Context, n store.NewSettlement) (i store.Instruction, fresh bool, err error)
}

// AutoSettle settles every paid order whose time has come, all of it to the seller. Not safe for concurrent use; any number of
// processes may have one each: they make the same numbers.
type AutoSettle struct {
	Payments Payments
	After    time.Duration // since payment
	Desc     string        // settle_desc
	Now      func() time.Time
	Log      zerolog.Logger

	resume store.ScanKey
}

// Tick looks at one page of payments. The settlements that it writes down are due at once. It implements Job.Do.
func (s *AutoSettle) Tick(ctx context.Context) (more bool, err error) {
	now := s.Now()
	page, err := s.Payments.UnsettledPayments(ctx, store.PaymentScan{
		From: now.Add(-settledByDouyin), To: now.Add(-s.After), After: s.resume, Limit: pageSize,
	})
	if err != nil {
		return false, err
	}
	for _, p := range page.Unsettled {
		if err := s.settle(ctx, p, now); err != nil {
			return false, fmt.Errorf("order %s: %w", p.OrderID, err)
		}
	}
	s.resume = page.Next
	if page.Done {
		s.resume = store.ScanKey{}
	}
	return !page.Done, nil
}

func (s *AutoSettle) settle(ctx context.Context, p store.Payment, now time.Time) error {
	before, err := s.Payments.Instructions(ctx, store.Settlement, p.OrderID)
	if err != nil {
		return err
	}
	if len(before) >= settleTries {
		return nil // a person has to look; the failed settlements stand in the order's status
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
	switch {
	case errors.As(err, &busy), errors.Is(err, store.ErrOrderNotFound): // later, or not Douyin's business any more
		return nil
	case err != nil:
		return err
	case fresh:
		s.Log.Info().Str("order", p.OrderID).Str("number", number).Msg("automatic settlement")
	}
	return nil
}

// refunded tells whether all of a payment was paid back through ordersync: then nothing is left to settle.
func (s *AutoSettle) refunded(ctx context.Context, p store.Payment) (bool, error) {
	refunds, err := s.Payments.Instructions(ctx, store.Refund, p.OrderID)
	if err != nil {
		return false, err
	}
	left := p.Total
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
