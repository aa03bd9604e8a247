package store

import (
	"bytes"
	"context"
	"fmt"

	"gorm.io/gorm"
)

// payment is what a ConflictError of a payment's number is about.
const payment Money = "payment"

// MakeTradePayment writes a payment down that the shop asks for, with the bytes that are signed for
// it, and expects it for as long as it can be paid. The same number with the same Fingerprint, or
// with the same bytes, is the payment that stands: fresh is false, and made.Data is what was written
// down first. One that nobody had requested of Douyin in time can be paid again then. The shop's
// order need not be there yet.
//
// p needs OutOrderNo, Total, Currency, Data, Fingerprint and CreatedAt; a.ValidUntil, a.DueAt and
// a.CreatedAt are as for ExpectPayment. *ConflictError: the number has other content, was made
// elsewhere, or is one of ecpay.
func (s *Store) MakeTradePayment(ctx context.Context, p Payment, a PaymentAsk) (made Payment, fresh bool, err error) {
	p.System, p.State = Trade, PaymentProcess
	a.OutOrderNo, a.Total, a.System = p.OutOrderNo, p.Total, Trade
	err = s.untilWon(ctx, func(tx *gorm.DB) (err error) {
		made, fresh, err = s.makeTradePayment(tx, p, a)
		return err
	})
	if err != nil {
		return Payment{}, false, fmt.Errorf("store: make payment: %w", err)
	}
	if err := s.proveTrade(ctx, &made); err != nil { // a repetition does it, should the process end here
		return Payment{}, false, fmt.Errorf("store: make payment: %w", err)
	}
	return made, fresh, nil
}

// makeTradePayment is MakeTradePayment inside its transaction. Of two that insert at once, one is a
// duplicate key and runs again.
func (s *Store) makeTradePayment(tx *gorm.DB, p Payment, a PaymentAsk) (made Payment, fresh bool, err error) {
	made, found, err := readAnyPayment(tx, p.OutOrderNo, s.sql.forUpdate)
	switch {
	case err != nil:
		return Payment{}, false, err
	case !found:
		made = p
		err = s.insertPayment(tx, p)
	case !made.sameContent(p):
		err = &ConflictError{Money: payment, Number: p.OutOrderNo}
	case made.ended():
		return made, false, nil
	case made.State == PaymentTimeout:
		made.State = PaymentProcess
		err = s.updatePayment(tx, made)
	}
	if err == nil {
		_, err = s.expectPayment(tx, a)
	}
	return made, !found, err
}

// sameContent tells that p was made of what other is to be made of.
func (p *Payment) sameContent(other Payment) bool {
	return p.System == other.System && p.Data != nil &&
		(p.Fingerprint == other.Fingerprint && p.Fingerprint != "" || bytes.Equal(p.Data, other.Data))
}

// ended tells that a payment of trade cannot be paid any more. One that Douyin has never heard of
// still can.
func (p *Payment) ended() bool {
	return p.State == PaymentSuccess || p.State == PaymentCancel || p.State == PaymentTimeout && p.DouyinOrderID != ""
}

// Settled tells that Douyin has nothing more to say of a payment of trade: it has ended, and the
// items of one that was paid are known.
func (p *Payment) Settled() bool {
	return p.ended() && (p.State != PaymentSuccess || len(p.Items) > 0)
}
