package gateway

import (
	"net/http"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

// OrderStatus is what we and Douyin know of one order: the JSON of GET /v1/orders/{id} and of
// `ordersync status --json`.
type OrderStatus struct {
	OrderID    string `json:"order_id"`              // the shop's key
	OrderNo    string `json:"order_no,omitempty"`    // what Douyin gets as order_id
	ShopStatus string `json:"shop_status,omitempty"` // the shop's own value when the outcome was written
	// of the newest attempt: pending, sending, pushed, refused, retrying, gave_up, ignored, kept;
	// unknown: never asked for
	Outcome string `json:"outcome"`
	// the one of Douyin's payment systems that the order belongs to: ecpay, trade
	System string `json:"system,omitempty"`
	// of trade: the to_status that fulfill_push_status has told
	Fulfilled string `json:"fulfil_status,omitempty"`

	Douyin *Held `json:"douyin,omitempty"` // what Douyin holds; left out while that is not known

	// what Douyin has confirmed last, while what it holds now is not known: an attempt since then is
	// open, or has failed
	Confirmed *Confirmed `json:"confirmed,omitempty"`

	Kind     string     `json:"kind,omitempty"`      // of the failure: rejected, unavailable, incomplete, ...
	Code     int        `json:"code,omitempty"`      // Douyin's code
	Message  string     `json:"message,omitempty"`   // Douyin's words or ours; empty: no failure
	LogID    string     `json:"log_id,omitempty"`    // what Douyin's support asks for
	Attempts int        `json:"attempts"`            // since the last success
	PushedAt *time.Time `json:"pushed_at,omitempty"` // the last success; nil: none
	DueAt    *time.Time `json:"due_at,omitempty"`    // when the sweep asks again

	Payment *OrderPayment `json:"payment,omitempty"` // as it is written down; left out where nothing was heard of one

	Refunds     []RefundStatus     `json:"refunds"`     // newest first
	Settlements []SettlementStatus `json:"settlements"` // newest first
	History     []Event            `json:"history"`     // newest first

	PutAside []PutAside `json:"put_aside,omitempty"` // newest first
}

// PutAside is a row of ordersync_outbox about the order that asks for money, can never be handed
// over, and that nobody has acknowledged.
type PutAside struct {
	Kind      string    `json:"kind"`       // refund, settle or audit
	Reason    string    `json:"reason"`     // why it can never be handed over
	WrittenAt time.Time `json:"written_at"` // by the database's clock
}

// OrderPayment is the payment of an order, as ordersync_payment has it. GET /v1/payments/{out_order_no}
// asks Douyin where that does not tell.
type OrderPayment struct {
	System        string     `json:"system"`                    // ecpay, trade
	OutOrderNo    string     `json:"out_order_no"`              // the shop's number
	DouyinOrderID string     `json:"douyin_order_id,omitempty"` // Douyin's number; empty: not told
	PayStatus     string     `json:"pay_status"`                // PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL
	TotalAmount   int64      `json:"total_amount"`              // fen, or diamonds
	Discount      int64      `json:"discount_amount,omitempty"` // Douyin's; what was paid is the difference
	Currency      string     `json:"currency,omitempty"`        // DIAMOND; empty: fen
	PaidAt        *time.Time `json:"paid_at,omitempty"`         // nil: not paid
	Alarm         string     `json:"alarm,omitempty"`           // one that nobody has acknowledged
	Message       string     `json:"message,omitempty"`         // about the alarm, or why Douyin's last answer did not help
}

// Held is the state of an order in Douyin's order centre.
type Held struct {
	Status     douyin.OrderStatus `json:"status"`
	Text       string             `json:"text"`        // the same in Douyin's words
	UpdateTime int64              `json:"update_time"` // as it was sent
}

// Confirmed is a state that Douyin has confirmed.
type Confirmed struct {
	Status douyin.OrderStatus `json:"status"`
	Text   string             `json:"text"`
	At     time.Time          `json:"at"`
	Open   bool               `json:"open"` // an attempt since then is open; else it has failed
}

// Event is one attempt, as ordersync_log keeps it, without the bodies.
type Event struct {
	At         time.Time `json:"at"`                // when the call ended
	Call       string    `json:"call"`              // order.push, refund.create, ...
	Number     string    `json:"number,omitempty"`  // of a refund or settlement
	Attempt    int       `json:"attempt"`           // from 1
	Cause      string    `json:"cause,omitempty"`   // why it was asked for
	Outcome    string    `json:"outcome"`           // as OrderStatus.Outcome
	Kind       string    `json:"kind,omitempty"`    // of the failure; empty: none
	Code       int       `json:"code,omitempty"`    // Douyin's; 0: none
	Message    string    `json:"message,omitempty"` // Douyin's words or ours
	LogID      string    `json:"log_id,omitempty"`  // what Douyin's support asks for
	DurationMS int64     `json:"duration_ms"`       // milliseconds
}

// whole makes empty lists of absent ones: a reader may loop without asking.
func (s OrderStatus) whole() OrderStatus {
	if s.Refunds == nil {
		s.Refunds = []RefundStatus{}
	}
	if s.Settlements == nil {
		s.Settlements = []SettlementStatus{}
	}
	if s.History == nil {
		s.History = []Event{}
	}
	return s
}

func (g *Gateway) order(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := (tasks.PushOrder{OrderID: id}).Validate(); err != nil {
		return err
	}
	status, found, err := g.Orders.OrderStatus(r.Context(), id)
	return g.show(w, status.whole(), found, err, "neither the shop nor ordersync has this order")
}
