package douyin

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cell is one field of a message: its text, a number's literal digits, or whatever else stands
// there as JSON. Missing and null are empty. It takes everything, because a field that nobody needs
// may change its type without notice and must not lose a payment; whoever needs it asks for plain.
type Cell struct {
	text  string
	plain bool // it is text or a number
}

// UnmarshalJSON never fails on what the decoder lets through.
func (c *Cell) UnmarshalJSON(raw []byte) error {
	switch b := raw[0]; {
	case b == '"':
		c.plain = true
		return json.Unmarshal(raw, &c.text)
	case string(raw) == "null":
		*c = Cell{}
	default:
		*c = Cell{string(raw), b == '-' || b >= '0' && b <= '9'}
	}
	return nil
}

func (c Cell) orElse(other Cell) string {
	if c.text != "" {
		return c.text
	}
	return other.text
}

// spare is an integer that nobody needs: 0 where it is none.
func (c Cell) spare() int64 {
	n, err := strconv.ParseInt(c.text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// china is the zone of the times that Douyin writes as text.
var china = time.FixedZone("CST", 8*60*60)

// milliseconds are numbers of this size: as seconds they would lie after the year 5000.
const milliseconds = 100_000_000_000

// The years in which a time of Douyin's can lie: one outside is not told, and no database has to
// take it.
const (
	year2000 = 946_684_800
	year2101 = 4_133_980_800
)

// told is a time in seconds since 1970, 0 where it lies outside the years 2000 to 2100.
func told(seconds int64) int64 {
	if seconds < year2000 || seconds >= year2101 {
		return 0
	}
	return seconds
}

// moment is a time in seconds since 1970, as a number or as text, in seconds, milliseconds or
// "2006-01-02 15:04:05"; 0 where it is none of the years 2000 to 2100.
func (c Cell) moment() int64 {
	if at := c.Time(); !at.IsZero() {
		return at.Unix()
	}
	return 0
}

// Time is moment to the millisecond; the zero Time where it is none.
func (c Cell) Time() time.Time {
	at, err := time.ParseInLocation(time.DateTime, c.text, china)
	if err != nil {
		at = time.Unix(c.spare(), 0)
		if n := c.spare(); n >= milliseconds {
			at = time.UnixMilli(n)
		}
	}
	if told(at.Unix()) == 0 {
		return time.Time{}
	}
	return at
}

// Text is what stands there: the text, a number's literal digits, or JSON.
func (c Cell) Text() string { return c.text }

// Plain tells that it is text or a number, and not missing.
func (c Cell) Plain() bool { return c.plain }

// Int is the whole number that stands there, as a number or as text; ok is false where it is none.
func (c Cell) Int() (n int64, ok bool) {
	n, err := strconv.ParseInt(c.text, 10, 64)
	return n, err == nil && c.plain
}

// unread tells that something stands there that is no whole number. A missing field, null and an
// empty text say nothing.
func (c Cell) unread() bool {
	_, ok := c.Int()
	return !ok && c.text != ""
}

// message is every field of the three messages. Douyin's pages disagree on app_id and appid, and on
// numbers and texts.
type message struct {
	AppID    Cell `json:"appid"`
	AppIDToo Cell `json:"app_id"`

	OutOrderNo  Cell `json:"cp_orderno"`
	OutRefundNo Cell `json:"cp_refundno"`
	OutSettleNo Cell `json:"cp_settle_no"`

	OrderID      Cell `json:"order_id"`
	OrderNo      Cell `json:"out_order_no"`
	RefundNo     Cell `json:"refund_no"`
	SettleNo     Cell `json:"settle_no"`
	Status       Cell `json:"status"`
	TotalAmount  Cell `json:"total_amount"`
	RefundAmount Cell `json:"refund_amount"`
	SettleAmount Cell `json:"settle_amount"`
	Rake         Cell `json:"rake"`
	Commission   Cell `json:"commission"`
	AllSettled   Cell `json:"is_all_settled"`
	PaidAt       Cell `json:"paid_at"`
	RefundedAt   Cell `json:"refunded_at"`
	SettledAt    Cell `json:"settled_at"`
	WithdrawAt   Cell `json:"withdraw_at"`
	Way          Cell `json:"way"`
	ChannelNo    Cell `json:"channel_no"`
	SellerUID    Cell `json:"seller_uid"`
	ItemID       Cell `json:"item_id"`
	CPExtra      Cell `json:"cp_extra"`
	Extra        Cell `json:"extra"`
	SettleDetail Cell `json:"settle_detail"`
	Message      Cell `json:"message"`
}

// numberOf is the field that a message of a type must have, and its value.
func (m *message) numberOf(kind string) (field string, number Cell) {
	switch kind {
	case CallbackPayment:
		return "cp_orderno", m.OutOrderNo
	case CallbackRefund:
		return "cp_refundno", m.OutRefundNo
	case CallbackSettle:
		return "cp_settle_no", m.OutSettleNo
	}
	return "withdraw_at", m.WithdrawAt
}

// types are those whose message says by itself what it is about.
var types = []string{CallbackPayment, CallbackRefund, CallbackSettle, CallbackWithdraw}

// kind is the type that the signed message itself speaks of; empty when it speaks of none that is
// known, or of two.
func (m *message) kind() string {
	found := ""
	for _, k := range types {
		switch _, number := m.numberOf(k); {
		case number.text == "":
		case found != "":
			return "" // nobody can say which it is about
		default:
			found = k
		}
	}
	return found
}

// readMessage parses the signed message and holds the unsigned type against it. The only error is
// ErrCallbackType; what cannot be understood stands in c.Unread.
func (c *Callback) readMessage() error {
	switch {
	case c.Type == CallbackTransfer || c.Type == CallbackSettleFinish:
		return nil // stored, never acted upon
	case !slices.Contains(types, c.Type): // also none, or one that is no text
		c.Unread = "type"
		return nil
	}
	var m message
	if err := json.Unmarshal([]byte(c.Msg), &m); err != nil {
		c.Unread = "msg"
		return nil //nolint:nilerr // it is signed: kept for a person, and no failure
	}
	c.appID = m.AppID.orElse(m.AppIDToo)
	kind := m.kind()
	if kind != "" && kind != c.Type {
		return ErrCallbackType
	}
	if c.Type == CallbackWithdraw {
		return nil
	}
	field, number := m.numberOf(c.Type)
	var r strict
	r.number(field, number)
	if kind == "" {
		r.fault(field) // it is missing, or another one stands beside it
	}
	r.status(c.Type, m.Status)
	c.notice(&m, number.text, &r)
	if c.Unread = r.field; c.Unread != "" {
		c.Payment, c.Refund, c.Settle = nil, nil, nil
		if number.plain {
			c.number = number.text
		}
	}
	return nil
}

// notice fills the one of Payment, Refund and Settle that the type names.
func (c *Callback) notice(m *message, number string, r *strict) {
	switch c.Type {
	case CallbackPayment:
		c.Payment = &PaymentNotice{
			AppID: c.appID, OutOrderNo: number, OrderID: m.OrderID.text, Status: Result(m.Status.text),
			TotalAmount: r.fen("total_amount", m.TotalAmount), PaidAt: m.PaidAt.moment(),
			Way: m.Way.text, ChannelNo: m.ChannelNo.text, SellerUID: m.SellerUID.text, ItemID: m.ItemID.text,
			CPExtra: m.CPExtra.text, Extra: m.Extra.text, Message: m.Message.text,
		}
	case CallbackRefund:
		c.Refund = &RefundNotice{
			AppID: c.appID, OutRefundNo: number, RefundNo: m.RefundNo.text, OrderID: m.OrderID.text,
			Status: Result(m.Status.text), Amount: r.fen("refund_amount", m.RefundAmount),
			AllSettled: m.AllSettled.text == "true" || m.AllSettled.text == "1",
			RefundedAt: m.RefundedAt.moment(), CPExtra: m.CPExtra.text, Message: m.Message.text,
		}
	case CallbackSettle:
		amount := m.SettleAmount
		if amount == (Cell{}) { // old callbacks have none
			amount = Cell{"0", true}
		}
		c.Settle = &SettleNotice{
			AppID: c.appID, OutSettleNo: number, SettleNo: m.SettleNo.text, OutOrderNo: m.OrderNo.text,
			OrderID: m.OrderID.text, Status: Result(m.Status.text), Amount: r.fen("settle_amount", amount),
			Rake: m.Rake.spare(), Commission: m.Commission.spare(), Detail: m.SettleDetail.text,
			SettledAt: m.SettledAt.moment(), CPExtra: m.CPExtra.text, Message: m.Message.text,
		}
	}
}

// strict reads what a callback is acted upon by, the number, the status and the amount, and
// remembers the first that is not what it must be.
type strict struct{ field string }

func (s *strict) fault(field string) {
	if s.field == "" {
		s.field = field
	}
}

// number is one that the shop can have given: a longer one is none of its, nor one with a space at
// its end, which to MySQL is the same as without.
func (s *strict) number(field string, c Cell) {
	if !c.plain || c.text == "" || strings.TrimSpace(c.text) != c.text || len(c.text) > MaxOrderIDBytes {
		s.fault(field)
	}
}

// status is one of Douyin's words: of any other nobody knows whether money has moved.
func (s *strict) status(kind string, c Cell) {
	switch Result(c.text) {
	case ResultSuccess, ResultFail, ResultProcessing:
		return
	case ResultTimeout:
		if kind == CallbackPayment {
			return
		}
	}
	s.fault("status")
}

// fen is an amount, which must be there, whole and not negative.
func (s *strict) fen(field string, c Cell) int64 {
	n, ok := c.Int()
	if !ok || n < 0 {
		s.fault(field)
		return 0
	}
	return n
}
