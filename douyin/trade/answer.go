package trade

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/ordersync/ordersync/douyin"
)

// The constant answers to callbacks. Taken goes out only after the callback is stored; NotTaken says
// the same whatever was wrong, and makes Douyin call again.
const (
	Taken    = `{"err_no":0,"err_tips":"success"}`
	NotTaken = `{"err_no":1,"err_tips":"failed"}`
)

// RefundAnswer is what a RefundRequest must be answered with, each time alike. An err_no other than 0
// refuses nothing: it leaves the refund hanging until Douyin agrees to it (TRADE-REFUND-CB). Who
// wants to refuse does so by Client.Audit.
type RefundAnswer struct {
	OutRefundNo string // the shop's number, never used before: RefundNo makes one
	Page        Page   // of the refund
	NotifyURL   string // https; empty: Douyin's console setting holds
	PlainNotify bool   // NotifyURL may be http: Douyin is a simulator
}

// Encode is the body of the answer. The error is a *douyin.FieldError.
func (a RefundAnswer) Encode() ([]byte, error) {
	f := first(
		numberFault("out_refund_no", a.OutRefundNo),
		a.Page.fault("order_entry_schema"),
		notifyFault("notify_url", a.NotifyURL, a.PlainNotify),
	)
	if f != nil {
		return nil, f
	}
	type data struct {
		OutRefundNo string `json:"out_refund_no"`
		Page        Page   `json:"order_entry_schema"`
		NotifyURL   string `json:"notify_url,omitempty"`
	}
	return douyin.Marshal(struct {
		ErrNo   int    `json:"err_no"`
		ErrTips string `json:"err_tips"`
		Data    data   `json:"data"`
	}{0, "success", data{a.OutRefundNo, a.Page, a.NotifyURL}})
}

// RefundNo is the shop's number of a refund that Douyin opened: DY and the refund_id, so that a row
// that was lost has the same one again. An id that does not fit, or has characters that a number may
// not have, gives DY and 62 digits of its SHA-256.
func RefundNo(refundID string) string {
	no := "DY" + refundID
	if numberFault("", no) != nil || refundID == "" {
		sum := sha256.Sum256([]byte(refundID))
		no = "DY" + hex.EncodeToString(sum[:])[:MaxNumberBytes-2]
	}
	return no
}
