package simulator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// tradeSettleRules allow settle_desc 80 characters, as ecpay does; UNCONFIRMED for trade.
var tradeSettleRules = []fieldRule{
	{"app_id", true, isText(1, 64)},
	{"out_order_no", true, isText(1, 64)},
	{"out_settle_no", true, isText(1, 64)},
	{"settle_desc", true, isShort(1, 80)},
	{"settle_params", false, isReceivers},
	{"item_order_id", false, isText(1, 64)},
	{"ext", false, isText(0, 2048)},
	{"notify_url", false, isAddress},
}

// isReceivers is settle_params: text of at most 512 bytes that holds an array of receivers.
func isReceivers(v *value) *flaw {
	if f := isText(1, 512)(v); f != nil {
		return f
	}
	if _, _, wrong := readReceivers(v.text); wrong != "" {
		return bad("%s", wrong)
	}
	return nil
}

type tradeSettleAnswer struct {
	SettleID string `json:"settle_id"`
	WalletID string `json:"wallet_settle_id"`
}

// settleCreate answers settle_create: everything that is left of the order, or of one item, leaves
// the transit account. Success means accepted. A number that was refused can be used again.
func (s *Server) settleCreate(c *call, app string) (any, *refusal) {
	t, v := s.trade, &c.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	no, content := v.str("out_settle_no"), canonical(v)
	if st := t.bySettle[own(app, no)]; st != nil {
		if st.source != content {
			t.notice(ChangedRequest, st.OutOrderNo, no, "settle_create")
			return nil, &refusal{codeSettleExists, "结算单号已存在", "with other content"}
		}
		return nil, &refusal{codeSettleExists, "结算单号已存在", ""}
	}
	o := t.byOrder[own(app, v.str("out_order_no"))]
	item, refused := t.settleItem(o, v.str("item_order_id"))
	if refused != nil {
		return nil, refused
	}
	if s.cfg.Trade.AutoSettle {
		return nil, &refusal{codeSettleAuto, "应用已配置自动结算", ""}
	}
	if refused := s.settleableTrade(o, item); refused != nil {
		return nil, refused
	}
	st := t.openSettlement(o, item, s.cfg.Now())
	if _, shares, _ := readReceivers(v.str("settle_params")); shares > st.Amount {
		t.dropSettlement(st)
		t.notice(TooMuch, o.OutOrderNo, no, fmt.Sprintf("settle_params of %d, %d are left", shares, st.Amount))
		return nil, &refusal{codeSettleNothing, "可结算金额不足", ""}
	}
	st.OutSettleNo, st.source, st.Params = no, content, v.str("settle_params")
	st.ext, st.notifyURL, st.desc = v.str("ext"), v.str("notify_url"), v.str("settle_desc")
	t.bySettle[own(app, no)] = st
	s.tradeResult(c, opTradeSettleResult, opTradeCallSettle, no, func(fails bool) (notification, bool) { return s.endSettlement(st, fails) })
	return tradeSettleAnswer{st.SettleID, st.walletID}, nil
}

// settleItem is the item that is to be settled; nil: the whole order. The caller holds the lock.
func (t *trade) settleItem(o *TradeOrder, id string) (*TradeItem, *refusal) {
	switch {
	case o == nil:
		return nil, &refusal{codeSettleUnknown, "订单不存在", ""}
	case id == "":
		return nil, nil
	}
	if item := o.item(id); item != nil {
		return item, nil
	}
	for _, other := range t.orders {
		if other.item(id) != nil {
			return nil, &refusal{codeSettleForeignItem, "商品单不属于该订单", ""}
		}
	}
	return nil, &refusal{codeSettleItem, "商品单不存在", ""}
}

// settleableTrade tells why an order or one of its items cannot be settled now. The caller holds
// the lock.
func (s *Server) settleableTrade(o *TradeOrder, item *TradeItem) *refusal {
	refunded, refunding, settled, settling := o.sums()
	since := o.PaidAt
	if o.goods.fulfil {
		since = o.fulfilledAt
	}
	early := codeSettleEarly
	if item != nil {
		early = codeSettleNoItem
	}
	switch {
	case o.PayStatus != Succeeded:
		return &refusal{codeSettleUnpaid, "订单未支付", ""}
	case since.IsZero() || s.cfg.Now().Sub(since) < s.cfg.Trade.SettleAfter:
		return &refusal{early, "订单未完结，未到可结算时间", ""}
	case refunding > 0:
		return &refusal{codeSettleNoItem, "无可结算的商品单", "a refund is under way"}
	case item == nil && s.trade.hasItemSettlement(o):
		return &refusal{codeSettleItems, "已存在券维度结算", ""}
	case settling > 0:
		return &refusal{codeSettleNothing, "无可结算金额", "a settlement is under way"}
	case item == nil && settled+refunded >= o.paid(), item != nil && item.Settled+item.Refunded >= item.Paid:
		return &refusal{codeSettleNothing, "无可结算金额", ""}
	}
	return nil
}

func (t *trade) hasItemSettlement(o *TradeOrder) bool {
	for _, st := range t.settlements {
		if st.order == o && st.ItemOrderID != "" && st.Status != Failed {
			return true
		}
	}
	return false
}

// openSettlement makes a settlement and keeps its amounts. The caller holds the lock and has found
// it possible.
func (t *trade) openSettlement(o *TradeOrder, item *TradeItem, now time.Time) *TradeSettlement {
	st := &TradeSettlement{
		SettleID: t.settleID(), OrderID: o.OrderID, OutOrderNo: o.OutOrderNo, Status: Processing, CreatedAt: now,
		order: o, shares: map[*TradeItem]int64{}, walletID: t.settleID(),
	}
	if item != nil {
		st.ItemOrderID = item.ItemOrderID
	}
	for i := range o.Items {
		each := &o.Items[i]
		if item != nil && each != item {
			continue
		}
		left := max(0, each.Paid-each.Refunded-each.Refunding-each.Settled-each.Settling)
		each.Settling += left
		st.shares[each], st.Amount = left, st.Amount+left
	}
	t.touchOrder(o)
	t.touchSettlement(st)
	t.settlements = append(t.settlements, st)
	t.bySettle[st.SettleID] = st
	return st
}

// dropSettlement forgets the newest settlement. The caller holds the lock.
func (t *trade) dropSettlement(st *TradeSettlement) {
	st.release(false)
	t.settlements = t.settlements[:len(t.settlements)-1]
	delete(t.bySettle, st.SettleID)
}

func (st *TradeSettlement) release(done bool) {
	for item, amount := range st.shares {
		item.Settling -= amount
		if done {
			item.Settled += amount
		}
	}
}

// rake is Douyin's fee of 0.6 %, rounded down.
func (st *TradeSettlement) rake() int64 {
	if st.Status != Succeeded {
		return 0
	}
	return st.Amount * 6 / 1000
}

// detail is settle_detail: who got how much, the seller last and without the fee.
func (st *TradeSettlement) detail() string {
	if st.Status != Succeeded {
		return ""
	}
	list, shares, _ := readReceivers(st.Params)
	if seller := st.Amount - shares - st.rake(); seller > 0 {
		list = append(list, receiver{st.order.merchantUID, seller})
	}
	var texts []string
	for _, r := range list {
		texts = append(texts, fmt.Sprintf("商户号%s-分成金额(分)%d", r.uid, r.fen))
	}
	return strings.Join(texts, ",")
}

// tradeSettleMsg is msg of a settle callback.
type tradeSettleMsg struct {
	AppID        string `json:"app_id"`
	Status       Status `json:"status"`
	OrderID      string `json:"order_id"`
	CPExtra      string `json:"cp_extra"`
	Message      string `json:"message"`
	EventTime    int64  `json:"event_time"` // milliseconds
	SettleID     string `json:"settle_id"`
	OutSettleNo  string `json:"out_settle_no"`
	ItemOrderID  string `json:"item_order_id,omitempty"`
	Rake         int64  `json:"rake"`
	Commission   int64  `json:"commission"`
	SettleDetail string `json:"settle_detail"`
	SettleAmount int64  `json:"settle_amount"`
	IsAutoSettle bool   `json:"is_auto_settle"`
}

// endSettlement gives an accepted settlement its result. It tells false when it was forgotten.
func (s *Server) endSettlement(st *TradeSettlement, fails bool) (notification, bool) {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	o := st.order
	if !t.held(o) {
		return notification{}, false
	}
	t.touchOrder(o)
	t.touchSettlement(st)
	st.FinishedAt = s.cfg.Now()
	if st.Status, st.Message = Succeeded, "SUCCESS"; fails {
		st.Status, st.Message = Failed, "结算失败，请更换新的结算单号重新发起"
	}
	st.release(!fails)
	if !fails {
		t.moved(o, Movement{st.FinishedAt, "settle", st.SettleID, st.OutOrderNo, st.Amount})
	}
	return notification{kind: "settle", app: o.AppID, url: st.notifyURL, pauses: settlePauses, state: &st.Callback, of: st.recordName(), msg: tradeSettleMsg{
		AppID: o.AppID, Status: st.Status, OrderID: o.OrderID, CPExtra: st.ext, Message: st.Message, EventTime: st.FinishedAt.UnixMilli(),
		SettleID: st.SettleID, OutSettleNo: st.OutSettleNo, ItemOrderID: st.ItemOrderID, Rake: st.rake(), SettleDetail: st.detail(),
		SettleAmount: st.Amount, IsAutoSettle: st.Auto,
	}}, true
}

// ErrNotSettled is the error of SettleTrade where the order cannot be settled now.
var ErrNotSettled = errors.New("simulator: the order cannot be settled now")

// settleItself lets Douyin settle an order as soon as its cycle is over and no refund is under way.
func (s *Server) settleItself(ctx context.Context, o *TradeOrder) {
	if !s.cfg.Pause(ctx, s.cfg.Trade.SettleAfter) {
		return
	}
	for {
		if code := s.settleAuto(o); code != codeSettleNoItem && code != codeSettleEarly {
			return
		}
		if !s.cfg.Pause(ctx, time.Duration(float64(askPause)*s.cfg.RedeliveryScale)) {
			return
		}
	}
}

// SettleTrade makes Douyin settle an order by itself, whatever AutoSettle says: both numbers are
// Douyin's. The order is named by Douyin's number or the shop's. Errors: ErrNoOrder, ErrNotSettled.
func (s *Server) SettleTrade(number string) error {
	s.trade.mu.Lock()
	o := s.trade.byNumber[number]
	s.trade.mu.Unlock()
	if o == nil {
		return ErrNoOrder
	}
	if code := s.settleAuto(o); code != 0 {
		return fmt.Errorf("%w: %d", ErrNotSettled, code)
	}
	return nil
}

// settleAuto settles an order without the shop and returns the code that refuses it, 0 for none.
func (s *Server) settleAuto(o *TradeOrder) int {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held(o) {
		return codeSettleUnknown
	}
	if refused := s.settleableTrade(o, nil); refused != nil {
		return refused.code
	}
	st := t.openSettlement(o, nil, s.cfg.Now())
	st.Auto, st.OutSettleNo = true, st.SettleID
	t.bySettle[own(o.AppID, st.SettleID)] = st
	s.tradeResult(nil, opTradeSettleResult, opTradeCallSettle, st.SettleID, func(fails bool) (notification, bool) { return s.endSettlement(st, fails) })
	return 0
}

var settleQueryRules = []fieldRule{
	{"app_id", true, isText(1, 64)},
	{"settle_id", false, isText(1, 64)},
	{"order_id", false, isText(1, 64)},
	{"out_settle_no", false, isText(1, 64)},
	{"out_order_no", false, isText(1, 64)},
}

type settleRow struct {
	OrderID     string `json:"order_id"`
	OutOrderNo  string `json:"out_order_no"`
	OutSettleNo string `json:"out_settle_no"`
	SettleID    string `json:"settle_id"`
	WalletID    string `json:"wallet_settle_id"`
	ItemOrderID string `json:"item_order_id"`
	Status      Status `json:"settle_status"`
	Amount      int64  `json:"settle_amount"`
	Detail      string `json:"settle_detail"`
	Rake        int64  `json:"rake"`
	Commission  int64  `json:"commission"`
	CPExtra     string `json:"cp_extra"`
	SettleAt    int64  `json:"settle_at,omitempty"` // milliseconds
}

// settleQuery answers settle_query with an array, which is empty for a number that nobody knows:
// settle_id before order_id before out_settle_no before out_order_no.
func (s *Server) settleQuery(c *call, app string) (any, *refusal) {
	t, v := s.trade, &c.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	var is func(st *TradeSettlement) bool
	switch id, order, no, outOrder := v.str("settle_id"), v.str("order_id"), v.str("out_settle_no"), v.str("out_order_no"); {
	case id != "":
		is = func(st *TradeSettlement) bool { return st.SettleID == id }
	case order != "":
		is = func(st *TradeSettlement) bool { return st.OrderID == order }
	case no != "":
		is = func(st *TradeSettlement) bool { return st.OutSettleNo == no }
	case outOrder != "":
		is = func(st *TradeSettlement) bool { return st.OutOrderNo == outOrder }
	default:
		return nil, &refusal{codeSettleMissing, "参数缺失", "settle_id, order_id, out_settle_no or out_order_no: one is needed"}
	}
	rows := []settleRow{}
	for _, st := range t.settlements {
		if st.order.AppID != app || !is(st) {
			continue
		}
		rows = append(rows, settleRow{
			OrderID: st.OrderID, OutOrderNo: st.OutOrderNo, OutSettleNo: st.OutSettleNo, SettleID: st.SettleID, WalletID: st.walletID,
			ItemOrderID: st.ItemOrderID, Status: st.Status, Amount: st.Amount, Detail: st.detail(), Rake: st.rake(), CPExtra: st.ext,
			SettleAt: millis(st.FinishedAt),
		})
	}
	return rows, nil
}
