package douyin

import "context"

// PaymentOrder is what create_order asks (PAY). Asking again with the same OutOrderNo is the same
// order: the first request counts, changes are ignored.
type PaymentOrder struct {
	OutOrderNo  string // the shop's number: [0-9A-Za-z_\-*], at most 64; the order push names it again
	TotalAmount int64  // fen, 1 to MaxFen
	Subject     string // at most 128 bytes
	Body        string // at most 128 bytes
	ValidTime   int64  // seconds until the payment must be made, 300 to 172800

	CPExtra         string // comes back in the callback, at most 2048 bytes
	NotifyURL       string // https, at most 256 bytes; empty: Config.NotifyURL
	DisableMsg      bool   // Douyin sends the buyer no message
	MsgPage         string // page that the message opens
	StoreUID        string // of white-listed merchants with several stores, at most 64 bytes
	ExpandOrderInfo string // JSON text, signed and sent as it is
	LimitPayWay     string // LIMIT_WX, LIMIT_ALI, LIMIT_DYZF, comma separated
}

// CreatedOrder is what tt.pay needs on the phone. OrderToken lets its holder pay; it is masked in
// the Receipt.
type CreatedOrder struct {
	OrderID    string // Douyin's number: text, never an integer
	OrderToken string // for tt.pay
}

// OrderPayment is query_order's answer (PAY-QUERY).
type OrderPayment struct {
	OutOrderNo       string // the shop's number
	OrderID          string // Douyin's number
	Status           Result // PROCESSING, SUCCESS, FAIL, TIMEOUT
	TotalFee         int64  // fen
	PayTime          string // "2006-01-02 15:04:05", China's time; empty unless SUCCESS
	Way              int    // 1 WeChat, 2 Alipay, 10 Douyin Pay; 0 unless SUCCESS
	ChannelNo        string // of WeChat or Alipay; may be empty
	ChannelGatewayNo string // the same at the bank; may be empty
	SellerUID        string // who receives the money
	ItemID           string // of the video it was bought from
	CPExtra          string // as it was sent
}

// CreateOrder makes a payment order. A Receipt comes also with an error; MayHave of the error tells
// that the order may exist: ask again with the same number and content.
func (c *Client) CreateOrder(ctx context.Context, o PaymentOrder) (CreatedOrder, Receipt, error) {
	p := c.params()
	p.no("out_order_no", o.OutOrderNo)
	p.number("total_amount", o.TotalAmount, 1, MaxFen)
	p.text("subject", o.Subject, 1, MaxSubjectBytes)
	p.text("body", o.Body, 1, MaxSubjectBytes)
	p.number("valid_time", o.ValidTime, MinValidSeconds, MaxValidSeconds)
	p.text("cp_extra", o.CPExtra, 0, MaxExtraBytes)
	p.notify(o.NotifyURL, c.cfg.NotifyURL)
	p.flag("disable_msg", o.DisableMsg)
	p.text("msg_page", o.MsgPage, 0, MaxDetailURLBytes)
	p.text("store_uid", o.StoreUID, 0, 64)
	p.jsonText("expand_order_info", o.ExpandOrderInfo, 0)
	p.text("limit_pay_way", o.LimitPayWay, 0, 64)
	var got createdAnswer
	r, err := c.ecpay(ctx, OpOrderCreate, "create_order", p, &got)
	if err == nil && (got.Data.OrderID == "" || got.Data.OrderToken == "") {
		err = lacking(OpOrderCreate, r)
	}
	if err != nil {
		return CreatedOrder{}, r, err
	}
	return CreatedOrder{string(got.Data.OrderID), string(got.Data.OrderToken)}, r, nil
}

type createdAnswer struct {
	Data struct {
		OrderID    loose `json:"order_id"`
		OrderToken loose `json:"order_token"`
	} `json:"data"`
}

func (a *createdAnswer) secret() string { return string(a.Data.OrderToken) }

// QueryOrder asks how a payment stands. ErrNotFound: Douyin knows no such order (yet).
func (c *Client) QueryOrder(ctx context.Context, outOrderNo string) (OrderPayment, Receipt, error) {
	p := c.params()
	p.no("out_order_no", outOrderNo)
	var got struct {
		OutOrderNo  loose `json:"out_order_no"`
		OrderID     loose `json:"order_id"`
		PaymentInfo struct {
			TotalFee         loose `json:"total_fee"`
			OrderStatus      loose `json:"order_status"`
			PayTime          loose `json:"pay_time"`
			Way              loose `json:"way"`
			ChannelNo        loose `json:"channel_no"`
			ChannelGatewayNo loose `json:"channel_gateway_no"`
			SellerUID        loose `json:"seller_uid"`
			ItemID           loose `json:"item_id"`
			CPExtra          loose `json:"cp_extra"`
		} `json:"payment_info"`
	}
	r, err := c.ecpay(ctx, OpOrderQuery, "query_order", p, &got)
	if err != nil {
		return OrderPayment{}, r, err
	}
	var read reader
	i := got.PaymentInfo
	answer := OrderPayment{
		OutOrderNo: outOrderNo, OrderID: string(got.OrderID), Status: Result(i.OrderStatus),
		TotalFee: read.fen("total_fee", i.TotalFee), PayTime: string(i.PayTime), Way: int(read.number("way", i.Way)),
		ChannelNo: string(i.ChannelNo), ChannelGatewayNo: string(i.ChannelGatewayNo), SellerUID: string(i.SellerUID),
		ItemID: string(i.ItemID), CPExtra: string(i.CPExtra),
	}
	if answer.Status == "" || read.field != "" || (got.OutOrderNo != "" && string(got.OutOrderNo) != outOrderNo) {
		return OrderPayment{}, r, lacking(OpOrderQuery, r)
	}
	return answer, r, nil
}
