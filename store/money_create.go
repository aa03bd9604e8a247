package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/tasks/cut"
)

// ConflictError: the number was used before, for something else. What it was used for stays as it
// is.
type ConflictError struct {
	Money  Money  // what it is a number of: Refund, Settlement, or "payment"
	Number string // the developer's: out_refund_no, out_settle_no or out_order_no
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("store: %s number %s was used before with other content", e.Money, e.Number)
}

// ExceedsPaidError: the order's refunds would be more than was paid.
type ExceedsPaidError struct {
	Paid    Fen // the payment that Douyin confirmed, less Douyin's discount; else the shop's order
	Already Fen // all other refunds of the payment, but those that have failed for certain
	Asked   Fen // by the refund that was refused
}

func (e *ExceedsPaidError) Error() string {
	return fmt.Sprintf("store: a refund of %s yuan is more than is left: paid %s, refunded or being refunded %s", e.Asked, e.Paid, e.Already)
}

// BusyError: another instruction of the order has to end first.
type BusyError struct {
	Money  Money  // what is running
	Number string // its developer number
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("store: %s %s of the order is still running", e.Money, e.Number)
}

// NewRefund asks for a refund. All but DueAt is its content: two that differ in it are two refunds.
type NewRefund struct {
	Number  string // out_refund_no, 1 to 64 bytes
	OrderID string // the shop's key
	Amount  Fen    // above 0
	Reason  string // shown to the buyer
	Options RefundOptions
	DueAt   time.Time // when the scheduler is to look, should no task have carried it on
}

// NewSettlement asks for a settlement. All but NotBefore and DueAt is its content, as of NewRefund.
type NewSettlement struct {
	Number    string     // out_settle_no, 1 to 64 bytes
	OrderID   string     // the shop's key
	Desc      string     // settle_desc
	Params    []Receiver // settle_params; none: all goes to the seller
	Finish    bool       // the order is closed after it (ecpay)
	Options   SettleOptions
	NotBefore time.Time // nothing is sent before it; zero: at once
	DueAt     time.Time // as for NewRefund; not before NotBefore in any case
}

// CreateRefund writes a refund down, before anything is sent. The same number with the same content
// is the refund that exists already: fresh is false. Errors: *ConflictError, *ExceedsPaidError,
// ErrOrderNotFound, *ColumnError where the order's amount cannot be used, or the database's.
//
// The sum is checked under the lock of the order's row in ordersync_order, so that concurrent
// refunds of one order queue up. A number that stands already is answered also when the shop's
// order is gone.
func (s *Store) CreateRefund(ctx context.Context, n NewRefund) (i Instruction, fresh bool, err error) {
	if n.Amount <= 0 {
		return Instruction{}, false, fmt.Errorf("store: a refund of %s yuan", n.Amount)
	}
	options, err := encodeOptions(n.Options)
	if err != nil {
		return Instruction{}, false, err
	}
	due := n.DueAt
	return s.create(ctx, Instruction{
		Money: Refund, Number: n.Number, OrderID: n.OrderID, Amount: n.Amount, Text: n.Reason, Options: options, DueAt: &due,
	}, nil, s.checkPaid)
}

// CreateSettlement writes a settlement down. The same number with the same content is the one that
// exists already. Errors: *ConflictError, *BusyError while a refund is in flight or another
// settlement runs, ErrOrderNotFound, or the database's.
func (s *Store) CreateSettlement(ctx context.Context, n NewSettlement) (i Instruction, fresh bool, err error) {
	options, err := encodeOptions(n.Options)
	if err != nil {
		return Instruction{}, false, err
	}
	params, err := encodeReceivers(n.Params)
	if err != nil {
		return Instruction{}, false, err
	}
	i = Instruction{Money: Settlement, Number: n.Number, OrderID: n.OrderID, Text: n.Desc, Params: params, Finish: n.Finish, Options: options}
	due := n.DueAt
	if n.NotBefore.After(due) {
		due = n.NotBefore
	}
	i.DueAt = &due
	if !n.NotBefore.IsZero() {
		i.NotBefore = &n.NotBefore
	}
	return s.create(ctx, i, func(tx *gorm.DB, i Instruction) error {
		if err := s.checkIdle(tx, Refund, i); err != nil {
			return err
		}
		return s.checkIdle(tx, Settlement, i)
	}, func(tx *gorm.DB, i Instruction, _ OrderSnapshot) error {
		// Once more with the row in place, as in checkPaid: of two orders that name one payment
		// both found nothing before.
		return s.checkIdle(tx, Settlement, i)
	})
}

// create inserts an instruction where before agrees, and keeps it where after does too, all under
// the lock of the order. Either may be nil.
func (s *Store) create(ctx context.Context, i Instruction, before func(tx *gorm.DB, i Instruction) error, after func(tx *gorm.DB, i Instruction, order OrderSnapshot) error) (got Instruction, fresh bool, err error) {
	if err := checkNumber(i.Number); err != nil {
		return Instruction{}, false, err
	}
	if err := checkOrderID(i.OrderID); err != nil {
		return Instruction{}, false, err
	}
	if got, found, err := i.standing(s.db.WithContext(ctx)); err != nil || found {
		return got, false, wrapCreate(i.Money, err)
	}
	order, err := s.LoadOrder(ctx, i.OrderID)
	if err != nil {
		var column *ColumnError
		switch {
		case !errors.As(err, &column):
			return Instruction{}, false, err
		case column.Reason == cell.TwoOrders: // one payment, whose sum checkPaid guards, whichever order names it
		case ledgers[i.Money].namesAmount: // it is held against the order's
			return Instruction{}, false, err
		}
	}
	i.OutOrderNo, i.State, i.System = order.Order.OrderNo, MoneyNew, order.System
	i.CreatedAt = s.cfg.Now()
	i.UpdatedAt = i.CreatedAt
	err = s.underOrderLock(ctx, i.OrderID, func(tx *gorm.DB) (err error) {
		var found bool
		if got, found, err = i.standing(tx); err != nil || found {
			fresh = false
			return err
		}
		if i.System, err = s.fixSystem(tx, i.OrderID, order.System); err != nil {
			return err
		}
		if before != nil {
			if err := before(tx, i); err != nil {
				return err
			}
		}
		got, fresh = i, true
		columns := ledgers[i.Money].columns()
		if err := tx.Exec("INSERT INTO "+quote(ledgers[i.Money].table)+" ("+columnList("", columns)+") VALUES "+tuples(1, len(columns)), s.sql.instructionArgs(&i)...).Error; err != nil {
			return err
		}
		if after != nil {
			if err := after(tx, i, order); err != nil {
				return err
			}
		}
		return s.refundsChanged(tx, i.Money, i.OrderID, i.CreatedAt)
	})
	if err != nil {
		return Instruction{}, false, wrapCreate(i.Money, err)
	}
	return got, fresh, nil
}

func wrapCreate(m Money, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: create %s: %w", m, err)
}

// standing is the instruction that has i's number already. *ConflictError: it has other content.
func (i *Instruction) standing(db *gorm.DB) (existing Instruction, found bool, err error) {
	stored, found, err := readInstruction(db, i.Money, i.Number, "")
	if err != nil || !found {
		return Instruction{}, false, err
	}
	if stored.print != i.fingerprint() {
		return Instruction{}, false, &ConflictError{Money: i.Money, Number: i.Number}
	}
	return stored.Instruction, true, nil
}

func checkNumber(number string) error {
	if number == "" || len(number) > maxID || cut.To(number, maxID) != number {
		return fmt.Errorf("store: a developer number has 1 to %d bytes of UTF-8", maxID)
	}
	return nil
}

// checkPaid refuses a refund, which is written already, that is more than is left of its payment. A
// refund that counts as failed although Douyin later said that it succeeded may have moved money,
// so it counts too. The sum locks what it reads: two orders of the shop may name one payment, and
// then their own locks do not keep them apart. Of two such refunds in one moment each waits for the
// other, and the deadlock's victim looks again.
func (s *Store) checkPaid(tx *gorm.DB, i Instruction, order OrderSnapshot) error {
	paid := order.Order.Amount
	payment, found, err := readPayment(tx, i.OutOrderNo)
	if err != nil {
		return err
	}
	if found {
		paid = payment.Total - payment.Discount
	}
	refunds, err := s.readOfPayment(tx, Refund, i, "", s.sql.forUpdate)
	if err != nil {
		return err
	}
	var already Fen
	for _, r := range refunds {
		if r.Number != i.Number && (r.State != MoneyFailed || r.Alarm == AlarmContradiction) {
			already += max(r.Amount, 0) // what somebody has made negative pays for nothing
		}
	}
	if i.Amount > paid-already { // a sum could overflow
		return &ExceedsPaidError{Paid: paid, Already: already, Asked: i.Amount}
	}
	return nil
}

// refundsChanged sums an order's refunds up in its row, which is locked, and makes the order due
// for a push, because Douyin is to see 退款中, 已退款 or 退款失败. A settlement changes nothing there.
func (s *Store) refundsChanged(tx *gorm.DB, m Money, orderID string, now time.Time) error {
	if !ledgers[m].shown || orderID == "" {
		return nil
	}
	refunds, err := readInstructions(tx, Refund, "`order_id` = ?", "", orderID)
	if err != nil {
		return err
	}
	var succeeded, inFlight, failed Fen
	var last time.Time
	for _, r := range refunds {
		switch r.State {
		case MoneySucceeded:
			succeeded += r.Amount
		case MoneyFailed: // moved nothing
		default: // a state that this version does not know may move something, too
			inFlight += r.Amount
		}
		if r.FinishedAt != nil && !r.FinishedAt.Before(last) {
			last, failed = *r.FinishedAt, 0
			if r.State == MoneyFailed {
				failed = r.Amount
			}
		}
	}
	return tx.Exec("UPDATE `ordersync_order` SET `refunded_fen` = ?, `refunding_fen` = ?, `refund_failed_fen` = ?, `outcome` = ?, `failed_at` = NULL, `due_at` = ? WHERE `order_id` = ?",
		int64(succeeded), int64(inFlight), int64(failed), string(Pending), s.sql.time(now), orderID).Error
}
