package douyin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Settlement is what settle asks (SETTLE): the order's money leaves transit. After a failed one a
// new number is needed.
type Settlement struct {
	OutOrderNo  string // of the payment
	OutSettleNo string // the shop's number of this settlement: [0-9A-Za-z_\-*], at most 64
	Desc        string // at most 80 characters
	Params      string // settle_params: EncodeReceivers' JSON text, signed and sent as it is; empty: all to the seller
	Finish      bool   // close the order after this settlement

	CPExtra   string // comes back in the callback, at most 2048 bytes
	NotifyURL string // https, at most 256 bytes; empty: Config.NotifyURL
}

// Receiver gets a part of a settlement. The seller and the platform are not named.
type Receiver struct {
	MerchantUID string `json:"merchant_uid"` // at most 32 bytes
	Amount      int64  `json:"amount"`       // fen, at least 1
}

// SettleState is query_settle's answer (SETTLE-QUERY).
type SettleState struct {
	SettleNo   string // Douyin's number
	Status     Result // PROCESSING, SUCCESS, FAIL
	Amount     int64  // fen
	Detail     string // who got what, in Douyin's words
	SettledAt  int64  // seconds since 1970; 0: not told
	Rake       int64  // fen, Douyin's fee
	Commission int64  // fen, of promoters
	CPExtra    string // as it was sent
	Message    string // Douyin's words; may be empty
}

// Unsettled is unsettle_amount's answer: what of an order's money is still in transit.
type Unsettled struct {
	Amount      int64 // fen, that can still be settled
	Paid        int64 // fen
	Refunded    int64 // fen, the sum of refunds
	PaymentRake int64 // fen
	LifeRake    int64 // fen
	Commission  int64 // fen
}

// EncodeReceivers makes the text of Settlement.Params; "" for no receivers. Keep the text: a
// repetition must send the same.
func EncodeReceivers(receivers []Receiver) (string, error) {
	if len(receivers) == 0 {
		return "", nil
	}
	raw, err := marshal(receivers)
	if err != nil {
		return "", fmt.Errorf("douyin: settle_params: %w", err)
	}
	if f := checkReceivers(string(raw)); f != nil {
		return "", f
	}
	return string(raw), nil
}

// checkReceivers wants at most 4 receivers, each with a merchant and an integer amount, and nothing
// else.
func checkReceivers(text string) *FieldError {
	var receivers []Receiver
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if d.Decode(&receivers) != nil {
		return &FieldError{"settle_params", `want JSON text such as [{"merchant_uid":"...","amount":1}]`}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &FieldError{"settle_params", "has something after the JSON array"}
	}
	if len(receivers) > MaxReceivers {
		return &FieldError{"settle_params", fmt.Sprintf("has %d receivers, at most %d are allowed", len(receivers), MaxReceivers)}
	}
	var sum int64
	for i, r := range receivers {
		at := fmt.Sprintf("settle_params[%d].", i)
		if f := first(validText(at+"merchant_uid", r.MerchantUID), between(at+"amount", r.Amount)); f != nil {
			return f
		}
		sum += r.Amount // at most 4 times MaxFen
	}
	if sum > MaxFen {
		return &FieldError{"settle_params", fmt.Sprintf("sums up to %d fen, an order has at most %d", sum, int64(MaxFen))}
	}
	return nil
}

func validText(field, value string) *FieldError { return text(field, value, 1, MaxMerchantBytes) }

func between(field string, fen int64) *FieldError {
	return within(field, fen, 1, MaxFen)
}

// Settle asks Douyin to settle and returns Douyin's number of the settlement. Success means
// accepted, not done: the outcome comes by callback or QuerySettle. With MayHave ask QuerySettle
// first, as for refunds. ErrNotYet: too early.
func (c *Client) Settle(ctx context.Context, s Settlement) (settleNo string, r Receipt, err error) {
	p := c.params()
	p.no("out_order_no", s.OutOrderNo)
	p.no("out_settle_no", s.OutSettleNo)
	p.text("settle_desc", s.Desc, 1, 0)
	if n := utf8.RuneCountInString(normal(s.Desc)); n > MaxSettleDesc {
		p.fail(&FieldError{"settle_desc", fmt.Sprintf("has %d characters, at most %d are allowed", n, MaxSettleDesc)})
	}
	p.text("settle_params", s.Params, 0, MaxSettleParams)
	if s.Params != "" {
		if f := checkReceivers(s.Params); f != nil {
			p.fail(f)
		}
	}
	if s.Finish {
		p.text("finish", "true", 1, 0) // text, not a boolean
	}
	p.text("cp_extra", s.CPExtra, 0, MaxExtraBytes)
	p.notify(s.NotifyURL, c.cfg.NotifyURL)
	var got struct {
		SettleNo loose `json:"settle_no"`
	}
	r, err = c.ecpay(ctx, OpSettleCreate, "settle", p, &got)
	if err == nil && got.SettleNo == "" {
		err = lacking(OpSettleCreate, r)
	}
	if err != nil {
		return "", r, err
	}
	return string(got.SettleNo), r, nil
}

// QuerySettle asks how a settlement stands. ErrNotFound: it was not accepted, or not long ago. Any
// other error: ask again.
func (c *Client) QuerySettle(ctx context.Context, outSettleNo string) (SettleState, Receipt, error) {
	p := c.params()
	p.no("out_settle_no", outSettleNo)
	var got struct {
		SettleInfo struct {
			SettleNo     loose `json:"settle_no"`
			SettleAmount loose `json:"settle_amount"`
			SettleStatus loose `json:"settle_status"`
			SettleDetail loose `json:"settle_detail"`
			SettledAt    loose `json:"settled_at"`
			Rake         loose `json:"rake"`
			Commission   loose `json:"commission"`
			CPExtra      loose `json:"cp_extra"`
			Msg          loose `json:"msg"`
		} `json:"settle_info"`
	}
	r, err := c.ecpay(ctx, OpSettleQuery, "query_settle", p, &got)
	if err != nil {
		return SettleState{}, r, err
	}
	var read reader
	i := got.SettleInfo
	state := SettleState{
		SettleNo: string(i.SettleNo), Status: Result(i.SettleStatus), Amount: read.number("settle_amount", i.SettleAmount),
		Detail: string(i.SettleDetail), SettledAt: told(read.number("settled_at", i.SettledAt)), Rake: read.number("rake", i.Rake),
		Commission: read.number("commission", i.Commission), CPExtra: string(i.CPExtra), Message: string(i.Msg),
	}
	if state.Status == "" || read.field != "" {
		return SettleState{}, r, lacking(OpSettleQuery, r)
	}
	return state, r, nil
}

// UnsettleAmount asks what of an order's money is still in transit: the check before a settlement.
func (c *Client) UnsettleAmount(ctx context.Context, outOrderNo string) (Unsettled, Receipt, error) {
	p := c.params()
	p.no("out_order_no", outOrderNo)
	var got struct {
		Data struct {
			UnsettleAmount loose `json:"unsettle_amount"`
			Detail         struct {
				PayInfo struct {
					Amount loose `json:"amount"`
				} `json:"pay_info"`
				RefundInfo []struct {
					Amount loose `json:"amount"`
				} `json:"refund_info"`
				PaymentRake loose `json:"payment_rake"`
				LifeRake    loose `json:"life_rake"`
				Commission  loose `json:"commission"`
			} `json:"detail"`
		} `json:"data"`
	}
	r, err := c.ecpay(ctx, OpSettleUnsettled, "unsettle_amount", p, &got)
	if err != nil {
		return Unsettled{}, r, err
	}
	var read reader
	d := got.Data.Detail
	u := Unsettled{
		Amount: read.fen("unsettle_amount", got.Data.UnsettleAmount), Paid: read.number("pay_info", d.PayInfo.Amount),
		PaymentRake: read.number("payment_rake", d.PaymentRake), LifeRake: read.number("life_rake", d.LifeRake),
		Commission: read.number("commission", d.Commission),
	}
	for _, refund := range d.RefundInfo {
		u.Refunded += read.number("refund_info", refund.Amount)
	}
	if read.field != "" {
		return Unsettled{}, r, lacking(OpSettleUnsettled, r)
	}
	return u, r, nil
}
