package pages_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// waitAtMost bounds each wait of a story.
const waitAtMost = 30 * time.Second

// An operator finds a refused order, reads why, mends the shop, pushes it again and sees it pushed.
func TestARefusedOrderIsFoundMendedAndPushedAgain(t *testing.T) {
	t.Run("plain HTTP", func(t *testing.T) {
		s := newStorySite(t)
		tell(t, s, newReader(t, s.URL))
	})
	if path, ok := servertest.Chromium(t); ok {
		t.Run("chromium", func(t *testing.T) {
			s := newStorySite(t)
			tell(t, s, newChromium(t, path, s.URL))
		})
	}
}

// newStorySite is a site with a real worker and Douyin's simulator behind it. Orders 7 and 8 have no picture and are refused.
func newStorySite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	douyin := simulator.New(simulator.Config{})
	t.Cleanup(func() { _ = douyin.Close() })
	server := httptest.NewServer(douyin)
	t.Cleanup(server.Close)
	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret = server.URL, "tt0123456789abcdef", "test-secret"
	cfg.Shop.Status = map[string]string{"1": "paid"}
	cfg.Worker.Concurrency = 4
	parts := assembly.New(cfg, zerolog.Nop(), assembly.WithDB(s.db), assembly.WithRedis(s.redis))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
		defer cancel()
		if err := parts.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	worker, err := parts.Worker()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	queue := asynq.NewClientFromRedisClient(s.redis)
	for _, id := range []int{7, 8} {
		s.addOrder(t, id, "")
		if _, err := tasks.Enqueue(t.Context(), queue, tasks.PushOrder{OrderID: fmt.Sprint(id), Cause: tasks.CausePaid}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"7", "8"} {
		until(t, "order "+id+" is refused", func() bool {
			state, _, err := s.store.Order(t.Context(), id)
			return err == nil && state.Outcome == store.Refused
		})
	}
	return s
}

// until waits for something that another process or goroutine brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", waitAtMost, what)
		}
	}
}

// reads fails the test where the page lacks one of the parts.
func reads(t *testing.T, b browser, parts ...string) {
	t.Helper()
	text := b.text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Fatalf("the page does not say %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, openID) {
		t.Fatalf("the open_id shows:\n%s", text)
	}
}

func tell(t *testing.T, s *site, b browser) {
	t.Helper()
	b.open("/")
	b.press("Sign in 登录", map[string]string{"name": "omar", "password": password})
	reads(t, b, "What needs a person", "2 orders refused or given up", "The order is not complete in the shop", "product.cover_img", "Mend the value in the shop's database")
	b.press("2 orders", nil)
	reads(t, b, "Push the selected orders again", "refused")
	b.press("7", nil)
	reads(t, b, "Order 7 refused", "product.cover_img", "Douyin holds not known", "Push of the order", "because: paid")

	if err := s.db.Exec("UPDATE product SET cover_img = 'https://img.example/1.png'").Error; err != nil {
		t.Fatal(err)
	}
	b.press("Push again", nil)
	until(t, "the page says that order 7 is pushed", func() bool { return strings.Contains(b.text(), "Pushed again: pushed.") })
	reads(t, b, "Order 7 pushed", "Douyin holds 已支付 paid (1)", "because: asked by hand")

	b.press("中文", nil)
	reads(t, b, "订单 7 已推送", "时间线", "抖音侧状态 已支付", "触发：人工请求")
	b.open("/")
	reads(t, b, "需要人工处理", "商城中的订单信息不完整")
	b.press("1 个订单", nil)
	b.press("重新推送所选订单", map[string]string{"order": "8"})
	reads(t, b, "1 个订单将重新推送。")
	until(t, "order 8 is pushed", func() bool {
		state, _, err := s.store.Order(t.Context(), "8")
		return err == nil && state.Outcome == store.Pushed
	})
	b.open("/")
	reads(t, b, "目前没有需要人工处理的事项。")
	b.press("搜索", map[string]string{"q": "8"})
	reads(t, b, "订单 8 已推送")
	b.press("English", nil)
	reads(t, b, "Order 8 pushed", "Timeline")
}
