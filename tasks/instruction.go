package tasks

import (
	"fmt"
	"net/url"
	"unicode/utf8"
)

const (
	// create_refund.reason: "100", without a unit; bytes is the reading that Douyin cannot refuse
	// (UNCONFIRMED)
	maxReasonBytes = 100
	maxDescRunes   = 80   // settle.settle_desc: 80 characters
	maxExtraBytes  = 2048 // cp_extra
	maxURLBytes    = 256  // notify_url
	maxPageBytes   = 1024 // msg_page has no published limit; that of order_detail.detail_url
	maxReceivers   = 4    // entries of settle_params in one call
	maxUIDBytes    = 32   // merchant_uid
)

// RefundRequest is the instruction to pay money back. It becomes a row before it is a task.
// OutRefundNo makes it one: the same number with the same content is the same refund, with other
// content it is refused.
type RefundRequest struct {
	OrderID     string `json:"order_id"`      // the shop's key of the order
	OutRefundNo string `json:"out_refund_no"` // the shop's number of this refund: [0-9A-Za-z_\-*], at most 64
	AmountFen   int64  `json:"amount_fen"`    // 1 up to what is left of the payment; of DIAMOND in diamonds
	Reason      string `json:"reason"`        // shown to the buyer, at most 100 bytes

	CPExtra    string `json:"cp_extra,omitempty"`    // comes back in the callback, at most 2048 bytes
	NotifyURL  string `json:"notify_url,omitempty"`  // https, at most 256 bytes; empty: douyin.notify_url
	DisableMsg bool   `json:"disable_msg,omitempty"` // Douyin sends the buyer no message
	MsgPage    string `json:"msg_page,omitempty"`    // page that the message opens

	// of an order of trade: 101 unwanted, 102 the shop's service, 103 quality, 999 another one; 0: 999
	ReasonCode int `json:"reason_code,omitempty"`
}

// SettleRequest is the instruction to pay an order's money out of transit, to the shop and up to 4
// other receivers.
type SettleRequest struct {
	OrderID string `json:"order_id"` // the shop's key
	// the shop's number of this settlement; after a failure a new one is needed
	OutSettleNo string     `json:"out_settle_no"`
	Desc        string     `json:"desc"`             // at most 80 characters
	Params      []Receiver `json:"params,omitempty"` // other than the seller and the platform
	Finish      bool       `json:"finish,omitempty"` // close the order after this settlement

	CPExtra   string `json:"cp_extra,omitempty"`   // comes back in the callback, at most 2048 bytes
	NotifyURL string `json:"notify_url,omitempty"` // https; empty: that of the configuration
}

// Receiver gets a part of a settlement.
type Receiver struct {
	MerchantUID string `json:"merchant_uid"` // at most 32 bytes
	AmountFen   int64  `json:"amount_fen"`   // above 0
}

// Validate holds the limits of create_refund that can be known without the order. The error is a
// *PayloadError.
func (r RefundRequest) Validate() error {
	return first(
		checkID("order_id", r.OrderID, true),
		CheckNumber("out_refund_no", r.OutRefundNo),
		checkFen("amount_fen", r.AmountFen),
		checkText("reason", r.Reason, maxReasonBytes, true),
		checkText("cp_extra", r.CPExtra, maxExtraBytes, false),
		checkURL("notify_url", r.NotifyURL),
		checkText("msg_page", r.MsgPage, maxPageBytes, false),
		checkReasonCode(r.ReasonCode),
	)
}

// checkReasonCode holds the published codes (TRADE-REFUND in package douyin/trade).
func checkReasonCode(code int) error {
	switch code {
	case 0, 101, 102, 103, 999:
		return nil
	}
	return &PayloadError{"reason_code", fmt.Sprintf("is %d: want 101, 102, 103 or 999", code)}
}

// Validate holds the limits of settle that can be known without the order. The error is a
// *PayloadError.
func (s SettleRequest) Validate() error {
	err := first(
		checkID("order_id", s.OrderID, true),
		CheckNumber("out_settle_no", s.OutSettleNo),
		checkText("desc", s.Desc, maxDescRunes*utf8.UTFMax, true),
		checkText("cp_extra", s.CPExtra, maxExtraBytes, false),
		checkURL("notify_url", s.NotifyURL),
	)
	if err != nil {
		return err
	}
	if n := utf8.RuneCountInString(s.Desc); n > maxDescRunes {
		return &PayloadError{"desc", fmt.Sprintf("has %d characters, at most %d are allowed", n, maxDescRunes)}
	}
	return checkReceivers(s.Params)
}

func checkReceivers(receivers []Receiver) error {
	if len(receivers) > maxReceivers {
		return &PayloadError{"params", fmt.Sprintf("has %d receivers, at most %d are allowed", len(receivers), maxReceivers)}
	}
	var sum int64
	for i, r := range receivers {
		field := fmt.Sprintf("params[%d].", i)
		if err := first(
			checkText(field+"merchant_uid", r.MerchantUID, maxUIDBytes, true),
			checkFen(field+"amount_fen", r.AmountFen),
		); err != nil {
			return err
		}
		sum += r.AmountFen // at most 4 times maxFen: far from an overflow
	}
	if sum > maxFen {
		return &PayloadError{"params", fmt.Sprintf("sums up to %d fen, an order has at most %d", sum, int64(maxFen))}
	}
	return nil
}

// checkURL: Douyin calls back only https on port 443 (PAY).
func checkURL(field, text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Port() != "" && u.Port() != "443" {
		return &PayloadError{field, "want an https address on port 443"}
	}
	return checkText(field, text, maxURLBytes, false)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
