package assembly

import (
	"time"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

// paymentHandler asks after payments, of each system that can be asked: ecpay needs a salt, trade
// needs none. nil: of neither.
func (a *Assembly) paymentHandler() (*worker.PaymentHandler, error) {
	if !a.asksEcpay() && !a.asksTrade() {
		return nil, nil
	}
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	changed, err := a.pushAgain(tasks.CausePaid)
	if err != nil {
		return nil, err
	}
	h := &worker.PaymentHandler{Rows: st, Steps: a.polls, Now: time.Now, Log: a.log, Changed: changed}
	if a.asksEcpay() {
		client, err := a.Douyin()
		if err != nil {
			return nil, err
		}
		h.Douyin = client
	}
	if a.asksTrade() {
		client, err := a.Trade()
		if err != nil {
			return nil, err
		}
		h.Trade = client
	}
	return h, nil
}

// asksEcpay tells whether payments of ecpay can be made and asked about.
func (a *Assembly) asksEcpay() bool {
	d := a.cfg.Douyin
	return d.AppID != "" && d.Secret != "" && d.Salt != ""
}

// asksTrade is asksEcpay for trade. Making one wants a private key besides.
func (a *Assembly) asksTrade() bool {
	d := a.cfg.Douyin
	return a.cfg.TradeOn() && d.AppID != "" && d.Secret != ""
}

// paymentParts are the gateway's payments. Those of a system that is not set up are answered with
// 501.
func (a *Assembly) paymentParts(parts *gateway.Parts) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	parts.PaymentSystem = desk.PaymentSystem{Rows: st, New: store.System(a.cfg.Douyin.Payments)}.Of
	if a.asksEcpay() {
		client, err := a.Douyin()
		if err != nil {
			return err
		}
		parts.Payments = desk.Payments{Payments: client, Rows: st, Now: time.Now}
	}
	if !a.asksTrade() {
		return nil
	}
	client, err := a.Trade()
	if err != nil {
		return err
	}
	signer, err := TradeSigner(a.cfg)
	if err != nil {
		return err
	}
	trade := desk.TradePayments{Rows: st, Douyin: client, Terms: tradeTerms(a.cfg.Douyin), FirstAsk: a.firstPoll(), Now: time.Now}
	if signer != nil {
		trade.Signer = signer
	}
	parts.TradePayments = trade
	return nil
}

// tradeTerms are what the configuration says of payments that do not say it themselves.
func tradeTerms(d configs.Douyin) desk.TradeTerms {
	return desk.TradeTerms{
		GoodsType: d.Trade.GoodsType, TagGroupID: d.Trade.TagGroupID, NotifyURL: d.NotifyURL,
		OrderPath: d.Trade.OrderPage.Path, OrderParams: d.Trade.OrderPage.Params,
		PlainNotify: plainNotify(d),
	}
}
