package desk

import (
	"cmp"
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Callbacks is where the gateway puts verified callbacks.
type Callbacks struct {
	Store   *store.Store
	Queue   tasks.Enqueuer
	AppID   string                              // ours; empty: any app is
	Forward bool                                // the shop's own handler gets them too
	Ended   func(store.Money, store.MoneyState) // counts instructions that a callback has ended
	Log     zerolog.Logger
}

var _ gateway.Callbacks = Callbacks{}

// Accept stores a callback and what it says in one transaction. The push that follows is only
// hurried here: the order is due in MySQL already. One of another app, of an unknown type or that
// cannot be understood is stored and does nothing.
func (b Callbacks) Accept(ctx context.Context, c douyin.Callback, raw []byte) (gateway.CallbackResult, error) {
	stored := stored(c)
	stored.Raw, stored.At, stored.Forward = raw, time.Now(), b.Forward
	result := b.keep(c.AppID(), c.Unread, &stored)
	accepted, err := b.Store.AcceptCallback(ctx, stored)
	if err != nil {
		return "", err
	}
	b.took(ctx, stored, accepted, moneyOf(c), c.Settle == nil)
	return result, nil
}

// took is what follows when a callback is stored. push: its order changes for Douyin.
func (b Callbacks) took(ctx context.Context, c store.Callback, accepted store.Accepted, m store.Money, push bool) {
	if accepted.Ended != "" {
		b.Ended(m, accepted.Ended)
	}
	log := b.Log.Info()
	if accepted.Alarm != "" {
		log = b.Log.Error().Str("alarm", accepted.Alarm)
	}
	if c.Note != "" {
		log = log.Str("note", c.Note)
	}
	log.Str("system", string(cmp.Or(c.System, store.Ecpay))).Str("type", c.Type).Str("number", c.Number).Str("status", c.Status).
		Str("order", accepted.OrderID).Bool("fresh", accepted.Fresh).Bool("known", accepted.Known).Msg("callback")
	if accepted.Fresh && accepted.OrderID != "" && push {
		_, _ = tasks.Enqueue(ctx, b.Queue, tasks.PushOrder{OrderID: accepted.OrderID, Cause: tasks.CauseCallback})
	}
}

// keep tells what a callback counts as, and marks one of which nothing may come. unread is what of it
// cannot be understood. A message that names no app is ours.
func (b Callbacks) keep(app, unread string, into *store.Callback) gateway.CallbackResult {
	switch {
	case app != "" && b.AppID != "" && app != b.AppID:
		into.Kept, into.Note = store.AlarmForeignApp, app
		return gateway.CallbackForeign
	case unread == "type":
		into.Kept, into.Note = store.AlarmUnknownType, into.Type
	case unread != "":
		into.Kept, into.Note = store.AlarmNotUnderstood, unread
	default:
		return gateway.CallbackAccepted
	}
	return gateway.CallbackMalformed
}

// moneyOf is the kind of instruction that a callback ends.
func moneyOf(c douyin.Callback) store.Money {
	if c.Settle != nil {
		return store.Settlement
	}
	return store.Refund
}

// stored is a callback in the store's words.
func stored(c douyin.Callback) store.Callback {
	out := store.Callback{Type: c.Type, Number: c.Number(), Status: string(c.Status()), Key: c.DedupKey()}
	switch {
	case c.Payment != nil:
		out.Amount, out.PlatformNo, out.Way, out.FinishedAt = store.Fen(c.Payment.TotalAmount), c.Payment.OrderID, c.Payment.Way, seconds(c.Payment.PaidAt)
		out.Message = c.Payment.Message
	case c.Refund != nil:
		out.Amount, out.PlatformNo, out.FinishedAt = store.Fen(c.Refund.Amount), c.Refund.RefundNo, seconds(c.Refund.RefundedAt)
		out.Message = c.Refund.Message
	case c.Settle != nil:
		out.Amount, out.PlatformNo, out.FinishedAt = store.Fen(c.Settle.Amount), c.Settle.SettleNo, seconds(c.Settle.SettledAt)
		out.Message = c.Settle.Message
	}
	return out
}

// seconds is a time that Douyin told; zero where it lies outside the years 2000 to 2100, which no column has to take.
func seconds(s int64) time.Time {
	at := time.Unix(s, 0).UTC()
	if at.Year() < 2000 || at.Year() > 2100 {
		return time.Time{}
	}
	return at.Local()
}
