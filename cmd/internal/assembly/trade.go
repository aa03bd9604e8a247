package assembly

import (
	"fmt"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// tradeOrders says how orders of trade are told from those of ecpay.
func tradeOrders(cfg *configs.Config) store.TradeConfig {
	if !cfg.TradeOn() {
		return store.TradeConfig{}
	}
	return store.TradeConfig{On: true, Since: cfg.TradeSince(shopZone(cfg))}
}

// keeper is what is done for orders of trade. Nil: nothing of trade is configured.
func (a *Assembly) keeper(st *store.Store, gate *gate.Gate) (*worker.Keeper, error) {
	if !a.cfg.TradeOn() {
		return nil, nil
	}
	asking, err := a.Trade()
	if err != nil {
		return nil, err
	}
	telling, err := a.UngatedTrade()
	if err != nil {
		return nil, err
	}
	words, err := fulfilWords(a.cfg.Douyin.Trade)
	if err != nil {
		return nil, err
	}
	return &worker.Keeper{
		Words: words, Payments: st, Asking: asking, Telling: a.tracing().Fulfiller(telling),
		Sick: sick(gate, trade.OpFulfil),
	}, nil
}

// fulfilWords are douyin.trade.fulfil by the order's status.
func fulfilWords(t configs.Trade) (map[douyin.OrderStatus]string, error) {
	words := make(map[douyin.OrderStatus]string, len(t.Fulfil))
	for word, to := range t.Fulfil {
		status, err := douyin.ParseOrderStatus(word)
		if err != nil {
			return nil, fmt.Errorf("douyin.trade.fulfil.%s: %w", word, err)
		}
		words[status] = to
	}
	return words, nil
}

// Trade is the client of trade's calls, behind the gate.
func (a *Assembly) Trade() (*trade.Client, error) {
	return a.trade.get(func() (*trade.Client, error) {
		gate, err := a.Gate()
		if err != nil {
			return nil, err
		}
		return a.newTrade(a.watchedGate(gate))
	})
}

// UngatedTrade is for a caller that enters the gate itself.
func (a *Assembly) UngatedTrade() (*trade.Client, error) { return a.newTrade(nil) }

func (a *Assembly) newTrade(gate douyin.Gate) (*trade.Client, error) {
	tokens, err := a.ClientTokens()
	if err != nil {
		return nil, err
	}
	cfg := a.tradeConfig()
	cfg.Gate = gate
	return trade.NewClient(cfg, tokens)
}

func (a *Assembly) tradeConfig() trade.Config {
	cfg := a.cfg.Douyin
	return trade.Config{
		BaseURL: cfg.OpenURL, AppID: cfg.AppID, Secret: cfg.Secret.Reveal(), NotifyURL: cfg.NotifyURL, Timeout: cfg.Timeout,
		Codes: kinds(cfg.Codes), OnCall: a.metrics.Call, HTTP: a.tracing().HTTP(),
	}
}
