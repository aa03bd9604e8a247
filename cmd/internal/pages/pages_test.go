package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

func TestNobodyLooksWithoutSigningIn(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.fail(t, "7", "rejected", 40012, "the open_id is wrong")
		v := s.as(t, "")
		for _, path := range []string{"/", "/failures?kind=rejected&code=40012", "/search?q=7", "/orders/7", "/load"} {
			if body, _ := v.get(path); !strings.Contains(body, `name="password"`) || strings.Contains(body, "open_id") {
				t.Errorf("%s shows more than the sign-in:\n%s", path, body)
			}
		}
		for _, path := range []string{"/push", "/orders/7/push"} {
			if _, status := v.post(path, url.Values{"kind": {"rejected"}, "code": {"40012"}, "group": {"1"}}); status != http.StatusUnauthorized {
				t.Errorf("POST %s: %d", path, status)
			}
		}
	})
}

func TestTheStartPageSaysThatNothingIsToBeDone(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.as(t, "vera").sees("/", "Nothing needs a person now.")
	})
}

func TestTheStartPageSaysThatDouyinThrottles(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		v := s.as(t, "vera")
		if body, _ := v.get("/"); strings.Contains(body, "throttles") {
			t.Errorf("the rate is as configured:\n%s", body)
		}
		s.rate = 4.52
		v.sees("/", "Douyin throttles: 4.5 pushes a second go through now")
		v.lang = "zh-CN"
		v.sees("/", "抖音正在限流：目前所有进程合计每秒通过 4.5 次推送")
	})
}

func TestTheStartPageGroupsFailuresAndSaysWhatToDo(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for i := range 3 {
			s.fail(t, fmt.Sprint("a", i), "rejected", 40012, "请检查<open_id>")
		}
		s.fail(t, "b", "incomplete", 0, "product.cover_img of row 7: is empty")
		v := s.as(t, "vera")
		v.sees("/", "<b>4</b> orders refused or given up", "3 orders", "rejected · 40012", "请检查&lt;open_id&gt;", "Douyin does not take the buyer&#39;s open_id",
			"tt.login", "The order is not complete in the shop", "product.cover_img of row 7", "/failures?cause=%E8%AF%B7%E6%A3%80%E6%9F%A5%3Copen_id%3E&amp;code=40012&amp;kind=rejected")
		v.lang = "zh-TW,en;q=0.5"
		v.sees("/", `<html lang="zh-CN">`, "需要人工处理", "3 个订单", "抖音不接受买家的 open_id", "被拒绝或已放弃的订单")
	})
}

func TestTheStartPageShowsAlarmsAndBadRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "")
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: "R1", OrderID: "1", Amount: 1, Reason: "用户取消", DueAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.Alarm(t.Context(), s.refund(t, "R1"), store.AlarmOverdue, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := s.db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('pusch', '1', ?)", openID).Error; err != nil {
			t.Fatal(err)
		}
		_, err := s.store.RelayOutbox(t.Context(), 10, func(context.Context, []store.OutboxRow) []error {
			return []error{&store.BadRow{Err: &tasks.PayloadError{Field: "kind", Reason: `"pusch" is unknown`}}}
		})
		if err != nil {
			t.Fatal(err)
		}
		body := s.as(t, "vera").sees("/", "The amounts differ", "No result for a day", "R1", "/orders/1", "&#34;pusch&#34; is unknown")
		if strings.Contains(body, openID) {
			t.Error("the payload of a bad row shows")
		}
	})
}

func TestAGroupIsPaged(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for i := range 60 {
			s.fail(t, fmt.Sprintf("o%02d", i), "rejected", 40099, "order_detail字段格式错误")
		}
		v := s.as(t, "vera")
		first := v.sees("/failures?kind=rejected&code=40099", "o59", "o10", "Next →", "60 orders")
		if strings.Contains(first, ">o09<") || strings.Contains(first, `type="checkbox"`) {
			t.Error("the first page has more than 50 orders, or a viewer may select")
		}
		second := v.sees(link(first, "next"), "o09", "o00")
		if strings.Contains(second, ">o10<") || strings.Contains(second, "Next →") {
			t.Error("the second page repeats the first, or goes on")
		}
		if body := v.sees(link(second, "prev"), "o59", "o10", "Next →"); strings.Contains(body, `rel="prev"`) || strings.Contains(body, ">o09<") || strings.Index(body, "o59") > strings.Index(body, "o58") {
			t.Error("the way back leads elsewhere")
		}
	})
}

func TestOneOrderIsToldInFull(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "https://img.example/1.png")
		s.fail(t, "1", "rejected", 40012, "check "+openID) // a word of Douyin's that package douyin failed to mask
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, PlatformNo: "P77", At: time.Now(), Raw: []byte(openID)}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: "R1", OrderID: "1", Amount: 1000, Reason: "用户取消订单", DueAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Amount: 1000, PlatformNo: "D1", At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "vera")
		body := v.sees("/orders/1", "Push of the order", "rejected · 40012", "check ***", "log-1", "&#34;open_id&#34;: &#34;***&#34;", "&#34;err_code&#34;: 40012", "HTTP 200", "12 ms",
			"Callback: payment", "Callback: refund", "R1", "D1", "10.00", "用户取消订单", "P77", "not known", "12.30 yuan", "Paid back")
		if strings.Contains(body, openID) {
			t.Error("the open_id shows")
		}
		if strings.Contains(body, "/orders/1/push") {
			t.Error("a viewer has a button")
		}
		for _, number := range []string{"1", "R1", "D1", "P77", " R1 "} {
			v.sees("/search?q="+url.QueryEscape(number), "Push of the order")
		}
		v.sees("/search?q=nothing", "Nothing has this number.")
		if _, status := v.get("/orders/404"); status != http.StatusNotFound {
			t.Errorf("an order that nobody has: %d", status)
		}
	})
}

func TestTheLoadPageDrawsTheDay(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.fail(t, "1", "rejected", 40012, "no")
		for range 3 {
			s.record(t, store.Push{OrderID: "2", At: time.Now(), Outcome: store.Pushed})
		}
		soon := time.Now().Add(-time.Minute)
		s.record(t, store.Push{OrderID: "3", At: time.Now(), Outcome: store.Retrying, Kind: "unavailable", DueAt: &soon})
		if _, err := tasks.Enqueue(t.Context(), asynq.NewClientFromRedisClient(s.redis), tasks.PushOrder{OrderID: "1"}); err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "vera")
		v.sees("/load", "<b>1</b> order waiting<", "<b>3</b> pushed, Last day", "<b>2</b> failed pushes, Last day", "went well: 3</title>", "refused: 1</title>",
			"due until now: 1</title>", `<rect class="pushed"`, "backfill")
	})
}

func TestTheLanguageIsRemembered(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		v := s.as(t, "vera")
		v.lang = "fr,de;q=0.8"
		v.sees("/", `<html lang="en">`, `href="/?lang=zh"`)
		v.sees("/failures?kind=x&code=1&lang=zh", `<html lang="zh-CN">`, `href="/failures?code=1&amp;kind=x&amp;lang=en"`)
		v.sees("/load", `<html lang="zh-CN">`, "推送成功率")
		v.sees("/?lang=en", `<html lang="en">`)
		v.lang = "zh-CN"
		v.sees("/", `<html lang="en">`)
	})
}

func TestADatabaseThatFailsIsNotShown(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		v := s.as(t, "vera")
		if err := s.db.Exec("DROP TABLE ordersync_order").Error; err != nil {
			t.Fatal(err)
		}
		body, status := v.get("/")
		if status != http.StatusServiceUnavailable || strings.Contains(body, "ordersync_order") || !strings.Contains(body, "The database does not answer") {
			t.Errorf("%d\n%s", status, body)
		}
		if !strings.Contains(s.log.String(), "ordersync_order") {
			t.Error("the log does not say what failed")
		}
	})
}
