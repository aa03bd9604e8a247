package store

import (
	"cmp"
	"context"
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
	DouyinOrderID string // Douyin's number of the order; empty: not told
	Origin        Origin
	State         MoneyState // MoneySubmitted while it is under way, else MoneySucceeded or MoneyFailed
	Amount        Fen        // or diamonds; 0: not news
	Currency      string     // as Instruction.Currency; empty: the payment's
	Items         string     // as Instruction.Items; empty: not news
	Reason        string     // the buyer's, or Douyin's
	Message       string     // why it failed
	Audit         Audit      // State, Deadline and DenyMessage; State empty: not news
	LatestWord    time.Time  // the audit's deadline where Douyin has told none; zero: 72 hours after At
	At            time.Time  // when it was heard
	EndedAt       time.Time  // when State was reached; zero: not news
	DueAt         time.Time  // when to ask how it stands; only a row that is opened takes it
}

// HearTradeRefund writes down what Douyin says of a refund, in one transaction: one that Douyin has
// opened becomes a row, and is at Douyin from then on; a row takes its audit over, and ends with it.
// It ends as callbacks that say the same would have it. Said twice it is as said once, and what comes
// late does not undo what is known. A refund of the shop's own that is no row was made elsewhere: it
// becomes one when it has ended; Known is false until then. Fresh tells that a row was opened.
func (s *Store) HearTradeRefund(ctx context.Context, r TradeRefund) (a Accepted, err error) {
	if err := checkNumber(r.Number); err != nil {
		return Accepted{}, err
	}
	t := r.news()
	err = s.underHome(ctx, t, func(tx *gorm.DB, at home) (err error) {
		a, err = s.hearTradeRefund(tx, t, at)
		return err
	})
	if err == nil {
		err = s.adopt(ctx, r.DouyinOrderID, r.At)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("store: refund %s of Douyin's: %w", cut.To(r.Number, maxID), err)
	}
	return a, nil
}

func (r TradeRefund) news() news {
	t := news{
		Opened: Opened{
			Number: r.Number, DouyinOrderID: r.DouyinOrderID, OutOrderNo: r.OutOrderNo, Origin: r.Origin, Text: r.Reason, Items: r.Items, Currency: r.Currency,
		},
		latest: cmp.Or(r.LatestWord, r.At.Add(auditWindow)),
		money:  Refund, number: r.Number, platformNo: r.RefundID, what: "a refund", audit: r.Audit, dueAt: r.DueAt, at: r.At,
		result: Result{State: r.State, Said: true, Amount: r.Amount, EndedAt: r.EndedAt, Answer: Answer{At: r.At, PlatformNo: r.RefundID}},
	}
	if r.State == MoneyFailed {
		t.result.Kind, t.result.Message = "rejected", cmp.Or(r.Message, r.Audit.DenyMessage)
	}
	return t
}

// hearTradeRefund is HearTradeRefund inside its transaction, under the lock of at's order.
func (s *Store) hearTradeRefund(tx *gorm.DB, t news, at home) (a Accepted, err error) {
	i, found, err := s.findNews(tx, t, at)
	switch {
	case err != nil:
		return a, err
	case found:
		i, a.Ended, err = s.hearNews(tx, t, i.Number, at)
	case t.Origin == OriginOurs && !t.result.State.Final():
		return Accepted{}, nil
	default:
		a.Fresh = true
		if i, err = s.open(tx, t, at); i.State.Final() {
			a.Ended = i.State
		}
	}
	a.Known, a.OrderID, a.Alarm = true, i.OrderID, i.Alarm
	return a, err
}
