package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Callback is a verified callback of Douyin's.
type Callback struct {
	System     System    // empty: Ecpay
	Type       string    // payment, refund, settle; others are stored and forwarded
	Number     string    // the shop's: cp_orderno, cp_refundno, cp_settle_no
	Status     string    // SUCCESS, FAIL, or what else Douyin says
	Amount     Fen       // 0: not told
	PlatformNo string    // order_id of a payment, refund_no, settle_no
	Way        string    // of a payment, as Payment.Way
	FinishedAt time.Time // as Douyin says; zero: not told
	Message    string    // Douyin's words, with FAIL
	Raw        []byte    // the whole body, signature included
	Headers    string    // that are handed on with it: a JSON object of lists; empty: none
	At         time.Time // when it came
	Forward    bool      // hand it on to the shop's own handler

	Key  string // what its redeliveries have in common; empty: type:number:status
	Kept string // AlarmForeignApp, AlarmUnknownType or AlarmNotUnderstood: it is stored and handed on, and does nothing else; empty: it counts
	Note string // with Kept: which app, type or field

	differs bool // the same success was told before, with another amount
}

// Accepted tells what became of a callback.
type Accepted struct {
	Fresh   bool       // false: it was stored before, and nothing changed
	Known   bool       // it is about a payment of the shop's, or about an instruction of ours
	OrderID string     // the shop's key; empty: not known
	Alarm   string     // something a person has to look at; empty: nothing
	Answer  string     // to pre_create_refund of trade: what Douyin has to be told, each time alike; empty: success and nothing else
	Ended   MoneyState // what the refund or settlement has become by it; empty: it is none, or had ended before
}

// The types and states of callbacks that mean something here (PAY-CB, REFUND-CB, SETTLE-CB).
const (
	callbackPayment = "payment"
	callbackRefund  = "refund"
	callbackSettle  = "settle"
	statusSuccess   = "SUCCESS"
	statusFail      = "FAIL"
)

const maxDedupKey = 191

// dedupKey is what Douyin's redeliveries have in common. One that does nothing must not stand in
// the way of one that counts.
func (c *Callback) dedupKey() string {
	key := c.Key
	if key == "" {
		key = c.Type + ":" + c.Number + ":" + c.Status
	}
	if c.Kept != "" {
		key = c.Kept + ":" + c.Note + ":" + key
	}
	if len(key) > maxDedupKey || cut.To(key, maxDedupKey) != key {
		sum := sha256.Sum256([]byte(key))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return key
}

// AcceptCallback stores a callback once and does what it says, in one transaction: a payment is
// recorded and compared with the shop's order, a refund or settlement ends (also when its call has
// not been answered yet), and the order becomes due for a push, but for a settlement, of which
// Douyin's order tells nothing. When it returns without an error, everything is durable and Douyin
// may be told so.
func (s *Store) AcceptCallback(ctx context.Context, c Callback) (accepted Accepted, err error) {
	if c.Kept != "" {
		err := s.untilWon(ctx, func(tx *gorm.DB) (err error) {
			accepted, err = s.keep(tx, c)
			return err
		})
		if err != nil {
			return Accepted{}, fmt.Errorf("store: keep callback: %w", err)
		}
		return accepted, nil
	}
	if strings.TrimSpace(c.Number) == "" && (c.Type == callbackPayment || c.Type == callbackRefund || c.Type == callbackSettle) {
		return Accepted{}, fmt.Errorf("store: a %s callback without a number", c.Type)
	}
	var payment Payment
	var orderID string
	switch m, isMoney := callbackMoney(c.Type); {
	case isMoney:
		i, found, err := s.Instruction(ctx, m, c.Number)
		if err != nil {
			return Accepted{}, err
		}
		if found {
			orderID = i.OrderID
		}
	case c.Type == callbackPayment:
		if payment, err = s.paymentOrder(ctx, c); err != nil {
			return Accepted{}, fmt.Errorf("store: callback: %w", err)
		}
		orderID = payment.OrderID
	}
	err = s.underOrderLock(ctx, orderID, func(tx *gorm.DB) (err error) {
		accepted, err = s.accept(tx, c, orderID, payment)
		return err
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("store: accept callback: %w", err)
	}
	return accepted, nil
}

func callbackMoney(callbackType string) (Money, bool) {
	switch callbackType {
	case callbackRefund:
		return Refund, true
	case callbackSettle:
		return Settlement, true
	}
	return "", false
}

// deliveredAgain counts a delivery of what is stored already.
func (s *Store) deliveredAgain(tx *gorm.DB, c Callback) (bool, error) {
	done := tx.Exec("UPDATE `ordersync_callback` SET `received` = `received` + 1 WHERE `dedup_key` = ?", c.dedupKey())
	return done.RowsAffected > 0, done.Error
}

// accept is AcceptCallback inside its transaction.
func (s *Store) accept(tx *gorm.DB, c Callback, orderID string, payment Payment) (Accepted, error) {
	a := Accepted{Known: orderID != "", OrderID: orderID}
	if err := c.compare(tx); err != nil {
		return a, err
	}
	if old, err := s.deliveredAgain(tx, c); err != nil || old {
		return a, err
	}
	a.Fresh = true
	var err error
	if c.Type == callbackPayment {
		a.Alarm, err = s.acceptPayment(tx, c, payment)
	} else if m, isMoney := callbackMoney(c.Type); isMoney {
		a.Alarm, a.Ended, err = s.acceptMoney(tx, m, c)
	}
	if err != nil {
		return Accepted{}, err
	}
	return a, s.insertCallback(tx, c, orderID, a.Alarm)
}

func (s *Store) insertCallback(tx *gorm.DB, c Callback, orderID, alarm string) error {
	var forward any
	if c.Forward {
		forward = s.sql.time(c.At)
	}
	return tx.Exec("INSERT INTO `ordersync_callback` (`dedup_key`, `type`, `number`, `status`, `order_id`, `raw`, `alarm`, `note`, "+
		"`received_at`, `forward_due_at`, `system`, `headers`) VALUES "+tuples(1, 12),
		c.dedupKey(), cut.To(c.Type, maxKind), cut.To(c.Number, maxID), cut.To(c.Status, maxKind), orderID, c.Raw, alarm,
		words(c.Note), s.sql.time(c.At), forward, string(cmp.Or(c.System, Ecpay)), nullText(c.Headers)).Error
}

func (s *Store) acceptPayment(tx *gorm.DB, c Callback, p Payment) (alarm string, err error) {
	if c.Status != statusSuccess {
		return "", nil // Douyin sends nothing else today
	}
	recorded, err := s.recordPayment(tx, p)
	if err == nil && recorded.System == Trade {
		return recorded.Alarm, nil // it is asked after as before
	}
	if err == nil {
		err = confirmed(tx, p.OutOrderNo)
	}
	if err == nil && s.cfg.Trade.On && p.OrderID != "" {
		err = s.provePayment(tx, &recorded, p.OrderID)
	}
	if err != nil || p.OrderID == "" {
		return recorded.Alarm, err
	}
	return recorded.Alarm, s.markDue(tx, p.OrderID, c.At)
}

func (s *Store) acceptMoney(tx *gorm.DB, m Money, c Callback) (alarm string, ended MoneyState, err error) {
	result, ends := c.result()
	if !ends {
		return "", "", nil // PROCESSING of older documents
	}
	i, err := s.moveLocked(tx, m, c.Number, func(_ *gorm.DB, i *Instruction) (bool, error) {
		if i.System != cmp.Or(c.System, Ecpay) {
			return i.hearOfOther("a "+c.Type+" callback", cmp.Or(c.System, Ecpay), c.At), nil
		}
		changed, touched := i.Hear(result)
		if changed {
			ended = result.State
		}
		return touched, nil
	})
	if errors.Is(err, ErrNoInstruction) {
		return "", "", nil // of the shop's own making
	}
	return i.Alarm, ended, err
}

// result is the end that a callback tells of; ends is false where it tells of none.
func (c *Callback) result() (r Result, ends bool) {
	state := map[string]MoneyState{statusSuccess: MoneySucceeded, statusFail: MoneyFailed}[c.Status]
	if state == "" {
		return Result{}, false
	}
	r = Result{State: state, Amount: c.Amount, Answer: Answer{At: c.At, PlatformNo: c.PlatformNo}}
	if state == MoneyFailed {
		r.Kind, r.Message = "rejected", c.Message
	}
	return r, true
}

// hearOfOther is what one system says about an instruction of the other: nothing moves.
func (i *Instruction) hearOfOther(what string, system System, at time.Time) (touched bool) {
	if i.Alarm == AlarmContradiction {
		return false
	}
	i.contradict(at, fmt.Sprintf("%s of %s is about it, and it is of %s", what, system, i.System))
	return true
}

// markDue makes an order due for a push; its row is locked.
func (s *Store) markDue(tx *gorm.DB, orderID string, at time.Time) error {
	return tx.Exec("UPDATE `ordersync_order` SET `outcome` = ?, `failed_at` = NULL, `due_at` = ? WHERE `order_id` = ?", string(Pending), s.sql.time(at), orderID).Error
}
