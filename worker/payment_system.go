package worker

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
)

// Cashier is Douyin's side of payments of ecpay.
type Cashier interface {
	QueryOrder(ctx context.Context, outOrderNo string) (douyin.OrderPayment, douyin.Receipt, error)
}

// TradeCashier is Douyin's side of payments of trade. A *trade.Client is one.
type TradeCashier interface {
	QueryOrder(ctx context.Context, outOrderNo, orderID string) (trade.PaymentState, douyin.Receipt, error)
}

// paymentSystem is one of Douyin's payment systems, for who asks after payments.
type paymentSystem interface {
	// ask asks how a payment stands. The error is Douyin's; douyin.ErrNotFound: it knows none.
	ask(ctx context.Context, row store.PaymentAsk, now time.Time) (paymentAnswer, error)
}

// paymentAnswer is what Douyin says of a payment.
type paymentAnswer struct {
	state store.PaymentState
	lacks bool // it is paid, and what refunds need was not told
	write func(ctx context.Context) (store.Accepted, error)
}

// system is that of a row; nil: this worker has none.
func (h *PaymentHandler) system(of store.System) paymentSystem {
	switch {
	case of == store.Trade && h.Trade != nil:
		return tradePayments{h.Trade, h.Rows}
	case of != store.Trade && h.Douyin != nil:
		return ecpayPayments{h.Douyin, h.Rows}
	}
	return nil
}

type ecpayPayments struct {
	douyin Cashier
	rows   PaymentRows
}

func (t ecpayPayments) ask(ctx context.Context, row store.PaymentAsk, now time.Time) (paymentAnswer, error) {
	answer, _, err := t.douyin.QueryOrder(ctx, row.OutOrderNo)
	if err != nil {
		return paymentAnswer{}, err
	}
	s := paymentAnswer{state: paymentState(string(answer.Status))}
	switch s.state {
	case store.PaymentProcess, store.PaymentFail: // nothing is written down of them
		s.write = func(context.Context) (store.Accepted, error) { return store.Accepted{}, nil }
	case store.PaymentSuccess:
		way := ""
		if answer.Way != 0 {
			way = strconv.Itoa(answer.Way)
		}
		paid := store.Callback{
			Number: row.OutOrderNo, Amount: store.Fen(answer.TotalFee), PlatformNo: answer.OrderID, Way: way, FinishedAt: payTime(answer.PayTime, now), At: now,
		}
		s.write = func(ctx context.Context) (store.Accepted, error) { return t.rows.ConfirmPayment(ctx, paid) }
	case store.PaymentTimeout, store.PaymentCancel:
		s.write = func(ctx context.Context) (store.Accepted, error) {
			return store.Accepted{}, t.rows.ForgetPayment(ctx, row)
		}
	}
	return s, nil
}

type tradePayments struct {
	douyin TradeCashier
	rows   PaymentRows
}

func (t tradePayments) ask(ctx context.Context, row store.PaymentAsk, now time.Time) (paymentAnswer, error) {
	answer, _, err := t.douyin.QueryOrder(ctx, row.OutOrderNo, "")
	if err != nil {
		return paymentAnswer{}, err
	}
	news := TradeNews(answer, now)
	return paymentAnswer{
		state: news.State, lacks: news.State == store.PaymentSuccess && len(news.Items) == 0,
		write: func(ctx context.Context) (store.Accepted, error) { return t.rows.HearTradePayment(ctx, news) },
	}, nil
}

// TradeNews is an answer to order_query as the store hears it.
func TradeNews(p trade.PaymentState, now time.Time) store.TradePayment {
	n := store.TradePayment{
		OutOrderNo: p.OutOrderNo, DouyinOrderID: p.OrderID, State: paymentState(string(p.Status)), Total: store.Fen(p.TotalAmount),
		Discount: store.Fen(p.DiscountAmount), Currency: p.Currency, Way: p.PayChannel, At: now,
	}
	inDiamonds := p.Currency == trade.Diamond
	if inDiamonds && p.TotalDiamonds > 0 {
		n.Total = store.Fen(p.TotalDiamonds)
	}
	if n.State == store.PaymentSuccess {
		n.PaidAt = likely(p.PaidAt, now)
	}
	for _, i := range p.Items {
		item := store.PaymentItem{ItemOrderID: i.ItemOrderID, SkuID: i.SkuID, Amount: store.Fen(i.Amount)}
		if inDiamonds && i.Diamonds > 0 {
			item.Amount = store.Fen(i.Diamonds)
		}
		n.Items = append(n.Items, item)
	}
	return n
}

// paymentState is Douyin's word for how a payment stands; one that nobody knows is no end.
func paymentState(word string) store.PaymentState {
	ends := []store.PaymentState{store.PaymentSuccess, store.PaymentFail, store.PaymentTimeout, store.PaymentCancel}
	if s := store.PaymentState(word); slices.Contains(ends, s) {
		return s
	}
	return store.PaymentProcess
}

// payTime is when a payment of ecpay was made.
func payTime(told string, now time.Time) time.Time {
	at, err := time.ParseInLocation(time.DateTime, told, china)
	if err != nil {
		return now
	}
	return likely(at, now)
}

// likely is the told time, and now where it is none of the years 2000 to 2100: nobody needs it to the
// second.
func likely(told, now time.Time) time.Time {
	if told.Year() < 2000 || told.Year() > 2100 {
		return now
	}
	return told
}

// china is the zone of Douyin's pay_time.
var china = time.FixedZone("CST", 8*60*60)
