package store

import (
	"slices"

	"gorm.io/gorm"
)

// checkTurn is a *BusyError while another instruction of the order, or of its payment, comes first.
// The order's row is locked, and i had not its turn. Two orders of the shop may name one payment:
// then their locks do not keep them apart, and the rows that are read here do (see checkPaid).
//
//	a settlement waits  for every refund that has not ended
//	a refund     waits  for a settlement that has its turn and has not ended,
//	                    and of trade for another refund that is at Douyin, whoever has opened it
//
// What has its turn waits for nothing, and one settlement runs at a time (CreateSettlement). So
// whoever is waited for goes on, and nobody waits for somebody who waits for him. Of two refunds of
// trade only one is ever at Douyin, and its result does not depend on the other.
func (s *Store) checkTurn(tx *gorm.DB, i *Instruction) error {
	l := ledgers[i.Money]
	if i.Money == Refund && i.System.oneRefund() {
		others, err := s.readOpen(tx, Refund, *i)
		if err != nil {
			return err
		}
		if n := slices.IndexFunc(others, func(o storedInstruction) bool { return o.Number != i.Number && o.State != MoneyNew }); n >= 0 {
			return &BusyError{Money: Refund, Number: others[n].Number}
		}
	}
	open, err := s.readOpen(tx, l.waitsFor, *i)
	if err != nil {
		return err
	}
	if n := slices.IndexFunc(open, func(o storedInstruction) bool { return o.Turn || !l.forTurns }); n >= 0 {
		return &BusyError{Money: l.waitsFor, Number: open[n].Number}
	}
	return nil
}

// checkIdle is a *BusyError while another instruction of the order, or of its payment, has not
// ended.
func (s *Store) checkIdle(tx *gorm.DB, m Money, of Instruction) error {
	running, err := s.readOpen(tx, m, of)
	if err != nil {
		return err
	}
	for _, r := range running {
		if m != of.Money || r.Number != of.Number {
			return &BusyError{Money: m, Number: r.Number}
		}
	}
	return nil
}

// readOpen reads and locks the instructions of an order, and of its payment, that have not ended.
func (s *Store) readOpen(tx *gorm.DB, m Money, of Instruction) ([]storedInstruction, error) {
	return s.readOfPayment(tx, m, of, " AND `state` NOT IN (?, ?) ORDER BY `created_at`, "+quote(ledgers[m].number), s.sql.forUpdate,
		string(MoneySucceeded), string(MoneyFailed))
}
