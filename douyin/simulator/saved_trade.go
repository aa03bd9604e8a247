package simulator

import (
	"fmt"
	"time"
)

type savedTrade struct {
	orders      []savedTradeOrder
	refunds     []savedTradeRefund
	settlements []savedTradeSettlement
	movements   []Movement
	noticed     []Anomaly
	seq         int64
}

type savedTradeOrder struct {
	TradeOrder
	Data         string    `json:"data"`
	MerchantUID  string    `json:"merchant_uid"`
	NotifyURL    string    `json:"notify_url"`
	OpenID       string    `json:"open_id"`
	ChannelPayID string    `json:"channel_pay_id"`
	BillPayID    string    `json:"bill_pay_id"`
	Goods        int64     `json:"goods"`
	Hidden       []int64   `json:"hidden"`
	State        int       `json:"state"`
	FulfilledAt  time.Time `json:"fulfilled_at"`
	Refunds      int       `json:"refunds"`
}

type savedTradeRefund struct {
	TradeRefund
	CPExtra     string   `json:"cp_extra"`
	NotifyURL   string   `json:"notify_url"`
	About       string   `json:"about"`
	Content     string   `json:"content"`
	Reasons     []string `json:"reasons"`
	Description string   `json:"description"`
	Numbered    bool     `json:"numbered"`
	Agreed      bool     `json:"agreed"`
}

type savedTradeSettlement struct {
	TradeSettlement
	Shares    map[string]int64 `json:"shares"` // by item
	WalletID  string           `json:"wallet_id"`
	Ext       string           `json:"ext"`
	NotifyURL string           `json:"notify_url"`
	Desc      string           `json:"desc"`
	Source    string           `json:"source"`
}

// names are all that trade holds and a reset forgets. The caller holds the lock.
func (t *trade) names() (out []recordName) {
	for _, o := range t.orders {
		out = append(out, o.recordName())
	}
	for _, r := range t.refunds {
		out = append(out, r.recordName())
	}
	for _, st := range t.settlements {
		out = append(out, st.recordName())
	}
	for i := range t.movements {
		out = append(out, nth(keptTradeMovement, i))
	}
	for i := range t.noticed {
		out = append(out, nth(keptTradeViolation, i))
	}
	return out
}

// saved is what a name names as it is written down; nil: it is not there. The caller holds the lock.
func (t *trade) saved(n recordName) any {
	switch n.kind {
	case keptTradeOrder:
		if o := t.byOrder[n.number]; o != nil {
			return savedTradeOrder{
				*o, o.data, o.merchantUID, o.notifyURL, o.openID, o.channelPayID, o.billPayID, o.goods.kind, o.hidden, o.state, o.fulfilledAt, o.refunds,
			}
		}
	case keptTradeRefund:
		if r := t.byRefund[n.number]; r != nil {
			asked, _ := r.again.msg.(askMsg)
			return savedTradeRefund{*r, r.cpExtra, r.notifyURL, r.about, r.content, r.reasons, asked.Description, r.numbered, r.agreed}
		}
	case keptTradeSettlement:
		if st := t.bySettle[n.number]; st != nil {
			saved := savedTradeSettlement{*st, map[string]int64{}, st.walletID, st.ext, st.notifyURL, st.desc, st.source}
			for item, share := range st.shares {
				saved.Shares[item.ItemOrderID] = share
			}
			return saved
		}
	case keptTradeMovement:
		return at(t.movements, n.number)
	case keptTradeViolation:
		return at(t.noticed, n.number)
	case keptTradeSequence:
		return t.seq
	}
	return nil
}

func (s *Server) restoreTrade(all savedTrade) error {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	t.movements, t.noticed, t.seq = all.movements, all.noticed, max(t.seq, all.seq)
	for _, one := range all.orders {
		s.restoreTradeOrder(one)
	}
	for _, one := range all.refunds {
		if err := s.restoreTradeRefund(one); err != nil {
			return err
		}
	}
	for _, one := range all.settlements {
		if err := s.restoreTradeSettlement(one); err != nil {
			return err
		}
	}
	return nil
}

// restoreTradeOrder puts an order back. The caller holds the lock.
func (s *Server) restoreTradeOrder(one savedTradeOrder) {
	o := one.TradeOrder
	o.data, o.merchantUID, o.notifyURL, o.openID = one.Data, one.MerchantUID, one.NotifyURL, one.OpenID
	o.channelPayID, o.billPayID, o.hidden, o.state, o.fulfilledAt, o.refunds = one.ChannelPayID, one.BillPayID, one.Hidden, one.State, one.FulfilledAt, one.Refunds
	o.goods, _ = goodsOf(one.Goods)
	s.trade.addOrder(&o)
	if o.PayStatus == Pending {
		s.awaitBuyer(&o, o.ValidUntil.Sub(s.cfg.Now()))
	}
}

// restoreTradeRefund puts a refund back and lets it go on. The caller holds the lock.
func (s *Server) restoreTradeRefund(one savedTradeRefund) error {
	t, r := s.trade, one.TradeRefund
	if r.order = t.byOrder[r.OrderID]; r.order == nil {
		return fmt.Errorf("simulator: restore: refund %s: its order %s is not there", r.RefundID, r.OrderID)
	}
	r.cpExtra, r.notifyURL, r.about, r.content, r.reasons = one.CPExtra, one.NotifyURL, one.About, one.Content, one.Reasons
	r.numbered, r.agreed = one.Numbered, one.Agreed
	t.refunds = append(t.refunds, &r)
	t.byRefund[r.RefundID] = &r
	if r.OutRefundNo != "" {
		t.byRefund[own(r.order.AppID, r.OutRefundNo)] = &r
	}
	switch asked := r.Source == SourceUser || r.Source == SourceService; {
	case r.Status == Processing && r.agreed:
		r.agreed = false
		s.agree(nil, &r)
	case asked && r.Status == Processing:
		s.askShop(&r, one.Description, r.Deadline.Sub(s.cfg.Now()))
	case asked:
		s.question(&r, one.Description) // to be asked once more
	}
	return nil
}

// restoreTradeSettlement puts a settlement back and lets it go on. The caller holds the lock.
func (s *Server) restoreTradeSettlement(one savedTradeSettlement) error {
	t, st := s.trade, one.TradeSettlement
	if st.order = t.byOrder[st.OrderID]; st.order == nil {
		return fmt.Errorf("simulator: restore: settlement %s: its order %s is not there", st.SettleID, st.OrderID)
	}
	st.walletID, st.ext, st.notifyURL, st.desc, st.source = one.WalletID, one.Ext, one.NotifyURL, one.Desc, one.Source
	st.shares = map[*TradeItem]int64{}
	for id, share := range one.Shares {
		if item := st.order.item(id); item != nil {
			st.shares[item] = share
		}
	}
	t.settlements = append(t.settlements, &st)
	t.bySettle[st.SettleID], t.bySettle[own(st.order.AppID, st.OutSettleNo)] = &st, &st
	if st.Status == Processing {
		s.tradeResult(nil, opTradeSettleResult, opTradeCallSettle, st.OutSettleNo, func(fails bool) (notification, bool) { return s.endSettlement(&st, fails) })
	}
	return nil
}
