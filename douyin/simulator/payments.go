package simulator

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// mostFen is the largest total_amount (PAY).
const mostFen = 10_000_000_000

var createOrderFields = []field{
	{"out_order_no", true, developerNumber},
	{"total_amount", true, integer(1, mostFen)},
	{"subject", true, goods},
	{"body", true, goods},
	{"valid_time", true, integer(0, 1<<31)}, // clamped to [300, 172800], not refused
	{"cp_extra", false, extra},
	{"notify_url", false, address},
	{"disable_msg", false, integer(0, 1)},
	{"msg_page", false, text(0, 1024)},
	{"store_uid", false, text(0, 64)},
	{"expand_order_info", false, object},
	{"limit_pay_way", false, text(0, 64)},
}

var queryOrderFields = []field{{"out_order_no", true, developerNumber}}

// ok is the envelope of every answer of ecpay.
type ok struct {
	ErrNo   int    `json:"err_no"`
	ErrTips string `json:"err_tips"`
}

type createOrderAnswer struct {
	ok
	Data struct {
		OrderID    string `json:"order_id"`
		OrderToken string `json:"order_token"`
	} `json:"data"`
}

// createOrder answers create_order. The same out_order_no again is the same order: the first
// request counts.
func (s *Server) createOrder(c *call) (any, *refusal) {
	f, b := c.form, s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	no := f.text("out_order_no")
	p := b.payments[no]
	if p == nil {
		p = b.addPayment(no, f.fen("total_amount"), s.cfg.Now())
		p.ValidUntil = p.CreatedAt.Add(time.Duration(min(max(f.fen("valid_time"), 300), 172800)) * time.Second)
		p.subject, p.body, p.appID = f.text("subject"), f.text("body"), f.text("app_id")
		p.cpExtra, p.notifyURL = cutExtra(f.text("cp_extra")), f.text("notify_url")
	} else if p.Amount != f.fen("total_amount") || p.subject != f.text("subject") || p.body != f.text("body") {
		b.notice(ChangedRequest, no, no, "create_order")
	}
	var out createOrderAnswer
	out.Data.OrderID, out.Data.OrderToken = p.OrderID, p.token
	return out, nil
}

// addPayment makes an unpaid order. The caller holds the lock.
func (b *bank) addPayment(no string, fen int64, now time.Time) *Payment {
	p := &Payment{OutOrderNo: no, OrderID: b.number(), Amount: fen, Status: Processing, CreatedAt: now}
	p.token = "token-" + p.OrderID
	b.payments[no] = p
	b.paymentNos = append(b.paymentNos, no)
	b.mu.touch(recordName{keptPayment, no})
	return p
}

// wayWeChat is the way of every payment here. WeChat allows 50 refunds for one order.
const (
	wayWeChat     = 1
	mostOfRefunds = 50
)

type queryOrderAnswer struct {
	ok
	OutOrderNo  string      `json:"out_order_no"`
	OrderID     string      `json:"order_id"`
	PaymentInfo paymentInfo `json:"payment_info"`
}

type paymentInfo struct {
	TotalFee         int64  `json:"total_fee"`
	OrderStatus      Status `json:"order_status"`
	PayTime          string `json:"pay_time"` // empty unless SUCCESS
	Way              int    `json:"way"`      // 0 unless SUCCESS
	ChannelNo        string `json:"channel_no"`
	ChannelGatewayNo string `json:"channel_gateway_no"`
	SellerUID        string `json:"seller_uid"`
	ItemID           string `json:"item_id"`
	CPExtra          string `json:"cp_extra"`
}

// beijing is the time zone of pay_time.
var beijing = time.FixedZone("CST", 8*60*60)

func (s *Server) queryOrder(c *call) (any, *refusal) {
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	payment := s.bank.payments[c.form.text("out_order_no")]
	if payment == nil {
		return nil, &refusal{codeNoRecord, "支付记录不存在", ""}
	}
	p := payment.at(s.cfg.Now())
	info := paymentInfo{TotalFee: p.Amount, OrderStatus: p.Status, SellerUID: sellerUID, CPExtra: p.cpExtra}
	if p.Status == Succeeded {
		info.PayTime, info.Way = p.PaidAt.In(beijing).Format("2006-01-02 15:04:05"), wayWeChat
	}
	return queryOrderAnswer{OutOrderNo: p.OutOrderNo, OrderID: p.OrderID, PaymentInfo: info}, nil
}

const sellerUID = "73744242495132490630"

// Errors of Pay.
var (
	ErrNoPayment = errors.New("simulator: no such order: create_order has not made it")
	ErrPaid      = errors.New("simulator: the order is paid already")
	ErrTimedOut  = errors.New("simulator: the order's time to pay is over")
)

// paymentMsg is the msg of a payment callback (PAY-CB).
type paymentMsg struct {
	AppID             string `json:"appid"`
	CPOrderNo         string `json:"cp_orderno"`
	CPExtra           string `json:"cp_extra"`
	Way               string `json:"way"`
	ChannelNo         string `json:"channel_no"`
	ChannelGatewayNo  string `json:"channel_gateway_no"`
	PaymentOrderNo    string `json:"payment_order_no"`
	OutChannelOrderNo string `json:"out_channel_order_no"`
	TotalAmount       int64  `json:"total_amount"`
	Status            Status `json:"status"`
	SellerUID         string `json:"seller_uid"`
	Extra             string `json:"extra"`
	ItemID            string `json:"item_id"`
	PaidAt            int64  `json:"paid_at"`
	Message           string `json:"message"`
	OrderID           string `json:"order_id"`
}

// Pay makes the user pay an order that create_order has made, and calls back. Errors: ErrNoPayment,
// ErrPaid, ErrTimedOut.
func (s *Server) Pay(outOrderNo string) error {
	now := s.cfg.Now()
	fate := s.fate(opCallbackPayment, outOrderNo)
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	p := s.bank.payments[outOrderNo]
	if p == nil {
		return ErrNoPayment
	}
	switch p.at(now).Status {
	case Succeeded:
		return ErrPaid
	case TimedOut:
		return ErrTimedOut
	default: // waits for its user
	}
	s.bank.pay(p, now)
	cb := delivery{op: opCallbackPayment, kind: "payment", number: outOrderNo, url: p.notifyURL, fate: fate, state: &p.Callback, of: recordName{keptPayment, outOrderNo}, msg: paymentMsg{
		AppID: p.appID, CPOrderNo: p.OutOrderNo, CPExtra: p.cpExtra, Way: strconv.Itoa(wayWeChat), TotalAmount: p.Amount,
		Status: Succeeded, SellerUID: sellerUID, PaidAt: now.Unix(), OrderID: p.OrderID,
	}}
	s.background(func(ctx context.Context) { s.deliver(ctx, cb, func() {}) })
	return nil
}

// pay moves the money in. The caller holds the lock.
func (b *bank) pay(p *Payment, at time.Time) {
	p.Status, p.PaidAt = Succeeded, at
	b.mu.touch(recordName{keptPayment, p.OutOrderNo})
	b.moved(p, Movement{at, "payment", p.OutOrderNo, p.OutOrderNo, p.Amount})
}

// AddPaid makes an order that was paid at some time in the past, as if create_order, the user and
// the callback had been there long ago. It is an error when the order exists or the amount (fen) is
// not positive.
func (s *Server) AddPaid(outOrderNo string, fen int64, paidAt time.Time) error {
	if outOrderNo == "" || len(outOrderNo) > 64 || fen < 1 {
		return fmt.Errorf("simulator: order %q of %d fen: want a number of 1 to 64 bytes and at least 1 fen", outOrderNo, fen)
	}
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	if s.bank.payments[outOrderNo] != nil {
		return fmt.Errorf("simulator: order %q exists", outOrderNo)
	}
	p := s.bank.addPayment(outOrderNo, fen, paidAt)
	p.appID, p.ValidUntil = s.cfg.AppID, paidAt.Add(300*time.Second)
	s.bank.pay(p, paidAt)
	return nil
}
