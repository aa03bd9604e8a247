package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// home is where an instruction belongs that Douyin has opened. No order: nobody knows it (yet).
type home struct {
	orderID, outOrderNo string
	currency            string // of the payment, as Instruction.Currency
}

// findHome finds the order of what Douyin has opened: by what is known of Douyin's number of the order,
// then by the payment's number, where it was told.
func (s *Store) findHome(ctx context.Context, douyinOrderID, outOrderNo string) (home, error) {
	db := s.db.WithContext(ctx)
	if douyinOrderID != "" {
		at, err := homeByDouyin(db, douyinOrderID)
		if err != nil || at.orderID != "" {
			return at, err
		}
		outOrderNo = cmp.Or(outOrderNo, at.outOrderNo)
	}
	if outOrderNo == "" {
		return home{}, nil
	}
	p, _, err := readAnyPayment(db, outOrderNo, "")
	if err != nil || p.OrderID != "" {
		return home{p.OrderID, outOrderNo, p.Currency}, err
	}
	order, err := s.ShopOrderByNo(ctx, outOrderNo)
	var column *ColumnError
	switch {
	case err == nil, errors.As(err, &column):
		return home{order.Order.ID, outOrderNo, p.Currency}, nil
	case errors.Is(err, ErrOrderNotFound):
		return home{"", outOrderNo, p.Currency}, nil
	}
	return home{}, err
}

// homeByDouyin looks for a payment of trade, or for an instruction, that has Douyin's number of the
// order.
func homeByDouyin(db *gorm.DB, douyinOrderID string) (home, error) {
	payments, err := readPayments(db, "`system` = 'trade' AND `douyin_order_id` = ? ORDER BY `created_at` LIMIT 1", douyinOrderID)
	if err != nil || len(payments) > 0 && payments[0].OrderID != "" {
		return homeOf(payments), err
	}
	for _, m := range []Money{Refund, Settlement} {
		known, err := readInstructions(db, m, "`douyin_order_id` = ? AND `order_id` <> '' LIMIT 1", "", douyinOrderID)
		if err != nil {
			return home{}, err
		}
		if len(known) > 0 {
			return home{known[0].OrderID, known[0].OutOrderNo, known[0].Currency}, nil
		}
	}
	return homeOf(payments), nil
}

func homeOf(payments []Payment) home {
	if len(payments) == 0 {
		return home{}
	}
	return home{payments[0].OrderID, payments[0].OutOrderNo, payments[0].Currency}
}

// opened is what follows for the order of an instruction that Douyin has opened: it is one of trade,
// unless more than a guess speaks for ecpay, and its refunds are summed up. What stands against it is
// said where its payment is heard of.
func (s *Store) opened(tx *gorm.DB, i *Instruction, now time.Time) error {
	if i.OrderID == "" {
		return nil
	}
	if i.Alarm != AlarmContradiction {
		if _, err := s.decideSystem(tx, i.OrderID, i.OutOrderNo, Trade); err != nil {
			return err
		}
	}
	return s.refundsChanged(tx, i.Money, i.OrderID, now)
}

func paidInEcpay(tx *gorm.DB, outOrderNo string) (bool, error) {
	if outOrderNo == "" {
		return false, nil
	}
	p, found, err := readAnyPayment(tx, outOrderNo, "")
	return found && p.System != Trade, err
}

// adopt gives the instructions their order that came before anybody knew it: a refund callback
// overtakes its payment's. Whoever learns of either calls it behind his own transaction, so that of
// two at the same moment the later one sees both.
func (s *Store) adopt(ctx context.Context, douyinOrderID string, now time.Time) error {
	if douyinOrderID == "" {
		return nil
	}
	db := s.db.WithContext(ctx)
	waiting := false
	for _, m := range []Money{Refund, Settlement} {
		all, err := orphans(db, m, douyinOrderID, "")
		if err != nil {
			return err
		}
		waiting = waiting || len(all) > 0
	}
	if !waiting {
		return nil
	}
	at, err := s.findHome(ctx, douyinOrderID, "")
	if err != nil || at.orderID == "" {
		return err
	}
	return s.underOrderLock(ctx, at.orderID, func(tx *gorm.DB) error {
		for _, m := range []Money{Refund, Settlement} {
			all, err := orphans(tx, m, douyinOrderID, s.sql.forUpdate)
			if err != nil {
				return err
			}
			for n := range all {
				if _, _, err := s.hearNews(tx, news{money: m, at: now}, all[n].Number, at); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// orphans are instructions of an order of Douyin's that is not known here.
func orphans(db *gorm.DB, m Money, douyinOrderID, lock string) ([]storedInstruction, error) {
	return readInstructions(db, m, "`douyin_order_id` = ? AND `order_id` = '' ORDER BY "+quote(ledgers[m].number), lock, douyinOrderID)
}
