package client

import (
	"context"
	"net/http"
	"time"
)

// OrderStatus is what ordersync and Douyin know of one order.
type OrderStatus struct {
	OrderID    string `json:"order_id"`    // the shop's key
	OrderNo    string `json:"order_no"`    // what Douyin gets as order_id
	ShopStatus string `json:"shop_status"` // the shop's own value when the outcome was written
	System     string `json:"system"`      // ecpay or trade: where it was paid
	// of trade: the to_status that fulfill_push_status has told
	Fulfilled string `json:"fulfil_status"`
	// of the newest attempt: unknown, pending, sending, pushed, kept, refused, retrying, gave_up,
	// ignored
	Outcome string `json:"outcome"`

	Douyin *Held `json:"douyin"` // what Douyin holds; nil: not known

	// what Douyin has confirmed last, while Douyin is nil; nil: nothing
	Confirmed *Confirmed `json:"confirmed"`

	Kind     string     `json:"kind"`      // of the failure
	Code     int        `json:"code"`      // Douyin's number
	Message  string     `json:"message"`   // Douyin's words or ordersync's; empty: no failure
	LogID    string     `json:"log_id"`    // what Douyin's support asks for
	Attempts int        `json:"attempts"`  // since the last success
	PushedAt *time.Time `json:"pushed_at"` // the last success; nil: none
	DueAt    *time.Time `json:"due_at"`    // when the sweep asks again; nil: never

	Payment *OrderPayment `json:"payment"` // nil: nothing was heard of one

	Refunds     []RefundStatus     `json:"refunds"`     // newest first
	Settlements []SettlementStatus `json:"settlements"` // newest first
	History     []Event            `json:"history"`     // newest first
	PutAside    []PutAside         `json:"put_aside"`   // newest first
}

// Held is the state of an order in Douyin's order centre.
type Held struct {
	Status     int    `json:"status"`      // Douyin's number of the state
	Text       string `json:"text"`        // the same in Douyin's words: 已支付 …
	UpdateTime int64  `json:"update_time"` // as it was sent, see douyin.update_time_unit
}

// OrderPayment is the payment of an order, as it is written down.
type OrderPayment struct {
	System        string     `json:"system"`          // ecpay or trade
	OutOrderNo    string     `json:"out_order_no"`    // the shop's number
	DouyinOrderID string     `json:"douyin_order_id"` // Douyin's number; empty: not told
	PayStatus     string     `json:"pay_status"`      // PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL
	TotalAmount   int64      `json:"total_amount"`    // fen, or diamonds
	Discount      int64      `json:"discount_amount"` // Douyin's; what was paid is the difference
	Currency      string     `json:"currency"`        // DIAMOND; empty: fen
	PaidAt        *time.Time `json:"paid_at"`         // nil: not paid
	Alarm         string     `json:"alarm"`           // one that nobody has acknowledged
	Message       string     `json:"message"`         // about the alarm, or why Douyin's last answer did not help
}

// Confirmed is a state that Douyin has confirmed.
type Confirmed struct {
	Status int       `json:"status"` // Douyin's order_status
	Text   string    `json:"text"`   // Douyin's word for it
	At     time.Time `json:"at"`     // when it was confirmed
	Open   bool      `json:"open"`   // an attempt since then is open; else it has failed
}

// Event is one call to Douyin about the order, or a pass that ended before it. The Outcome of a call
// about money that went well is submitted, succeeded or failed, as Progress.State.
type Event struct {
	At         time.Time `json:"at"`          // when the call ended
	Call       string    `json:"call"`        // order.push, refund.create, ...
	Number     string    `json:"number"`      // of a refund or settlement; empty: of a push
	Attempt    int       `json:"attempt"`     // number of the attempt, from 1
	Cause      string    `json:"cause"`       // why it was asked for; empty: not told
	Outcome    string    `json:"outcome"`     // of a push as OrderStatus.Outcome; see Event
	Kind       string    `json:"kind"`        // of the failure; empty: none
	Code       int       `json:"code"`        // Douyin's number; 0: none
	Message    string    `json:"message"`     // Douyin's words or ordersync's
	LogID      string    `json:"log_id"`      // what Douyin's support asks for
	DurationMS int64     `json:"duration_ms"` // milliseconds
}

// PutAside is a row of ordersync_outbox that asks for money and can never be handed over.
type PutAside struct {
	Kind      string    `json:"kind"`       // refund, settle or audit
	Reason    string    `json:"reason"`     // why it can never be handed over
	WrittenAt time.Time `json:"written_at"` // by the database's clock
}

// Order tells what is known of an order. ErrNotFound: neither the shop nor ordersync has it.
func (c *Client) Order(ctx context.Context, orderID string) (OrderStatus, error) {
	path, err := segment("order_id", orderID)
	if err != nil {
		return OrderStatus{}, err
	}
	return ask[OrderStatus](ctx, c, http.MethodGet, "/v1/orders/"+path, nil)
}
