package simulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// RequestError is why tt.requestOrder refuses. Words are Douyin's, which name the signature for
// almost every mistake; Reason is the simulator's own and says what it was.
type RequestError struct {
	Words  string
	Reason string
}

func (e *RequestError) Error() string { return "simulator: requestOrder: " + e.Words + ": " + e.Reason }

func badSignature(format string, args ...any) *RequestError {
	return &RequestError{"签名校验异常", fmt.Sprintf(format, args...)}
}

// RequestOrder makes an order as tt.requestOrder does, and returns Douyin's number. The same data
// for the same number is the same order (UNCONFIRMED). The error is always a *RequestError.
func (s *Server) RequestOrder(data, byteAuthorization, openID string) (orderID string, err error) {
	a, wrong := parseAuthorization(byteAuthorization)
	if wrong != "" {
		return "", &RequestError{"签名参数异常", wrong}
	}
	now, t := s.cfg.Now(), s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case s.cfg.AppID != "" && a.appID != s.cfg.AppID:
		return "", badSignature("appid: is not this app's")
	case t.appKey == nil:
		return "", badSignature("the app has uploaded no public key")
	case t.keyVersion != "" && a.keyVersion != t.keyVersion:
		return "", badSignature("key_version: is not that of the uploaded key")
	case !a.fresh(now):
		return "", badSignature("timestamp: more than an hour from now")
	case !a.verify(t.appKey, data):
		return "", badSignature("signature: does not fit data")
	}
	v, f := judgeOrderData(data)
	if f != nil {
		return "", badSignature("%s", f.text())
	}
	no := v.str("outOrderNo")
	if o := t.byOrder[own(a.appID, no)]; o != nil {
		switch {
		case o.data != data:
			t.notice(ChangedRequest, no, no, "requestOrder")
			return "", badSignature("outOrderNo: has an order with other data")
		case o.at(now) != Pending:
			return "", badSignature("outOrderNo: its order is paid or closed")
		}
		return o.OrderID, nil
	}
	return s.makeOrder(a.appID, data, openID, &v, now).OrderID, nil
}

// makeOrder makes the order of right data. The caller holds the lock.
func (s *Server) makeOrder(app, data, openID string, v *value, now time.Time) *TradeOrder {
	t, sku := s.trade, &v.list("skuList")[0]
	life := time.Duration(v.num("payExpireSeconds")) * time.Second
	if life == 0 {
		life = 300 * time.Second
	}
	o := &TradeOrder{
		OrderID: t.platformID(), OutOrderNo: v.str("outOrderNo"), AppID: app, PayStatus: Pending, Amount: v.num("totalAmount"),
		Currency: v.str("currency"), CreatedAt: now, ValidUntil: now.Add(life), Fulfilment: s.cfg.Trade.FulfilStates[0],
		data: data, merchantUID: v.str("merchantUid"), notifyURL: v.str("payNotifyUrl"), openID: openID,
	}
	if o.Currency == "" {
		o.Currency = yuan
	}
	if o.merchantUID == "" {
		o.merchantUID = sellerUID
	}
	if o.openID == "" {
		o.openID = "_000sim" + o.OrderID[len(o.OrderID)-11:]
	}
	o.goods, _ = goodsOf(sku.num("type"))
	for _, way := range v.list("limitPayWayList") {
		o.hidden = append(o.hidden, way.integer())
	}
	o.Items = []TradeItem{{ItemOrderID: t.platformID(), SKU: sku.str("skuId"), Amount: o.Amount}}
	t.addOrder(o)
	t.touchOrder(o)
	s.awaitBuyer(o, life)
	return o
}

// addOrder puts an order among the others. The caller holds the lock.
func (t *trade) addOrder(o *TradeOrder) {
	t.orders = append(t.orders, o)
	t.byOrder[o.OrderID], t.byOrder[own(o.AppID, o.OutOrderNo)] = o, o
	t.byNumber[o.OrderID], t.byNumber[o.OutOrderNo] = o, o
	t.count.Add(1)
}

// awaitBuyer closes an order that is not paid when left is over.
func (s *Server) awaitBuyer(o *TradeOrder, left time.Duration) {
	s.background(func(ctx context.Context) {
		if s.cfg.Pause(ctx, left) {
			_ = s.closeUnpaid(o, "TIME_OUT") // paid or cancelled meanwhile
		}
	})
}

// at is pay_status as it is now.
func (o *TradeOrder) at(now time.Time) Status {
	if o.PayStatus == Pending && !now.Before(o.ValidUntil) {
		return TimedOut
	}
	return o.PayStatus
}

// Errors of what a buyer does to an order of trade.
var (
	ErrNoOrder    = errors.New("simulator: no such order: requestOrder has not made it")
	ErrNotPending = errors.New("simulator: the order is paid or closed")
	ErrPayment    = errors.New("simulator: the order cannot be paid so")
)

// tradePaymentMsg is msg of a payment callback, in the order of a logged one.
type tradePaymentMsg struct {
	AppID          string `json:"app_id"`
	OutOrderNo     string `json:"out_order_no"`
	OrderID        string `json:"order_id"`
	Status         Status `json:"status"`
	TotalAmount    int64  `json:"total_amount"`
	DiscountAmount int64  `json:"discount_amount"`
	PayChannel     int64  `json:"pay_channel,omitempty"`
	ChannelPayID   string `json:"channel_pay_id,omitempty"`
	UserBillPayID  string `json:"user_bill_pay_id,omitempty"`
	MerchantUID    string `json:"merchant_uid"`
	EventTime      int64  `json:"event_time"` // milliseconds
	Message        string `json:"message,omitempty"`
	Currency       string `json:"currency,omitempty"`
}

// Cancelled is the status of a payment callback of an order that was closed unpaid.
const Cancelled Status = "CANCEL"

func (o *TradeOrder) paymentMsg(status Status, message string, at time.Time) tradePaymentMsg {
	m := tradePaymentMsg{
		AppID: o.AppID, OutOrderNo: o.OutOrderNo, OrderID: o.OrderID, Status: status, TotalAmount: o.Amount, DiscountAmount: o.Discount,
		PayChannel: o.Channel, ChannelPayID: o.channelPayID, UserBillPayID: o.billPayID, MerchantUID: o.merchantUID,
		EventTime: at.UnixMilli(), Message: message,
	}
	if o.Currency == diamond {
		m.Currency = diamond
	}
	return m
}

// PayTrade makes the buyer pay an order, by Douyin's number or the shop's, and calls back. channel
// is pay_channel, 0 for Douyin Pay (diamonds where the order is in diamonds); discount is what the
// platform gives off. Errors: ErrNoOrder, ErrNotPending, ErrPayment.
func (s *Server) PayTrade(number string, channel, discount int64) error {
	now, t := s.cfg.Now(), s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.byNumber[number]
	switch {
	case o == nil:
		return ErrNoOrder
	case o.at(now) != Pending:
		return ErrNotPending
	}
	if channel == 0 {
		if channel = channelDouyin; o.Currency == diamond {
			channel = channelDiamond
		}
	}
	switch {
	case !slices.Contains([]int64{channelWeChat, channelAlipay, channelDouyin, channelDiamond}, channel),
		(channel == channelDiamond) != (o.Currency == diamond):
		return fmt.Errorf("%w: pay_channel %d", ErrPayment, channel)
	case slices.Contains(o.hidden, channel):
		return fmt.Errorf("%w: limitPayWayList hides pay_channel %d", ErrPayment, channel)
	case discount < 0 || discount >= o.Amount:
		return fmt.Errorf("%w: discount_amount %d of %d", ErrPayment, discount, o.Amount)
	}
	t.touchOrder(o)
	o.PayStatus, o.PaidAt, o.Channel, o.Discount = Succeeded, now, channel, discount
	o.channelPayID, o.billPayID = "TP"+o.OrderID[4:], "DTPS"+o.OrderID[4:]
	o.Items[0].Paid = o.paid()
	t.moved(o, Movement{now, "payment", o.OrderID, o.OutOrderNo, o.paid()})
	s.callPayment(o, o.paymentMsg(Succeeded, "", now))
	if s.cfg.Trade.AutoSettle && !o.goods.fulfil {
		s.background(func(ctx context.Context) { s.settleItself(ctx, o) })
	}
	return nil
}

// CancelTrade makes the buyer give an unpaid order up, and calls back. Errors: ErrNoOrder,
// ErrNotPending.
func (s *Server) CancelTrade(number string) error {
	t := s.trade
	t.mu.Lock()
	o := t.byNumber[number]
	t.mu.Unlock()
	if o == nil {
		return ErrNoOrder
	}
	return s.closeUnpaid(o, "USER_CANCEL")
}

// closeUnpaid ends an unpaid order. Error: ErrNotPending.
func (s *Server) closeUnpaid(o *TradeOrder, why string) error {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	if o.PayStatus != Pending || !s.trade.held(o) {
		return ErrNotPending
	}
	s.trade.touchOrder(o)
	o.PayStatus = TimedOut
	s.callPayment(o, o.paymentMsg(Cancelled, why, s.cfg.Now()))
	return nil
}

// callPayment starts the payment callback. The caller holds the lock.
func (s *Server) callPayment(o *TradeOrder, msg tradePaymentMsg) {
	s.notify(notification{
		op: opTradeCallPayment, kind: "payment", number: o.OutOrderNo, app: o.AppID, url: o.notifyURL, pauses: paymentPauses, state: &o.Callback, of: o.recordName(), msg: msg,
	})
}

var (
	tradeOrderKey = []string{"out_order_no", "order_id"}
	orderRules    = []fieldRule{{"order_id", false, isText(1, 64)}, {"out_order_no", false, isText(1, 64)}}
)

type tradeOrderAnswer struct {
	OrderID        string           `json:"order_id"`
	OutOrderNo     string           `json:"out_order_no"`
	AppID          string           `json:"app_id"`
	PayStatus      Status           `json:"pay_status"`
	PayTime        int64            `json:"pay_time,omitempty"` // milliseconds
	PayChannel     int64            `json:"pay_channel,omitempty"`
	ChannelPayID   string           `json:"channel_pay_id,omitempty"`
	TradeTime      int64            `json:"trade_time"`
	TotalAmount    int64            `json:"total_amount"`
	DiscountAmount int64            `json:"discount_amount"`
	MerchantUID    string           `json:"merchant_uid"`
	Currency       string           `json:"currency,omitempty"`
	TotalCurrency  int64            `json:"total_currency_amount,omitempty"`
	Items          []tradeOrderItem `json:"item_order_list"`
}

type tradeOrderItem struct {
	ItemOrderID string `json:"item_order_id"`
	SKU         string `json:"sku_id"`
	Amount      int64  `json:"item_order_amount"`
	Currency    int64  `json:"item_order_currency_amount,omitempty"`
}

// named is the order that a call names, by Douyin's number first. The caller holds the lock.
func (t *trade) named(c *call, app string) (*TradeOrder, *refusal) {
	id, no := c.tree.str("order_id"), c.tree.str("out_order_no")
	o := t.byOrder[id]
	switch {
	case id == "" && no == "":
		return nil, &refusal{codeTradeParameter, "参数错误", "order_id or out_order_no: one is needed"}
	case id == "":
		o = t.byOrder[own(app, no)]
	}
	switch {
	case o == nil:
		return nil, &refusal{codeTradeUnknown, "订单不存在", ""}
	case o.AppID != app:
		return nil, foreign
	}
	return o, nil
}

// orderQuery answers order_query.
func (s *Server) orderQuery(c *call, app string) (any, *refusal) {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	o, r := s.trade.named(c, app)
	if r != nil {
		return nil, r
	}
	out := tradeOrderAnswer{
		OrderID: o.OrderID, OutOrderNo: o.OutOrderNo, AppID: o.AppID, PayStatus: o.at(s.cfg.Now()), PayTime: millis(o.PaidAt),
		PayChannel: o.Channel, ChannelPayID: o.channelPayID, TradeTime: millis(o.CreatedAt), TotalAmount: o.Amount,
		DiscountAmount: o.Discount, MerchantUID: o.merchantUID,
	}
	for _, i := range o.Items {
		item := tradeOrderItem{ItemOrderID: i.ItemOrderID, SKU: i.SKU, Amount: i.Amount}
		if o.Currency == diamond {
			item.Currency = i.Amount
		}
		out.Items = append(out.Items, item)
	}
	if o.Currency == diamond {
		out.Currency, out.TotalCurrency = diamond, o.Amount
	}
	return out, nil
}

// cpsQuery answers query_cps: no order here has a promoter.
func (s *Server) cpsQuery(c *call, app string) (any, *refusal) {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	if _, r := s.trade.named(c, app); r != nil {
		return nil, r
	}
	return nil, &refusal{codeNoCPS, "订单无CPS信息", ""}
}

// millis is a time as trade writes it, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
