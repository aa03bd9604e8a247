package shop

import (
	"database/sql"
	"fmt"

	"github.com/ordersync/ordersync/store/cell"
)

// Fen is money in 分, hundredths of a yuan.
type Fen int64

// ParseYuan reads a DECIMAL of yuan as the database prints it ("12.30", "7") and makes it fen,
// exactly: no float is involved. The error is a *NotMoneyError, which does not repeat the text.
func ParseYuan(s string) (Fen, error) {
	fen, reason := cell.Yuan(s)
	if reason != "" {
		return 0, &NotMoneyError{reason}
	}
	return Fen(fen), nil
}

// NotMoneyError is a text that is no amount of money.
type NotMoneyError struct{ Reason cell.Reason }

func (e *NotMoneyError) Error() string {
	en, _ := e.Reason.Texts()
	return en
}

// readMoney reads an amount in the shop's unit. kind is the type of its column.
func (s Schema) readMoney(v sql.NullString, kind columnType) (Fen, cell.Reason) {
	var fen int64
	var reason cell.Reason
	switch {
	case !v.Valid:
		return 0, cell.NullMoney
	case s.Money == InFen:
		fen, reason = cell.Fen(v.String)
	case kind.float:
		fen, reason = cell.FloatText(v.String, kind.single)
	default:
		fen, reason = cell.Yuan(v.String)
	}
	return Fen(fen), reason
}

// String is the amount in yuan with two decimals: "12.30".
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(f)/100, int64(f)%100)
}
