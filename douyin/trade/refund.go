package trade

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// Limits of refund_create (TRADE-REFUND). Lengths are bytes.
const (
	MaxRefundItems = 99   // "less than 100"
	MaxReasons     = 10   //
	MaxReasonBytes = 49   // "less than 50", without a unit: bytes is the reading that Douyin cannot refuse (UNCONFIRMED)
	MaxExtraBytes  = 2048 // cp_extra, ext
	MaxDenyBytes   = 512  // deny_message
)

// Reason is why money goes back. Code is one of ReasonUnwanted, ReasonShop, ReasonQuality and
// ReasonOther.
type Reason struct {
	Code int    `json:"code"`
	Text string `json:"text"` // shown to the buyer, at most 49 bytes
}

// The codes of a Reason.
const (
	ReasonUnwanted = 101 // 不想要了
	ReasonShop     = 102 // 商家服务原因
	ReasonQuality  = 103 // 商品质量问题
	ReasonOther    = 999 // 其他
)

// Refund is what refund_create asks (TRADE-REFUND). The shop's own refunds need no audit.
// OutRefundNo makes it one refund; a second request with it is an error (ErrExists).
type Refund struct {
	OrderID     string // Douyin's, from the payment's callback or QueryOrder
	OutRefundNo string // the shop's number, unique in the app
	Amount      int64  // fen, or diamonds
	// Items share Amount among the order's items; All asks for the whole order instead: then Amount
	// is what was paid, and the order must not have had a refund. Exactly one of the two.
	Items   []RefundItem
	All     bool
	Reasons []Reason // 1 to 10
	Page    Page     // of the refund

	Currency  string // Diamond for orders in diamonds; empty: CNY
	CPExtra   string // comes back in the callback
	NotifyURL string // empty: Config.NotifyURL
}

// CreateRefund asks Douyin to pay money back and returns Douyin's id of the refund. Success means
// accepted, not done: the outcome comes by callback or QueryRefunds.
//
// When the error's MayHave is set, or its Kind is douyin.Doubtful (ErrExists among them), the refund
// may be there: ask QueryRefunds by the number before anything is sent again or given up, and then
// send the same number with the same content. An answer of success without an id is such a case.
func (c *Client) CreateRefund(ctx context.Context, f Refund) (refundID string, r douyin.Receipt, err error) {
	notify, bad := c.notify(f.NotifyURL)
	request := struct {
		OrderID     string       `json:"order_id"`
		OutRefundNo string       `json:"out_refund_no"`
		CPExtra     string       `json:"cp_extra"`           // always (TRADE-SDK)
		Page        Page         `json:"order_entry_schema"` // always (TRADE-SDK)
		Amount      int64        `json:"refund_total_amount"`
		Items       []RefundItem `json:"item_order_detail,omitempty"`
		All         bool         `json:"refund_all,omitempty"`
		Reasons     []Reason     `json:"refund_reason"`
		NotifyURL   string       `json:"notify_url,omitempty"`
		Currency    string       `json:"currency,omitempty"`
	}{f.OrderID, f.OutRefundNo, f.CPExtra, f.Page, f.Amount, f.Items, f.All, f.Reasons, notify, f.Currency}
	return c.create(ctx, OpRefundCreate, first(f.fault(), bad), request, "refund_id")
}

func (f Refund) fault() *douyin.FieldError {
	bad := first(
		idFault("order_id", f.OrderID),
		numberFault("out_refund_no", f.OutRefundNo),
		douyin.CheckText("cp_extra", f.CPExtra, 0, MaxExtraBytes),
		f.Page.fault("order_entry_schema"),
		douyin.CheckRange("refund_total_amount", f.Amount, 1, MaxAmount),
		currencyFault("currency", f.Currency),
		douyin.CheckRange("refund_reason", int64(len(f.Reasons)), 1, MaxReasons),
		f.itemsFault(),
	)
	for i := 0; bad == nil && i < len(f.Reasons); i++ {
		at := fmt.Sprintf("refund_reason[%d].", i)
		switch f.Reasons[i].Code {
		case ReasonUnwanted, ReasonShop, ReasonQuality, ReasonOther:
			bad = douyin.CheckText(at+"text", f.Reasons[i].Text, 1, MaxReasonBytes)
		default:
			bad = fault(at+"code", "want 101, 102, 103 or 999, found %d", f.Reasons[i].Code)
		}
	}
	return bad
}

func (f Refund) itemsFault() *douyin.FieldError {
	switch {
	case f.All && len(f.Items) > 0:
		return fault("item_order_detail", "must be empty beside refund_all")
	case f.All:
		return nil
	case len(f.Items) == 0 || len(f.Items) > MaxRefundItems:
		return fault("item_order_detail", "want 1 to %d items, or refund_all, found %d", MaxRefundItems, len(f.Items))
	}
	var sum int64
	seen := map[string]bool{}
	for i, item := range f.Items {
		at := fmt.Sprintf("item_order_detail[%d].", i)
		bad := first(idFault(at+"item_order_id", item.ItemOrderID), douyin.CheckRange(at+"refund_amount", item.Amount, 1, MaxAmount))
		switch {
		case bad != nil:
			return bad
		case seen[item.ItemOrderID]:
			return fault(at+"item_order_id", "stands twice")
		}
		seen[item.ItemOrderID] = true
		sum += item.Amount // at most 99 times MaxAmount
	}
	if sum != f.Amount {
		return fault("refund_total_amount", "is %d, the items sum up to %d", f.Amount, sum)
	}
	return nil
}

// Audit states of a refund (COPY-DM).
const (
	AuditInit     = "INIT"
	AuditWaiting  = "TOAUDIT" // Douyin waits for Client.Audit
	AuditAgreed   = "AGREE"
	AuditDenied   = "DENY"     // ends the refund, whatever its Status says (UNCONFIRMED)
	AuditOvertime = "OVERTIME" // Douyin has agreed, because nobody said a word
)

// RefundState is one row of refund_query's answer (TRADE-REFUND, TRADE-SDK).
type RefundState struct {
	OrderID     string    // Douyin's
	RefundID    string    // Douyin's
	OutRefundNo string    // empty where Douyin has opened it and our answer was not taken
	Status      Result    // Success and Fail end it; any other text is under way
	Amount      int64     // fen, or diamonds
	CreatedAt   time.Time // zero: not told
	RefundedAt  time.Time // zero: not told
	// Source: 1 the buyer, 2 the shop, 3 expiry, 4 Douyin's service, 5 a booking that failed, 6 the
	// shop refused the order, 7 a later booking (COPY-DM); 0: not told
	Source    int
	Message   string       // Douyin's words; may be empty
	Items     []RefundItem // what is paid back of each
	NeedAudit bool         // the shop has to agree or deny
	Deadline  time.Time    // of the audit; zero: not told
	Audit     string       // empty: not told
	Denied    string       // the shop's words
}

// Ended tells that nothing more will happen.
func (s RefundState) Ended() bool {
	return s.Status == Success || s.Status == Fail || s.Audit == AuditDenied
}

// QueryRefunds asks for refunds: by the shop's number, by Douyin's refund id, or by Douyin's order id
// (at most 50 rows, those that Douyin opened among them). Exactly one is given. No row, and
// douyin.ErrNotFound, mean that Douyin knows none: it was not accepted, or not long ago. Any other
// error: ask again later.
func (c *Client) QueryRefunds(ctx context.Context, outRefundNo, refundID, orderID string) ([]RefundState, douyin.Receipt, error) {
	request := struct {
		RefundID    string `json:"refund_id,omitempty"`
		OutRefundNo string `json:"out_refund_no,omitempty"`
		OrderID     string `json:"order_id,omitempty"`
	}{refundID, outRefundNo, orderID}
	bad := oneOf(key{"out_refund_no", outRefundNo}, key{"refund_id", refundID}, key{"order_id", orderID})
	var states []RefundState
	r, err := c.call(ctx, OpRefundQuery, bad, request, func(answer []byte) bool {
		var ok bool
		states, ok = readRefunds(answer)
		for _, s := range states {
			ok = ok && matches(outRefundNo, s.OutRefundNo) && matches(refundID, s.RefundID) && matches(orderID, s.OrderID)
		}
		return ok
	})
	if err != nil {
		return nil, r, err
	}
	return states, r, nil
}

// wireRefund is a row of refund_query's answer.
type wireRefund struct {
	OrderID     douyin.Cell `json:"order_id"`
	RefundID    douyin.Cell `json:"refund_id"`
	OutRefundNo douyin.Cell `json:"out_refund_no"`
	Status      douyin.Cell `json:"refund_status"`
	Amount      douyin.Cell `json:"refund_total_amount"`
	CreateAt    douyin.Cell `json:"create_at"`
	RefundAt    douyin.Cell `json:"refund_at"`
	Source      douyin.Cell `json:"refund_source"`
	Message     douyin.Cell `json:"message"`
	Items       spareItems  `json:"item_order_detail"`
	Audit       auditDetail `json:"merchant_audit_detail"`
}

// auditDetail is merchant_audit_detail; empty where it is not an object. How the refund itself stands
// has to be heard all the same.
type auditDetail struct{ Need, Deadline, Status, Denied douyin.Cell }

// UnmarshalJSON never fails on what the decoder lets through.
func (d *auditDetail) UnmarshalJSON(raw []byte) error {
	var got struct {
		Need     douyin.Cell `json:"need_refund_audit"`
		Deadline douyin.Cell `json:"refund_audit_deadline"`
		Status   douyin.Cell `json:"audit_status"`
		Denied   douyin.Cell `json:"deny_message"`
	}
	if json.Unmarshal(raw, &got) == nil {
		*d = auditDetail(got)
	}
	return nil
}

// readRefunds reads an answer. One without a list is no answer: it does not say that there is none.
func readRefunds(answer []byte) (states []RefundState, ok bool) {
	var got struct {
		Data struct {
			List json.RawMessage `json:"refund_list"`
		} `json:"data"`
	}
	var list []wireRefund
	if json.Unmarshal(answer, &got) != nil || got.Data.List == nil || json.Unmarshal(got.Data.List, &list) != nil {
		return nil, false
	}
	var r reader
	for _, i := range list {
		states = append(states, RefundState{
			OrderID: r.id("order_id", i.OrderID), RefundID: r.id("refund_id", i.RefundID), OutRefundNo: spareNumber(i.OutRefundNo),
			Status: Result(r.id("refund_status", i.Status)), Amount: r.amount("refund_total_amount", i.Amount),
			CreatedAt: i.CreateAt.Time(), RefundedAt: i.RefundAt.Time(), Source: small(i.Source), Message: i.Message.Text(),
			Items: i.Items, NeedAudit: i.Audit.Need.Text() == "1", Deadline: i.Audit.Deadline.Time(),
			Audit: i.Audit.Status.Text(), Denied: i.Audit.Denied.Text(),
		})
	}
	return states, r.field == ""
}

// Verdict is the shop's word on a refund that a buyer asked for.
type Verdict struct {
	RefundID string // Douyin's
	Agree    bool   // Douyin pays the money back
	Denied   string // why not: needed, and sent, where Agree is false; at most 512 bytes
}

// Audit agrees to a refund or denies it (TRADE-AUDIT). Douyin agrees by itself at the deadline.
// douyin.ErrNotYet: an earlier step of Douyin's is not finished, repeat in a minute. When the error's
// MayHave is set or its Kind is douyin.Doubtful, QueryRefunds by RefundID tells what counts.
func (c *Client) Audit(ctx context.Context, v Verdict) (douyin.Receipt, error) {
	status, denied, least := 1, "", 0
	if !v.Agree {
		status, denied, least = 2, v.Denied, 1
	}
	request := struct {
		RefundID string `json:"refund_id"`
		Status   int    `json:"refund_audit_status"`
		Denied   string `json:"deny_message,omitempty"`
	}{v.RefundID, status, denied}
	bad := first(idFault("refund_id", v.RefundID), douyin.CheckText("deny_message", denied, least, MaxDenyBytes))
	return c.call(ctx, OpRefundAudit, bad, request, accepted)
}
