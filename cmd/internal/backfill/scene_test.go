package backfill_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// oldTime is when the old orders of a scene were made; firstLive is the first of those that are made now.
var oldTime = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

const firstLive = 1_000_001

// scene is a shop with old and new orders, real queues, the workers that production runs, at their default rate limit of 50 calls a
// second, and a Douyin that answers after a while.
type scene struct {
	parts  *assembly.Assembly
	queue  *asynq.Client
	rdb    *redis.Client
	douyin *arrivals
}

func newScene(tb testing.TB, old, live int, latency time.Duration) *scene {
	tb.Helper()
	db, rdb := servertest.DB(tb), servertest.Redis(tb)
	ctx := tb.Context()
	shop, err := sampleshop.Create(ctx, db, "")
	if err != nil {
		tb.Fatal(err)
	}
	orders := make([]sampleshop.Order, 0, old+live)
	for i := range old {
		orders = append(orders, sampleshop.Order{ID: int64(i + 1), Amount: "9.90", Status: sampleshop.Paid, CreateTime: oldTime.Add(time.Duration(i) * time.Second)})
	}
	for i := range live {
		orders = append(orders, sampleshop.Order{ID: int64(firstLive + i), Amount: "9.90", Status: sampleshop.Paid, CreateTime: time.Now()})
	}
	if err := shop.AddOrders(ctx, orders); err != nil {
		tb.Fatal(err)
	}

	const appID, secret = "ttbackfill012345", "backfill-app-secret"
	sim := simulator.New(simulator.Config{AppID: appID, Secret: secret, Latency: latency})
	s := &scene{rdb: rdb, queue: asynq.NewClientFromRedisClient(rdb), douyin: &arrivals{next: sim, changed: make(chan struct{})}}
	server := httptest.NewServer(s.douyin)
	tb.Cleanup(func() { server.Close(); _ = sim.Close() })

	cfg := configs.Default()
	cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.BaseURL = appID, secret, server.URL
	cfg.Shop.Status = sampleshop.Words()
	s.parts = assembly.New(cfg, zerolog.Nop(), assembly.WithDB(db), assembly.WithRedis(rdb))
	tb.Cleanup(func() { _ = s.parts.Close(context.WithoutCancel(ctx)) })
	st, err := s.parts.Store()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := st.Migrate(ctx); err != nil {
		tb.Fatal(err)
	}
	return s
}

// work starts the workers.
func (s *scene) work(tb testing.TB) {
	tb.Helper()
	servers, err := s.parts.Worker()
	if err == nil {
		err = servers.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// ask enqueues one push.
func (s *scene) ask(tb testing.TB, id int, cause tasks.Cause) {
	tb.Helper()
	if _, err := tasks.Enqueue(tb.Context(), s.queue, tasks.PushOrder{OrderID: strconv.Itoa(id), Revision: "r", Cause: cause}); err != nil {
		tb.Fatal(err)
	}
}

// arrivals is Douyin, and remembers which order was answered when.
type arrivals struct {
	next http.Handler

	mu      sync.Mutex
	order   []string
	at      map[string]time.Time
	changed chan struct{} // closed, and replaced, with every order
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	a.next.ServeHTTP(w, r)
	var push struct {
		Detail string `json:"order_detail"`
	}
	var detail struct {
		ID string `json:"order_id"`
	}
	if json.Unmarshal(body, &push) != nil || json.Unmarshal([]byte(push.Detail), &detail) != nil {
		return // a token
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[string]time.Time{}
	}
	a.order, a.at[detail.ID] = append(a.order, detail.ID), time.Now()
	close(a.changed)
	a.changed = make(chan struct{})
}

// await returns when seen says so of the orders answered so far.
func (a *arrivals) await(tb testing.TB, seen func(order []string, at map[string]time.Time) bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	for {
		a.mu.Lock()
		done, changed, n := seen(a.order, a.at), a.changed, len(a.order)
		a.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			tb.Fatalf("what is waited for does not come; %d orders have", n)
		}
	}
}
