package assembly

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// TestAWorkerHoldsMoreOrdersThanItHasSlots: worker.concurrency of them are at Douyin,
// worker.prefetch more are in hand.
func TestAWorkerHoldsMoreOrdersThanItHasSlots(t *testing.T) {
	const slots, prefetch, orders = 2, 3, 9
	arrived, answers := make(chan struct{}, orders), make(chan struct{})
	answer := sync.OnceFunc(func() { close(answers) })
	s := newScene(t, sceneConfig{orders: orders, before: func(douyin http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/apps/order/v2/push" {
				arrived <- struct{}{}
				<-answers
			}
			douyin.ServeHTTP(w, r)
		})
	}})
	a := s.process(func(cfg *configs.Config) { cfg.Worker.Concurrency, cfg.Worker.Prefetch = slots, prefetch })
	t.Cleanup(answer)
	client := asynq.NewClientFromRedisClient(s.rdb)
	for id := range orders {
		task := tasks.PushOrder{OrderID: strconv.Itoa(id + 1), Revision: "1", Cause: tasks.CausePaid}
		if _, err := tasks.Enqueue(t.Context(), client, task); err != nil {
			t.Fatal(err)
		}
	}
	startWorker(t, a)

	inspector := asynq.NewInspectorFromRedisClient(s.rdb)
	state := func() *asynq.QueueInfo {
		info, err := inspector.GetQueueInfo(tasks.QueuePush)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	await(t, func() error {
		if in, at := state().Active, len(arrived); in < slots+prefetch || at < slots {
			return fmt.Errorf("%d in hand and %d at Douyin, want %d and %d", in, at, slots+prefetch, slots)
		}
		return nil
	})
	if in, at := state().Active, len(arrived); in != slots+prefetch || at != slots {
		t.Errorf("%d in hand and %d at Douyin, want %d and %d", in, at, slots+prefetch, slots)
	}
	answer()
	await(t, func() error {
		if done := state().Completed; done < orders {
			return fmt.Errorf("%d of %d orders were pushed", done, orders)
		}
		return nil
	})
}

// A worker of ecpay alone needs nothing that trade would want: its callbacks may go to a plain
// address, as those of a simulator do, while douyin.open_url is Douyin's own.
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
