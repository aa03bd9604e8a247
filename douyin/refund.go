package douyin

import "context"

// Refund is what create_refund asks (REFUND). OutRefundNo makes it one refund: asked again, the
// first request counts and changes are ignored, and when the first request failed the number is
// dead (ErrNumberDead).
type Refund struct {
	OutOrderNo  string // of the payment
	OutRefundNo string // the shop's number of this refund: [0-9A-Za-z_\-*], at most 64
	Amount      int64  // fen, at least 1; all refunds of an order together at most what was paid
	Reason      string // shown to the buyer, at most 100 bytes

	CPExtra    string // comes back in the callback, at most 2048 bytes
	NotifyURL  string // https, at most 256 bytes; empty: Config.NotifyURL
	DisableMsg bool   // Douyin sends the buyer no message
	MsgPage    string // page that the message opens
}

// RefundState is query_refund's answer (REFUND-QUERY).
type RefundState struct {
	RefundNo   string // Douyin's number
	Status     Result // PROCESSING, SUCCESS, FAIL
	Amount     int64  // fen
	RefundedAt int64  // seconds since 1970; 0: not told, as before SUCCESS
	AllSettled bool   // refunded after the settlement, from the balance
	CPExtra    string // as it was sent
	Message    string // Douyin's words, above all with FAIL
}

// CreateRefund asks Douyin to pay money back and returns Douyin's number of the refund. Success
// means accepted, not done: the outcome comes by callback or QueryRefund.
//
// When the error's MayHave is set the refund may have been accepted: ask QueryRefund before
// anything is sent again, and then send the same number with the same content.
func (c *Client) CreateRefund(ctx context.Context, f Refund) (refundNo string, r Receipt, err error) {
	p := c.params()
	p.no("out_order_no", f.OutOrderNo)
	p.no("out_refund_no", f.OutRefundNo)
	p.number("refund_amount", f.Amount, 1, MaxFen)
	p.text("reason", f.Reason, 1, MaxReasonBytes)
	p.text("cp_extra", f.CPExtra, 0, MaxExtraBytes)
	p.notify(f.NotifyURL, c.cfg.NotifyURL)
	p.flag("disable_msg", f.DisableMsg)
	p.text("msg_page", f.MsgPage, 0, MaxDetailURLBytes)
	var got struct {
		RefundNo loose `json:"refund_no"`
	}
	r, err = c.ecpay(ctx, OpRefundCreate, "create_refund", p, &got)
	if err == nil && got.RefundNo == "" {
		err = lacking(OpRefundCreate, r)
	}
	if err != nil {
		return "", r, err
	}
	return string(got.RefundNo), r, nil
}

// QueryRefund asks how a refund stands. ErrNotFound: it was not accepted, or not long ago. Any
// other error: ask again later.
func (c *Client) QueryRefund(ctx context.Context, outRefundNo string) (RefundState, Receipt, error) {
	p := c.params()
	p.no("out_refund_no", outRefundNo)
	var got struct {
		RefundInfo struct { // camelCase in this answer alone
			RefundNo     loose `json:"refund_no"`
			RefundAmount loose `json:"refund_amount"`
			RefundStatus loose `json:"refund_status"`
			RefundedAt   loose `json:"refunded_at"`
			IsAllSettled bool  `json:"is_all_settled"`
			CPExtra      loose `json:"cp_extra"`
			Msg          loose `json:"msg"`
		} `json:"refundInfo"`
	}
	r, err := c.ecpay(ctx, OpRefundQuery, "query_refund", p, &got)
	if err != nil {
		return RefundState{}, r, err
	}
	var read reader
	i := got.RefundInfo
	state := RefundState{
		RefundNo: string(i.RefundNo), Status: Result(i.RefundStatus), Amount: read.fen("refund_amount", i.RefundAmount),
		RefundedAt: told(read.number("refunded_at", i.RefundedAt)), AllSettled: i.IsAllSettled, CPExtra: string(i.CPExtra), Message: string(i.Msg),
	}
	if state.Status == "" || read.field != "" {
		return RefundState{}, r, lacking(OpRefundQuery, r)
	}
	return state, r, nil
}
