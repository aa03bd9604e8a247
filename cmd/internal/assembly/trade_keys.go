package assembly

import (
	"crypto/rsa"
	"fmt"
	"strconv"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/trade"
)

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

// platformKeys are those that verify callbacks of trade, the present one first. The problem names
// the key that cannot be read.
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
