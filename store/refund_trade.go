package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// TradeRefund is what Douyin says of a refund of trade, by a callback or when it is asked.
type TradeRefund struct {
	Number        string // the row's: the shop's own, or the one that is made of RefundID
	RefundID      string // Douyin's
	OutOrderNo    string // of the payment; empty: DouyinOrderID names it
	DouyinOrderID string
	Origin        Origin     // OriginOurs: it may end a row and never opens one
	State         MoneyState // MoneySubmitted while it is under way, else MoneySucceeded or MoneyFailed
	Amount        Fen        // or diamonds; 0: not told
	Currency      string
	Items         string // as Instruction.Items; empty: not told
	Reason        string // the buyer's, or Douyin's
	Message       string // why it failed
	Audit         Audit  // State, Deadline and DenyMessage; State empty: not told
	At            time.Time
	DueAt         time.Time // when to ask how it stands; only a row that is opened takes it
}

// HearTradeRefund writes down what Douyin says of a refund, in one transaction: one that Douyin has
// opened becomes a row, and is at Douyin from then on; a row takes its audit over, and ends with it.
// Said twice it is as said once, and what comes late does not undo what is known. A refund of the
// shop's own that is no row was made elsewhere: Known is false. Fresh tells that a row was opened.
func (s *Store) HearTradeRefund(ctx context.Context, r TradeRefund) (a Accepted, err error) {
	if err := checkNumber(r.Number); err != nil {
		return Accepted{}, err
	}
	row, found, err := readInstruction(s.db.WithContext(ctx), Refund, r.Number, "")
	opened := row.Instruction
	if err == nil && !found {
		opened, err = s.openedAtDouyin(ctx, r)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("store: refund %s of Douyin's: %w", cut.To(r.Number, maxID), err)
	}
	if !found && r.Origin == OriginOurs {
		return Accepted{}, nil
	}
	err = s.underOrderLock(ctx, opened.OrderID, func(tx *gorm.DB) (err error) {
		a, err = s.hearTradeRefund(tx, opened, r)
		return err
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("store: refund %s of Douyin's: %w", r.Number, err)
	}
	return a, nil
}

// openedAtDouyin is the row of a refund that Douyin has opened, as it stands when it is first heard
// of. One of a payment that nobody knows belongs to no order, which is an alarm.
func (s *Store) openedAtDouyin(ctx context.Context, r TradeRefund) (Instruction, error) {
	i := Instruction{
		Money: Refund, System: Trade, Origin: r.Origin, Number: r.Number, OutOrderNo: r.OutOrderNo, Amount: r.Amount, Currency: r.Currency,
		Text: r.Reason, Items: r.Items, PlatformNo: r.RefundID, DouyinOrderID: r.DouyinOrderID, State: MoneySubmitted, Turn: true, DueAt: &r.DueAt,
		Audit:     Audit{State: cmp.Or(r.Audit.State, AuditNone), Deadline: r.Audit.Deadline, DenyMessage: r.Audit.DenyMessage},
		CreatedAt: r.At, UpdatedAt: r.At,
	}
	p, found, err := s.paymentAtDouyin(ctx, r)
	switch {
	case err != nil:
		return i, err
	case found:
		i.OrderID, i.OutOrderNo = p.OrderID, p.OutOrderNo
	case r.OutOrderNo != "": // its payment is heard of later
		order, err := s.ShopOrderByNo(ctx, r.OutOrderNo)
		var column *ColumnError
		if err != nil && !errors.As(err, &column) && !errors.Is(err, ErrOrderNotFound) {
			return i, err
		}
		i.OrderID = order.Order.ID
	}
	if i.OrderID == "" {
		i.raise(AlarmUnknownOrder, r.At)
	}
	return i, nil
}

// paymentAtDouyin is the payment that a refund names.
func (s *Store) paymentAtDouyin(ctx context.Context, r TradeRefund) (Payment, bool, error) {
	if r.OutOrderNo != "" {
		return readAnyPayment(s.db.WithContext(ctx), r.OutOrderNo, "")
	}
	all, err := readPayments(s.db.WithContext(ctx), "`douyin_order_id` = ? LIMIT 2", r.DouyinOrderID)
	if err != nil || len(all) != 1 || r.DouyinOrderID == "" {
		return Payment{}, false, err
	}
	return all[0], true, nil
}

// hearTradeRefund is HearTradeRefund inside its transaction, under the lock of the order. opened is
// what the row is where there is none.
func (s *Store) hearTradeRefund(tx *gorm.DB, opened Instruction, r TradeRefund) (Accepted, error) {
	a := Accepted{Known: true, OrderID: opened.OrderID}
	result := Result{State: r.State, Said: true, Amount: r.Amount, Answer: Answer{At: r.At, PlatformNo: r.RefundID}}
	if r.State == MoneyFailed {
		result.Kind, result.Message = "rejected", cmp.Or(r.Message, r.Audit.DenyMessage)
	}
	_, found, err := readInstruction(tx, Refund, r.Number, s.sql.forUpdate)
	switch {
	case err != nil:
		return a, err
	case !found && r.Origin == OriginOurs: // somebody has deleted it
		return Accepted{}, nil
	case !found:
		if a.Fresh = true; r.State.Final() {
			opened.hear(result)
			a.Ended = r.State
		}
		a.Alarm = opened.Alarm
		return a, s.insertRefund(tx, &opened)
	}
	moved, err := s.moveLocked(tx, Refund, r.Number, func(tx *gorm.DB, i *Instruction) (touched bool, err error) {
		if i.hearAudit(r) {
			if err := s.writeAudit(tx, i); err != nil {
				return false, err
			}
		}
		if r.State.Final() {
			changed, touched := i.Hear(result)
			if changed {
				a.Ended = r.State
			}
			return touched, nil
		}
		if i.PlatformNo == "" && i.State != MoneyNew {
			i.PlatformNo, touched = r.RefundID, true
		}
		return touched, nil
	})
	a.Alarm = moved.Alarm
	return a, err
}

func (s *Store) insertRefund(tx *gorm.DB, i *Instruction) error {
	columns := ledgers[Refund].columns()
	err := tx.Exec("INSERT INTO `ordersync_refund` ("+columnList("", columns)+") VALUES "+tuples(1, len(columns)), s.sql.instructionArgs(i)...).Error
	if err != nil || i.OrderID == "" {
		return err
	}
	return s.refundsChanged(tx, Refund, i.OrderID, i.UpdatedAt)
}

// hearAudit takes over who has opened a refund and how its audit stands. What is decided stays, and
// where the refund has ended nobody waits for a word any more.
func (i *Instruction) hearAudit(r TradeRefund) (changed bool) {
	before := *i
	if i.Origin == OriginOther && r.Origin != OriginOurs {
		i.Origin = r.Origin
	}
	if i.Items == "" {
		i.Items = r.Items
	}
	a := &i.Audit
	if a.State == AuditNone {
		a.State = cmp.Or(r.Audit.State, AuditNone)
	}
	switch {
	case a.State != AuditNeeded:
	case r.Audit.State.Decided():
		a.State = r.Audit.State
	case r.State == MoneySucceeded && a.Word == Agree:
		a.State = AuditAgreed
	case r.State == MoneySucceeded:
		a.State = AuditOvertime
	case r.State == MoneyFailed && a.Word == Deny:
		a.State = AuditDenied
	}
	if r.Audit.Deadline != nil && (a.Deadline == nil || !a.Deadline.Equal(*r.Audit.Deadline)) && a.State != AuditNone {
		a.Deadline = r.Audit.Deadline
	}
	if a.DenyMessage == "" {
		a.DenyMessage = r.Audit.DenyMessage
	}
	if a.State.Decided() || r.State.Final() {
		a.DueAt = nil
	}
	return i.Origin != before.Origin || i.Items != before.Items || i.Audit != before.Audit
}

func (s *Store) writeAudit(tx *gorm.DB, i *Instruction) error {
	a := i.Audit
	return tx.Exec("UPDATE `ordersync_refund` SET `origin` = ?, `items` = ?, `audit` = ?, `audit_deadline` = ?, `audit_due_at` = ?, `deny_message` = ? WHERE `out_refund_no` = ?",
		string(i.Origin), nullText(i.Items), string(a.State), s.sql.timePtr(a.Deadline), s.sql.timePtr(a.DueAt), cut.To(a.DenyMessage, maxMessage), i.Number).Error
}
