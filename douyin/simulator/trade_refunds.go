package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

var refundRules = []fieldRule{
	{"order_id", true, isText(1, 64)},
	{"out_refund_no", true, isText(1, 64)},
	{"cp_extra", true, isText(0, 2048)},
	{"order_entry_schema", true, isSchema},
	{"refund_total_amount", true, isInt(1, mostFen)},
	{"item_order_detail", false, isArray(1, 1000, isObject(
		fieldRule{"item_order_id", true, isText(1, 64)}, fieldRule{"refund_amount", true, isInt(1, mostFen)}))},
	{"refund_all", false, isBool},
	{"refund_reason", true, isArray(1, 10, isObject(
		fieldRule{"code", true, isOneOfInts(101, 102, 103, 999)}, fieldRule{"text", true, isShort(1, 49)}))},
	{"notify_url", false, isAddress},
	{"currency", false, isOneOfTexts(diamond)},
}

// mostItems is how many items one refund may name.
const mostItems = 99

type refundAnswer struct {
	RefundID string `json:"refund_id"`
	Deadline int64  `json:"refund_audit_deadline"` // milliseconds
}

// refundCreate answers refund_create. Such refunds need no audit: success means that the result
// comes, by callback and by query. A number that was refused can be used again.
func (s *Server) refundCreate(c *call, app string) (any, *refusal) {
	t, v, now := s.trade, &c.tree, s.cfg.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	no, content := v.str("out_refund_no"), canonical(v)
	if r := t.byRefund[own(app, no)]; r != nil {
		if r.content != content {
			t.notice(ChangedRequest, r.OutOrderNo, no, "refund_create")
			return nil, &refusal{codeRefundExists, "退款单号已使用", "with other content"}
		}
		return nil, &refusal{codeRefundExists, "退款单号已使用", ""}
	}
	o, refused := t.named(c, app)
	if refused != nil {
		return nil, refused
	}
	parts, refused := refundParts(o, v)
	if refused == nil {
		refused = t.refundable(o, parts, v.num("refund_total_amount"), now)
	}
	if refused != nil {
		return nil, refused
	}
	r := t.openRefund(o, parts, SourceDeveloper, now)
	r.OutRefundNo, r.numbered, r.content, r.Audit, r.Deadline = no, true, content, AuditAgreed, now.Add(s.cfg.Trade.AuditWindow)
	r.cpExtra, r.notifyURL = v.str("cp_extra"), v.str("notify_url")
	for _, reason := range v.list("refund_reason") {
		r.about += strconv.FormatInt(reason.num("code"), 10) + reason.str("text") + "\n"
	}
	t.byRefund[own(app, no)] = r
	s.agree(c, r)
	return refundAnswer{r.RefundID, r.Deadline.UnixMilli()}, nil
}

// canonical is a body in one form, whatever the order of its fields.
func canonical(v *value) string {
	switch v.kind {
	case 'o':
		list := make([]string, 0, len(v.members))
		for i := range v.members {
			list = append(list, strconv.Quote(v.members[i].name)+":"+canonical(&v.members[i].value))
		}
		slices.Sort(list)
		return "{" + strings.Join(list, ",") + "}"
	case 'a':
		list := make([]string, 0, len(v.items))
		for i := range v.items {
			list = append(list, canonical(&v.items[i]))
		}
		return "[" + strings.Join(list, ",") + "]"
	case 's':
		return strconv.Quote(v.text)
	}
	return v.text
}

// refundParts are the shares of a refund_create by item.
func refundParts(o *TradeOrder, v *value) ([]TradePart, *refusal) {
	wrong := func(reason string) ([]TradePart, *refusal) {
		return nil, &refusal{codeTradeParameter, "参数错误", reason}
	}
	all, list := v.str("refund_all") == "true", v.list("item_order_detail")
	switch {
	case (v.str("currency") == diamond) != (o.Currency == diamond):
		return wrong("currency: is not the order's")
	case all && v.find("item_order_detail") != nil:
		return wrong("item_order_detail: must not stand beside refund_all")
	case !all && len(list) == 0:
		return wrong("item_order_detail: is missing")
	case len(list) > mostItems:
		return nil, &refusal{codeRefundItems, "退款商品单数量超过限制", ""}
	}
	if all {
		return allParts(o), nil
	}
	var parts []TradePart
	var sum int64
	for i := range list {
		p := TradePart{list[i].str("item_order_id"), list[i].num("refund_amount")}
		if o.item(p.ItemOrderID) == nil {
			return wrong("item_order_detail.item_order_id: is no item of the order")
		}
		if slices.ContainsFunc(parts, func(q TradePart) bool { return q.ItemOrderID == p.ItemOrderID }) {
			return wrong("item_order_detail.item_order_id: comes twice")
		}
		parts, sum = append(parts, p), sum+p.Amount
	}
	if sum != v.num("refund_total_amount") {
		return wrong("refund_total_amount: is not the sum of the items")
	}
	return parts, nil
}

// allParts are all that was paid.
func allParts(o *TradeOrder) []TradePart {
	var parts []TradePart
	for _, i := range o.Items {
		parts = append(parts, TradePart{i.ItemOrderID, i.Paid})
	}
	return parts
}

// mostRefunds is how many refunds an order may have, by channel; 0: no bound is published.
var mostRefunds = map[int64]int{channelWeChat: 50, channelAlipay: 300}

// refundable tells why parts of an order cannot be refunded now. amount is what the caller thinks
// they are together. The caller holds the lock.
func (t *trade) refundable(o *TradeOrder, parts []TradePart, amount int64, now time.Time) *refusal {
	refunded, refunding, _, _ := o.sums()
	all := slices.Equal(parts, allParts(o)) && amount == o.paid()
	switch most := mostRefunds[o.Channel]; {
	case o.PayStatus != Succeeded:
		return &refusal{codeRefundUnpaid, "订单未支付或已关闭", ""}
	case now.Sub(o.PaidAt) > oneYear:
		return &refusal{codeTradeState, "订单已超过一年，不支持退款", ""}
	case refunding > 0:
		return &refusal{codeRefundState, "商品单状态不允许退款", "a refund is under way"}
	case refunded >= o.paid():
		return &refusal{codeRefundNothing, "无可退金额", ""}
	case most > 0 && o.refunds >= most:
		return &refusal{codeTradeState, "退款次数超过限制", fmt.Sprintf("%d are allowed", most)}
	case all && refunded > 0:
		return &refusal{codeRefundState, "商品单状态不允许退款", "refund_all, and a refund was made"}
	}
	var sum int64
	for _, p := range parts {
		i := o.item(p.ItemOrderID)
		if sum += p.Amount; p.Amount > i.Paid-i.Refunded {
			t.notice(TooMuch, o.OutOrderNo, p.ItemOrderID, fmt.Sprintf("refund of %d, %d are left", p.Amount, i.Paid-i.Refunded))
			return &refusal{codeRefundTooMuch, "退款金额超过可退金额", ""}
		}
	}
	if sum != amount {
		return &refusal{codeRefundTooMuch, "退款金额与支付金额不一致", "refund_all, and refund_total_amount is not what was paid"}
	}
	return nil
}

// openRefund makes a refund and keeps its amounts. The caller holds the lock and has found it
// refundable.
func (t *trade) openRefund(o *TradeOrder, parts []TradePart, source int, now time.Time) *TradeRefund {
	r := &TradeRefund{
		RefundID: t.platformID(), OrderID: o.OrderID, OutOrderNo: o.OutOrderNo, Items: parts, Status: Processing, Source: source,
		Audit: AuditInit, CreatedAt: now, order: o,
	}
	for _, p := range parts {
		r.Amount += p.Amount
		o.item(p.ItemOrderID).Refunding += p.Amount
	}
	t.touchOrder(o)
	t.touchRefund(r)
	o.refunds++
	t.refunds = append(t.refunds, r)
	t.byRefund[r.RefundID] = r
	return r
}

// release lets the kept amounts of a refund go; done says that they left. The caller holds the
// lock.
func (r *TradeRefund) release(done bool) {
	for _, p := range r.Items {
		i := r.order.item(p.ItemOrderID)
		i.Refunding -= p.Amount
		if done {
			i.Refunded += p.Amount
		}
	}
}

// agree sends a refund on the way to its result. The caller holds the lock.
func (s *Server) agree(c *call, r *TradeRefund) {
	if r.agreed || r.Status != Processing {
		return
	}
	s.trade.touchRefund(r)
	r.agreed = true
	number := r.OutRefundNo
	if number == "" {
		number = r.RefundID
	}
	s.tradeResult(c, opTradeRefundResult, opTradeCallRefund, number, func(fails bool) (notification, bool) { return s.endRefund(r, fails) })
}

// itemsMsg is refund_item_detail.
type itemsMsg struct {
	Quantity int         `json:"item_order_quantity"`
	Items    []TradePart `json:"item_order_detail"`
}

// tradeRefundMsg is msg of a refund callback.
type tradeRefundMsg struct {
	AppID        string   `json:"app_id"`
	Status       Status   `json:"status"`
	OrderID      string   `json:"order_id"`
	CPExtra      string   `json:"cp_extra"`
	Message      string   `json:"message"`
	EventTime    int64    `json:"event_time"` // milliseconds
	RefundID     string   `json:"refund_id"`
	OutRefundNo  string   `json:"out_refund_no"`
	Amount       int64    `json:"refund_total_amount"`
	IsAllSettled bool     `json:"is_all_settled"`
	Detail       itemsMsg `json:"refund_item_detail"`
	RefundType   int      `json:"refund_type,omitempty"` // 1 user, 2 developer, 4 service
	Currency     string   `json:"currency,omitempty"`
}

// endRefund gives an agreed refund its result. It tells false when the refund was forgotten.
func (s *Server) endRefund(r *TradeRefund, fails bool) (notification, bool) {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	o := r.order
	if !t.held(o) || r.Status != Processing {
		return notification{}, false
	}
	t.touchOrder(o)
	t.touchRefund(r)
	r.FinishedAt = s.cfg.Now()
	if r.Status = Succeeded; fails {
		r.Status, r.Message = Failed, "商户可用余额不足，退款失败"
	}
	r.release(!fails)
	if !fails {
		t.moved(o, Movement{r.FinishedAt, "refund", r.RefundID, r.OutOrderNo, r.Amount})
	}
	_, _, settled, _ := o.sums()
	refunded, _, _, _ := o.sums()
	msg := tradeRefundMsg{
		AppID: o.AppID, Status: r.Status, OrderID: o.OrderID, CPExtra: r.cpExtra, Message: r.Message, EventTime: r.FinishedAt.UnixMilli(),
		RefundID: r.RefundID, OutRefundNo: r.OutRefundNo, Amount: r.Amount, IsAllSettled: settled > 0 && settled+refunded >= o.paid(),
		Detail: itemsMsg{len(r.Items), r.Items}, RefundType: r.Source,
	}
	if r.Source == SourceExpiry {
		msg.RefundType = 0 // the published list has no number for it
	}
	if o.Currency == diamond {
		msg.Currency = diamond
	}
	return notification{kind: "refund", app: o.AppID, url: r.notifyURL, pauses: refundPauses, state: &r.Callback, of: r.recordName(), msg: msg}, true
}
