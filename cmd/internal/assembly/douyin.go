package assembly

import (
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
)

// Douyin is the client behind the gate.
func (a *Assembly) Douyin() (*douyin.Client, error) {
	return a.douyin.get(func() (*douyin.Client, error) {
		gate, err := a.Gate()
		if err != nil {
			return nil, err
		}
		return a.newDouyin(a.watchedGate(gate))
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

// timeUnit is that of update_time.
func timeUnit(d configs.Douyin) douyin.TimeUnit {
	if d.UpdateTimeUnit == "s" {
		return douyin.Seconds
	}
	return douyin.Milliseconds
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
