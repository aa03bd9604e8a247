package simulator

import (
	"context"
	"slices"
)

var fulfilRules = []fieldRule{
	{"order_id", true, isText(1, 64)},
	{"item_order_id_list", true, isArray(1, 100, isText(1, 64))},
	{"to_status", true, isText(1, 64)},
}

// fulfilPush answers fulfill_push_status: forward only, and only for goods that are fulfilled. The
// state that is held already is taken without effect (UNCONFIRMED).
func (s *Server) fulfilPush(c *call, app string) (any, *refusal) {
	t, v := s.trade, &c.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	o, refused := t.named(c, app)
	if refused != nil {
		return nil, refused
	}
	states := s.cfg.Trade.FulfilStates[:]
	to := slices.Index(states, v.str("to_status"))
	state := func(reason string) (any, *refusal) {
		return nil, &refusal{codeTradeState, "订单状态不允许", reason}
	}
	switch {
	case to < 0:
		return nil, &refusal{codeTradeParameter, "参数错误", "to_status: is no state of fulfilment"}
	case o.PayStatus != Succeeded:
		return state("it is not paid")
	case !o.goods.fulfil:
		return state("these goods are not fulfilled")
	case to < o.state:
		t.notice(FulfilBackwards, o.OutOrderNo, o.OrderID, o.Fulfilment+" to "+states[to])
		return state("fulfilment goes forward only")
	}
	for _, id := range v.list("item_order_id_list") {
		if o.item(id.text) == nil {
			return nil, &refusal{codeTradeParameter, "参数错误", "item_order_id_list: holds no item of the order"}
		}
	}
	t.touchOrder(o)
	o.state, o.Fulfilment = to, states[to]
	if to == len(states)-1 && o.fulfilledAt.IsZero() {
		o.fulfilledAt = s.cfg.Now()
		if s.cfg.Trade.AutoSettle {
			s.background(func(ctx context.Context) { s.settleItself(ctx, o) })
		}
	}
	return nil, nil
}
