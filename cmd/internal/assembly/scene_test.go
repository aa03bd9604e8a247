package assembly

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// sceneConfig says what is not as in most scenes.
type sceneConfig struct {
	db     *gorm.DB // nil: servertest.DB
	orders int      // that the shop has, with the keys from 1 on: see sell
	// douyin is the simulator. An app, a secret and the shop's key for trade are filled in.
	douyin simulator.Config
	// before makes what stands before the simulator; nil: nothing does.
	before func(douyin http.Handler) http.Handler
}

// scene is where a test end to end plays: a shop, its database with our tables, Redis, Douyin's
// other side, and a mini-app whose buyers pay in trade. Processes of ours come with process.
type scene struct {
	t      *testing.T
	db     *gorm.DB
	rdb    redis.UniversalClient
	shop   *sampleshop.Shop
	store  *store.Store // of the test, and of no process
	douyin *simulator.Server
	goods  goods             // that buyers pay for
	log    servertest.Buffer // of all processes

	url    string           // of what processes call
	played simulator.Config // what processes know of Douyin
}

// goods are a kind of goods in Douyin's words.
type goods struct {
	kind int
	tag  string
}

var (
	unfulfilled = goods{401, "tag_group_7272625659888041996"}
	fulfilled   = goods{201, "tag_group_7272625659888009228"} // Douyin wants to be told of their fulfilment
)

// tradeKeyVersion is the version of the shop's key for trade, key.pem.
const tradeKeyVersion = "2"

func newScene(t *testing.T, c sceneConfig) *scene {
	t.Helper()
	if c.db == nil {
		c.db = servertest.DB(t)
	}
	appKey, err := simulator.ParseAppKey([]byte(testKey(t, "key_pub.pem")))
	if err != nil {
		t.Fatal(err)
	}
	c.douyin.AppID = "tt1"
	if c.douyin.Secret == "" {
		c.douyin.Secret = "secret"
	}
	c.douyin.Trade.AppKey, c.douyin.Trade.KeyVersion = appKey, tradeKeyVersion
	s := &scene{t: t, db: c.db, rdb: servertest.Redis(t), goods: unfulfilled, played: c.douyin, douyin: simulator.New(c.douyin)}
	t.Cleanup(func() { _ = s.douyin.Close() })
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	var front http.Handler = s.douyin
	if c.before != nil {
		front = c.before(front)
	}
	shown := httptest.NewServer(front)
	t.Cleanup(shown.Close)
	s.url = shown.URL
	s.store = migrated(t, New(configs.Default(), zerolog.Nop(), WithDB(s.db)))
	if s.shop, err = sampleshop.Create(t.Context(), s.db, ""); err != nil {
		t.Fatal(err)
	}
	for id := range c.orders {
		s.sell(int64(1 + id))
	}
	return s
}

// migrated is the store of a, with our tables.
func migrated(t *testing.T, a *Assembly) *store.Store {
	t.Helper()
	st, err := a.Store()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}

// sell makes an order of 10 yuan that was paid a minute ago.
func (s *scene) sell(id int64) {
	s.t.Helper()
	o := sampleshop.Order{ID: id, Amount: "10.00", Status: sampleshop.Paid, CreateTime: time.Now().Add(-time.Minute)}
	if err := s.shop.AddOrders(s.t.Context(), []sampleshop.Order{o}); err != nil {
		s.t.Fatal(err)
	}
}

// process is one of ours, in which nothing runs yet; the end of the test closes it. It knows the
// shop and Douyin; change (nil: nothing) makes the rest of its configuration.
func (s *scene) process(change func(*configs.Config), opts ...Option) *Assembly {
	s.t.Helper()
	cfg := configs.Default()
	d := &cfg.Douyin
	d.BaseURL, d.OpenURL, d.AppID, d.RateLimit = s.url, s.url, s.played.AppID, 0
	d.Secret, d.Salt, d.CallbackToken = configs.Secret(s.played.Secret), configs.Secret(s.played.Salt), configs.Secret(s.played.CallbackToken)
	cfg.Shop.Status = sampleshop.Words()
	cfg.Scheduler.SweepEvery = 100 * time.Millisecond
	if change != nil {
		change(cfg)
	}
	a := New(cfg, zerolog.New(&s.log), append([]Option{WithDB(s.db), WithRedis(s.rdb)}, opts...)...)
	s.t.Cleanup(func() { _ = a.Close(context.WithoutCancel(s.t.Context())) })
	return a
}

// signs gives a process the shop's key: it makes payments of trade.
func (s *scene) signs(cfg *configs.Config) {
	cfg.Douyin.Payments = "trade"
	cfg.Douyin.Trade.PrivateKey, cfg.Douyin.Trade.KeyVersion = configs.Secret(testKey(s.t, "key.pem")), tradeKeyVersion
}

// start lets a work and hear the clock. stop ends both and closes a; the end of the test calls it,
// too.
func start(t *testing.T, a *Assembly) (stop func()) {
	t.Helper()
	startWorker(t, a)
	still := startClock(t, a)
	stop = sync.OnceFunc(func() {
		still()
		_ = a.Close(context.WithoutCancel(t.Context()))
	})
	t.Cleanup(stop)
	return stop
}

// startWorker lets a work until it is closed.
func startWorker(t *testing.T, a *Assembly) {
	t.Helper()
	servers, err := a.Worker()
	if err == nil {
		err = servers.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// startClock lets a hear the clock until stop, or the end of the test.
func startClock(t *testing.T, a *Assembly) (stop func()) {
	t.Helper()
	clock, err := a.Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var rung sync.WaitGroup
	rung.Go(func() { clock.Run(ctx) })
	stop = func() { cancel(); rung.Wait() }
	t.Cleanup(stop)
	return stop
}

// request lets a buyer open the till for an order in trade, and is Douyin's number of it.
func (s *scene) request(no string, fen int64) (orderID string) {
	s.t.Helper()
	signer, err := trade.NewSigner(trade.SignerConfig{AppID: s.played.AppID, PrivateKey: testKey(s.t, "key.pem"), KeyVersion: tradeKeyVersion})
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := trade.Payment{
		OutOrderNo: no, TotalAmount: fen, OrderPage: trade.Page{Path: "pages/order/detail"},
		SKU: trade.SKU{ID: "s1", Price: fen, Quantity: 1, Title: "课程", Image: "https://img.example.com/1.jpg", GoodsType: s.goods.kind, TagGroupID: s.goods.tag},
	}.Data()
	if err != nil {
		s.t.Fatal(err)
	}
	signed, err := signer.SignRequest(data)
	if err != nil {
		s.t.Fatal(err)
	}
	if orderID, err = s.douyin.RequestOrder(signed.Data, signed.ByteAuthorization, buyersOpenID); err != nil {
		s.t.Fatal(err)
	}
	return orderID
}

// buyersOpenID must be in no log.
const buyersOpenID = "the-buyers-open-id"

// pay lets a buyer pay an order in trade.
func (s *scene) pay(no string, fen int64) {
	s.t.Helper()
	s.must(s.douyin.PayTrade(s.request(no, fen), 1, 0))
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// testKey is a PEM file of package trade.
func testKey(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../douyin/trade/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// awaitFor looks until done, or fails.
func awaitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	await(t, func() error {
		if !done() {
			return errors.New(what)
		}
		return nil
	})
}

// await looks until nothing is missing, or fails with what was missing last.
func await(t *testing.T, missing func() error) {
	t.Helper()
	bell, end := time.NewTicker(20*time.Millisecond), time.NewTimer(time.Minute)
	defer bell.Stop()
	defer end.Stop()
	for {
		err := missing()
		if err == nil {
			return
		}
		select {
		case <-bell.C:
		case <-end.C:
			t.Fatalf("never: %v", err)
		}
	}
}
