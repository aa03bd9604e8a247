package assembly

import (
	"context"
	"net/url"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/tokencache"
)

// fetchSlack is what a token's fetch may take beside its HTTP call.
const fetchSlack = 2 * time.Second

// Tokens is the app's token, shared with all processes through Redis. Closing it ends a refresh that is under way.
func (a *Assembly) Tokens() (*tokencache.Cache, error) {
	return a.tokens.get(func() (*tokencache.Cache, error) {
		if err := a.cfg.Require("douyin.app_id", "douyin.secret"); err != nil {
			return nil, err
		}
		rdb, err := a.Redis()
		if err != nil {
			return nil, err
		}
		fetcher, err := douyin.NewTokenFetcher(a.douyinConfig())
		if err != nil {
			return nil, err
		}
		cache, err := tokencache.New(tokencache.Config{
			Redis: rdb, AppID: a.cfg.Douyin.AppID, Secret: a.cfg.Douyin.Secret.Reveal(), Host: foreignHost(a.cfg.Douyin.BaseURL, configs.Default().Douyin.BaseURL), Fetcher: fetcher,
			FetchTimeout: a.cfg.Douyin.Timeout + fetchSlack, OnFetch: a.tokenFetched,
		})
		if err != nil {
			return nil, err
		}
		a.metrics.WatchToken(cache.Life)
		a.onClose("token", func(context.Context) error { cache.Close(); return nil })
		return cache, nil
	})
}

// foreignHost is the host of base, empty where it is Douyin's own, standard. Processes that have always asked Douyin keep the token's
// place when they are upgraded: two places would mean two tokens, of which Douyin lets one die.
func foreignHost(base, standard string) string {
	u, err := url.Parse(base)
	if err != nil || base == standard {
		return ""
	}
	return u.Host
}

func (a *Assembly) tokenFetched(took time.Duration, err error) {
	a.metrics.TokenFetch(err)
	event := a.log.Info()
	if err != nil {
		event = a.log.Error().Err(err)
	}
	event.Str("app", a.cfg.Douyin.AppID).Dur("took", took).Msg("token fetched")
}

// Douyin is the client behind the gate.
func (a *Assembly) Douyin() (*douyin.Client, error) {
	return a.douyin.get(func() (*douyin.Client, error) {
		gate, err := a.Gate()
		if err != nil {
			return nil, err
		}
		return a.newDouyin(a.tracing().Gate(a.metrics.Gate(gate)))
	})
}

// UngatedDouyin is for a caller that enters the gate itself.
func (a *Assembly) UngatedDouyin() (*douyin.Client, error) { return a.newDouyin(nil) }

func (a *Assembly) newDouyin(gate douyin.Gate) (*douyin.Client, error) {
	tokens, err := a.Tokens()
	if err != nil {
		return nil, err
	}
	cfg := a.douyinConfig()
	cfg.Gate = gate
	return douyin.NewClient(cfg, tokens)
}

func (a *Assembly) douyinConfig() douyin.Config {
	cfg := a.cfg.Douyin
	return douyin.Config{
		BaseURL: cfg.BaseURL, AppID: cfg.AppID, Secret: cfg.Secret.Reveal(), Salt: cfg.Salt.Reveal(), NotifyURL: cfg.NotifyURL,
		ThirdpartyID: cfg.ThirdpartyID, Timeout: cfg.Timeout, Codes: kinds(cfg.Codes), OnCall: a.metrics.Call, HTTP: a.tracing().HTTP(),
	}
}

// kinds turns the words of douyin.codes into what they mean. configs lets no other word pass.
func kinds(words map[int]string) map[int]douyin.Kind {
	out := make(map[int]douyin.Kind, len(words))
	for code, word := range words {
		for k := douyin.Unavailable; k <= douyin.Rejected; k++ {
			if k.String() == word {
				out[code] = k
			}
		}
	}
	return out
}
