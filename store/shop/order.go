package shop

import (
	"time"

	"github.com/ordersync/ordersync/store/cell"
)

// Order is the order's own row. Two readings of an unchanged row are equal.
type Order struct {
	ID         string    // the shop's key
	OrderNo    string    // what Douyin gets as order_id; the key where the shop has no other
	UserID     string    // empty: the shop's SELECT does not say
	ProductID  string    // the same
	CourseID   string    // the same
	Price      Fen       // of the one line that the order itself names; 0 where lines have rows of their own
	Amount     Fen       // of the whole order
	CreateTime time.Time // when it was made, in the years 2000 to 2100; zero: it cannot be read
	SN         string    // the shop's own payment number; empty: there is none, or the shop's SELECT does not say
	// PaymentNo is Douyin's number of the payment; by names it is SN where that is empty or 0. Empty:
	// there is none.
	PaymentNo string
	Status    string // the shop's own value, or a word of Douyin's; empty: there is none
	Updated   string // the shop's updated_at in a form that only compares; empty: the shop has none
	// Beside stands for what a SELECT answers in the order's row beside these values (openid, title, image …).
	// It only compares, within one process. 0: the shop is described by names.
	Beside uint64
}

// User is the buyer.
type User struct {
	Found  bool   // false: there is no such row
	OpenID string // never to be printed; empty: the buyer has none
}

// Line is one line of an order. NoTitle and NoImage: there is no row from which the value could come.
type Line struct {
	Title, SubTitle, Image, ItemCode string // as the shop has them; empty: it has none

	Quantity         int64 // pieces
	Price            Fen   // of the whole line
	NoTitle, NoImage bool
}

// Found is one order with all that the shop knows of it.
type Found struct {
	Order     Order
	User      User
	Lines     []Line // none: they have rows of their own, which Reading.Lines reads
	DetailURL string // empty: the configuration's
}

// Place is where a value of the shop stands, for whoever has to mend it: a table, a column and a
// row's key; or, of a shop described by SELECTs, no table, a column of theirs, and the order.
type Place struct{ Table, Column, Row string }

// ColumnError is a value in the shop's tables that cannot be used, such as a price with a fraction of
// a fen, or two rows where there may be one.
type ColumnError = cell.Error

// Refused is the error of a value that stands there. found may be empty.
func (p Place) Refused(reason cell.Reason, found string) *ColumnError {
	return reason.At(p.Table, p.Column, p.Row, found)
}
