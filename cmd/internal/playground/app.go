package playground

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
)

// The simulated app. Nothing of it is secret.
const (
	AppID         = "ttdemo0123456789ab"
	Secret        = "demo-app-secret"
	Salt          = "demo-payment-salt"
	CallbackToken = "demo-callback-token"
)

// SweepEvery is how often the sweep rings, and how old an order is that it finds.
const SweepEvery = time.Second

// Goods are what the simulated app sells in the general trade system.
const (
	goodsType  = 401
	tagGroupID = "tag_group_7272625659888041996"
)

// keyVersion is what Douyin's console shows for the app's key.
const keyVersion = "1"

// settleAfter is nearly nothing: nobody waits seven days here.
const settleAfter = time.Millisecond

// Keys sign what goes between the app and Douyin in the general trade system.
type Keys struct {
	App, Platform *rsa.PrivateKey
}

const keyBits = 2048

// NewKeys makes two keys, at the same time.
func NewKeys() (k Keys, err error) {
	var g errgroup.Group
	for _, to := range []**rsa.PrivateKey{&k.App, &k.Platform} {
		g.Go(func() (err error) {
			*to, err = rsa.GenerateKey(rand.Reader, keyBits)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Keys{}, fmt.Errorf("make a key: %w", err)
	}
	return k, nil
}

// keyTexts are Keys as text.
type keyTexts struct{ App, Platform string }

// MarshalJSON writes the keys as PEM.
func (k Keys) MarshalJSON() ([]byte, error) {
	return json.Marshal(keyTexts{privatePEM(k.App), privatePEM(k.Platform)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (k *Keys) UnmarshalJSON(text []byte) (err error) {
	var t keyTexts
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	if k.App, err = simulator.ParsePlatformKey([]byte(t.App)); err != nil {
		return err
	}
	k.Platform, err = simulator.ParsePlatformKey([]byte(t.Platform))
	return err
}

// privatePEM is PKCS#1.
func privatePEM(k *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

// NewDouyin is Douyin's stand-in, which calls the gateway back. redeliveryScale and keep are those of
// simulator.Config.
func NewDouyin(keys Keys, gateway string, redeliveryScale float64, keep func([]simulator.Record) error, log zerolog.Logger) *simulator.Server {
	return simulator.New(simulator.Config{
		AppID: AppID, Secret: Secret, Salt: Salt, CallbackToken: CallbackToken, NotifyURL: gateway + "/callbacks/douyin",
		RedeliveryScale: redeliveryScale, Keep: keep, Log: log,
		Trade: simulator.Trade{AppKey: &keys.App.PublicKey, KeyVersion: keyVersion, PlatformKey: keys.Platform},
	})
}

// Config is ordersync's, for a sample shop and the stand-in at douyin, whose public key is platformKey.
// Payments are made in ecpay. forward is where callbacks are handed on to, bearer opens the API.
func Config(douyin, platformKey string, keys Keys, forward, bearer string) *configs.Config {
	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.OpenURL, cfg.Douyin.AppID, cfg.Douyin.Secret = douyin, douyin, AppID, Secret
	cfg.Douyin.Salt, cfg.Douyin.CallbackToken = Salt, CallbackToken
	cfg.Douyin.Timeout = 2 * time.Second
	cfg.Douyin.RateLimit = 200
	cfg.Douyin.Trade = configs.Trade{
		PrivateKey: configs.Secret(privatePEM(keys.App)), KeyVersion: keyVersion, PlatformKey: configs.Secret(platformKey),
		GoodsType: goodsType, TagGroupID: tagGroupID,
		OrderPage:  configs.Page{Path: "pages/order/detail", Params: map[string]string{"no": "{out_order_no}"}},
		RefundPage: configs.Page{Path: "pages/refund/detail", Params: map[string]string{"no": "{out_refund_no}"}},
	}
	cfg.Gateway.Tokens = []configs.Secret{configs.Secret(bearer)}
	cfg.Settle.After = settleAfter
	cfg.Callbacks.ForwardURL = forward
	cfg.Shop.Status = sampleshop.Words()
	cfg.Worker.Concurrency = 20
	cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = SweepEvery, SweepEvery
	return cfg
}
