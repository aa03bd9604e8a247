package assembly

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// TestAnOrderOfTradeIsNeverPushedAndItsFulfilmentIsToldOnce drives orders of both systems through
// worker, sweep and storms of repeated tasks, over the simulator, which notes a push of an order of
// trade and a fulfilment that goes back as violations.
func TestAnOrderOfTradeIsNeverPushedAndItsFulfilmentIsToldOnce(t *testing.T) {
	servertest.EachDB(t, keptEndToEnd)
}

func keptEndToEnd(t *testing.T, db *gorm.DB) {
	const orders, storm = 8, 8
	var told, pushed atomic.Int64
	count := func(douyin http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.Contains(r.URL.Path, "fulfill_push_status"):
				told.Add(1)
			case r.URL.Path == "/api/apps/order/v2/push":
				pushed.Add(1)
			}
			douyin.ServeHTTP(w, r)
		})
	}
	s := newScene(t, sceneConfig{db: db, before: count})
	s.goods = fulfilled
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	a := s.process(func(cfg *configs.Config) {
		cfg.Douyin.Trade.Since = since.Format(time.RFC3339)
		cfg.Douyin.Trade.Fulfil = map[string]string{"paid": "FULFILLING", "redeemed": "FULFILLED"}
		cfg.Scheduler.SweepAfter = 0
	})
	ids := make([]int64, 0, orders)
	add := func(id int64, created time.Time) {
		t.Helper()
		o := sampleshop.Order{ID: id, Amount: "19.99", Status: sampleshop.Paid, CreateTime: created}
		s.must(s.shop.AddOrders(t.Context(), []sampleshop.Order{o}))
	}
	for id := int64(1); id <= orders; id++ {
		s.pay(strconv.FormatInt(id, 10), 1999)
		add(id, time.Now())
		ids = append(ids, id)
	}
	add(100, since.Add(-time.Minute))                               // of ecpay
	add(200, time.Now())                                            // of trade, and nobody has paid it
	s.must(s.shop.Exec(t.Context(), "UPDATE {order} SET uid = 99")) // nobody has an open_id
	s.must(s.shop.Exec(t.Context(), "UPDATE {order} SET uid = 1 WHERE id = 100"))
	start(t, a)

	all := append([]int64{100, 200}, ids...)
	causes := []tasks.Cause{tasks.CausePaid, tasks.CauseRefund, tasks.CauseCallback, tasks.CauseManual, tasks.CauseBackfill}
	client := asynq.NewClientFromRedisClient(s.rdb)
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
	inspector := asynq.NewInspectorFromRedisClient(s.rdb)
	quiet := func(status int, want string) {
		t.Helper()
		await(t, func() error { return calm(inspector, s.store, strconv.Itoa(status), want, ids) })
	}
	blow("paid")
	quiet(sampleshop.Paid, "FULFILLING")
	if got := told.Load(); got != orders {
		t.Errorf("fulfilment was told %d times of %d orders", got, orders)
	}
	s.must(s.shop.SetStatus(t.Context(), sampleshop.Redeemed, all...))
	blow("redeemed")
	quiet(sampleshop.Redeemed, "FULFILLED")
	s.must(s.shop.SetStatus(t.Context(), sampleshop.Paid, ids...)) // the shop goes back
	blow("back")
	quiet(sampleshop.Paid, "FULFILLED")
	if got := told.Load(); got != 2*orders {
		t.Errorf("fulfilment was told %d times of %d orders, want twice each", got, orders)
	}
	book := s.douyin.Trade()
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
		if state, _, err := s.store.Order(t.Context(), id); err != nil || state.Outcome != want {
			t.Errorf("order %s: %+v, %v", id, state, err)
		}
	}
	lookup, err := a.Lookup()
	if err != nil {
		t.Fatal(err)
	}
	status, _, err := lookup.OrderStatus(t.Context(), "1")
	if err != nil || status.System != "trade" || status.Outcome != "kept" || status.Fulfilled != "FULFILLED" {
		t.Errorf("status %+v, %v", status, err)
	}
}

// calm tells whether no task is on its way, and every order is kept in the shop's status and has
// been told of its fulfilment.
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
