package assembly

import (
	"context"
	"crypto/rsa"
	"fmt"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/tokencache"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// ClientTokens is the client_token of trade's calls, shared with all processes through Redis.
func (a *Assembly) ClientTokens() (*tokencache.Cache, error) {
	return a.clientTokens.get(func() (*tokencache.Cache, error) {
		if err := a.cfg.Require("douyin.app_id", "douyin.secret"); err != nil {
			return nil, err
		}
		rdb, err := a.Redis()
		if err != nil {
			return nil, err
		}
		fetcher, err := trade.NewTokenFetcher(a.tradeConfig())
		if err != nil {
			return nil, err
		}
		cache, err := tokencache.New(tokencache.Config{
			Redis: rdb, AppID: a.cfg.Douyin.AppID, Secret: a.cfg.Douyin.Secret.Reveal(), Fetcher: fetcher,
			Host:    foreignHost(a.cfg.Douyin.OpenURL, configs.Default().Douyin.OpenURL),
			Purpose: tokencache.ClientToken, FetchTimeout: a.cfg.Douyin.Timeout + fetchSlack, OnFetch: a.clientTokenFetched,
		})
		if err != nil {
			return nil, err
		}
		a.metrics.WatchClientToken(cache.Life)
		a.onClose("client token", func(context.Context) error { cache.Close(); return nil })
		return cache, nil
	})
}

func (a *Assembly) clientTokenFetched(took time.Duration, err error) {
	a.metrics.ClientTokenFetch(err)
	event := a.log.Info()
	if err != nil {
		event = a.log.Error().Err(err)
	}
	event.Str("app", a.cfg.Douyin.AppID).Dur("took", took).Msg("client_token fetched")
}

// tradeOrders says how orders of trade are told from those of ecpay.
func tradeOrders(cfg *configs.Config) store.TradeConfig {
	if !cfg.TradeOn() {
		return store.TradeConfig{}
	}
	return store.TradeConfig{On: true, Since: cfg.TradeSince(shopZone(cfg))}
}

// shopZone is loc of mysql.dsn, UTC where there is none.
func shopZone(cfg *configs.Config) *time.Location {
	if cfg.MySQL.DSN != "" {
		if zone, err := store.Zone(cfg.MySQL.DSN.Reveal()); err == nil {
			return zone
		}
	}
	return time.UTC
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
		Sick: func() bool { return gate.State(trade.OpFulfil) != "closed" },
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
		return a.newTrade(a.tracing().Gate(a.metrics.Gate(gate)))
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

// TradeSigner signs payments. It is nil where there is no private key.
func TradeSigner(cfg *configs.Config) (*trade.Signer, error) {
	t := cfg.Douyin.Trade
	if t.PrivateKey == "" {
		return nil, nil
	}
	return trade.NewSigner(trade.SignerConfig{
		AppID: cfg.Douyin.AppID, PrivateKey: t.PrivateKey.Reveal(), KeyVersion: t.KeyVersion, Quoted: t.Quoted,
	})
}

// platformKeys are those that verify callbacks of trade, the present one first. The problem names the
// key that cannot be read.
func platformKeys(cfg *configs.Config) ([]*rsa.PublicKey, *configs.Problem) {
	t := cfg.Douyin.Trade
	var keys []*rsa.PublicKey
	if t.PlatformKey != "" {
		key, err := trade.ParsePublicKey(t.PlatformKey.Reveal())
		if err != nil {
			return nil, &configs.Problem{Key: "douyin.trade.platform_key", Want: err.Error()}
		}
		keys = append(keys, key)
	}
	for i, text := range t.PlatformKeysOld {
		key, err := trade.ParsePublicKey(text.Reveal())
		if err != nil {
			return nil, &configs.Problem{Key: "douyin.trade.platform_keys_old", Want: fmt.Sprintf("entry %d: %v", i+1, err)}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// TradeKeys checks the keys of trade and what has to be with them. It is for configs.Load.
func TradeKeys(cfg *configs.Config) []configs.Problem {
	var problems []configs.Problem
	add := func(key, want string) { problems = append(problems, configs.Problem{Key: key, Want: want}) }
	t := cfg.Douyin.Trade
	if cfg.Douyin.Payments == "trade" {
		for _, needed := range []struct {
			key   string
			empty bool
		}{
			{"douyin.app_id", cfg.Douyin.AppID == ""}, {"douyin.secret", cfg.Douyin.Secret == ""}, {"douyin.trade.private_key", t.PrivateKey == ""},
		} {
			if needed.empty {
				add(needed.key, "is required where douyin.payments is trade")
			}
		}
	}
	if t.PrivateKey != "" {
		if _, err := trade.ParsePrivateKey(t.PrivateKey.Reveal()); err != nil {
			add("douyin.trade.private_key", err.Error())
		}
		switch n, err := strconv.ParseUint(t.KeyVersion, 10, 32); {
		case t.KeyVersion == "":
			add("douyin.trade.key_version", "is required beside douyin.trade.private_key: the version that Douyin's console shows beside the uploaded public key")
		case err != nil || n == 0:
			add("douyin.trade.key_version", "want the number that Douyin's console shows beside the uploaded public key; it grows with each upload")
		}
		if id := cfg.Douyin.AppID; id != "" && !trade.IsAppID(id) {
			add("douyin.app_id", "want letters, digits and _ only, such as tt0123456789abcdef: it stands in the signature of payments of trade")
		}
	}
	keys, problem := platformKeys(cfg)
	if problem != nil {
		problems = append(problems, *problem)
	}
	if signer, err := TradeSigner(cfg); err == nil && signer != nil {
		for _, key := range keys {
			if signer.Owns(key) {
				add("douyin.trade.platform_key", "is the public half of douyin.trade.private_key: want Douyin's own public key (平台公钥), which the console shows on the same page")
			}
		}
	}
	return problems
}
