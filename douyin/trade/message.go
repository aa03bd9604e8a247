package trade

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// Result is how something stands, in Douyin's word.
type Result string

// The words of Douyin's documentation and of its copies. A query may answer with another one: it is
// kept as it is, and nobody takes it for an end.
const (
	Processing Result = "PROCESSING" // of refunds and settlements (COPY-DM, PEER-HM)
	Process    Result = "PROCESS"    // of a payment: not paid yet (TRADE-ORDER)
	Initial    Result = "INIT"       // of a settlement (PEER-HM)
	Success    Result = "SUCCESS"
	Fail       Result = "FAIL"
	Timeout    Result = "TIMEOUT" // of a payment, by a query: it was not made in time (COPY-ZY)
	Cancel     Result = "CANCEL"  // of a payment, by callback: the buyer let it be, or its time is over
)

// RefundItem is the part of a refund that falls on an item of the order.
type RefundItem struct {
	ItemOrderID string `json:"item_order_id"` // Douyin's
	Amount      int64  `json:"refund_amount"` // fen, above 0
}

// PaymentNotice is the message of a payment callback (COPY-ZY, LIVE-2024-02).
type PaymentNotice struct {
	AppID          string    // of the mini-app
	OutOrderNo     string    // the shop's number
	OrderID        string    // Douyin's; refunds need it
	Status         Result    // Success, Cancel
	TotalAmount    int64     // fen; may be missing, and 0, with Cancel
	DiscountAmount int64     // fen
	PayChannel     string    // "1" WeChat, "2" Alipay, "10" Douyin Pay, "20" diamonds
	ChannelPayID   string    // of WeChat or Alipay; may be empty
	MerchantUID    string    // who receives the money
	UserBillPayID  string    // as the buyer's bill has it; may be empty
	EventTime      time.Time // zero: not told
	Currency       string    // empty: CNY
	CPExtra        string    // as it was sent
	Message        string    // USER_CANCEL or TIME_OUT, with Cancel
}

// RefundNotice is the message of a refund callback (TRADE-REFUND, COPY-ZY).
type RefundNotice struct {
	AppID       string       // of the mini-app
	OrderID     string       // Douyin's
	RefundID    string       // Douyin's
	OutRefundNo string       // empty where our answer to the RefundRequest was not taken
	Status      Result       // Success, Fail
	Amount      int64        // fen, or diamonds
	AllSettled  bool         // refunded after the settlement
	Type        int          // 1 the buyer asked for it, 2 the shop, 4 Douyin's service; 0: not told
	EventTime   time.Time    // zero: not told
	Items       []RefundItem // what was paid back of each
	Currency    string       // empty: CNY
	CPExtra     string       // as it was sent
	Message     string       // Douyin's words, above all with Fail
}

// SettleNotice is the message of a settle callback (PEER-HM, LIVE-2023-12).
type SettleNotice struct {
	AppID       string    // of the mini-app
	OrderID     string    // Douyin's
	SettleID    string    // Douyin's
	OutSettleNo string    // the same as SettleID of an automatic one
	ItemOrderID string    // Douyin's; empty: of the whole order
	Status      Result    // Success, Fail
	Amount      int64     // fen
	Rake        int64     // fen, Douyin's fee
	Commission  int64     // fen, of promoters
	Detail      string    // who got what, in Douyin's words
	Auto        bool      // Douyin settled by itself
	EventTime   time.Time // zero: not told
	CPExtra     string    // as it was sent
	Message     string    // Douyin's words, above all with Fail
}

// RefundRequest is the message of pre_create_refund (TRADE-REFUND-CB): a refund that Douyin has
// opened already, and which waits for RefundAnswer. The buyer's open_id is left in Callback.Msg.
type RefundRequest struct {
	AppID       string       // of the mini-app
	RefundID    string       // Douyin's: the same one must always be answered alike
	OrderID     string       // Douyin's
	OutOrderNo  string       // the shop's number; may be empty
	Amount      int64        // fen, or diamonds
	NeedAudit   bool         // the shop has to agree or deny; all but a clear no is a yes
	Deadline    time.Time    // of the audit; zero: not told, then it is AuditWindow after CreatedAt
	CreatedAt   time.Time    // zero: not told
	Source      int          // as RefundState.Source; 0: not told
	Reasons     []string     // the buyer's, in Douyin's words
	Description string       // the buyer's own words; may be empty
	Items       []RefundItem // what is to be paid back of each
	Currency    string       // empty: CNY
	CPExtra     string       // as it was sent
}

// AuditWindow is how long Douyin waits for a word of the shop's before it agrees by itself
// (TRADE-AUDIT).
const AuditWindow = 72 * time.Hour

// message is every field of the four messages. Numbers may come as text.
type message struct {
	AppID          douyin.Cell     `json:"app_id"`
	OutOrderNo     douyin.Cell     `json:"out_order_no"`
	OrderID        douyin.Cell     `json:"order_id"`
	Status         douyin.Cell     `json:"status"`
	TotalAmount    douyin.Cell     `json:"total_amount"`
	DiscountAmount douyin.Cell     `json:"discount_amount"`
	PayChannel     douyin.Cell     `json:"pay_channel"`
	ChannelPayID   douyin.Cell     `json:"channel_pay_id"`
	MerchantUID    douyin.Cell     `json:"merchant_uid"`
	UserBillPayID  douyin.Cell     `json:"user_bill_pay_id"`
	EventTime      douyin.Cell     `json:"event_time"`
	Currency       douyin.Cell     `json:"currency"`
	CPExtra        douyin.Cell     `json:"cp_extra"`
	Message        douyin.Cell     `json:"message"`
	RefundID       douyin.Cell     `json:"refund_id"`
	OutRefundNo    douyin.Cell     `json:"out_refund_no"`
	RefundAmount   douyin.Cell     `json:"refund_total_amount"`
	AllSettled     douyin.Cell     `json:"is_all_settled"`
	RefundType     douyin.Cell     `json:"refund_type"`
	Items          itemDetail      `json:"refund_item_detail"`
	NeedAudit      douyin.Cell     `json:"need_refund_audit"`
	Deadline       douyin.Cell     `json:"refund_audit_deadline"`
	CreateTime     douyin.Cell     `json:"create_refund_time"`
	Source         douyin.Cell     `json:"refund_source"`
	Reasons        json.RawMessage `json:"refund_reason"`
	Description    douyin.Cell     `json:"refund_description"`
	SettleID       douyin.Cell     `json:"settle_id"`
	OutSettleNo    douyin.Cell     `json:"out_settle_no"`
	ItemOrderID    douyin.Cell     `json:"item_order_id"`
	SettleAmount   douyin.Cell     `json:"settle_amount"`
	Rake           douyin.Cell     `json:"rake"`
	Commission     douyin.Cell     `json:"commission"`
	SettleDetail   douyin.Cell     `json:"settle_detail"`
	AutoSettle     douyin.Cell     `json:"is_auto_settle"`
}

// itemDetail is refund_item_detail. Nobody acts upon it without asking, so what cannot be read is
// left out.
type itemDetail []RefundItem

// UnmarshalJSON never fails on what the decoder lets through.
func (d *itemDetail) UnmarshalJSON(raw []byte) error {
	var got struct {
		Items spareItems `json:"item_order_detail"`
	}
	if json.Unmarshal(raw, &got) == nil {
		*d = itemDetail(got.Items)
	}
	return nil
}

// spareItems is item_order_detail, read as itemDetail.
type spareItems []RefundItem

// UnmarshalJSON never fails on what the decoder lets through.
func (s *spareItems) UnmarshalJSON(raw []byte) error {
	var got wireItems
	if json.Unmarshal(raw, &got) == nil {
		var r reader
		if items := r.items("", got); r.field == "" {
			*s = items
		}
	}
	return nil
}

// read understands a body as far as it can.
func read(body []byte) Callback {
	c := Callback{sum: sha256.Sum256(body)}
	fields, err := douyin.Members(body)
	if err != nil {
		c.Unread = "body"
		return c
	}
	for name, into := range map[string]*string{"version": &c.Version, "msg": &c.Msg, "type": &c.Type} {
		var cell douyin.Cell
		if json.Unmarshal(fields[name], &cell) == nil { // else it is missing
			*into = cell.Text()
		}
	}
	var m message
	if _, err := douyin.Members([]byte(c.Msg)); err != nil || json.Unmarshal([]byte(c.Msg), &m) != nil {
		c.Unread = "msg"
		return c
	}
	c.appID = m.AppID.Text()
	var r reader
	switch c.Type {
	case CallbackPayment:
		c.payment(&m, &r)
	case CallbackRefund:
		c.refund(&m, &r)
	case CallbackSettle:
		c.settle(&m, &r)
	case CallbackRefundRequest:
		c.refundRequest(&m, &r)
	default:
		r.fault("type")
	}
	if c.Unread = r.field; c.Unread != "" {
		c.Payment, c.Refund, c.Settle, c.RefundRequest = nil, nil, nil, nil
	}
	return c
}

func (c *Callback) payment(m *message, r *reader) {
	c.number, c.status = r.number("out_order_no", m.OutOrderNo), r.status(m.Status, Success, Cancel)
	n := &PaymentNotice{
		AppID: c.appID, OutOrderNo: c.number, OrderID: r.id("order_id", m.OrderID), Status: Result(c.status),
		DiscountAmount: r.spare("discount_amount", m.DiscountAmount), PayChannel: m.PayChannel.Text(), ChannelPayID: m.ChannelPayID.Text(),
		MerchantUID: m.MerchantUID.Text(), UserBillPayID: m.UserBillPayID.Text(), EventTime: m.EventTime.Time(),
		Currency: m.Currency.Text(), CPExtra: m.CPExtra.Text(), Message: m.Message.Text(),
	}
	if n.Status == Cancel {
		n.TotalAmount = r.spare("total_amount", m.TotalAmount)
	} else {
		n.TotalAmount = r.amount("total_amount", m.TotalAmount)
	}
	c.Payment = n
}

func (c *Callback) refund(m *message, r *reader) {
	c.number, c.status = r.id("refund_id", m.RefundID), r.status(m.Status, Success, Fail)
	c.Refund = &RefundNotice{
		AppID: c.appID, OrderID: r.id("order_id", m.OrderID), RefundID: c.number, OutRefundNo: spareNumber(m.OutRefundNo), Status: Result(c.status),
		Amount: r.amount("refund_total_amount", m.RefundAmount), AllSettled: yes(m.AllSettled), Type: small(m.RefundType),
		EventTime: m.EventTime.Time(), Items: m.Items, Currency: m.Currency.Text(), CPExtra: m.CPExtra.Text(), Message: m.Message.Text(),
	}
}

func (c *Callback) settle(m *message, r *reader) {
	c.status = r.status(m.Status, Success, Fail)
	if c.number = m.OutSettleNo.Text(); c.number == "" {
		c.number = r.number("settle_id", m.SettleID)
	} else {
		r.number("out_settle_no", m.OutSettleNo)
	}
	c.Settle = &SettleNotice{
		AppID: c.appID, OrderID: r.id("order_id", m.OrderID), SettleID: spareNumber(m.SettleID), OutSettleNo: m.OutSettleNo.Text(),
		ItemOrderID: m.ItemOrderID.Text(), Status: Result(c.status), Amount: r.amount("settle_amount", m.SettleAmount),
		Rake: r.spare("rake", m.Rake), Commission: r.spare("commission", m.Commission), Detail: m.SettleDetail.Text(),
		Auto: yes(m.AutoSettle), EventTime: m.EventTime.Time(), CPExtra: m.CPExtra.Text(), Message: m.Message.Text(),
	}
}

func (c *Callback) refundRequest(m *message, r *reader) {
	c.number = r.id("refund_id", m.RefundID)
	n := &RefundRequest{
		AppID: c.appID, RefundID: c.number, OrderID: r.id("order_id", m.OrderID), OutOrderNo: r.id("out_order_no", m.OutOrderNo),
		Amount: r.amount("refund_total_amount", m.RefundAmount), NeedAudit: m.NeedAudit.Text() != "2", Deadline: m.Deadline.Time(),
		CreatedAt: m.CreateTime.Time(), Source: small(m.Source), Description: m.Description.Text(), Items: m.Items,
		Currency: m.Currency.Text(), CPExtra: m.CPExtra.Text(),
	}
	var reasons []douyin.Cell
	if json.Unmarshal(m.Reasons, &reasons) == nil { // texts for a person; in any other form they stay in Msg
		for _, reason := range reasons {
			n.Reasons = append(n.Reasons, reason.Text())
		}
	}
	c.RefundRequest = n
}
