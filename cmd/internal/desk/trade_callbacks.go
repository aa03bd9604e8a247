package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// TradeCallbacks is Callbacks for trade.
type TradeCallbacks struct {
	Callbacks
	// Answer is what Douyin is told when it asks about a refund. It is asked once for each refund and
	// waits for nobody.
	Answer func(RefundAsked) ([]byte, error)
	// FirstPoll is when a refund that Douyin asks about is asked about first. 0: after ten minutes,
	// or an hour where it waits for the shop's word.
	FirstPoll time.Duration
}

// RefundAsked is the refund that Douyin asks about.
type RefundAsked struct {
	OutRefundNo string // of this refund
	OutOrderNo  string // of its payment
	OrderID     string // Douyin's
}

var _ gateway.TradeCallbacks = TradeCallbacks{}

const (
	// answerWithin bounds an answer to pre_create_refund, for which Douyin is taken to wait a second.
	answerWithin = 800 * time.Millisecond
	// A refund that Douyin asks about is asked about in turn, should its callback be lost: soon where
	// it goes on by itself, later where it waits for the shop's word.
	askAfter, askAfterAudit = 10 * time.Minute, time.Hour
)

// AcceptTrade stores a callback, and what it says, in one transaction. The answer to
// pre_create_refund stands in the refund's row: every delivery, at any process, gets the first one.
func (b TradeCallbacks) AcceptTrade(ctx context.Context, c trade.Callback, h http.Header, raw []byte) ([]byte, gateway.CallbackResult, error) {
	news := b.news(c)
	news.Raw, news.Headers, news.At, news.Forward = raw, ofDouyin(h), time.Now(), b.Forward
	result := b.keep(c.AppID(), c.Unread, &news.Callback)
	if c.Type == trade.CallbackRefundRequest && c.Number() != "" && result != gateway.CallbackForeign {
		b.ask(c, &news)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerWithin)
		defer cancel()
	}
	accepted, err := b.Store.AcceptTradeCallback(ctx, news)
	if err != nil {
		return nil, "", err
	}
	news.Number = cmp.Or(news.Number, c.Number())
	b.took(ctx, news.Callback, accepted, tradeMoney(c), c.Settle == nil)
	if accepted.Answer == "" {
		return nil, result, nil
	}
	return []byte(accepted.Answer), result, nil
}

func tradeMoney(c trade.Callback) store.Money {
	if c.Settle != nil {
		return store.Settlement
	}
	return store.Refund
}

// news is a callback in the store's words, but for what pre_create_refund asks.
func (b TradeCallbacks) news(c trade.Callback) store.TradeCallback {
	out := store.TradeCallback{Callback: store.Callback{System: store.Trade, Type: c.Type, Number: c.Number(), Key: c.DedupKey()}}
	switch {
	case c.Payment != nil:
		n := c.Payment
		out.Status, out.Amount, out.PlatformNo, out.Message = string(n.Status), store.Fen(n.TotalAmount), n.OrderID, n.Message
		out.Payment = &store.TradePayment{
			OutOrderNo: n.OutOrderNo, DouyinOrderID: n.OrderID, State: store.PaymentState(n.Status), Total: store.Fen(n.TotalAmount),
			Discount: store.Fen(n.DiscountAmount), Currency: n.Currency, Way: n.PayChannel, PaidAt: sensible(n.EventTime), Message: n.Message, At: time.Now(),
		}
		if n.Status != trade.Success {
			out.Payment.PaidAt = time.Time{}
		}
	case c.Refund != nil:
		n := c.Refund
		out.Number, out.Status, out.Amount, out.PlatformNo, out.Message = n.OutRefundNo, string(n.Status), store.Fen(n.Amount), n.RefundID, n.Message
		out.FinishedAt = sensible(n.EventTime)
		out.Opened = &store.Opened{
			Number: trade.RefundNo(n.RefundID), DouyinOrderID: n.OrderID, Origin: refundOrigin(n), Items: itemsJSON(n.Items), Currency: currency(n.Currency),
		}
		if out.Opened.Origin == store.OriginOurs && n.OutRefundNo != "" { // the shop made it without us
			out.Opened.Number = n.OutRefundNo
		}
	case c.Settle != nil:
		n := c.Settle
		out.Number, out.Status, out.Amount, out.PlatformNo, out.Message = c.Number(), string(n.Status), store.Fen(n.Amount), n.SettleID, n.Message
		out.FinishedAt = sensible(n.EventTime)
		out.Opened = &store.Opened{Number: c.Number(), DouyinOrderID: n.OrderID, Origin: store.OriginOurs, Text: n.Detail, ItemOrderID: n.ItemOrderID}
		if n.Auto || n.OutSettleNo == n.SettleID || n.OutSettleNo == "" { // Douyin has made both numbers
			out.Opened.Origin = store.OriginAuto
		}
	}
	return out
}

// refundTypes are refund_type of a refund's callback, refundSources refund_source of
// pre_create_refund: who has opened it. Any other one is OriginOther.
var (
	refundTypes   = map[int]store.Origin{1: store.OriginUser, 2: store.OriginOurs, 3: store.OriginExpiry, 4: store.OriginService}
	refundSources = map[int]store.Origin{1: store.OriginUser, 3: store.OriginExpiry, 4: store.OriginService}
)

// refundOrigin tells who has opened a refund. Where Douyin does not say, a number that is not made of
// its own id is the shop's, as for answers to refund_query.
func refundOrigin(n *trade.RefundNotice) store.Origin {
	if n.Type == 0 && n.OutRefundNo != "" && n.OutRefundNo != trade.RefundNo(n.RefundID) {
		return store.OriginOurs
	}
	return cmp.Or(refundTypes[n.Type], store.OriginOther)
}

// ask makes news of a pre_create_refund. Where something of it cannot be read, its number is told all
// the same: Douyin waits for an answer, and a person sees the rest.
func (b TradeCallbacks) ask(c trade.Callback, news *store.TradeCallback) {
	now := news.At
	n := c.RefundRequest
	if n == nil {
		n = &trade.RefundRequest{RefundID: c.Number(), NeedAudit: true}
	}
	news.Number, news.Amount, news.PlatformNo = "", store.Fen(n.Amount), n.RefundID
	news.Opened = &store.Opened{
		Number: trade.RefundNo(n.RefundID), DouyinOrderID: n.OrderID, OutOrderNo: n.OutOrderNo, Origin: cmp.Or(refundSources[n.Source], store.OriginOther),
		Text: reasons(n), Items: itemsJSON(n.Items), Currency: currency(n.Currency),
	}
	first := askAfter
	if n.NeedAudit {
		first = askAfterAudit
	}
	news.Asked = &store.AskedRefund{NeedsAudit: n.NeedAudit, Deadline: deadline(n, now), DueAt: now.Add(cmp.Or(b.FirstPoll, first))}
	news.Asked.Answer = func(outRefundNo string) (string, error) {
		answer, err := b.Answer(RefundAsked{outRefundNo, n.OutOrderNo, n.OrderID})
		return string(answer), err
	}
}

// deadline is when Douyin agrees by itself.
func deadline(n *trade.RefundRequest, now time.Time) time.Time {
	if at := sensible(n.Deadline); !at.IsZero() {
		return at
	}
	if at := sensible(n.CreatedAt); !at.IsZero() && at.Before(now) {
		return at.Add(trade.AuditWindow)
	}
	return now.Add(trade.AuditWindow)
}

func reasons(n *trade.RefundRequest) string {
	all := n.Reasons
	if n.Description != "" {
		all = append(all[:len(all):len(all)], n.Description)
	}
	return strings.Join(all, "; ")
}

// currency is empty where amounts are fen.
func currency(told string) string {
	if told == "CNY" {
		return ""
	}
	return told
}

func itemsJSON(items []trade.RefundItem) string {
	if len(items) == 0 {
		return ""
	}
	text, err := douyin.Marshal(items) // no longer than it came
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	return string(text)
}

// sensible is a time that Douyin told; zero as for seconds.
func sensible(at time.Time) time.Time {
	if at.IsZero() || seconds(at.Unix()).IsZero() {
		return time.Time{}
	}
	return at.Local()
}

// maxHeaders bounds what is kept of them.
const maxHeaders = 16 << 10

// ofDouyin are the headers that belong to a body, as a JSON object of lists: without Byte-Timestamp,
// Byte-Nonce-Str and Byte-Signature the shop's handler could not verify it.
func ofDouyin(h http.Header) string {
	own, left := http.Header{}, maxHeaders
	take := func(name string) {
		size := len(name) + len(strings.Join(h[name], ""))
		if _, has := own[name]; !has && size <= left && strings.HasPrefix(name, "Byte-") {
			own[name], left = h[name], left-size
		}
	}
	for _, name := range []string{trade.HeaderTimestamp, trade.HeaderNonce, trade.HeaderSignature} { // small, or nothing would have been verified
		take(name)
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		take(name)
	}
	text, err := json.Marshal(own)
	if err != nil {
		panic(err) // texts always encode
	}
	return string(text)
}
