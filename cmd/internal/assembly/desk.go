package assembly

import "github.com/ordersync/ordersync/cmd/internal/desk"

// Cashier writes instructions about money down. It needs MySQL and Redis.
func (a *Assembly) Cashier() (desk.Cashier, error) {
	st, err := a.Store()
	if err != nil {
		return desk.Cashier{}, err
	}
	queue, err := a.AsynqClient()
	return desk.Cashier{Store: st, Queue: queue, SettleAfter: a.cfg.Settle.After}, err
}

// handOver makes tasks of what a shop wrote down, in the outbox or in the inbox.
func (a *Assembly) handOver() (desk.HandOver, error) {
	queue, err := a.AsynqClient()
	if err != nil {
		return desk.HandOver{}, err
	}
	cashier, err := a.Cashier()
	if err != nil {
		return desk.HandOver{}, err
	}
	audits, err := a.Audits()
	return desk.HandOver{Queue: queue, Cashier: cashier, Audits: audits}, err
}

// Audits takes the shop's word on refunds that buyers asked Douyin for. It needs MySQL and Redis.
func (a *Assembly) Audits() (desk.Audits, error) {
	st, err := a.Store()
	if err != nil {
		return desk.Audits{}, err
	}
	queue, err := a.AsynqClient()
	return desk.Audits{Store: st, Queue: queue}, err
}

// Lookup reads what is known of an order. It needs MySQL only.
func (a *Assembly) Lookup() (desk.Lookup, error) {
	st, err := a.Store()
	return desk.Lookup{Store: st}, err
}

// tradeCallbacks are callbacks of trade. The log says where buyers would be shown a page that
// nobody has named.
func (a *Assembly) tradeCallbacks(callbacks desk.Callbacks) desk.TradeCallbacks {
	if _, configured := RefundPage(a.cfg.Douyin.Trade); !configured && a.cfg.Douyin.Trade.PlatformKey != "" {
		a.log.Warn().Str("key", "douyin.trade.refund_page").Str("page", firstPage).
			Msg("no page for refunds is configured: buyers who ask Douyin for one are shown the mini-app's first page")
	}
	return desk.TradeCallbacks{Callbacks: callbacks, Answer: refundAnswer(a.cfg.Douyin, a.log), FirstPoll: a.firstPoll()}
}

func (a *Assembly) callbacks() (desk.Callbacks, error) {
	st, err := a.Store()
	if err != nil {
		return desk.Callbacks{}, err
	}
	queue, err := a.AsynqClient()
	return desk.Callbacks{
		Store: st, Queue: queue, AppID: a.cfg.Douyin.AppID, Forward: a.cfg.Callbacks.ForwardURL != "",
		Ended: a.metrics.MoneyCalledBack, Log: a.log,
	}, err
}
