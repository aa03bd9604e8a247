package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
)

// callbackAsked is pre_create_refund of trade.
const callbackAsked = "pre_create_refund"

// TradeCallback is a verified callback of trade. At most one of Payment and Opened is set; where
// neither is, the callback is stored and handed on. System, and Number and Key of what is about
// money, are the store's own to choose.
type TradeCallback struct {
	Callback
	Payment *TradePayment // it tells of a payment
	Opened  *Opened       // it tells of a refund or a settlement, whoever has opened it
	Asked   *AskedRefund  // with Opened: it asks about a refund, and wants an answer
}

// Opened is what is written down of a refund or settlement that nobody here knows yet: Douyin has
// opened it, or the shop without us.
type Opened struct {
	Number        string // under which it is kept; Callback.Number, where it is set, is looked up before
	DouyinOrderID string // Douyin's number of the order
	OutOrderNo    string // of the payment; empty: not told
	Origin        Origin
	Text          string // the buyer's reasons
	Items         string // JSON as Douyin has it; empty: not told
	Currency      string
	ItemOrderID   string // of a settlement
}

// AskedRefund is what pre_create_refund says of a refund beside Opened.
type AskedRefund struct {
	NeedsAudit bool
	Deadline   time.Time // with NeedsAudit
	DueAt      time.Time // when to ask Douyin how the refund stands
	// Answer makes Douyin's answer, once for each refund. It is called under locks, so it waits for
	// nobody.
	Answer func(outRefundNo string) (string, error)
}

// errMoved: while the order of a callback was looked for, its instruction found another one.
var errMoved = errors.New("store: the callback's order has become another one")

// AcceptTradeCallback is AcceptCallback for trade. Whatever the order in which callbacks come, the
// end is the same:
//
//	payment            see HearTradePayment
//	refund, settle     ends the instruction. What nobody knows yet is written down as it ended; for an
//	                   order that is not known (yet) with AlarmUnknownOrder, until a payment or another
//	                   callback names it
//	pre_create_refund  writes the refund down as submitted, and with it the answer, which Accepted.Answer
//	                   gives back at every delivery. With Kept only its number can be read: the refund
//	                   is written down all the same, for a person
//
// A callback about an instruction of ecpay is AlarmContradiction, and moves nothing.
func (s *Store) AcceptTradeCallback(ctx context.Context, c TradeCallback) (a Accepted, err error) {
	c.System = Trade
	switch {
	case c.Kept != "" && c.Asked == nil:
		return s.AcceptCallback(ctx, c.Callback)
	case c.Payment != nil:
		a, err = s.acceptTradePayment(ctx, c)
	case c.Opened != nil:
		for range 3 { // once it has an order it keeps it
			if a, err = s.acceptOpened(ctx, c); !errors.Is(err, errMoved) {
				break
			}
		}
	default:
		return s.AcceptCallback(ctx, c.Callback)
	}
	if err == nil {
		err = s.adopt(ctx, c.douyinOrderID(), c.At)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("store: accept callback of trade: %w", err)
	}
	return a, nil
}

func (c *TradeCallback) douyinOrderID() string {
	if c.Payment != nil {
		return c.Payment.DouyinOrderID
	}
	return c.Opened.DouyinOrderID
}

// name gives the callback the number under which we keep what it is about, and the key that
// Callbacks looks it up by. The same word with another amount is news.
func (c *TradeCallback) name(number string) {
	c.Number, c.Key = number, "trade:"+c.Type+":"+number+":"+c.Status+":"+strconv.FormatInt(int64(c.Amount), 10)
}

func (s *Store) acceptTradePayment(ctx context.Context, c TradeCallback) (a Accepted, err error) {
	p, err := s.tradePayment(ctx, *c.Payment)
	if err != nil {
		return Accepted{}, err
	}
	c.name(c.Payment.OutOrderNo)
	err = s.underOrderLock(ctx, p.OrderID, func(tx *gorm.DB) error {
		old, err := s.deliveredAgain(tx, c.Callback)
		if err != nil || old {
			a = Accepted{Known: p.OrderID != "", OrderID: p.OrderID}
			return err
		}
		if a, err = s.hearTradePayment(tx, p, *c.Payment); err != nil {
			return err
		}
		return s.insertCallback(tx, c.Callback, p.OrderID, a.Alarm)
	})
	return a, err
}

// acceptOpened is AcceptTradeCallback for a refund or a settlement.
func (s *Store) acceptOpened(ctx context.Context, c TradeCallback) (a Accepted, err error) {
	m := c.money()
	db := s.db.WithContext(ctx)
	known, _, err := s.findOpened(db, m, c, "")
	if err != nil {
		return Accepted{}, err
	}
	at := home{known.OrderID, known.OutOrderNo}
	if at.orderID == "" {
		if at, err = s.findHome(ctx, c.Opened.DouyinOrderID, c.Opened.OutOrderNo); err != nil {
			return Accepted{}, err
		}
	}
	err = s.underOrderLock(ctx, at.orderID, func(tx *gorm.DB) (err error) {
		a, err = s.acceptOpenedAt(tx, m, c, at)
		return err
	})
	return a, err
}

func (c *TradeCallback) money() Money {
	if c.Type == callbackSettle {
		return Settlement
	}
	return Refund
}

// findOpened finds the instruction that a callback is about: by the number that Douyin has of us, by
// the one that we give it, and by Douyin's own.
func (s *Store) findOpened(db *gorm.DB, m Money, c TradeCallback, lock string) (Instruction, bool, error) {
	for _, number := range []string{c.Number, c.Opened.Number} {
		if number == "" {
			continue
		}
		i, found, err := readInstruction(db, m, number, lock)
		if err != nil || found {
			return i.Instruction, found, err
		}
	}
	if c.PlatformNo == "" {
		return Instruction{}, false, nil
	}
	all, err := readInstructions(db, m, "`system` = 'trade' AND "+quote(ledgers[m].platform)+" = ? ORDER BY "+quote(ledgers[m].number)+" LIMIT 1", lock, c.PlatformNo)
	if err != nil || len(all) == 0 || all[0].PlatformNo != c.PlatformNo {
		return Instruction{}, false, err
	}
	return all[0].Instruction, true, nil
}

// acceptOpenedAt is acceptOpened inside its transaction, under the lock of at's order.
func (s *Store) acceptOpenedAt(tx *gorm.DB, m Money, c TradeCallback, at home) (Accepted, error) {
	i, found, err := s.findOpened(tx, m, c, s.sql.forUpdate)
	switch {
	case err != nil:
		return Accepted{}, err
	case found && i.OrderID != "" && i.OrderID != at.orderID:
		return Accepted{}, errMoved
	}
	c.name(cmp.Or(i.Number, c.Opened.Number))
	a := Accepted{Known: found || at.orderID != "", OrderID: at.orderID, Alarm: c.Kept}
	old, err := s.deliveredAgain(tx, c.Callback)
	if err != nil || old && c.Asked == nil {
		return a, err
	}
	if old && found && i.Audit.Answer != "" {
		a.Answer = i.Audit.Answer
		return a, nil
	}
	a.Fresh = !old
	if !found {
		i, err = s.open(tx, m, c, at)
		if a.Ended = i.State; !i.State.Final() {
			a.Ended = ""
		}
		if err == nil && at.orderID != "" { // what stands against it is said where its payment is heard of
			_, err = s.decideSystem(tx, at.orderID, at.outOrderNo, Trade)
		}
	} else if i, a.Ended, err = s.hearOpened(tx, m, c, i, at); err == nil && c.Asked != nil {
		i, err = s.hearAsked(tx, c, i)
	}
	if err != nil {
		return a, err
	}
	if a.Alarm = cmp.Or(c.Kept, i.Alarm); c.Asked != nil {
		a.Answer = i.Audit.Answer
	}
	if old { // the refund's row was lost, and stands again
		return a, nil
	}
	return a, s.insertCallback(tx, c.Callback, at.orderID, a.Alarm)
}

// hearOpened is what a callback does to an instruction that is known.
func (s *Store) hearOpened(tx *gorm.DB, m Money, c TradeCallback, i Instruction, at home) (Instruction, MoneyState, error) {
	if i.System != Trade {
		moved, err := s.moveLocked(tx, m, i.Number, func(_ *gorm.DB, i *Instruction) (bool, error) { return i.hearOfOther(c.Callback), nil })
		return moved, "", err
	}
	if err := s.locate(tx, &i, c.Opened.DouyinOrderID, at, c.At); err != nil || c.Asked != nil {
		return i, "", err
	}
	_, ended, err := s.acceptMoney(tx, m, c.Callback)
	if err != nil {
		return i, "", err
	}
	heard, _, err := readInstruction(tx, m, i.Number, "")
	if err != nil || m != Refund || !heard.closeAudit() {
		return heard.Instruction, ended, err
	}
	return heard.Instruction, ended, s.writeAuditEnd(tx, &heard.Instruction)
}
