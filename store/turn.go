package store

import "gorm.io/gorm"

// hasTurn tells whether a request of the instruction may be at Douyin, so that nothing of another kind has left since. An overdue one
// has lost its turn.
func (i *Instruction) hasTurn() bool { return i.SentAt != nil && i.Alarm != AlarmOverdue }

// checkTurn is a *BusyError while another instruction of the order comes first. The order's row is locked, and i has not its turn.
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
	settling, err := readInstructions(tx, Settlement, "`order_id` = ? AND `state` IN (?, ?) AND `sent_at` IS NOT NULL AND `alarm` <> ? LIMIT 1", "",
		i.OrderID, string(MoneyNew), string(MoneySubmitted), AlarmOverdue)
	if err != nil || len(settling) == 0 {
		return err
	}
	return &BusyError{Money: Settlement, Number: settling[0].Number}
}
