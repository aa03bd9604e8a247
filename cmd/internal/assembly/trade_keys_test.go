package assembly

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/configs"
)

func TestKeysOfTradeAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	private, public := configs.Secret(testKey(t, "key.pem")), configs.Secret(testKey(t, "key_pub.pem"))
	cases := map[string]struct {
		change func(*configs.Config)
		keys   string // of the problems, in order
		says   string
	}{
		"right":              {func(*configs.Config) {}, "", ""},
		"no private key":     {func(c *configs.Config) { c.Douyin.Trade.PrivateKey = "" }, "douyin.trade.private_key", "is required"},
		"no version":         {func(c *configs.Config) { c.Douyin.Trade.KeyVersion = "" }, "douyin.trade.key_version", "is required"},
		"a version in words": {func(c *configs.Config) { c.Douyin.Trade.KeyVersion = "v2" }, "douyin.trade.key_version", "number"},
		"no app":             {func(c *configs.Config) { c.Douyin.AppID, c.Douyin.Secret = "", "" }, "douyin.app_id douyin.secret", "is required"},
		"an app with a dash": {func(c *configs.Config) { c.Douyin.AppID = "tt-1" }, "douyin.app_id", "digits"},
		"not PEM":            {func(c *configs.Config) { c.Douyin.Trade.PrivateKey = "hello, canary-key" }, "douyin.trade.private_key", "neither PEM nor base64"},
		"PEM on one line": {func(c *configs.Config) {
			c.Douyin.Trade.PrivateKey = "-----BEGIN PRIVATE KEY----- canary-key -----END PRIVATE KEY-----"
		}, "douyin.trade.private_key", "line breaks"},
		"PEM of nothing": {func(c *configs.Config) {
			c.Douyin.Trade.PrivateKey = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5LWtleQ==\n-----END PRIVATE KEY-----"
		}, "douyin.trade.private_key", "PKCS#8"},
		"a public key":            {func(c *configs.Config) { c.Douyin.Trade.PrivateKey = public }, "douyin.trade.private_key", "is a public key"},
		"of another curve":        {func(c *configs.Config) { c.Douyin.Trade.PrivateKey = ecKey(t) }, "douyin.trade.private_key", "is a *ecdsa.PrivateKey"},
		"protected":               {func(c *configs.Config) { c.Douyin.Trade.PrivateKey = protectedKey }, "douyin.trade.private_key", "passphrase"},
		"platform: a private key": {func(c *configs.Config) { c.Douyin.Trade.PlatformKey = private }, "douyin.trade.platform_key", "is a private key"},
		"platform: our own":       {func(c *configs.Config) { c.Douyin.Trade.PlatformKey = public }, "douyin.trade.platform_key", "Douyin's own"},
		"platform: a certificate": {func(c *configs.Config) {
			c.Douyin.Trade.PlatformKey = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5LWtleQ==\n-----END CERTIFICATE-----"
		}, "douyin.trade.platform_key", "certificate"},
		"platform: an old one": {func(c *configs.Config) { c.Douyin.Trade.PlatformKeysOld = []configs.Secret{"canary-key"} }, "douyin.trade.platform_keys_old", "entry 1"},
	}
	for name, c := range cases {
		cfg := configs.Default()
		cfg.Douyin.Payments, cfg.Douyin.AppID, cfg.Douyin.Secret = "trade", "tt1", "secret"
		cfg.Douyin.Trade.PrivateKey, cfg.Douyin.Trade.KeyVersion = private, "2"
		c.change(cfg)
		var keys, says []string
		for _, p := range TradeKeys(cfg) {
			keys, says = append(keys, p.Key), append(says, p.Want)
		}
		text := strings.Join(says, "; ")
		if strings.Join(keys, " ") != c.keys || !strings.Contains(text, c.says) || strings.Contains(text, "canary") {
			t.Errorf("%s: %q: %s", name, keys, text)
		}
	}
}

// protectedKey is no key: its frame says that a passphrase is needed.
const protectedKey = `-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,00000000000000000000000000000000

Y2FuYXJ5LWtleQ==
-----END RSA PRIVATE KEY-----`

// ecKey is a private key that is none of RSA.
func ecKey(t *testing.T) configs.Secret {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return configs.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
