package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// Douyin's payment systems, as answers name them.
const (
	ofEcpay = "ecpay" // guaranteed payment
	ofTrade = "trade" // the general trade system, 通用交易系统
)

// PaymentSystem is the system in which the payment of a number was made; known is false where
// nobody here knows the number: then it is the system of new payments.
type PaymentSystem func(ctx context.Context, outOrderNo string) (system string, known bool, err error)

// TradePayments makes payments of the general trade system, and tells how they stand.
type TradePayments interface {
	// SignPayment writes the payment down and signs it for tt.requestOrder. Nothing is asked of
	// Douyin. The same number with the same content signs the same data again. Errors:
	// *tasks.PayloadError that names a field of r, ErrConflict, ErrNotSetUp without a key; any other
	// one: nothing is known to be signed.
	SignPayment(ctx context.Context, r TradePaymentRequest) (SignedPayment, error)
	// TradePayment tells how a payment stands. douyin.ErrNotFound: nobody knows the number.
	TradePayment(ctx context.Context, outOrderNo string) (TradePaymentStatus, error)
}

// ErrNotSetUp is a call that this gateway is not configured for: 501.
var ErrNotSetUp error = errNotSetUp

// TradePaymentRequest is a payment of the general trade system: one kind of goods. Lengths are
// bytes.
type TradePaymentRequest struct {
	// the shop's number: [0-9A-Za-z_\-*], at most 64
	OutOrderNo  string `json:"out_order_no"`
	TotalAmount int64  `json:"total_amount"` // fen, or diamonds, from 1; at most price times quantity
	Subject     string `json:"subject"`      // what is bought, 1 to 256
	Image       string `json:"image"`        // http(s) address of a picture, at most 512
	ValidTime   int    `json:"valid_time"`   // seconds to pay in, at most 172800; 0: Douyin's 300

	SkuID      string `json:"sku_id"`       // of the goods, at most 64; empty: out_order_no
	Quantity   *int   `json:"quantity"`     // 1 to 100; nil: 1
	Price      *int64 `json:"price"`        // of one; nil: total_amount divided by quantity, which has to be whole
	GoodsType  int    `json:"goods_type"`   // 0: douyin.trade.goods_type
	TagGroupID string `json:"tag_group_id"` // empty: douyin.trade.tag_group_id
	SkuAttr    string `json:"sku_attr"`     // a JSON object as text, which some goods types need
	Currency   string `json:"currency"`     // CNY or DIAMOND; empty: CNY

	OrderPage *TradePage `json:"order_page"` // of the order in the mini-app; nil: douyin.trade.order_page
	SkuPage   *TradePage `json:"sku_page"`   // of the goods; nil: none

	MerchantUID string `json:"merchant_uid"`  // who receives the money; empty: the app's default
	HidePayWays []int  `json:"hide_pay_ways"` // 1 WeChat, 2 Alipay, 10 Douyin Pay
	PayScene    string `json:"pay_scene"`     // IM on the way of iOS through a chat
	PromotionID string `json:"promotion_id"`  // of tt.triggerRetentionPopup
	NotifyURL   string `json:"notify_url"`    // empty: douyin.notify_url
}

// TradePage is a page of the mini-app.
type TradePage struct {
	Path   string `json:"path"`   // such as pages/order/detail: no leading /, no query
	Params string `json:"params"` // a JSON object as text; empty: none
}

// SignedPayment is what tt.requestOrder needs on the phone: both texts are handed to it untouched.
type SignedPayment struct {
	System            string `json:"system"`            // trade
	Data              string `json:"data"`              // JSON as text, as it was signed
	ByteAuthorization string `json:"byteAuthorization"` // the signature, with app id and key version
}

// TradePaymentStatus is how a payment of the general trade system stands.
type TradePaymentStatus struct {
	System         string             `json:"system"`          // trade
	OutOrderNo     string             `json:"out_order_no"`    // the shop's number
	OrderID        string             `json:"order_id"`        // Douyin's number; empty: the buyer has not requested it yet
	PayStatus      string             `json:"pay_status"`      // PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL
	TotalAmount    int64              `json:"total_amount"`    // fen, or diamonds
	DiscountAmount int64              `json:"discount_amount"` // Douyin's: what was paid is the difference
	Items          []TradePaymentItem `json:"items"`           // none: Douyin has not told them yet

	Currency   string     `json:"currency,omitempty"`    // DIAMOND; empty: fen
	PayChannel string     `json:"pay_channel,omitempty"` // 1 WeChat, 2 Alipay, 10 Douyin Pay, 20 diamonds
	PaidAt     *time.Time `json:"paid_at,omitempty"`     // nil: not paid, or not told
}

// TradePaymentItem is an item of an order, as Douyin keeps it. Refunds of a part name it.
type TradePaymentItem struct {
	ItemOrderID string `json:"item_order_id"`     // Douyin's number
	SkuID       string `json:"sku_id"`            // of the goods, as it was sent
	Amount      int64  `json:"item_order_amount"` // fen, or diamonds
}

// systemOf asks PaymentSystem; without one all payments are of ecpay.
func (g *Gateway) systemOf(ctx context.Context, outOrderNo string) (system string, known bool, err error) {
	if g.PaymentSystem == nil {
		return ofEcpay, false, nil
	}
	return g.PaymentSystem(ctx, outOrderNo)
}

func (g *Gateway) signPayment(w http.ResponseWriter, r *http.Request, req TradePaymentRequest) error {
	if g.TradePayments == nil {
		return errNotSetUp
	}
	signed, err := g.TradePayments.SignPayment(r.Context(), req)
	if err != nil {
		return orUnavailable(err, "the payment may not have been written down: ask again with the same number")
	}
	signed.System = ofTrade
	return g.reply(w, http.StatusOK, signed)
}

// numberIn is the out_order_no of a body; empty where there is none that can be read.
func numberIn(body []byte) string {
	var named struct {
		OutOrderNo string `json:"out_order_no"`
	}
	if json.Unmarshal(body, &named) != nil {
		return ""
	}
	return named.OutOrderNo
}

// foreignField says what a field of the other system's request means: the number is of this one, or
// new payments are.
func foreignField(err error, known bool, system string, own, other any) error {
	var p *Problem
	if !errors.As(err, &p) || hasField(own, p.Field) || !hasField(other, p.Field) {
		return err
	}
	if known {
		return ErrConflict
	}
	p.System = system
	p.Detail = "is not a field of a payment in " + system + ", where this gateway makes new ones (douyin.payments)"
	return p
}

// hasField tells whether a request has a field of this name in JSON.
func hasField(request any, name string) bool {
	fields := reflect.TypeOf(request)
	for i := range fields.NumField() {
		if tag, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ","); tag == name {
			return true
		}
	}
	return false
}
