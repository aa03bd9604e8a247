package assembly

import (
	"context"
	"net/url"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/tokencache"
	"github.com/ordersync/ordersync/douyin/trade"
)

// fetchSlack is what a token's fetch may take beside its HTTP call.
const fetchSlack = 2 * time.Second

// Tokens is the app's token, shared with all processes through Redis. Closing it ends a refresh
// that is under way.
func (a *Assembly) Tokens() (*tokencache.Cache, error) {
	return a.tokens.get(func() (*tokencache.Cache, error) {
		cache, err := a.newTokens(token{
			name: "token", host: foreignHost(a.cfg.Douyin.BaseURL, configs.Default().Douyin.BaseURL), observe: a.metrics.TokenFetch,
			fetcher: func() (tokencache.Fetcher, error) { return douyin.NewTokenFetcher(a.douyinConfig()) },
		})
		if err == nil {
			a.metrics.WatchToken(cache.Life)
		}
		return cache, err
	})
}

// ClientTokens is the client_token of trade's calls, shared and closed as Tokens is.
func (a *Assembly) ClientTokens() (*tokencache.Cache, error) {
	return a.clientTokens.get(func() (*tokencache.Cache, error) {
		cache, err := a.newTokens(token{
			name: "client_token", host: foreignHost(a.cfg.Douyin.OpenURL, configs.Default().Douyin.OpenURL), purpose: tokencache.ClientToken,
			observe: a.metrics.ClientTokenFetch,
			fetcher: func() (tokencache.Fetcher, error) { return trade.NewTokenFetcher(a.tradeConfig()) },
		})
		if err == nil {
			a.metrics.WatchClientToken(cache.Life)
		}
		return cache, err
	})
}

// token is what differs between the app's tokens.
type token struct {
	name          string
	host, purpose string // as in tokencache.Config
	fetcher       func() (tokencache.Fetcher, error)
	observe       func(err error) // of each fetch
}

func (a *Assembly) newTokens(t token) (*tokencache.Cache, error) {
	if err := a.cfg.Require("douyin.app_id", "douyin.secret"); err != nil {
		return nil, err
	}
	rdb, err := a.Redis()
	if err != nil {
		return nil, err
	}
	fetcher, err := t.fetcher()
	if err != nil {
		return nil, err
	}
	d := a.cfg.Douyin
	cache, err := tokencache.New(tokencache.Config{
		Redis: rdb, AppID: d.AppID, Secret: d.Secret.Reveal(), Host: t.host, Purpose: t.purpose, Fetcher: fetcher,
		FetchTimeout: d.Timeout + fetchSlack, OnFetch: func(took time.Duration, err error) {
			t.observe(err)
			event := a.log.Info()
			if err != nil {
				event = a.log.Error().Err(err)
			}
			event.Str("app", d.AppID).Dur("took", took).Msg(t.name + " fetched")
		},
	})
	if err != nil {
		return nil, err
	}
	a.onClose(t.name, func(context.Context) error { cache.Close(); return nil })
	return cache, nil
}

// foreignHost is the host of base, empty where it is Douyin's own, standard. Processes that have
// always asked Douyin keep the token's place when they are upgraded: two places would mean two
// tokens, of which Douyin lets one die.
func foreignHost(base, standard string) string {
	u, err := url.Parse(base)
	if err != nil || base == standard {
		return ""
	}
	return u.Host
}
