package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// AlarmUnanswered: Douyin has not told of a payment for a day after it could be paid last.
const AlarmUnanswered = "unanswered"

// PaymentAskAlarm is the table of payments that nobody has confirmed yet.
const PaymentAskAlarm AlarmTable = "payment_ask"

// PaymentAsk is a row of ordersync_payment_ask: a payment that was asked for, and that Douyin has
// not confirmed yet.
type PaymentAsk struct {
	OutOrderNo string // the shop's number of the payment
	System     System
	Total      Fen        // as Payment.Total; of an order in diamonds, diamonds
	ValidUntil time.Time  // it can be paid so long
	DueAt      *time.Time // when Douyin is to be asked; nil: no more
	Asks       int        // so far
	Message    string     // why the last question decided nothing; empty: none was asked
	Alarm      string     // AlarmUnanswered or empty
	CreatedAt  time.Time  // when it was asked for first
}

const paymentAskColumns = "`out_order_no`, `total_fen`, `valid_until`, `due_at`, `asks`, `message`, `alarm`, `created_at`, `system`"

func (s *Store) paymentAsks(ctx context.Context, where string, args ...any) ([]PaymentAsk, error) {
	return readPaymentAsks(s.db.WithContext(ctx), where, args...)
}

func readPaymentAsks(db *gorm.DB, where string, args ...any) ([]PaymentAsk, error) {
	return collect(db, func(rows *sql.Rows) (a PaymentAsk, err error) {
		var until, due, created timestamp
		err = rows.Scan(&a.OutOrderNo, &a.Total, &until, &due, &a.Asks, &a.Message, &a.Alarm, &created, &a.System)
		a.ValidUntil, a.DueAt, a.CreatedAt = until.Time, due.ptr(), created.Time
		return a, err
	}, "SELECT "+paymentAskColumns+" FROM `ordersync_payment_ask` WHERE "+where, args...)
}

// ExpectPayment writes down that a payment of ecpay is about to be asked for: without it nobody
// would ask after one whose callback is lost. a needs OutOrderNo, Total, ValidUntil, DueAt and
// CreatedAt. One that is asked for again can be paid longer, and is asked about again where that was
// given up; one that was confirmed is not expected. fresh: there was none. *ConflictError: the number
// is a payment of trade.
func (s *Store) ExpectPayment(ctx context.Context, a PaymentAsk) (fresh bool, err error) {
	a.System = Ecpay
	err = s.untilWon(ctx, func(tx *gorm.DB) error {
		fresh = false
		p, found, err := readAnyPayment(tx, a.OutOrderNo, s.sql.forUpdate)
		switch {
		case err != nil:
			return err
		case found && p.System != a.System:
			return &ConflictError{Money: payment, Number: a.OutOrderNo}
		case found && p.State == PaymentSuccess:
			return nil
		}
		fresh, err = s.expectPayment(tx, a)
		return err
	})
	return fresh, wrapAsk("expect", err)
}

// expectPayment is ExpectPayment of either system, inside its transaction. *ConflictError: the number
// is asked for in the other one.
func (s *Store) expectPayment(tx *gorm.DB, a PaymentAsk) (fresh bool, err error) {
	asks, err := readPaymentAsks(tx, "`out_order_no` = ?"+s.sql.forUpdate, a.OutOrderNo)
	switch {
	case err != nil:
		return false, err
	case len(asks) == 0:
		return true, tx.Exec("INSERT INTO `ordersync_payment_ask` (`out_order_no`, `total_fen`, `valid_until`, `due_at`, `created_at`, `system`) VALUES "+tuples(1, 6),
			a.OutOrderNo, int64(a.Total), s.sql.time(a.ValidUntil), s.sql.timePtr(a.DueAt), s.sql.time(a.CreatedAt), string(a.System)).Error
	case asks[0].System != a.System:
		return false, &ConflictError{Money: payment, Number: a.OutOrderNo}
	}
	return false, tx.Exec("UPDATE `ordersync_payment_ask` SET `valid_until` = ?, `due_at` = ?, `asks` = 0, `alarm` = '', `alarm_at` = NULL WHERE `out_order_no` = ? AND `valid_until` < ?",
		s.sql.time(a.ValidUntil), s.sql.timePtr(a.DueAt), a.OutOrderNo, s.sql.time(a.ValidUntil)).Error
}

func wrapAsk(what string, err error) error {
	if err != nil {
		return fmt.Errorf("store: %s payment: %w", what, err)
	}
	return nil
}

// ForgetPayment deletes what ExpectPayment wrote: the payment was not made, or can be made no more.
// One of trade that nobody has requested of Douyin is PaymentTimeout from then on: its row stays,
// because its number does. A payment that was asked for again since it was seen so stays expected:
// OutOrderNo and ValidUntil of seen tell.
func (s *Store) ForgetPayment(ctx context.Context, seen PaymentAsk) error {
	return wrapAsk("forget", s.untilWon(ctx, func(tx *gorm.DB) error {
		p, found, err := readAnyPayment(tx, seen.OutOrderNo, s.sql.forUpdate) // it is locked before its ask
		if err != nil {
			return err
		}
		gone := tx.Exec("DELETE FROM `ordersync_payment_ask` WHERE `out_order_no` = ? AND `valid_until` = ?", seen.OutOrderNo, s.sql.time(seen.ValidUntil))
		if gone.Error != nil || gone.RowsAffected == 0 || !found || p.State != PaymentProcess {
			return gone.Error
		}
		return tx.Exec("UPDATE `ordersync_payment` SET `state` = ? WHERE `out_order_no` = ?", string(PaymentTimeout), seen.OutOrderNo).Error
	}))
}

// PaymentAsk is the payment of a number, while nobody has confirmed it.
func (s *Store) PaymentAsk(ctx context.Context, outOrderNo string) (a PaymentAsk, found bool, err error) {
	all, err := s.paymentAsks(ctx, "`out_order_no` = ?", outOrderNo)
	if err != nil || len(all) == 0 {
		return PaymentAsk{}, false, wrapAsk("expected", err)
	}
	return all[0], true, nil
}

// DuePaymentAsks lists payments that Douyin is to be asked about at now, the longest due first.
func (s *Store) DuePaymentAsks(ctx context.Context, now time.Time, limit int) ([]PaymentAsk, error) {
	all, err := s.paymentAsks(ctx, "`due_at` <= ? ORDER BY `due_at`, `out_order_no` LIMIT ?", s.sql.time(now), limit)
	return all, wrapAsk("due", err)
}

// HandOverPaymentAsk makes a payment due at until instead, where it is still due as it was seen.
func (s *Store) HandOverPaymentAsk(ctx context.Context, seen PaymentAsk, until time.Time) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_payment_ask` SET `due_at` = ? WHERE `out_order_no` = ? AND `due_at` = ?",
		s.sql.time(until), seen.OutOrderNo, s.sql.timePtr(seen.DueAt))
	return wrapAsk("hand over", err)
}

// PostponePaymentAsk records a question that decided nothing, and when to ask again.
func (s *Store) PostponePaymentAsk(ctx context.Context, outOrderNo string, due time.Time, message string) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_payment_ask` SET `due_at` = ?, `asks` = `asks` + 1, `message` = ? WHERE `out_order_no` = ?",
		s.sql.time(due), words(message), outOrderNo)
	return wrapAsk("postpone", err)
}

// GiveUpPaymentAsk asks no more and raises AlarmUnanswered. seen is as for ForgetPayment.
func (s *Store) GiveUpPaymentAsk(ctx context.Context, seen PaymentAsk, at time.Time, message string) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_payment_ask` SET `due_at` = NULL, `message` = ?, `alarm` = ?, `alarm_at` = ?, `ack_at` = NULL WHERE `out_order_no` = ? AND `valid_until` = ?",
		words(message), AlarmUnanswered, s.sql.time(at), seen.OutOrderNo, s.sql.time(seen.ValidUntil))
	return wrapAsk("give up", err)
}

// PaymentAskAlarms lists those that nobody has acknowledged, newest first.
func (s *Store) PaymentAskAlarms(ctx context.Context, limit int) ([]PaymentAsk, error) {
	all, err := s.paymentAsks(ctx, newestAlarms(PaymentAskAlarm), limit)
	return all, wrapAsk("alarms of", err)
}

// ConfirmPayment records a payment that Douyin confirmed when it was asked, as its callback would
// have: compared with the shop's order, which becomes due for a push. No callback is stored: one
// that comes later is forwarded as ever. c needs Number, Amount, PlatformNo, Way, FinishedAt and
// At.
func (s *Store) ConfirmPayment(ctx context.Context, c Callback) (Accepted, error) {
	c.Type, c.Status = callbackPayment, statusSuccess
	payment, err := s.paymentOrder(ctx, c)
	if err != nil {
		return Accepted{}, wrapAsk("confirm", err)
	}
	a := Accepted{Fresh: true, Known: payment.OrderID != "", OrderID: payment.OrderID}
	err = s.underOrderLock(ctx, a.OrderID, func(tx *gorm.DB) (err error) {
		a.Alarm, err = s.acceptPayment(tx, c, payment)
		return err
	})
	if err != nil {
		return Accepted{}, wrapAsk("confirm", err)
	}
	return a, nil
}

// confirmed deletes the expectation of a payment that is recorded.
func confirmed(tx *gorm.DB, outOrderNo string) error {
	done := tx.Exec("DELETE FROM `ordersync_payment_ask` WHERE `out_order_no` = ?", outOrderNo)
	if done.Error != nil {
		return errors.Join(errors.New("the payment is recorded, and still expected"), done.Error)
	}
	return nil
}
