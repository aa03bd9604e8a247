package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	// unpaidWait is how long a refund waits for its payment, and unpaidFor how long for one that
	// Douyin does not know at all: its records lag behind what the buyer sees.
	unpaidWait = 10 * time.Minute
	unpaidFor  = time.Hour
)

// TradeRows are the rows that refunds and settlements of trade look at beside their own.
type TradeRows interface {
	AnyPayment(ctx context.Context, outOrderNo string) (p store.Payment, found bool, err error)
	HearTradePayment(ctx context.Context, n store.TradePayment) (store.Accepted, error)
	Instructions(ctx context.Context, m store.Money, orderID string) ([]store.Instruction, error)
	HearTradeRefund(ctx context.Context, r store.TradeRefund) (store.Accepted, error)
}

// TradeRefunds is the Bank of refunds of trade: the shop's own, and those that Douyin has opened,
// which are asked about only.
type TradeRefunds struct {
	Rows TradeRows
	// Sending is as for Refunds.
	Sending interface {
		CreateRefund(ctx context.Context, f trade.Refund) (refundID string, r douyin.Receipt, err error)
	}
	Douyin interface {
		QueryOrder(ctx context.Context, outOrderNo, orderID string) (trade.PaymentState, douyin.Receipt, error)
		QueryRefunds(ctx context.Context, outRefundNo, refundID, orderID string) ([]trade.RefundState, douyin.Receipt, error)
	}
	Page Page // that shows a refund; without one nothing can be sent
	// FirstPoll is when a refund that Douyin has opened is asked about first. 0: after a minute.
	FirstPoll time.Duration
	Now       func() time.Time
}

// TradeRefundOps are the names of its calls.
func TradeRefundOps() Ops {
	return Ops{Prepare: trade.OpOrderQuery, Send: trade.OpRefundCreate, Query: trade.OpRefundQuery}
}

// Prepare finds Douyin's number and items of the payment, asking Douyin where they are not known,
// and shares the refund among the items, unless that was done before. *WaitError: it is not paid
// yet. *NothingToMoveError: it will never be.
func (b TradeRefunds) Prepare(ctx context.Context, i store.Instruction) (store.Instruction, error) {
	if _, err := readRefund(i); err != nil {
		return i, err
	}
	if b.Page.Path == "" {
		return i, &WaitError{Why: "neither douyin.trade.refund_page nor order_page is set, and Douyin wants a page of the refund", For: unserved}
	}
	p, err := b.paid(ctx, i)
	if err != nil || i.Items != "" {
		return i, err
	}
	refunds, err := b.Rows.Instructions(ctx, store.Refund, i.OrderID)
	if err != nil {
		return i, err
	}
	var others []store.Instruction
	for _, r := range refunds {
		if r.Number != i.Number {
			others = append(others, r)
		}
	}
	i.Currency = p.Currency
	if i.Items, err = shares(i, p, others); err == nil && i.Items == "" {
		p, err = b.askPayment(ctx, i) // it was paid, and a callback names no items
		if err == nil {
			i.Items, err = shares(i, p, others)
		}
	}
	if err == nil && i.Items == "" {
		return i, &WaitError{Why: "Douyin does not tell the items of the order", For: unpaidWait}
	}
	return i, err
}

// paid is the payment of i, which Douyin is asked about where it is not known as paid.
func (b TradeRefunds) paid(ctx context.Context, i store.Instruction) (store.Payment, error) {
	p, found, err := b.Rows.AnyPayment(ctx, i.OutOrderNo)
	if err != nil || found && p.State == store.PaymentSuccess && p.DouyinOrderID != "" {
		return p, err
	}
	return b.askPayment(ctx, i)
}

// askPayment asks Douyin for the payment of i and writes down what it says. An error where it is not
// paid.
func (b TradeRefunds) askPayment(ctx context.Context, i store.Instruction) (store.Payment, error) {
	now := b.Now()
	said, _, err := b.Douyin.QueryOrder(ctx, i.OutOrderNo, "")
	switch {
	case errors.Is(err, douyin.ErrNotFound) && now.Sub(i.CreatedAt) > unpaidFor:
		return store.Payment{}, &NothingToMoveError{Why: "Douyin knows no payment of the order"}
	case errors.Is(err, douyin.ErrNotFound):
		return store.Payment{}, &WaitError{Why: "Douyin knows no payment of the order yet", For: unpaidWait}
	case err != nil:
		return store.Payment{}, err
	}
	if _, err := b.Rows.HearTradePayment(ctx, TradeNews(said, now)); err != nil {
		return store.Payment{}, err
	}
	switch said.Status {
	case trade.Success:
	case trade.Timeout, trade.Fail, trade.Cancel:
		return store.Payment{}, &NothingToMoveError{Why: "the order was never paid: Douyin says " + string(said.Status)}
	default:
		return store.Payment{}, &WaitError{Why: "the order is not paid yet: Douyin says " + cut.To(string(said.Status), maxStateBytes), For: unpaidWait}
	}
	p, _, err := b.Rows.AnyPayment(ctx, i.OutOrderNo)
	return p, err
}

// Send asks for the refund. Douyin takes one refund of an order at a time: where it refuses this one
// for that, it is asked which others there are, and this one is too early (douyin.ErrNotYet) unless
// none is under way.
func (b TradeRefunds) Send(ctx context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	o, err := readRefund(i)
	if err != nil {
		return "", douyin.Receipt{}, err
	}
	items, err := parts(i.Items)
	if err != nil {
		return "", douyin.Receipt{}, &CorruptRowError{Table: "ordersync_refund", Column: "items", Err: err}
	}
	p, _, err := b.Rows.AnyPayment(ctx, i.OutOrderNo)
	if err != nil {
		return "", douyin.Receipt{}, notMade(trade.OpRefundCreate, err)
	}
	code := trade.ReasonOther
	if o.ReasonCode != 0 {
		code = o.ReasonCode
	}
	no, receipt, err := b.Sending.CreateRefund(ctx, trade.Refund{
		OrderID: p.DouyinOrderID, OutRefundNo: i.Number, Amount: int64(i.Amount), Items: items, All: i.Items == allItems,
		Reasons: []trade.Reason{{Code: code, Text: cut.To(i.Text, trade.MaxReasonBytes)}},
		Page:    b.Page.Fill(p.DouyinOrderID, i.OutOrderNo, i.Number), Currency: i.Currency, CPExtra: o.CPExtra, NotifyURL: o.NotifyURL,
	})
	if heldByAnother(err) {
		err = b.another(ctx, i, p, err)
	}
	return no, receipt, err
}

// notMade is a request that did not leave.
func notMade(op string, err error) error {
	return &douyin.Error{Op: op, Kind: douyin.Unavailable, Err: err}
}

// another asks Douyin for all refunds of the order and writes them down. What refused the request is
// too early where another one is under way, or where that is not known.
func (b TradeRefunds) another(ctx context.Context, i store.Instruction, p store.Payment, refusal error) error {
	underWay, err := b.Hear(ctx, p, i.Number)
	if err == nil && !underWay {
		return refusal
	}
	var failure *douyin.Error
	errors.As(refusal, &failure)
	later := *failure
	later.Err = douyin.ErrNotYet
	return &later
}

// Hear asks Douyin for all refunds of a payment and writes down what it says of them: one that Douyin
// has opened becomes a row. underWay tells that one beside but is under way.
func (b TradeRefunds) Hear(ctx context.Context, p store.Payment, but string) (underWay bool, err error) {
	states, _, err := b.Douyin.QueryRefunds(ctx, "", "", p.DouyinOrderID)
	if err != nil && !errors.Is(err, douyin.ErrNotFound) {
		return false, err
	}
	var failed []error
	for _, s := range states {
		_, err := b.Rows.HearTradeRefund(ctx, b.refund(s, p.OutOrderNo, p.Currency))
		failed = append(failed, err)
		underWay = underWay || !s.Ended() && s.OutRefundNo != but
	}
	return underWay, errors.Join(failed...)
}

// refund is what Douyin says of a refund in the store's words.
func (b TradeRefunds) refund(s trade.RefundState, outOrderNo, currency string) store.TradeRefund {
	now := b.Now()
	r := store.TradeRefund{
		Number: s.OutRefundNo, RefundID: s.RefundID, OutOrderNo: outOrderNo, DouyinOrderID: s.OrderID, Origin: tradeOrigin(s),
		State: store.MoneySubmitted, Amount: store.Fen(s.Amount), Currency: currency, Message: s.Message,
		Audit: store.Audit{State: tradeAudit(s), DenyMessage: s.Denied}, At: now, EndedAt: s.RefundedAt, DueAt: now.Add(cmp.Or(b.FirstPoll, pollSteps[0])),
	}
	if r.Origin != store.OriginOurs || r.Number == "" {
		r.Number = trade.RefundNo(s.RefundID)
	}
	if !s.Deadline.IsZero() && r.Audit.State != store.AuditNone {
		r.Audit.Deadline = &s.Deadline
	}
	if !s.CreatedAt.IsZero() {
		r.LatestWord = s.CreatedAt.Add(trade.AuditWindow)
	}
	if len(s.Items) > 0 {
		if text, err := json.Marshal(s.Items); err == nil { // texts and numbers always encode
			r.Items = string(text)
		}
	}
	switch {
	case s.Status == trade.Success:
		r.State = store.MoneySucceeded
	case s.Ended():
		r.State = store.MoneyFailed
	}
	return r
}

// Sources of a refund (COPY-DM in package trade).
const (
	sourceUser    = 1
	sourceShop    = 2
	sourceExpiry  = 3
	sourceService = 4
)

// tradeOrigin tells who has opened a refund. Where Douyin names no source, a number that is not made
// of its own id is the shop's.
func tradeOrigin(s trade.RefundState) store.Origin {
	switch s.Source {
	case sourceUser:
		return store.OriginUser
	case sourceShop:
		return store.OriginOurs
	case sourceExpiry:
		return store.OriginExpiry
	case sourceService:
		return store.OriginService
	}
	if s.Source == 0 && s.OutRefundNo != "" && s.OutRefundNo != trade.RefundNo(s.RefundID) {
		return store.OriginOurs
	}
	return store.OriginOther
}

var auditStates = map[string]store.AuditState{
	trade.AuditInit: store.AuditNeeded, trade.AuditWaiting: store.AuditNeeded, trade.AuditAgreed: store.AuditAgreed,
	trade.AuditDenied: store.AuditDenied, trade.AuditOvertime: store.AuditOvertime,
}

// tradeAudit is how far the audit of a refund is; empty where Douyin uses a word that nobody knows.
func tradeAudit(s trade.RefundState) store.AuditState {
	switch {
	case s.Audit == trade.AuditDenied:
		return store.AuditDenied
	case s.Audit == trade.AuditWaiting: // whatever else it says: it waits for the shop
		return store.AuditNeeded
	case !s.NeedAudit:
		return store.AuditNone
	}
	return auditStates[s.Audit]
}

// Query asks how the refund stands: by the shop's number, or by Douyin's id where Douyin has opened
// it. Of such a one its audit is written down, too.
func (b TradeRefunds) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	number, id := i.Number, ""
	opened := i.Origin != store.OriginOurs && i.Origin != ""
	if opened {
		number, id = "", i.PlatformNo
	}
	states, receipt, err := b.Douyin.QueryRefunds(ctx, number, id, "")
	switch {
	case err != nil:
		return Standing{}, receipt, err
	case len(states) == 0:
		return Standing{}, receipt, unheardOf(trade.OpRefundQuery, receipt)
	}
	s := states[0]
	if !opened {
		if p, found, err := b.Rows.AnyPayment(ctx, i.OutOrderNo); err != nil {
			return Standing{}, receipt, fmt.Errorf("the payment that it is of: %w", err)
		} else if found && p.DouyinOrderID != "" && p.DouyinOrderID != s.OrderID {
			return Standing{Result: douyin.ResultFail, Message: ofAnother + s.OrderID}, receipt, nil
		}
	}
	if opened {
		r := b.refund(s, i.OutOrderNo, i.Currency)
		if r.Number = i.Number; r.Origin == store.OriginOurs {
			r.Origin = i.Origin
		}
		if _, err := b.Rows.HearTradeRefund(ctx, r); err != nil {
			return Standing{}, receipt, fmt.Errorf("what Douyin says of it: %w", err)
		}
	}
	standing := Standing{Result: tradeResult(s.Status), PlatformNo: s.RefundID, Amount: store.Fen(s.Amount), Message: s.Message}
	if s.Audit == trade.AuditDenied {
		standing.Result, standing.Message, standing.Denied = douyin.ResultFail, s.Denied, true
	}
	return standing, receipt, nil
}

// ofAnother: the shop has used the number before, for another order and without ordersync. Nothing of
// this instruction is at Douyin, nor can it be: Douyin takes a number once.
const ofAnother = "this number is taken: at Douyin it is one of the order "

// unheardOf is an answer without a row: Douyin knows no such number.
func unheardOf(op string, r douyin.Receipt) error {
	return &douyin.Error{Op: op, Kind: douyin.Rejected, HTTPStatus: r.HTTPStatus, LogID: r.LogID, Err: douyin.ErrNotFound}
}

// tradeResult: a word that is no end is one of what is under way.
func tradeResult(s trade.Result) douyin.Result {
	switch s {
	case trade.Success:
		return douyin.ResultSuccess
	case trade.Fail:
		return douyin.ResultFail
	case trade.Initial, trade.Process, trade.Processing, trade.Timeout, trade.Cancel: // the last two are a payment's words
	}
	return douyin.ResultProcessing
}
