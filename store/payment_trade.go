package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// TradePayment is what Douyin says of a payment of trade, by a callback or when it is asked. What is
// empty or 0 was not told; fields of a name that Payment has are as there.
type TradePayment struct {
	OutOrderNo    string
	DouyinOrderID string
	State         PaymentState
	Total         Fen
	Discount      Fen
	Currency      string // CNY counts as none
	Way           string
	PaidAt        time.Time // zero: not told; At stands for it where State is PaymentSuccess
	Items         []PaymentItem
	Message       string    // Douyin's words, which are not written down
	At            time.Time // when it was heard
}

// The currencies. Amounts in diamonds are not the shop's fen.
const (
	yuan     = "CNY" // written down as none
	diamonds = "DIAMOND"
)

// How long a payment of trade that Douyin calls under way, and that was not made here, is asked
// after, and when first.
const (
	longestTradePayment = 48 * time.Hour
	firstTradeAsk       = time.Minute
)

// HearTradePayment writes down what Douyin says of a payment, in one transaction with what follows
// from it: the order is one of trade from then on, and one that was paid is due for a push. A
// payment is asked after until it has ended and, where it was paid, until its items are known, which
// no callback brings. Said twice it is as said once, and what comes late does not undo what is
// known: a payment that was paid stays so.
func (s *Store) HearTradePayment(ctx context.Context, n TradePayment) (a Accepted, err error) {
	p, err := s.tradePayment(ctx, n)
	if err != nil {
		return Accepted{}, fmt.Errorf("store: payment: %w", err)
	}
	err = s.underOrderLock(ctx, p.OrderID, func(tx *gorm.DB) (err error) {
		a, err = s.hearTradePayment(tx, p, n)
		return err
	})
	if err == nil {
		err = s.adopt(ctx, n.DouyinOrderID, n.At)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("store: payment: %w", err)
	}
	return a, nil
}

// tradePayment is n as a row, compared with the shop's order where it was paid.
func (s *Store) tradePayment(ctx context.Context, n TradePayment) (p Payment, err error) {
	if n.Currency = cut.To(n.Currency, maxCurrency); n.Currency == yuan {
		n.Currency = ""
	}
	if n.State == PaymentSuccess && n.Total != 0 && n.Currency != diamonds {
		p, err = s.paymentOrder(ctx, Callback{Number: n.OutOrderNo, Amount: n.Total, FinishedAt: n.PaidAt, At: n.At})
	} else {
		p = Payment{OutOrderNo: n.OutOrderNo, Total: n.Total, PaidAt: n.PaidAt}
		p.OrderID, err = s.orderByNo(ctx, n.OutOrderNo)
	}
	if n.State == PaymentSuccess && err == nil {
		if p.PaidAt.IsZero() {
			p.PaidAt = n.At
		}
		if p.OrderID == "" && p.Alarm == "" {
			p.raise(AlarmUnknownOrder, noSuchOrder)
		}
	}
	p.System, p.State, p.DouyinOrderID, p.Way = Trade, n.State, n.DouyinOrderID, n.Way
	p.Discount, p.Currency, p.Items, p.CreatedAt = n.Discount, n.Currency, n.Items, n.At
	return p, err
}

// orderByNo is the key of the shop's order with a number; empty: there is none yet.
func (s *Store) orderByNo(ctx context.Context, outOrderNo string) (string, error) {
	order, err := s.ShopOrderByNo(ctx, outOrderNo)
	var column *ColumnError
	switch {
	case err == nil, errors.As(err, &column):
		return order.Order.ID, nil
	case errors.Is(err, ErrOrderNotFound):
		return "", nil
	}
	return "", err
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
	if err := s.followPayment(tx, &before, &p, n.At); err != nil {
		return a, err
	}
	if err := nameCurrency(tx, p); err != nil {
		return a, err
	}
	if a.OrderID == "" { // its row is not locked
		return a, nil
	}
	if err := s.provePayment(tx, &p, a.OrderID); err != nil {
		return a, err
	}
	a.Alarm = p.Alarm
	if p.State == PaymentSuccess && before.State != PaymentSuccess {
		return a, s.markDue(tx, a.OrderID, n.At)
	}
	return a, nil
}

// nameCurrency tells the payment's refunds what their amounts are, that were heard of before it.
func nameCurrency(tx *gorm.DB, p Payment) error {
	if p.Currency == "" {
		return nil
	}
	return tx.Exec("UPDATE `ordersync_refund` SET `currency` = ? WHERE `out_order_no` = ? AND `system` = 'trade' AND `currency` = ''", p.Currency, p.OutOrderNo).Error
}

// followPayment has Douyin asked about what is not known yet of a payment that was heard of, and
// about nothing else.
func (s *Store) followPayment(tx *gorm.DB, before, p *Payment, at time.Time) error {
	ask := PaymentAsk{OutOrderNo: p.OutOrderNo, Total: p.Total, System: Trade, CreatedAt: at, ValidUntil: at, DueAt: &at}
	switch {
	case p.Settled():
		return confirmed(tx, p.OutOrderNo)
	case p.State == before.State:
		return nil // somebody asks already, or has given up
	case p.State == PaymentProcess:
		first := at.Add(firstTradeAsk)
		ask.ValidUntil, ask.DueAt = at.Add(longestTradePayment), &first
	case p.State != PaymentSuccess: // FAIL: the buyer may pay once more
		return nil
	}
	// Whatever was expected before, in whichever system, this is what is asked now.
	if err := confirmed(tx, p.OutOrderNo); err != nil {
		return err
	}
	_, err := s.expectPayment(tx, ask)
	return err
}

// heard is p with what is known now. A payment that was paid stays paid, and one that was closed
// stays closed unless it was paid. A buyer who lets one go may have another order of Douyin's under
// the same number: the one that was paid is the payment.
func (p Payment) heard(now Payment) Payment {
	was := p
	if p.OrderID == "" && now.OrderID != "" {
		p.OrderID = now.OrderID
		if p.Alarm == AlarmUnknownOrder { // the shop has it by now, and what it compares with
			p.Alarm, p.Message, p.Ack = now.Alarm, now.Message, Ack{}
		}
	}
	another := was.DouyinOrderID != "" && now.DouyinOrderID != "" && now.DouyinOrderID != was.DouyinOrderID
	if another && was.State == PaymentSuccess {
		if now.State == PaymentSuccess {
			p.raise(AlarmContradiction, "paid twice: Douyin's order "+now.DouyinOrderID+" beside "+was.DouyinOrderID)
		}
		return p
	}
	if p.DouyinOrderID == "" || another && now.State == PaymentSuccess { // money is where it was paid
		p.DouyinOrderID, p.Items = now.DouyinOrderID, now.Items
	}
	if len(p.Items) == 0 && !another {
		p.Items = now.Items
	}
	if was.State == PaymentSuccess {
		if now.State == PaymentSuccess && now.Total == p.Total { // a callback need not tell all
			p.Discount = cmp.Or(p.Discount, now.Discount)
			if p.Currency == "" && p.Data == nil {
				p.Currency = now.Currency
			}
		}
		switch {
		case now.State == PaymentSuccess && now.Total != 0 && now.Total != p.Total:
			p.raise(AlarmAmount, fmt.Sprintf("Douyin named %s after %s", amount(now.Total, now.Currency), amount(p.Total, p.Currency)))
		case now.State == PaymentCancel || now.State == PaymentFail || now.State == PaymentTimeout:
			p.raise(AlarmContradiction, "Douyin said "+string(now.State)+" after SUCCESS")
		}
		return p
	}
	if now.State != PaymentSuccess {
		older := was.ended() || now.State == PaymentProcess && was.State == PaymentFail
		if !older {
			p.State = now.State
		}
		return p
	}
	if now.Currency == "" && was.Currency == diamonds { // a callback need not tell it
		now.Currency = diamonds
		if now.Alarm == AlarmAmount {
			now.Alarm, now.Message = "", ""
		}
	}
	p.State, p.PaidAt, p.Way = PaymentSuccess, now.PaidAt, now.Way
	if now.Alarm != "" {
		p.raise(now.Alarm, now.Message)
	}
	if now.Total != 0 {
		if was.Data != nil && (was.Total != now.Total || was.Currency != now.Currency) {
			p.raise(AlarmAmount, fmt.Sprintf("paid are %s, asked were %s", amount(now.Total, now.Currency), amount(was.Total, was.Currency)))
		}
		p.Total, p.Discount, p.Currency = now.Total, now.Discount, now.Currency
	}
	return p
}

// amount is an amount of a payment for a person.
func amount(a Fen, currency string) string {
	if currency == diamonds {
		return strconv.FormatInt(int64(a), 10) + " diamonds"
	}
	return a.String() + " yuan"
}

func (p *Payment) raise(alarm, message string) {
	message = words(message) // as the row has it
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
		cut.To(p.DouyinOrderID, maxID), nullText(items), p.Alarm, words(p.Message), s.sql.timePtr(p.Ack.At), p.Ack.By, p.Ack.Note, p.OutOrderNo).Error
}

func (s *Store) alarmPayment(tx *gorm.DB, outOrderNo, alarm, message string) error {
	return tx.Exec("UPDATE `ordersync_payment` SET `alarm` = ?, `message` = ?, `ack_at` = NULL, `ack_by` = '', `ack_note` = '' WHERE `out_order_no` = ?",
		alarm, words(message), outOrderNo).Error
}
