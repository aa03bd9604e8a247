package client

import (
	"context"
	"net/http"
	"time"
)

// Refund is the instruction to pay money back. OutRefundNo makes it one: the same number with the
// same content is the same refund, with other content ErrConflict.
type Refund struct {
	OutRefundNo string `json:"out_refund_no"` // the shop's number: [0-9A-Za-z_\-*], at most 64
	AmountFen   int64  `json:"amount_fen"`    // 1 up to what is left of the payment; of DIAMOND in diamonds
	Reason      string `json:"reason"`        // shown to the buyer, at most 100 bytes; in trade 49

	// ReasonCode is of trade: 101 unwanted, 102 the shop's service, 103 quality, 999 another one; 0: 999.
	ReasonCode int    `json:"reason_code,omitempty"`
	CPExtra    string `json:"cp_extra,omitempty"`    // comes back in the callback, at most 2048 bytes
	NotifyURL  string `json:"notify_url,omitempty"`  // https; empty: that of the configuration
	DisableMsg bool   `json:"disable_msg,omitempty"` // Douyin sends the buyer no message
	MsgPage    string `json:"msg_page,omitempty"`    // page that the message opens
}

// Settlement is the instruction to pay an order's money out of transit.
type Settlement struct {
	OutSettleNo string     `json:"out_settle_no"`    // the shop's number; after a failure a new one is needed
	Desc        string     `json:"desc"`             // at most 80 characters
	Params      []Receiver `json:"params,omitempty"` // other than the seller and the platform, at most 4
	Finish      bool       `json:"finish,omitempty"` // close the order after this settlement (ecpay)

	CPExtra   string `json:"cp_extra,omitempty"`   // comes back in the callback, at most 2048 bytes
	NotifyURL string `json:"notify_url,omitempty"` // https; empty: that of the configuration
}

// Receiver gets a part of a settlement, beside the seller.
type Receiver struct {
	MerchantUID string `json:"merchant_uid"` // Douyin's number of the receiver
	AmountFen   int64  `json:"amount_fen"`   // above 0
}

// Progress is how far an instruction has come.
type Progress struct {
	State      string     `json:"state"`       // new, sending, submitted, succeeded, failed
	Kind       string     `json:"kind"`        // of the last failure: rejected, doubtful, unavailable, ...
	Code       int        `json:"code"`        // Douyin's number; 0: none
	Message    string     `json:"message"`     // Douyin's words
	LogID      string     `json:"log_id"`      // what Douyin's support asks for
	Alarm      bool       `json:"alarm"`       // a person must look; false again when somebody has acknowledged it
	Attempts   int        `json:"attempts"`    // announced requests
	DueAt      *time.Time `json:"due_at"`      // when Douyin is asked next; nil: never
	CreatedAt  time.Time  `json:"created_at"`  // when it was written down
	FinishedAt *time.Time `json:"finished_at"` // of succeeded and failed; nil: it has not ended
}

// Done tells whether the instruction has ended, one way or the other.
func (p Progress) Done() bool { return p.State == "succeeded" || p.State == "failed" }

// RefundStatus is one refund, the shop's own or one that a buyer asked Douyin for.
type RefundStatus struct {
	OutRefundNo string `json:"out_refund_no"` // the shop's number; a buyer's: DY and Douyin's
	OrderID     string `json:"order_id"`      // the shop's key
	AmountFen   int64  `json:"amount_fen"`    // of DIAMOND in diamonds
	Reason      string `json:"reason"`        // the shop's words, or the buyer's
	RefundNo    string `json:"refund_no"`     // Douyin's number; empty: not told yet
	System      string `json:"system"`        // ecpay or trade
	Origin      string `json:"origin"`        // ours, user, service, expiry, other

	Audit         string     `json:"audit"`          // as Douyin has it: none, needed, agreed, denied, overtime
	AuditDeadline *time.Time `json:"audit_deadline"` // Douyin agrees by itself then; nil: no audit
	AuditWord     string     `json:"audit_word"`     // the shop's: agree, deny; empty: none was said
	AuditBy       string     `json:"audit_by"`       // who said it
	AuditAt       *time.Time `json:"audit_at"`       // when it was said; nil: none was
	DenyMessage   string     `json:"deny_message"`   // what the buyer reads
	Progress
}

// SettlementStatus is one settlement, the shop's own or an automatic one of Douyin's.
type SettlementStatus struct {
	OutSettleNo string     `json:"out_settle_no"` // the shop's number; an automatic one's is Douyin's
	OrderID     string     `json:"order_id"`      // the shop's key
	Desc        string     `json:"desc"`          // empty: an automatic one
	Params      []Receiver `json:"params"`        // empty: the seller gets all of it
	Finish      bool       `json:"finish"`        // the order is closed after it (ecpay)
	AmountFen   int64      `json:"amount_fen"`    // what was settled; 0 until Douyin has said it
	SettleNo    string     `json:"settle_no"`     // Douyin's number
	NotBefore   *time.Time `json:"not_before"`    // nothing is sent before it; nil: at once
	System      string     `json:"system"`        // ecpay or trade
	Origin      string     `json:"origin"`        // ours, auto
	Progress
}

// Refund gives the instruction to pay money back. It returns once the instruction is written down;
// the money moves later.
func (c *Client) Refund(ctx context.Context, orderID string, r Refund) (RefundStatus, error) {
	path, err := segment("order_id", orderID)
	if err != nil {
		return RefundStatus{}, err
	}
	return ask[RefundStatus](ctx, c, http.MethodPost, "/v1/orders/"+path+"/refunds", r)
}

// RefundStatus tells what became of a refund.
func (c *Client) RefundStatus(ctx context.Context, outRefundNo string) (RefundStatus, error) {
	path, err := segment("out_refund_no", outRefundNo)
	if err != nil {
		return RefundStatus{}, err
	}
	return ask[RefundStatus](ctx, c, http.MethodGet, "/v1/refunds/"+path, nil)
}

// Settle gives the instruction to settle an order's money. It returns once the instruction is
// written down.
func (c *Client) Settle(ctx context.Context, orderID string, s Settlement) (SettlementStatus, error) {
	path, err := segment("order_id", orderID)
	if err != nil {
		return SettlementStatus{}, err
	}
	return ask[SettlementStatus](ctx, c, http.MethodPost, "/v1/orders/"+path+"/settlements", s)
}

// SettlementStatus tells what became of a settlement; an automatic one of Douyin's has Douyin's
// number.
func (c *Client) SettlementStatus(ctx context.Context, outSettleNo string) (SettlementStatus, error) {
	path, err := segment("out_settle_no", outSettleNo)
	if err != nil {
		return SettlementStatus{}, err
	}
	return ask[SettlementStatus](ctx, c, http.MethodGet, "/v1/settlements/"+path, nil)
}
