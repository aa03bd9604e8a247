package douyin

import (
	"encoding/json"
	"fmt"
)

// Result is how a payment, refund or settlement stands, in Douyin's word.
type Result string

// The words of Douyin's documentation.
const (
	ResultProcessing Result = "PROCESSING"
	ResultSuccess    Result = "SUCCESS"
	ResultFail       Result = "FAIL"
	ResultTimeout    Result = "TIMEOUT" // of a payment that was not made in time
)

// PaymentNotice is the message of a payment callback (PAY-CB).
type PaymentNotice struct {
	AppID       string
	OutOrderNo  string // cp_orderno
	OrderID     string // Douyin's number
	Status      Result // SUCCESS: failures are not told
	TotalAmount int64  // fen
	PaidAt      int64  // seconds since 1970
	Way         string // "1" WeChat, "2" Alipay, "10" Douyin Pay
	ChannelNo   string // of WeChat or Alipay; may be empty
	SellerUID   string
	ItemID      string // of the video it was bought from; may be missing in the first delivery
	CPExtra     string
	Extra       string // "", "null" or CPS data as JSON text
	Message     string
}

// RefundNotice is the message of a refund callback (REFUND-CB).
type RefundNotice struct {
	AppID       string
	OutRefundNo string // cp_refundno
	RefundNo    string // Douyin's number; may be empty
	OrderID     string // Douyin's number of the order
	Status      Result
	Amount      int64 // fen
	AllSettled  bool  // refunded after the settlement, from the balance
	RefundedAt  int64 // seconds since 1970
	CPExtra     string
	Message     string // Douyin's words, above all with FAIL
}

// SettleNotice is the message of a settle callback (SETTLE-CB).
type SettleNotice struct {
	AppID       string
	OutSettleNo string // cp_settle_no
	SettleNo    string // Douyin's number; old callbacks have none
	OutOrderNo  string // old callbacks have none
	OrderID     string // Douyin's number of the order
	Status      Result
	Amount      int64 // fen; 0 in old callbacks
	Rake        int64 // fen, Douyin's fee
	Commission  int64 // fen, of promoters
	Detail      string
	SettledAt   int64 // seconds since 1970
	CPExtra     string
	Message     string
}

// message is every field of the three messages. Douyin's pages disagree on app_id and appid, and on numbers and texts.
type message struct {
	AppID    loose `json:"appid"`
	AppIDToo loose `json:"app_id"`

	OutOrderNo  loose `json:"cp_orderno"`
	OutRefundNo loose `json:"cp_refundno"`
	OutSettleNo loose `json:"cp_settle_no"`

	OrderID      loose `json:"order_id"`
	OrderNo      loose `json:"out_order_no"`
	RefundNo     loose `json:"refund_no"`
	SettleNo     loose `json:"settle_no"`
	Status       loose `json:"status"`
	TotalAmount  loose `json:"total_amount"`
	RefundAmount loose `json:"refund_amount"`
	SettleAmount loose `json:"settle_amount"`
	Rake         loose `json:"rake"`
	Commission   loose `json:"commission"`
	AllSettled   bool  `json:"is_all_settled"`
	PaidAt       loose `json:"paid_at"`
	RefundedAt   loose `json:"refunded_at"`
	SettledAt    loose `json:"settled_at"`
	WithdrawAt   loose `json:"withdraw_at"`
	Way          loose `json:"way"`
	ChannelNo    loose `json:"channel_no"`
	SellerUID    loose `json:"seller_uid"`
	ItemID       loose `json:"item_id"`
	CPExtra      loose `json:"cp_extra"`
	Extra        loose `json:"extra"`
	SettleDetail loose `json:"settle_detail"`
	Message      loose `json:"message"`
}

// kind is the type that the signed message itself speaks of; empty when it speaks of none that is known.
func (m message) kind() string {
	found := ""
	for _, k := range []struct {
		key  loose
		kind string
	}{{m.OutOrderNo, CallbackPayment}, {m.OutRefundNo, CallbackRefund}, {m.OutSettleNo, CallbackSettle}, {m.WithdrawAt, CallbackWithdraw}} {
		switch {
		case k.key == "":
		case found != "":
			return "" // it names two things: nobody can say which it is about
		default:
			found = k.kind
		}
	}
	return found
}

// readMessage parses the signed message and holds the unsigned type against it.
func (c *Callback) readMessage() error {
	switch c.Type {
	case CallbackPayment, CallbackRefund, CallbackSettle, CallbackWithdraw:
	case CallbackTransfer, CallbackSettleFinish:
		return nil // stored, never acted upon
	default:
		return ErrCallbackType
	}
	var m message
	if err := json.Unmarshal([]byte(c.Msg), &m); err != nil {
		return fmt.Errorf("%w: no JSON of its type", ErrCallbackMessage) // the decoder's words may quote the message
	}
	if m.kind() != c.Type {
		return ErrCallbackType
	}
	var r reader
	appID := m.AppID.orElse(m.AppIDToo)
	switch c.Type {
	case CallbackPayment:
		c.Payment = &PaymentNotice{
			AppID: appID, OutOrderNo: string(m.OutOrderNo), OrderID: string(m.OrderID), Status: Result(m.Status),
			TotalAmount: r.fen("total_amount", m.TotalAmount), PaidAt: r.number("paid_at", m.PaidAt),
			Way: string(m.Way), ChannelNo: string(m.ChannelNo), SellerUID: string(m.SellerUID), ItemID: string(m.ItemID),
			CPExtra: string(m.CPExtra), Extra: string(m.Extra), Message: string(m.Message),
		}
	case CallbackRefund:
		c.Refund = &RefundNotice{
			AppID: appID, OutRefundNo: string(m.OutRefundNo), RefundNo: string(m.RefundNo), OrderID: string(m.OrderID),
			Status: Result(m.Status), Amount: r.fen("refund_amount", m.RefundAmount), AllSettled: m.AllSettled,
			RefundedAt: r.number("refunded_at", m.RefundedAt), CPExtra: string(m.CPExtra), Message: string(m.Message),
		}
	case CallbackSettle:
		c.Settle = &SettleNotice{
			AppID: appID, OutSettleNo: string(m.OutSettleNo), SettleNo: string(m.SettleNo), OutOrderNo: string(m.OrderNo),
			OrderID: string(m.OrderID), Status: Result(m.Status), Amount: r.number("settle_amount", m.SettleAmount),
			Rake: r.number("rake", m.Rake), Commission: r.number("commission", m.Commission), Detail: string(m.SettleDetail),
			SettledAt: r.number("settled_at", m.SettledAt), CPExtra: string(m.CPExtra), Message: string(m.Message),
		}
	case CallbackWithdraw:
		return nil
	}
	if m.Status == "" {
		r.fault("status")
	}
	if r.field != "" {
		c.Payment, c.Refund, c.Settle = nil, nil, nil
		return fmt.Errorf("%w: %s", ErrCallbackMessage, r.field)
	}
	return nil
}
