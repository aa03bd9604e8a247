package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// TradePayment is what Douyin says of a payment of trade, by a callback or when it is asked.
type TradePayment struct {
	OutOrderNo    string
	DouyinOrderID string
	State         PaymentState
	Total         Fen // 0: not told
	Discount      Fen
	Currency      string
	Way           string
	PaidAt        time.Time // zero: not told
	Items         []PaymentItem
	Message       string
	At            time.Time
}

// HearTradePayment writes down what Douyin says of a payment, in one transaction with what follows
// from it: the order is one of trade from then on, one that was paid is due for a push, and one that
// has ended is not asked about any more. Said twice it is as said once, and what comes late does
// not undo what is known: a payment that was paid stays so. The order that Accepted names is due.
func (s *Store) HearTradePayment(ctx context.Context, n TradePayment) (a Accepted, err error) {
	p, err := s.tradePayment(ctx, n)
	if err != nil {
		return Accepted{}, fmt.Errorf("store: payment: %w", err)
	}
	err = s.underOrderLock(ctx, p.OrderID, func(tx *gorm.DB) (err error) {
		a, err = s.hearTradePayment(tx, p, n)
		return err
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("store: payment: %w", err)
	}
	return a, nil
}

// tradePayment is n as a row, compared with the shop's order where it was paid.
func (s *Store) tradePayment(ctx context.Context, n TradePayment) (Payment, error) {
	p := Payment{OutOrderNo: n.OutOrderNo}
	switch n.State {
	case PaymentSuccess:
		var err error
		p, err = s.paymentOrder(ctx, Callback{
			Number: n.OutOrderNo, Amount: n.Total, FinishedAt: n.PaidAt, At: n.At,
		})
		if err != nil {
			return p, err
		}
	default:
		order, err := s.ShopOrderByNo(ctx, n.OutOrderNo)
		var column *ColumnError
		switch {
		case errors.As(err, &column), err == nil:
			p.OrderID = order.Order.ID
		case !errors.Is(err, ErrOrderNotFound):
			return p, err
		}
		p.Total = n.Total
	}
	p.System, p.State, p.DouyinOrderID, p.Way, p.Discount, p.Currency = Trade, n.State, n.DouyinOrderID, n.Way, n.Discount, n.Currency
	p.Items, p.CreatedAt = n.Items, n.At
	return p, nil
}

// hearTradePayment is HearTradePayment inside its transaction, under the lock of p's order.
func (s *Store) hearTradePayment(tx *gorm.DB, p Payment, n TradePayment) (Accepted, error) {
	a := Accepted{Fresh: true, Known: p.OrderID != "", OrderID: p.OrderID}
	before, found, err := readAnyPayment(tx, p.OutOrderNo, s.sql.forUpdate)
	switch {
	case err != nil:
		return a, err
	case !found:
		err = s.insertPayment(tx, p)
	case before.System != Trade:
		a.Alarm = AlarmContradiction
		return a, s.alarmPayment(tx, p.OutOrderNo, AlarmContradiction, "Douyin tells of it as a payment of trade, and it was paid in ecpay")
	default:
		p = before.heard(p)
		err = s.updatePayment(tx, p)
	}
	if err != nil {
		return a, err
	}
	a.Alarm = p.Alarm
	if p.State == PaymentSuccess && before.State != PaymentSuccess {
		if err := s.expectRefunds(tx, p.OutOrderNo, n.At.Add(FirstRefundAsk)); err != nil {
			return a, err
		}
	}
	if p.State != PaymentProcess {
		if err := confirmed(tx, p.OutOrderNo); err != nil {
			return a, err
		}
	}
	if p.OrderID == "" {
		return a, nil
	}
	if err := s.decideSystem(tx, p.OrderID, Trade); err != nil {
		return a, err
	}
	if p.State == PaymentSuccess && before.State != PaymentSuccess {
		return a, s.markDue(tx, p.OrderID, n.At)
	}
	return a, nil
}

// heard is p with what is known now. A payment that was paid stays paid.
func (p Payment) heard(now Payment) Payment {
	was := p
	if p.OrderID == "" {
		p.OrderID = now.OrderID
	}
	if p.DouyinOrderID == "" {
		p.DouyinOrderID = now.DouyinOrderID
	}
	if len(p.Items) == 0 {
		p.Items = now.Items
	}
	if was.State == PaymentSuccess {
		switch {
		case now.State == PaymentSuccess && now.Total != 0 && now.Total != p.Total:
			p.raise(AlarmAmount, fmt.Sprintf("Douyin named %s yuan after %s", now.Total, p.Total))
		case now.State == PaymentCancel || now.State == PaymentFail || now.State == PaymentTimeout:
			p.raise(AlarmContradiction, "Douyin said "+string(now.State)+" after SUCCESS")
		}
		return p
	}
	p.State = now.State
	if now.State == PaymentProcess && was.State != PaymentProcess {
		p.State = was.State // older news
	}
	if now.State != PaymentSuccess {
		return p
	}
	if was.Data != nil && was.Total != now.Total {
		now.raise(AlarmAmount, fmt.Sprintf("paid are %s yuan, asked were %s", now.Total, was.Total))
	}
	p.Total, p.Discount, p.Currency, p.PaidAt, p.Way = now.Total, now.Discount, now.Currency, now.PaidAt, now.Way
	if now.Alarm != "" {
		p.raise(now.Alarm, now.Message)
	}
	return p
}

func (p *Payment) raise(alarm, message string) {
	if p.Alarm != alarm || p.Message != message {
		p.Alarm, p.Message, p.Ack = alarm, message, Ack{}
	}
}

func (s *Store) updatePayment(tx *gorm.DB, p Payment) error {
	items, err := encodeItems(p.Items)
	if err != nil {
		return err
	}
	var paid any
	if !p.PaidAt.IsZero() {
		paid = s.sql.time(p.PaidAt)
	}
	return tx.Exec("UPDATE `ordersync_payment` SET `order_id` = ?, `state` = ?, `total_fen` = ?, `discount_fen` = ?, `currency` = ?, `paid_at` = ?, `way` = ?, "+
		"`douyin_order_id` = ?, `items` = ?, `alarm` = ?, `message` = ?, `ack_at` = ?, `ack_by` = ?, `ack_note` = ? WHERE `out_order_no` = ?",
		cut.To(p.OrderID, maxID), string(p.State), int64(p.Total), int64(p.Discount), p.Currency, paid, cut.To(p.Way, 16),
		cut.To(p.DouyinOrderID, maxID), nullText(items), p.Alarm, cut.To(p.Message, maxMessage), s.sql.timePtr(p.Ack.At), p.Ack.By, p.Ack.Note, p.OutOrderNo).Error
}

func (s *Store) alarmPayment(tx *gorm.DB, outOrderNo, alarm, message string) error {
	return tx.Exec("UPDATE `ordersync_payment` SET `alarm` = ?, `message` = ?, `ack_at` = NULL, `ack_by` = '', `ack_note` = '' WHERE `out_order_no` = ?",
		alarm, cut.To(message, maxMessage), outOrderNo).Error
}

// decideSystem writes an order's system into its row, which is locked.
func (s *Store) decideSystem(tx *gorm.DB, orderID string, system System) error {
	return tx.Exec("UPDATE `ordersync_order` SET `system` = ? WHERE `order_id` = ?", string(system), orderID).Error
}

// MakeTradePayment writes a payment down that the shop asks for, with the bytes that are signed for
// it, and expects it until it has an end. The same number with the same bytes is the payment that
// stands: fresh is false. *ConflictError: it has other bytes, or is one of ecpay. a.ValidUntil and
// a.DueAt are as for ExpectPayment.
func (s *Store) MakeTradePayment(ctx context.Context, p Payment, a PaymentAsk) (made Payment, fresh bool, err error) {
	p.System, p.State = Trade, PaymentProcess
	err = s.untilWon(ctx, func(tx *gorm.DB) (err error) {
		var found bool
		if made, found, err = readAnyPayment(tx, p.OutOrderNo, s.sql.forUpdate); err != nil {
			return err
		}
		if fresh = !found; found {
			if made.System != Trade || !bytes.Equal(made.Data, p.Data) {
				return &ConflictError{Number: p.OutOrderNo}
			}
			return nil
		}
		made = p
		return s.insertPayment(tx, p)
	})
	if err != nil {
		return Payment{}, false, fmt.Errorf("store: make payment: %w", err)
	}
	if made.State != PaymentProcess {
		return made, fresh, nil
	}
	a.OutOrderNo, a.Total, a.System = p.OutOrderNo, p.Total, Trade
	if _, err := s.ExpectPayment(ctx, a); err != nil {
		return Payment{}, false, err
	}
	return made, fresh, nil
}
