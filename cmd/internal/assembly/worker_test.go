package assembly

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// TestAWorkerHoldsMoreOrdersThanItHasSlots: worker.concurrency of them are at Douyin,
// worker.prefetch more are in hand.
func TestAWorkerHoldsMoreOrdersThanItHasSlots(t *testing.T) {
	const slots, prefetch, orders = 2, 3, 9
	db, rdb := servertest.DB(t), servertest.Redis(t)
	bank := simulator.New(simulator.Config{AppID: "tt1", Secret: "secret", Salt: "salt"})
	t.Cleanup(func() { _ = bank.Close() })
	arrived, answers := make(chan struct{}, orders), make(chan struct{})
	answer := sync.OnceFunc(func() { close(answers) })
	douyin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/apps/order/v2/push" {
			arrived <- struct{}{}
			<-answers
		}
		bank.ServeHTTP(w, r)
	}))
	t.Cleanup(douyin.Close)

	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.RateLimit = douyin.URL, "tt1", "secret", 0
	cfg.Shop.Status = sampleshop.Words()
	cfg.Worker.Concurrency, cfg.Worker.Prefetch = slots, prefetch
	a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(rdb))
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	t.Cleanup(answer)
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
	for id := range orders {
		paid := sampleshop.Order{
			ID: int64(id + 1), UserID: 1, ProductID: 1, CourseID: 1, Amount: "19.99", Status: sampleshop.Paid, CreateTime: time.Now(),
		}
		if err := shop.AddOrders(t.Context(), []sampleshop.Order{paid}); err != nil {
			t.Fatal(err)
		}
		task := tasks.PushOrder{OrderID: strconv.Itoa(id + 1), Revision: "1", Cause: tasks.CausePaid}
		if _, err := tasks.Enqueue(t.Context(), client, task); err != nil {
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

	inspector := asynq.NewInspectorFromRedisClient(rdb)
	bell := time.NewTicker(20 * time.Millisecond)
	defer bell.Stop()
	late := time.After(20 * time.Second)
	state := func() *asynq.QueueInfo {
		info, err := inspector.GetQueueInfo(tasks.QueuePush)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	for state().Active < slots+prefetch || len(arrived) < slots {
		select {
		case <-bell.C:
		case <-late:
			t.Fatalf("%d in hand and %d at Douyin, want %d and %d", state().Active, len(arrived), slots+prefetch, slots)
		}
	}
	if in, at := state().Active, len(arrived); in != slots+prefetch || at != slots {
		t.Errorf("%d in hand and %d at Douyin, want %d and %d", in, at, slots+prefetch, slots)
	}
	answer()
	for state().Completed < orders {
		select {
		case <-bell.C:
		case <-late:
			t.Fatalf("%d of %d orders were pushed", state().Completed, orders)
		}
	}
}

// A worker of ecpay alone needs nothing that trade would want: its callbacks may go to a plain address,
// as those of a simulator do, while douyin.open_url is Douyin's own.
func TestAWorkerOfEcpayNeedsNothingOfTrade(t *testing.T) {
	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.NotifyURL = "http://127.0.0.1:1", "http://127.0.0.1:2/callbacks/douyin"
	cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.Salt = "tt1", "secret", "salt"
	cfg.Shop.Status = sampleshop.Words()
	a := New(cfg, zerolog.Nop(), WithDB(servertest.DB(t)), WithRedis(servertest.Redis(t)))
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	if _, err := a.Worker(); err != nil {
		t.Error(err)
	}
}
