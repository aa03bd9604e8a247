package assembly

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// tradeBuyer pays in trade at a simulator, for goods that are fulfilled.
type tradeBuyer struct {
	bank   *simulator.Server
	signer *trade.Signer
}

func newTradeBuyer(t *testing.T, bank *simulator.Server) *tradeBuyer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	signer, err := trade.NewSigner(trade.SignerConfig{AppID: "tt1", PrivateKey: string(text), KeyVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	bank.SetAppKey(&key.PublicKey, "1")
	return &tradeBuyer{bank, signer}
}

func (b *tradeBuyer) pay(t *testing.T, no string, fen int64) {
	t.Helper()
	data, err := trade.Payment{
		OutOrderNo: no, TotalAmount: fen, OrderPage: trade.Page{Path: "pages/order"},
		SKU: trade.SKU{ID: "c1", Price: fen, Quantity: 1, Title: "咨询", Image: "https://img.example/1.png", GoodsType: 201, TagGroupID: "tag_group_7272625659888009228"},
	}.Data()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := b.signer.SignRequest(data)
	if err != nil {
		t.Fatal(err)
	}
	order, err := b.bank.RequestOrder(signed.Data, signed.ByteAuthorization, "")
	if err == nil {
		err = b.bank.PayTrade(order, 0, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnOrderOfTradeIsNeverPushedAndItsFulfilmentIsToldOnce drives orders of both systems through
// worker, sweep and storms of repeated tasks, over the simulator, which notes a push of an order of
// trade and a fulfilment that goes back as violations.
func TestAnOrderOfTradeIsNeverPushedAndItsFulfilmentIsToldOnce(t *testing.T) {
	servertest.EachDB(t, keptEndToEnd)
}

func keptEndToEnd(t *testing.T, db *gorm.DB) {
	const orders, storm = 8, 8
	rdb := servertest.Redis(t)
	bank := simulator.New(simulator.Config{AppID: "tt1", Secret: "secret", Salt: "salt"})
	t.Cleanup(func() { _ = bank.Close() })
	var told, pushed atomic.Int64
	douyin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "fulfill_push_status"):
			told.Add(1)
		case r.URL.Path == "/api/apps/order/v2/push":
			pushed.Add(1)
		}
		bank.ServeHTTP(w, r)
	}))
	t.Cleanup(douyin.Close)
	buyer := newTradeBuyer(t, bank)

	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.OpenURL, cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.RateLimit = douyin.URL, douyin.URL, "tt1", "secret", 0
	cfg.Douyin.Trade.Since = since.Format(time.RFC3339)
	cfg.Douyin.Trade.Fulfil = map[string]string{"paid": "FULFILLING", "redeemed": "FULFILLED"}
	cfg.Shop.Status = sampleshop.Words()
	cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = 100*time.Millisecond, 0
	a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(rdb))
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	st, err := a.Store()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	shop, err := sampleshop.Create(t.Context(), db, "")
	if err != nil {
		t.Fatal(err)
	}
	client := asynq.NewClientFromRedisClient(rdb)
	ids := make([]int64, 0, orders)
	add := func(id int64, created time.Time) {
		t.Helper()
		o := sampleshop.Order{ID: id, UserID: 1, ProductID: 1, CourseID: 1, Amount: "19.99", Status: sampleshop.Paid, CreateTime: created}
		if err := shop.AddOrders(t.Context(), []sampleshop.Order{o}); err != nil {
			t.Fatal(err)
		}
	}
	for id := int64(1); id <= orders; id++ {
		buyer.pay(t, strconv.FormatInt(id, 10), 1999)
		add(id, time.Now())
		ids = append(ids, id)
	}
	add(100, since.Add(-time.Minute))                                             // of ecpay
	add(200, time.Now())                                                          // of trade, and nobody has paid it
	if err := shop.Exec(t.Context(), "UPDATE {order} SET uid = 99"); err != nil { // nobody has an open_id
		t.Fatal(err)
	}
	if err := shop.Exec(t.Context(), "UPDATE {order} SET uid = 1 WHERE id = 100"); err != nil {
		t.Fatal(err)
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
	ended := make(chan struct{})
	go func() { clock.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })

	all := append([]int64{100, 200}, ids...)
	causes := []tasks.Cause{tasks.CausePaid, tasks.CauseRefund, tasks.CauseCallback, tasks.CauseManual, tasks.CauseBackfill}
	blow := func(name string) {
		t.Helper()
		for n := range storm {
			for _, id := range all {
				task := tasks.PushOrder{OrderID: strconv.FormatInt(id, 10), Revision: fmt.Sprintf("%s-%d", name, n), Cause: causes[n%len(causes)]}
				if _, err := tasks.Enqueue(t.Context(), client, task); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	quiet := func(status int, want string) {
		t.Helper()
		bell := time.NewTicker(50 * time.Millisecond)
		defer bell.Stop()
		late := time.After(40 * time.Second)
		for err := calm(inspector, st, strconv.Itoa(status), want, ids); err != nil; err = calm(inspector, st, strconv.Itoa(status), want, ids) {
			select {
			case <-bell.C:
			case <-late:
				t.Fatal(err)
			}
		}
	}
	blow("paid")
	quiet(sampleshop.Paid, "FULFILLING")
	if got := told.Load(); got != orders {
		t.Errorf("fulfilment was told %d times of %d orders", got, orders)
	}
	if err := shop.SetStatus(t.Context(), sampleshop.Redeemed, all...); err != nil {
		t.Fatal(err)
	}
	blow("redeemed")
	quiet(sampleshop.Redeemed, "FULFILLED")
	if err := shop.SetStatus(t.Context(), sampleshop.Paid, ids...); err != nil { // the shop goes back
		t.Fatal(err)
	}
	blow("back")
	quiet(sampleshop.Paid, "FULFILLED")
	if got := told.Load(); got != 2*orders {
		t.Errorf("fulfilment was told %d times of %d orders, want twice each", got, orders)
	}
	book := bank.Trade()
	for _, o := range book.Orders {
		if o.Fulfilment != "FULFILLED" {
			t.Errorf("order %s is %s at Douyin", o.OutOrderNo, o.Fulfilment)
		}
	}
	if len(book.Violations) > 0 || len(book.Orders) != orders {
		t.Errorf("%d orders, violations %+v", len(book.Orders), book.Violations)
	}
	if got := pushed.Load(); got == 0 || got > 5 {
		t.Errorf("%d pushes, want those of the one order of ecpay", got)
	}
	for id, want := range map[string]store.Outcome{"100": store.Pushed, "200": store.Kept} {
		if state, _, err := st.Order(t.Context(), id); err != nil || state.Outcome != want {
			t.Errorf("order %s: %+v, %v", id, state, err)
		}
	}
	orders1, err := a.Lookup()
	if err != nil {
		t.Fatal(err)
	}
	status, _, err := orders1.OrderStatus(t.Context(), "1")
	if err != nil || status.System != "trade" || status.Outcome != "kept" || status.Fulfilled != "FULFILLED" {
		t.Errorf("status %+v, %v", status, err)
	}
}

// calm tells whether no task is on its way, and every order is kept in the shop's status and has been
// told of its fulfilment.
func calm(inspector *asynq.Inspector, st *store.Store, status, want string, ids []int64) error {
	for _, id := range ids {
		o, _, err := st.Order(context.Background(), strconv.FormatInt(id, 10))
		if err != nil {
			return err
		}
		if o.Outcome != store.Kept || o.ShopStatus != status || o.Fulfilled != want || o.DueAt != nil || o.FulfilSent != "" || o.System != store.Trade {
			return fmt.Errorf("order %d is not at rest: %+v", id, o)
		}
	}
	for _, queue := range []string{tasks.QueuePush, tasks.QueueSweep, tasks.QueueBackfill} {
		info, err := inspector.GetQueueInfo(queue)
		if err == nil && info.Pending+info.Active+info.Scheduled+info.Retry > 0 {
			return fmt.Errorf("queue %s: %+v", queue, info)
		}
	}
	return nil
}
