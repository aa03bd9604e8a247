package store

import (
	"slices"

	"gorm.io/gorm"
)

// checkTurn is a *BusyError while another instruction of the order comes first. The order's row is locked, and i had not its turn.
//
//	a settlement waits  for every refund that has not ended
//	a refund     waits  for a settlement that has its turn and has not ended
//
// What has its turn waits for nothing, and one settlement runs at a time (CreateSettlement). So whoever is waited for goes on, and
// nobody waits for somebody who waits for him.
func checkTurn(tx *gorm.DB, i *Instruction) error {
	if i.Money == Settlement {
		return checkIdle(tx, Refund, i.OrderID)
	}
	settling, err := readOpen(tx, Settlement, i.OrderID)
	if err != nil {
		return err
	}
	if n := slices.IndexFunc(settling, func(s storedInstruction) bool { return s.Turn }); n >= 0 {
		return &BusyError{Money: Settlement, Number: settling[n].Number}
	}
	return nil
}

// checkIdle is a *BusyError while an instruction of the order has not ended.
func checkIdle(tx *gorm.DB, m Money, orderID string) error {
	running, err := readOpen(tx, m, orderID)
	if err != nil || len(running) == 0 {
		return err
	}
	return &BusyError{Money: m, Number: running[0].Number}
}

// readOpen reads an order's instructions that have not ended, oldest first.
func readOpen(tx *gorm.DB, m Money, orderID string) ([]storedInstruction, error) {
	return readInstructions(tx, m, "`order_id` = ? AND `state` NOT IN (?, ?) ORDER BY `created_at`, "+quote(ledgers[m].number), "",
		orderID, string(MoneySucceeded), string(MoneyFailed))
}
