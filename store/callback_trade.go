package store

import (
	"cmp"
	"context"
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

// AskedRefund is what pre_create_refund says of a refund beside Opened.
type AskedRefund struct {
	NeedsAudit bool      // Douyin waits for the shop's word
	Deadline   time.Time // with NeedsAudit: then Douyin agrees by itself
	DueAt      time.Time // when to ask Douyin how the refund stands
	// Answer makes Douyin's answer, once for each refund. It is called under locks, so it waits for
	// nobody.
	Answer func(outRefundNo string) (string, error)
}

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
		a, err = s.acceptOpened(ctx, c)
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
	c.Key += ":" + c.Payment.DouyinOrderID // of two orders under one number each is news
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
	t := c.news()
	return a, s.underHome(ctx, t, func(tx *gorm.DB, at home) (err error) {
		a, err = s.acceptOpenedAt(tx, t, c, at)
		return err
	})
}

// news is what a callback says of a refund or settlement.
func (c *TradeCallback) news() news {
	t := news{
		Opened: *c.Opened, money: Refund, number: c.Number, platformNo: c.PlatformNo, what: "a " + c.Type + " callback",
		result: Result{State: MoneySubmitted, Amount: c.Amount, Answer: Answer{At: c.At, PlatformNo: c.PlatformNo}}, asked: c.Asked, kept: c.Kept, at: c.At,
	}
	if c.Type == callbackSettle {
		t.money = Settlement
	}
	if r, ends := c.result(); ends {
		t.result, t.result.EndedAt = r, c.FinishedAt
	}
	if c.Asked == nil {
		return t
	}
	t.dueAt = c.Asked.DueAt
	if c.Asked.NeedsAudit {
		t.audit = Audit{State: AuditNeeded, Deadline: &c.Asked.Deadline}
	}
	return t
}

// acceptOpenedAt is acceptOpened inside its transaction, under the lock of at's order.
func (s *Store) acceptOpenedAt(tx *gorm.DB, t news, c TradeCallback, at home) (Accepted, error) {
	i, found, err := s.findNews(tx, t, at)
	if err != nil {
		return Accepted{}, err
	}
	c.name(cmp.Or(i.Number, c.Opened.Number))
	if other, err := i.ofAnotherOrder(tx, t); err != nil {
		return Accepted{}, err
	} else if other { // it must not stand in the way of the one that is meant
		c.Key += ":" + t.DouyinOrderID
	}
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
	if found {
		i, a.Ended, err = s.hearNews(tx, t, i.Number, at)
	} else if i, err = s.open(tx, t, at); i.State.Final() {
		a.Ended = i.State
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
