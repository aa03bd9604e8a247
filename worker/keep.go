package worker

import (
	"context"
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

// CallKeep is store.LogRow.Call of a pass over an order of trade in which nothing was called.
const CallKeep = douyin.TradePrefix + "keep"

// What is said of an order of trade. What its fulfilment is follows KeptTold.
const (
	KeptAlone   = "Douyin keeps this order by itself (通用交易系统): it is not pushed"
	KeptUnpaid  = KeptAlone + "; no fulfilment was told, for its payment is not known as paid"
	KeptUnknown = KeptAlone + "; no fulfilment was told, for Douyin knows no payment of it"
	KeptOther   = KeptAlone + "; no fulfilment was told, for its number has a payment of ecpay"
	KeptTold    = KeptAlone + "; its fulfilment is "
)

// codeState refuses a state that does not follow (TRADE-SDK; for fulfilment UNCONFIRMED).
const codeState = 20001

// Kept are the payments of orders of trade.
type Kept interface {
	AnyPayment(ctx context.Context, outOrderNo string) (p store.Payment, found bool, err error)
	HearTradePayment(ctx context.Context, n store.TradePayment) (store.Accepted, error)
	AskRefunds(ctx context.Context, orderID string, at time.Time) (ask store.RefundAsk, asked bool, err error)
}

// Keeper is what a PushHandler does for an order of trade, which Douyin keeps by itself: it never
// pushes one, and tells how far the shop is with it where a word for that is configured.
type Keeper struct {
	// Words are the to_status of fulfill_push_status by the order's status. A status without one is
	// not told. Nil: none is.
	Words    map[douyin.OrderStatus]string
	Payments Kept
	// Asking passes a gate of its own.
	Asking TradeCashier
	// Telling passes none: the Line's was passed before the announcement.
	Telling interface {
		Fulfil(ctx context.Context, f trade.Fulfilment) (douyin.Receipt, error)
	}
	Sick func() bool // as PushHandler.Sick, for the calls of trade
}

// lifeOfOrder are the statuses in the order in which an order passes them. What stands before one that
// was told is never told after it: Douyin's states of fulfilment go forward only.
var lifeOfOrder = []douyin.OrderStatus{
	douyin.Unpaid, douyin.Paid, douyin.Redeemed, douyin.Refunding, douyin.RefundFailed, douyin.Refunded, douyin.Cancelled,
}

// Word is the to_status that an order is to be told with in a status of the shop's, where fulfilled is
// what Douyin holds, and sent what may be there without our knowing. Empty: nothing is to be told,
// because the status has no word, was told, or lies behind what was.
func (k *Keeper) Word(status douyin.OrderStatus, fulfilled, sent string) string {
	if k == nil {
		return ""
	}
	to := k.Words[status]
	if to == "" || to == fulfilled {
		return ""
	}
	for _, later := range lifeOfOrder[place(status):] {
		switch word := k.Words[later]; {
		case word == "" || word == to && word != fulfilled:
		case word == fulfilled, word == sent:
			return ""
		}
	}
	return to
}

func place(status douyin.OrderStatus) int {
	for i, s := range lifeOfOrder {
		if s == status {
			return i
		}
	}
	return len(lifeOfOrder)
}

// keep is a pass over an order of trade. unread is what stands in the way of reading its row whole: it
// is no obstacle as long as nothing is to be told.
func (r *run) keep(ctx context.Context, s store.OrderSnapshot, unread *store.ColumnError) (v verdict, again bool) {
	if r.attemptOpen(s) {
		return anotherAtIt(), false
	}
	if err := r.missRefund(ctx, s); err != nil {
		v, _ = r.record(ctx, r.judgeTrade(err), s, made{call: CallKeep})
		return v, false
	}
	to := ""
	if status, known := r.Build.ShopStatus(s.Order.Status); known {
		to = r.Keep.Word(status, s.State.Fulfilled, s.State.FulfilSent)
	}
	if to == "" {
		said := KeptAlone
		if s.State.Fulfilled != "" {
			said = KeptTold + s.State.Fulfilled
		}
		return r.kept(ctx, s, said), false
	}
	if unread != nil && unread.Reason == cell.TwoOrders {
		v, _ = r.record(ctx, r.judge(unread), s, made{})
		return v, false
	}
	payment, why, err := r.paidOf(ctx, s)
	switch {
	case err != nil:
		v, _ = r.record(ctx, r.judgeTrade(err), s, made{call: CallKeep})
		return v, false
	case why != "":
		return r.kept(ctx, s, why), false
	}
	leave, err := r.Line.stepUpTo(ctx, trade.OpFulfil)
	if err != nil {
		return held(err), false
	}
	ctx, cancel := context.WithTimeout(ctx, r.passTimeout())
	defer cancel()
	m, err := r.tell(ctx, s, fulfilment(payment, to), leave)
	if errors.Is(err, store.ErrSuperseded) {
		return verdict{}, true
	}
	repeated := s.State.FulfilSent == to
	v = r.judgeFulfil(err, to, repeated)
	if v.outcome == store.Kept {
		m.fulfilled = to
	}
	m.unsent = !repeated && surelyNot(err)
	return r.record(ctx, v, s, m)
}

// kept writes that the order needs nothing. It writes only where the row says otherwise, so that an
// order that does not change costs nothing.
func (r *run) kept(ctx context.Context, s store.OrderSnapshot, said string) verdict {
	v := verdict{outcome: store.Kept, message: said}
	if st := s.State; st.Outcome == store.Kept && st.DueAt == nil && st.System == s.System &&
		st.ShopStatus == s.Order.Status && st.ShopUpdated == s.Order.Updated {
		v.quiet = true
		return v
	}
	v, _ = r.record(ctx, v, s, made{call: CallKeep})
	return v
}

// missRefund has Douyin asked for the refunds of an order that the shop calls refunded, or in a refund,
// while none is known that makes it so: its callbacks may be lost. It does so once for each change of
// the order.
func (r *run) missRefund(ctx context.Context, s store.OrderSnapshot) error {
	status, known := r.Build.ShopStatus(s.Order.Status)
	if r.Keep == nil || !known || !refundMissing(status, s.Refunds) || s.State.ShopStatus == s.Order.Status && s.State.ShopUpdated == s.Order.Updated {
		return nil
	}
	_, asked, err := r.Keep.Payments.AskRefunds(ctx, s.Order.ID, r.now())
	if r.asked(err) != nil || asked {
		return err
	}
	if _, why, err := r.paidOf(ctx, s); err != nil || why != "" { // the payment's callback may be lost, too
		return err
	}
	_, _, err = r.Keep.Payments.AskRefunds(ctx, s.Order.ID, r.now())
	return r.asked(err)
}

// refundMissing tells whether the refunds that are known do not make an order's status.
func refundMissing(status douyin.OrderStatus, r store.RefundSummary) bool {
	if status == douyin.Refunding {
		return r.InFlight+r.Succeeded == 0
	}
	return status == douyin.Refunded && r.Succeeded < r.Paid
}

// paidOf is the payment of an order, with Douyin's id and items; why tells that it is not known as
// paid. What ordersync does not know it asks for, and writes down.
func (r *run) paidOf(ctx context.Context, s store.OrderSnapshot) (p store.Payment, why string, err error) {
	p, found, err := r.Keep.Payments.AnyPayment(ctx, s.Order.OrderNo)
	switch {
	case r.asked(err) != nil:
		return p, "", err
	case found && p.System != store.Trade:
		return p, KeptOther, nil
	case found && p.State != store.PaymentSuccess:
		return p, KeptUnpaid, nil
	case found && p.DouyinOrderID != "" && len(p.Items) > 0:
		return p, "", nil
	}
	state, _, err := r.Keep.Asking.QueryOrder(ctx, s.Order.OrderNo, "")
	switch {
	case errors.Is(err, douyin.ErrNotFound):
		return p, KeptUnknown, nil
	case err != nil:
		return p, "", err
	}
	heard := TradeNews(state, r.now())
	heard.OutOrderNo = s.Order.OrderNo
	if _, err := r.Keep.Payments.HearTradePayment(ctx, heard); r.asked(err) != nil {
		return p, "", err
	}
	switch {
	case heard.State != store.PaymentSuccess: // the store has it asked after
		return p, KeptUnpaid, nil
	case heard.DouyinOrderID == "" || len(heard.Items) == 0:
		return p, "", &douyin.Error{Op: trade.OpOrderQuery, Kind: douyin.Unavailable, Message: "Douyin names no item of the order"}
	}
	p.DouyinOrderID, p.Items = heard.DouyinOrderID, heard.Items
	return p, "", nil
}

func fulfilment(p store.Payment, to string) trade.Fulfilment {
	f := trade.Fulfilment{OrderID: p.DouyinOrderID, ToStatus: to}
	for _, i := range p.Items {
		f.ItemOrderIDs = append(f.ItemOrderIDs, i.ItemOrderID)
	}
	return f
}

// tell announces the attempt and makes the call, as send does.
func (r *run) tell(ctx context.Context, s store.OrderSnapshot, f trade.Fulfilment, leave func(error)) (m made, err error) {
	end := errNotSent
	defer func() { leave(end) }()
	b := r.beginning(s)
	b.UpdateTime, b.Fulfil = s.State.UpdateTime, f.ToStatus
	seq, err := r.Orders.BeginPush(ctx, b)
	if r.asked(err) != nil {
		return made{seq: seq, call: trade.OpFulfil}, err
	}
	var receipt douyin.Receipt
	err = r.Line.inSlot(ctx, trade.OpFulfil, func() (err error) {
		receipt, err = r.Keep.Telling.Fulfil(ctx, f)
		return err
	})
	end = err
	return made{seq: seq, call: trade.OpFulfil, receipt: receipt}, err
}

func (r *run) judgeTrade(err error) verdict {
	return judgePush(err, r.attempt, r.Keep.Sick != nil && r.Keep.Sick())
}

// judgeFulfil is judge for fulfill_push_status. Douyin refuses a state that does not follow, and what
// it holds already may be such a one. Where an earlier attempt at the same word had no answer, the
// refusal tells that this one was taken; else it is a refusal, for a person to look at (UNCONFIRMED).
func (r *run) judgeFulfil(err error, to string, repeated bool) verdict {
	var failure *douyin.Error
	state := errors.As(err, &failure) && failure.Op == trade.OpFulfil && failure.Code == codeState
	switch {
	case err == nil, state && repeated:
		return verdict{outcome: store.Kept, message: KeptTold + to}
	case state:
		v := verdict{outcome: store.Refused, message: words(err.Error())}
		v.describe(err)
		v.tell = refusal(v, err)
		return v
	}
	return r.judgeTrade(err)
}

// surelyNot tells that a call took no effect for certain.
func surelyNot(err error) bool {
	var failure *douyin.Error
	return err != nil && errors.As(err, &failure) && !failure.MayHave && (failure.Kind != douyin.Doubtful || failure.Code == codeState)
}
