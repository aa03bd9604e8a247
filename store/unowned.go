package store

import (
	"context"
	"fmt"
)

// Unowned are rows of one number that belong to no order of the shop's: Douyin has told of them, and
// the shop has no order with the payment's number.
type Unowned struct {
	Payments []Payment
	// Asks are payments of ecpay that were asked for and that nobody has confirmed. They name no
	// order before they are paid.
	Asks                 []PaymentAsk
	Refunds, Settlements []Instruction
}

// None tells that there is no such row.
func (u *Unowned) None() bool {
	return len(u.Payments)+len(u.Asks)+len(u.Refunds)+len(u.Settlements) == 0
}

// FindUnowned finds such rows by our number or by Douyin's: a few of each kind at most. It reads by
// keys and indexes only.
func (s *Store) FindUnowned(ctx context.Context, number string) (u Unowned, err error) {
	db := s.db.WithContext(ctx)
	wrap := func(err error) error { return fmt.Errorf("store: rows without an order: %w", err) }
	for _, by := range []string{"out_order_no", "douyin_order_id"} {
		found, err := readPayments(db, quote(by)+" = ? AND `order_id` = '' LIMIT ?", number, matchLimit)
		if err != nil {
			return Unowned{}, wrap(err)
		}
		u.Payments = append(u.Payments, found...)
	}
	if u.Asks, err = readPaymentAsks(db, "`out_order_no` = ?", number); err != nil {
		return Unowned{}, wrap(err)
	}
	for _, by := range []struct {
		money   Money
		columns []string
		to      *[]Instruction
	}{{Refund, []string{"out_refund_no", "refund_no"}, &u.Refunds}, {Settlement, []string{"out_settle_no", "settle_no"}, &u.Settlements}} {
		for _, column := range by.columns {
			found, err := readInstructions(db, by.money, quote(column)+" = ? AND `order_id` = '' LIMIT ?", "", number, matchLimit)
			if err != nil {
				return Unowned{}, wrap(err)
			}
			for i := range found {
				*by.to = append(*by.to, found[i].Instruction)
			}
		}
	}
	return u, nil
}
