package assembly

import (
	"context"
	"errors"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/probe"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Gateway is the handler of gateway.addr: the API and the callbacks. Without gateway.tokens it
// refuses to be built unless gateway.addr is loopback. The log says where the API is refused
// because Douyin calls back.
func (a *Assembly) Gateway() (*gateway.Gateway, error) {
	return a.gateway.get(func() (*gateway.Gateway, error) {
		tokens := make([]string, len(a.cfg.Gateway.Tokens))
		for i, t := range a.cfg.Gateway.Tokens {
			tokens[i] = t.Reveal()
		}
		if err := gateway.CheckAddr(a.cfg.Gateway.Addr, tokens); err != nil {
			return nil, err
		}
		queue, err := a.AsynqClient()
		if err != nil {
			return nil, err
		}
		orders, err := a.Lookup()
		if err != nil {
			return nil, err
		}
		ready, err := a.Ready()
		if err != nil {
			return nil, err
		}
		parts := gateway.Parts{Queue: queue, Orders: orders, MoneyStatus: orders, Ready: ready}
		if err := a.moneyParts(&parts); err != nil {
			return nil, err
		}
		needed := a.cfg.TokensNeeded()
		if needed != "" {
			a.log.Warn().Str("key", "gateway.tokens").Str("because", needed).
				Msg("/v1 is refused: where Douyin calls back, the API wants tokens")
		}
		keys, problem := platformKeys(a.cfg)
		if problem != nil {
			return nil, errors.New(problem.String())
		}
		zone, err := a.Zone()
		if err != nil {
			return nil, err
		}
		return gateway.New(gateway.Config{
			Tokens: tokens, Loopback: gateway.IsLoopback(a.cfg.Gateway.Addr), TokensNeeded: needed, CallbackTokens: callbackTokens(a.cfg.Douyin), PlatformKeys: keys,
			OnCallback: a.metrics.Callback, Trace: a.tracing().Request(), Log: a.log, Zone: zone,
		}, parts)
	})
}

// moneyParts are what the gateway needs for money.
func (a *Assembly) moneyParts(parts *gateway.Parts) error {
	cashier, err := a.Cashier()
	if err != nil {
		return err
	}
	callbacks, err := a.callbacks()
	if err != nil {
		return err
	}
	audits, err := a.Audits()
	if err != nil {
		return err
	}
	parts.Instructions, parts.RefundChecks, parts.Audits = cashier, cashier, audits
	parts.Callbacks, parts.TradeCallbacks = callbacks, a.tradeCallbacks(callbacks)
	return a.paymentParts(parts)
}

// callbackTokens are the present one and those that are still accepted.
func callbackTokens(cfg configs.Douyin) []string {
	var tokens []string
	for _, t := range append([]configs.Secret{cfg.CallbackToken}, cfg.CallbackTokensOld...) {
		if t != "" {
			tokens = append(tokens, t.Reveal())
		}
	}
	return tokens
}

// Ready returns a check that Redis and MySQL take what is written; its error is a
// *probe.NotReadyError that names those that do not. All ports of the process share it, so it may
// be asked as often as anybody likes.
func (a *Assembly) Ready() (func(context.Context) error, error) {
	ready, err := a.ready.get(func() (*probe.Ready, error) {
		rdb, err := a.Redis()
		if err != nil {
			return nil, err
		}
		st, err := a.Store()
		if err != nil {
			return nil, err
		}
		return &probe.Ready{
			Redis: func(ctx context.Context) error { return probe.Redis(ctx, rdb) }, MySQL: st.ProbeWrite, Now: time.Now,
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return ready.Check, nil
}
