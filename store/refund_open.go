package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// OpenRefund writes a refund down that Douyin has opened: Number is ours for Douyin's PlatformNo.
// It is submitted, for Douyin has it. The same number again is the refund that stands: fresh is
// false, and nothing changes.
func (s *Store) OpenRefund(ctx context.Context, i Instruction) (opened Instruction, fresh bool, err error) {
	i.Money, i.State = Refund, MoneySubmitted
	if err := checkNumber(i.Number); err != nil {
		return Instruction{}, false, err
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = s.cfg.Now()
	}
	i.UpdatedAt = i.CreatedAt
	err = s.underOrderLock(ctx, i.OrderID, func(tx *gorm.DB) error {
		stored, found, err := readInstruction(tx, Refund, i.Number, "")
		if opened, fresh = stored.Instruction, !found; err != nil || found {
			return err
		}
		opened = i
		columns := ledgers[Refund].columns()
		if err := tx.Exec("INSERT INTO `ordersync_refund` ("+columnList("", columns)+") VALUES "+tuples(1, len(columns)), s.sql.instructionArgs(&i)...).Error; err != nil {
			return err
		}
		return s.refundsChanged(tx, Refund, i.OrderID, i.CreatedAt)
	})
	if err != nil {
		return Instruction{}, false, fmt.Errorf("store: open refund: %w", err)
	}
	return opened, fresh, nil
}
