package assembly

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks/gateway"
)

func testKey(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../douyin/trade/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// till is a gateway over real servers and the simulator, without a salt.
type till struct {
	t    *testing.T
	db   *gorm.DB
	bank *simulator.Server
	new  func(change ...func(*configs.Config)) *Assembly
}

func newTill(t *testing.T, orders int) till {
	t.Helper()
	db, rdb := servertest.DB(t), servertest.Redis(t)
	servertest.CreateShop(t, db)
	fill(t, db, orders)
	appKey, err := simulator.ParseAppKey([]byte(testKey(t, "key_pub.pem")))
	if err != nil {
		t.Fatal(err)
	}
	bank := simulator.New(simulator.Config{AppID: "tt1", Secret: "secret", Trade: simulator.Trade{AppKey: appKey, KeyVersion: "2"}})
	t.Cleanup(func() { _ = bank.Close() })
	shown := httptest.NewServer(bank)
	t.Cleanup(shown.Close)
	b := till{t: t, db: db, bank: bank}
	b.new = func(change ...func(*configs.Config)) *Assembly {
		cfg := configs.Default()
		cfg.Douyin.BaseURL, cfg.Douyin.OpenURL, cfg.Douyin.AppID, cfg.Douyin.Secret = shown.URL, shown.URL, "tt1", "secret"
		cfg.Scheduler.SweepEvery = 100 * time.Millisecond
		cfg.Douyin.Payments = "trade"
		cfg.Douyin.Trade.PrivateKey, cfg.Douyin.Trade.KeyVersion = configs.Secret(testKey(t, "key.pem")), "2"
		cfg.Douyin.Trade.GoodsType, cfg.Douyin.Trade.TagGroupID = 401, "tag_group_7272625659888041996"
		cfg.Douyin.Trade.OrderPage = configs.Page{Path: "pages/order/detail", Params: map[string]string{"no": "{out_order_no}"}}
		for _, c := range change {
			c(cfg)
		}
		a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(rdb))
		t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
		return a
	}
	st, err := b.new().Store()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b till) gateway(a *Assembly) *gateway.Gateway {
	b.t.Helper()
	g, err := a.Gateway()
	if err != nil {
		b.t.Fatal(err)
	}
	return g
}

func (b till) ask(g http.Handler, method, path, body string, status int, into any) string {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != status {
		b.t.Errorf("%s %s %s: HTTP %d %s, want %d", method, path, body, w.Code, w.Body, status)
		return w.Body.String()
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			b.t.Error(err)
		}
	}
	return w.Body.String()
}

func paymentBody(no string) string {
	return `{"out_order_no":"` + no + `","total_amount":1000,"subject":"课程 <&>","image":"https://shop.example/1.png","sku_attr":"{}"}`
}

// TestAPaymentOfTradeIsMadeRequestedPaidAndTold goes from the shop's request to the buyer's money,
// without a salt, without a callback, and against the simulator, which checks what the mini-app hands
// over.
func TestAPaymentOfTradeIsMadeRequestedPaidAndTold(t *testing.T) {
	b := newTill(t, 3)
	a := b.new()
	g := b.gateway(a)
	var first, again gateway.SignedPayment
	b.ask(g, "POST", "/v1/payments", paymentBody("1"), 200, &first)
	if first.System != "trade" || !strings.HasPrefix(first.ByteAuthorization, "SHA256-RSA2048 appid=tt1,") {
		t.Errorf("%+v", first)
	}
	var status gateway.TradePaymentStatus
	b.ask(g, "GET", "/v1/payments/1", "", 200, &status)
	if status.PayStatus != "PROCESS" || status.OrderID != "" || status.TotalAmount != 1000 {
		t.Errorf("before it is requested: %+v", status)
	}

	if _, err := b.bank.RequestOrder(strings.Replace(first.Data, "1000", "1", 2), first.ByteAuthorization, ""); err == nil {
		t.Error("data that was changed on the way is taken")
	}
	id, err := b.bank.RequestOrder(first.Data, first.ByteAuthorization, "")
	if err != nil {
		t.Fatal(err)
	}
	// The configuration has changed since, and new payments are made in ecpay.
	back := b.gateway(b.new(func(c *configs.Config) {
		c.Douyin.Payments, c.Douyin.Trade.OrderPage = "ecpay", configs.Page{Path: "pages/other"}
	}))
	b.ask(back, "POST", "/v1/payments", paymentBody("1"), 200, &again)
	if again.Data != first.Data || again.ByteAuthorization == first.ByteAuthorization {
		t.Errorf("signed again: %+v", again)
	}
	if same, err := b.bank.RequestOrder(again.Data, again.ByteAuthorization, ""); err != nil || same != id {
		t.Errorf("%s, %v; want %s", same, err, id)
	}
	b.ask(g, "POST", "/v1/payments", strings.Replace(paymentBody("1"), "1000", "999", 1), 409, nil)
	b.ask(back, "POST", "/v1/payments", `{"out_order_no":"1","total_amount":1000,"subject":"s","body":"b","valid_time":600}`, 409, nil)
	b.ask(back, "POST", "/v1/payments", paymentBody("9"), 400, nil)

	if err := b.bank.PayTrade(id, 0, 30); err != nil {
		t.Fatal(err)
	}
	for _, g := range []http.Handler{g, back} {
		b.ask(g, "GET", "/v1/payments/1", "", 200, &status)
		if status.System != "trade" || status.PayStatus != "SUCCESS" || status.OrderID != id || status.DiscountAmount != 30 || len(status.Items) != 1 ||
			status.Items[0].ItemOrderID == "" || status.Items[0].Amount != 1000 || status.PaidAt == nil {
			t.Errorf("paid: %+v", status)
		}
	}
	b.ask(g, "GET", "/v1/payments/nobody", "", 404, nil)
	for field, body := range map[string]string{
		"image": `{"out_order_no":"2","total_amount":1000,"subject":"s"}`, "subject": `{"out_order_no":"2","total_amount":1000,"image":"https://x.cn/1.png"}`,
		"price": `{"out_order_no":"2","total_amount":1000,"subject":"s","image":"https://x.cn/1.png","quantity":3}`,
	} {
		if got := b.ask(g, "POST", "/v1/payments", body, 422, nil); !strings.Contains(got, `"field":"`+field+`"`) {
			t.Errorf("%s: %s", field, got)
		}
	}
	var n int
	if err := b.db.Raw("SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no <> '1' OR alarm <> ''").Row().Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of what was refused, or with an alarm; %v", n, err)
	}
}

// Two processes are asked at the same moment, after one of them was configured anew: the buyer may
// get either's answer, so there is one data.
func TestProcessesSignOneData(t *testing.T) {
	b := newTill(t, 1)
	gateways := []http.Handler{b.gateway(b.new()), b.gateway(b.new(func(c *configs.Config) { c.Douyin.Trade.OrderPage.Path = "pages/other" }))}
	for _, no := range []string{"1", "N2", "N3", "N4"} {
		var all sync.WaitGroup
		signed := make([]gateway.SignedPayment, 8)
		for i := range signed {
			all.Go(func() { b.ask(gateways[i%2], "POST", "/v1/payments", paymentBody(no), 200, &signed[i]) })
		}
		all.Wait()
		for _, s := range signed {
			if s.Data != signed[0].Data {
				t.Errorf("%s: %s\n%s", no, s.Data, signed[0].Data)
			}
			if _, err := b.bank.RequestOrder(s.Data, s.ByteAuthorization, ""); err != nil {
				t.Error(err)
			}
		}
	}
}

// No callback comes, and there is no salt: the worker asks. What nobody has requested of Douyin ends
// without a word.
func TestTheWorkerAsksAfterPaymentsOfTradeWithoutASalt(t *testing.T) {
	b := newTill(t, 3)
	a := b.new()
	g := b.gateway(a)
	for _, no := range []string{"1", "2", "3"} {
		var s gateway.SignedPayment
		b.ask(g, "POST", "/v1/payments", paymentBody(no), 200, &s)
		if no == "3" {
			continue
		}
		if _, err := b.bank.RequestOrder(s.Data, s.ByteAuthorization, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.bank.PayTrade("1", 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.bank.CancelTrade("2"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE ordersync_payment_ask SET due_at = created_at", "UPDATE ordersync_payment_ask SET valid_until = '2026-01-01' WHERE out_order_no = '3'",
	} {
		if err := b.db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	servers, err := a.Worker()
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Start(); err != nil {
		t.Fatal(err)
	}
	clock, err := a.Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var rung sync.WaitGroup
	rung.Go(func() { clock.Run(ctx) })
	t.Cleanup(func() { stop(); rung.Wait() })
	awaitFor(t, "all have ended, and nobody is asked after", func() bool {
		var asked int
		return b.db.Raw("SELECT COUNT(*) FROM ordersync_payment_ask").Row().Scan(&asked) == nil && asked == 0
	})
	var got []string
	rows, err := b.db.Raw("SELECT CONCAT(out_order_no, ' ', state, ' ', alarm, ' ', items IS NOT NULL) FROM ordersync_payment ORDER BY out_order_no").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		got = append(got, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, ", "); s != "1 SUCCESS  1, 2 TIMEOUT  1, 3 TIMEOUT  0" {
		t.Errorf("%s", s)
	}
}

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
