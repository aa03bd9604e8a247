package gateway

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

// Payments are Douyin's create_order and query_order, signed for the caller: the salt stays in the
// process. A *douyin.Client is one.
type Payments interface {
	CreateOrder(ctx context.Context, o douyin.PaymentOrder) (douyin.CreatedOrder, douyin.Receipt, error)
	QueryOrder(ctx context.Context, outOrderNo string) (douyin.OrderPayment, douyin.Receipt, error)
}

var _ Payments = (*douyin.Client)(nil)

// PaymentRequest is a payment of ecpay: create_order under Douyin's own names, without what the gateway adds: app_id,
// thirdparty_id and sign.
type PaymentRequest struct {
	// the shop's number: [0-9A-Za-z_\-*], at most 64; the order push names it again
	OutOrderNo  string `json:"out_order_no"`
	TotalAmount int64  `json:"total_amount"` // fen, 1 to 10000000000
	Subject     string `json:"subject"`      // at most 128 bytes
	Body        string `json:"body"`         // at most 128 bytes
	ValidTime   int64  `json:"valid_time"`   // seconds, 300 to 172800

	CPExtra         string `json:"cp_extra"`          // comes back in the callback
	NotifyURL       string `json:"notify_url"`        // empty: douyin.notify_url
	DisableMsg      bool   `json:"disable_msg"`       // Douyin sends the buyer no message
	MsgPage         string `json:"msg_page"`          // page that the message opens
	StoreUID        string `json:"store_uid"`         // of a merchant with several stores
	ExpandOrderInfo string `json:"expand_order_info"` // JSON text, signed and sent as it is
	LimitPayWay     string `json:"limit_pay_way"`     // LIMIT_WX, LIMIT_ALI, LIMIT_DYZF, comma separated
}

// Payment is what tt.pay needs on the phone.
type Payment struct {
	OutOrderNo string `json:"out_order_no"` // the shop's number
	OrderID    string `json:"order_id"`     // Douyin's number
	OrderToken string `json:"order_token"`  // lets its holder pay
}

// PaymentStatus is Douyin's answer to query_order of ecpay.
type PaymentStatus struct {
	System      string `json:"system"`                       // ecpay
	OutOrderNo  string `json:"out_order_no"`                 // the shop's number
	OrderID     string `json:"order_id"`                     // Douyin's number
	OrderStatus string `json:"order_status"`                 // PROCESSING, SUCCESS, FAIL, TIMEOUT
	TotalFee    int64  `json:"total_fee"`                    // fen
	PayTime     string `json:"pay_time,omitempty"`           // "2006-01-02 15:04:05", China's time; empty: not paid
	Way         int    `json:"way,omitempty"`                // 1 WeChat, 2 Alipay, 10 Douyin Pay
	ChannelNo   string `json:"channel_no,omitempty"`         // of WeChat or Alipay; may be empty
	GatewayNo   string `json:"channel_gateway_no,omitempty"` // the same at the bank; may be empty
	SellerUID   string `json:"seller_uid,omitempty"`         // who receives the money
	ItemID      string `json:"item_id,omitempty"`            // of the video it was bought from; may be empty
	CPExtra     string `json:"cp_extra,omitempty"`           // as it was sent
}

// order is what is sent. The limits are held by package douyin, before anything is sent and under
// the same names.
func (p PaymentRequest) order() douyin.PaymentOrder {
	return douyin.PaymentOrder{
		OutOrderNo: p.OutOrderNo, TotalAmount: p.TotalAmount, Subject: p.Subject, Body: p.Body, ValidTime: p.ValidTime,
		CPExtra: p.CPExtra, NotifyURL: p.NotifyURL, DisableMsg: p.DisableMsg, MsgPage: p.MsgPage, StoreUID: p.StoreUID,
		ExpandOrderInfo: p.ExpandOrderInfo, LimitPayWay: p.LimitPayWay,
	}
}

func paymentStatus(p douyin.OrderPayment) PaymentStatus {
	return PaymentStatus{
		System: ofEcpay, OutOrderNo: p.OutOrderNo, OrderID: p.OrderID, OrderStatus: string(p.Status), TotalFee: p.TotalFee, PayTime: p.PayTime,
		Way: p.Way, ChannelNo: p.ChannelNo, GatewayNo: p.ChannelGatewayNo, SellerUID: p.SellerUID, ItemID: p.ItemID, CPExtra: p.CPExtra,
	}
}

// createPayment makes a payment in the system that its number is of, or that of new ones.
func (g *Gateway) createPayment(w http.ResponseWriter, r *http.Request) error {
	body, err := readJSON(w, r, true)
	if err != nil {
		return err
	}
	system, known, err := g.systemOf(r.Context(), numberIn(body))
	if err != nil {
		return unavailable("the payment was not made: ask again with the same number", err)
	}
	if system == ofTrade {
		var req TradePaymentRequest
		if err := decode(body, &req); err != nil {
			return foreignField(err, known, system, req, PaymentRequest{})
		}
		return g.signPayment(w, r, req)
	}
	var req PaymentRequest
	if err := decode(body, &req); err != nil {
		return foreignField(err, known, system, req, TradePaymentRequest{})
	}
	if g.Payments == nil {
		return errNotSetUp
	}
	created, _, err := g.Payments.CreateOrder(r.Context(), req.order())
	if err != nil {
		return orUnavailable(err, "it is not known whether Douyin took the payment: ask again with the same number")
	}
	return g.reply(w, http.StatusOK, Payment{req.OutOrderNo, created.OrderID, created.OrderToken})
}

// queryPayment tells how a payment stands. A number that nobody here knows may be of either system,
// because shops make payments without us too.
func (g *Gateway) queryPayment(w http.ResponseWriter, r *http.Request) error {
	no := r.PathValue("out_order_no")
	if err := tasks.CheckNumber("out_order_no", no); err != nil {
		return err
	}
	system, known, err := g.systemOf(r.Context(), no)
	if err != nil {
		return unavailable("what is known of the payment cannot be read now", err)
	}
	err = g.tellPayment(w, r, system, no)
	if known || !errors.Is(err, douyin.ErrNotFound) && !errors.Is(err, errNotSetUp) {
		return err
	}
	other := ofEcpay
	if system == ofEcpay {
		other = ofTrade
	}
	if second := g.tellPayment(w, r, other, no); !errors.Is(second, douyin.ErrNotFound) && !errors.Is(second, errNotSetUp) {
		return second
	}
	return err
}

// tellPayment answers with a payment of one system, or returns an error and has not answered.
func (g *Gateway) tellPayment(w http.ResponseWriter, r *http.Request, system, no string) error {
	var status any
	var err error
	switch {
	case system == ofTrade && g.TradePayments != nil:
		status, err = g.TradePayments.TradePayment(r.Context(), no)
	case system != ofTrade && g.Payments != nil:
		var payment douyin.OrderPayment
		payment, _, err = g.Payments.QueryOrder(r.Context(), no)
		status = paymentStatus(payment)
	default:
		return errNotSetUp
	}
	if err != nil {
		return orUnavailable(err, "Douyin cannot be asked now")
	}
	return g.reply(w, http.StatusOK, status)
}

// douyinProblem gives the errors of a call to Douyin their status; nil for any other error.
// Douyin's words are shown: they are what the caller must read. douyin.Error.Message holds no
// secrets.
func douyinProblem(err error) *Problem {
	var field *douyin.FieldError
	if errors.As(err, &field) && !errors.Is(err, douyin.ErrConfiguration) { // that one is not the caller's
		return &Problem{Status: http.StatusUnprocessableEntity, Field: field.Field, Detail: field.Reason}
	}
	var d *douyin.Error
	if !errors.As(err, &d) {
		return nil
	}
	p := &Problem{Status: http.StatusBadGateway, Code: d.Code, LogID: d.LogID, wait: d.RetryAfter, cause: err}
	switch d.Kind {
	case douyin.Rejected, douyin.Doubtful:
		p.Status, p.Detail = http.StatusUnprocessableEntity, "Douyin refuses: "+d.Message
		if errors.Is(err, douyin.ErrNotFound) {
			p.Status, p.Detail = http.StatusNotFound, "Douyin has no such record: "+d.Message
		}
	case douyin.Throttled, douyin.Paused:
		p.Status, p.Detail = http.StatusServiceUnavailable, "Douyin takes no calls for the moment: ask again"
	case douyin.Unauthorized:
		p.Detail = "Douyin refuses this app's credentials: the gateway's operator must correct them"
	case douyin.Unavailable:
		p.Detail = "Douyin gave no usable answer: ask again with the same number"
	}
	return p
}

// seconds is a wait as Retry-After takes it: whole seconds, rounded up, at least 1.
func seconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}
