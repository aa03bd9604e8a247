package client

import (
	"context"
	"net/http"
	"time"
)

// EcpayPayment is create_order of ecpay, for tt.pay, under Douyin's own names.
type EcpayPayment struct {
	OutOrderNo  string `json:"out_order_no"` // [0-9A-Za-z_\-*], at most 64
	TotalAmount int64  `json:"total_amount"` // fen
	Subject     string `json:"subject"`      // at most 128 bytes
	Body        string `json:"body"`         // at most 128 bytes
	ValidTime   int64  `json:"valid_time"`   // seconds, 300 to 172800

	CPExtra         string `json:"cp_extra,omitempty"`          // comes back in the callback, at most 2048 bytes
	NotifyURL       string `json:"notify_url,omitempty"`        // empty: that of the configuration
	DisableMsg      bool   `json:"disable_msg,omitempty"`       // Douyin sends the buyer no message
	MsgPage         string `json:"msg_page,omitempty"`          // page that the message opens
	StoreUID        string `json:"store_uid,omitempty"`         // of a merchant with several stores
	ExpandOrderInfo string `json:"expand_order_info,omitempty"` // JSON text
	LimitPayWay     string `json:"limit_pay_way,omitempty"`     // LIMIT_WX, LIMIT_ALI, LIMIT_DYZF, comma separated
}

// CreatedPayment is what tt.pay needs on the phone.
type CreatedPayment struct {
	OutOrderNo string `json:"out_order_no"` // the shop's number
	OrderID    string `json:"order_id"`     // Douyin's number
	OrderToken string `json:"order_token"`  // lets its holder pay
}

// TradePayment is a payment of trade, for tt.requestOrder: one kind of goods. Lengths are bytes.
// What is left out comes from douyin.trade in the gateway's configuration.
type TradePayment struct {
	OutOrderNo  string `json:"out_order_no"`         // [0-9A-Za-z_\-*], at most 64
	TotalAmount int64  `json:"total_amount"`         // fen, or diamonds; at most Price times Quantity
	Subject     string `json:"subject"`              // what is bought, at most 256
	Image       string `json:"image"`                // http(s) address of a picture, at most 512
	ValidTime   int    `json:"valid_time,omitempty"` // seconds to pay in, at most 172800; 0: Douyin's 300

	SKUID      string `json:"sku_id,omitempty"`       // of the goods, at most 64; empty: OutOrderNo
	Quantity   int    `json:"quantity,omitempty"`     // at most 100; 0: 1
	Price      int64  `json:"price,omitempty"`        // of one; 0: TotalAmount divided by Quantity
	GoodsType  int    `json:"goods_type,omitempty"`   // 0: douyin.trade.goods_type
	TagGroupID string `json:"tag_group_id,omitempty"` // empty: douyin.trade.tag_group_id
	SKUAttr    string `json:"sku_attr,omitempty"`     // a JSON object as text, which some goods types need
	Currency   string `json:"currency,omitempty"`     // CNY or DIAMOND; empty: CNY

	OrderPage *Page `json:"order_page,omitempty"` // of the order in the mini-app; nil: douyin.trade.order_page
	SKUPage   *Page `json:"sku_page,omitempty"`   // of the goods; nil: none

	MerchantUID string `json:"merchant_uid,omitempty"`  // who receives the money; empty: the app's default
	HidePayWays []int  `json:"hide_pay_ways,omitempty"` // 1 WeChat, 2 Alipay, 10 Douyin Pay
	PayScene    string `json:"pay_scene,omitempty"`     // IM on the way of iOS through a chat
	PromotionID string `json:"promotion_id,omitempty"`  // of tt.triggerRetentionPopup
	NotifyURL   string `json:"notify_url,omitempty"`    // empty: douyin.notify_url
}

// Page is a page of the mini-app.
type Page struct {
	Path   string `json:"path"`             // such as pages/order/detail: no leading /, no query
	Params string `json:"params,omitempty"` // a JSON object as text
}

// SignedPayment is what tt.requestOrder needs on the phone. Hand both texts over as they are:
// Douyin's signature is over the bytes of Data, and whoever decodes and encodes it again breaks
// it.
type SignedPayment struct {
	System            string `json:"system"`            // trade
	Data              string `json:"data"`              // JSON as text, as it was signed
	ByteAuthorization string `json:"byteAuthorization"` // the signature, with app id and key version
}

// PaymentStatus is how a payment stands. System tells which of the two groups is filled.
type PaymentStatus struct {
	System     string `json:"system"`       // ecpay or trade
	OutOrderNo string `json:"out_order_no"` // the shop's number
	OrderID    string `json:"order_id"`     // Douyin's number

	// of ecpay
	OrderStatus string `json:"order_status"`       // PROCESSING, SUCCESS, FAIL, TIMEOUT
	TotalFee    int64  `json:"total_fee"`          // fen
	PayTime     string `json:"pay_time"`           // "2006-01-02 15:04:05", China's time; empty: not paid
	Way         int    `json:"way"`                // 1 WeChat, 2 Alipay, 10 Douyin Pay
	ChannelNo   string `json:"channel_no"`         // of WeChat or Alipay; may be empty
	GatewayNo   string `json:"channel_gateway_no"` // the same at the bank; may be empty
	SellerUID   string `json:"seller_uid"`         // who receives the money
	ItemID      string `json:"item_id"`            // of the video it was bought from; may be empty
	CPExtra     string `json:"cp_extra"`           // as it was sent

	// of trade
	PayStatus      string        `json:"pay_status"`      // PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL
	TotalAmount    int64         `json:"total_amount"`    // fen, or diamonds
	DiscountAmount int64         `json:"discount_amount"` // Douyin's own; what was paid is the difference
	Items          []PaymentItem `json:"items"`           // empty: Douyin has not told them yet
	Currency       string        `json:"currency"`        // DIAMOND; empty: fen
	PayChannel     string        `json:"pay_channel"`     // 1 WeChat, 2 Alipay, 10 Douyin Pay, 20 diamonds
	PaidAt         *time.Time    `json:"paid_at"`         // nil: not paid, or not told
}

// PaymentItem is an item of a payment of trade, as Douyin keeps it.
type PaymentItem struct {
	ItemOrderID string `json:"item_order_id"`     // Douyin's number
	SKUID       string `json:"sku_id"`            // of the goods, as it was sent
	Amount      int64  `json:"item_order_amount"` // fen, or diamonds
}

// Paid tells whether the money has come, in either system.
func (p PaymentStatus) Paid() bool { return p.OrderStatus == "SUCCESS" || p.PayStatus == "SUCCESS" }

// CreatePayment makes a payment of ecpay at Douyin. ErrWrongSystem: douyin.payments is trade.
func (c *Client) CreatePayment(ctx context.Context, p EcpayPayment) (CreatedPayment, error) {
	made, err := ask[CreatedPayment](ctx, c, http.MethodPost, "/v1/payments", p)
	if err == nil && made.OrderToken == "" {
		return CreatedPayment{}, &Problem{Detail: "the gateway makes payments of trade: use RequestOrder. See douyin.payments", System: "trade", kind: ErrWrongSystem}
	}
	return made, err
}

// RequestOrder signs a payment of trade. Nothing is asked of Douyin. The same number with the same
// content signs the same Data again, with other content it is ErrConflict. ErrWrongSystem:
// douyin.payments is ecpay.
func (c *Client) RequestOrder(ctx context.Context, p TradePayment) (SignedPayment, error) {
	made, err := ask[SignedPayment](ctx, c, http.MethodPost, "/v1/payments", p)
	if err == nil && (made.Data == "" || made.ByteAuthorization == "") {
		return SignedPayment{}, &Problem{Detail: "the gateway makes payments of ecpay: use CreatePayment. See douyin.payments", System: "ecpay", kind: ErrWrongSystem}
	}
	return made, err
}

// Payment tells how a payment stands, in the system in which it was made.
func (c *Client) Payment(ctx context.Context, outOrderNo string) (PaymentStatus, error) {
	path, err := segment("out_order_no", outOrderNo)
	if err != nil {
		return PaymentStatus{}, err
	}
	return ask[PaymentStatus](ctx, c, http.MethodGet, "/v1/payments/"+path, nil)
}
