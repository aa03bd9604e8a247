package pages_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// Every page shows without a complaint of the browser's, in both languages, dark and light, on a desk and on a phone, and never
// wider than its window. asynqmon too, under its Content-Security-Policy.
func TestEveryPageShowsWithoutAComplaint(t *testing.T) {
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	s.busyDay(t)
	pages := []struct{ name, path, says string }{
		{"start", "/", "40012"}, {"group", "/failures?kind=rejected&code=40012", "10131"}, {"order", "/orders/10000", "R10000"}, {"load", "/load", "backfill"},
		{"search", "/search?q=nothing", "ordersync"}, {"failures", "/failures", "30000"}, {"refunds", "/lists/refunds", "R10000"}, {"callbacks", "/lists/callbacks", "SUCCESS"},
		{"waiting", "/lists/waiting", "30000"}, {"health", "/health", "v0.1.0"}, {"hour", "/load?span=hour", "backfill"}, {"who", "/who", "omar"}, {"settings", "/settings", "0014_asked.sql"},
		{"audits", "/audits", "ordersync"}, {"jobs", "/jobs", "omar"}, {"job", "/jobs/1", "omar"}, {"missing", "/orders/404", "ordersync"},
	}
	path, ok := servertest.Chromium(t)
	if !ok { // a machine with nothing but Go; ORDERSYNC_TEST_SERVERS=required makes this a failure
		b := newReader(t, s.URL)
		b.open("/")
		b.press("Sign in 登录", map[string]string{"name": "omar", "password": password})
		for _, p := range pages[:len(pages)-1] {
			b.open(p.path)
			reads(t, b, p.says)
		}
		return
	}
	b := newChromium(t, path, s.URL)
	b.expect("404 (Not Found)") // the page of an order that nobody has
	b.open("/")
	b.accessible("sign-in")
	b.press("Sign in 登录", map[string]string{"name": "omar", "password": password})
	for _, look := range []struct {
		name, lang    string
		width, height int64
		dark          bool
	}{{"desk-en", "en", 1100, 900, false}, {"phone-zh", "zh", 360, 780, false}, {"desk-dark-zh", "zh", 1100, 900, true}, {"phone-dark-en", "en", 390, 844, true}} {
		b.resize(look.width, look.height)
		if look.dark {
			b.dark()
		}
		b.open("/?lang=" + look.lang)
		for _, p := range pages {
			s.lives(t) // the test lasts longer than a sign of life
			b.open(p.path)
			reads(t, b, p.says)
			b.fits(int(look.width))
			b.accessible(p.name + "-" + look.name)
			b.shoot(p.name + "-" + look.name)
		}
	}
	b.resize(1100, 900)
	b.open("/asynqmon/")
	until(t, "asynqmon shows the queue of pushes", func() bool {
		text := b.text()
		return strings.Contains(text, "Queues") && strings.Contains(text, "push")
	})
	b.shoot("asynqmon")
}

// busyDay fills the site with what an operator meets on a bad day.
func (s *site) busyDay(t *testing.T) {
	t.Helper()
	now := time.Now()
	s.addOrder(t, 10000, "https://img.example/1.png")
	for i := range 132 {
		s.failAt(t, now.Add(time.Duration(i-140)*time.Minute), fmt.Sprint(10000+i), "rejected", 40012, "open_id错误，请检查是否在抖音、抖音lite、火山内产生")
	}
	for i := range 12 {
		s.failAt(t, now.Add(time.Duration(i-30)*time.Hour), fmt.Sprint(20000+i), "incomplete", 0, fmt.Sprintf("product.cover_img of row \"%d\": is empty", 300+i))
	}
	s.record(t, store.Push{OrderID: "9999", At: now, Outcome: store.Pushed, HTTPStatus: 200, Duration: 80 * time.Millisecond})
	for i := range 40 {
		due := now.Add(time.Duration(i*i-2) * time.Minute)
		s.record(t, store.Push{OrderID: fmt.Sprint(30000 + i), At: now, Outcome: store.GaveUp, Kind: "unavailable", Message: "HTTP 502", DueAt: &due, Attempt: 13})
	}
	var day []string
	called := func(at time.Time, call string, outcome store.Outcome) {
		kind := map[store.Outcome]string{store.Refused: "rejected", store.Retrying: "unavailable"}[outcome]
		took := 70_000 + 1000*at.Minute()
		day = append(day, fmt.Sprintf("('%s', '%s', '1', '%s', '%s', 200, %d, 'paid', %d)", at.UTC().Format("2006-01-02 15:04:05.000"), call, outcome, kind, took, 3*took))
	}
	for minute := range 24 * 60 {
		at := now.Add(time.Duration(minute-24*60) * time.Minute)
		n := int(6 + 5*math.Sin(float64(at.Hour())/24*2*math.Pi))
		for i := range n {
			outcome := store.Pushed
			if minute > 1100 && i%3 == 0 {
				outcome = []store.Outcome{store.Refused, store.Retrying, store.Retrying}[minute%3]
			}
			called(at, store.CallPush, outcome)
		}
		if minute%9 == 0 {
			called(at, "refund.create", store.Outcome(store.MoneySubmitted))
		}
		if len(day) > 1000 || minute == 24*60-1 {
			if err := s.db.Exec("INSERT INTO ordersync_log (at, call_name, order_id, outcome, kind, http_status, duration_us, cause, since_asked_us) VALUES " + strings.Join(day, ",")).Error; err != nil {
				t.Fatal(err)
			}
			day = nil
		}
	}
	s.moneyOfTheDay(t, now)
	if _, err := s.store.BeginJob(t.Context(), store.JobPush, store.JobFilter{Failures: store.FailureFilter{Kind: "nothing"}}, "omar"); err != nil {
		t.Fatal(err)
	}
	if err := s.store.RecordAct(t.Context(), store.Act{At: now, Who: "omar", Act: store.ActPush, OrderID: "10000", Address: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Exec("INSERT INTO ordersync_outbox (kind, order_id) VALUES ('pusch', '10001')").Error; err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.RelayOutbox(t.Context(), 10, func(context.Context, []store.OutboxRow) []error {
		return []error{&store.BadRow{Err: &tasks.PayloadError{Field: "kind", Reason: `"pusch" is unknown: want push, refund or settle`}}}
	}); err != nil {
		t.Fatal(err)
	}
	queue := asynq.NewClientFromRedisClient(s.redis)
	for i := range 37 {
		if _, err := tasks.Enqueue(t.Context(), queue, tasks.PushOrder{OrderID: fmt.Sprint(10000 + i)}); err != nil {
			t.Fatal(err)
		}
	}
}

// moneyOfTheDay is order 10000's: paid, one refund done, one without a result.
func (s *site) moneyOfTheDay(t *testing.T, now time.Time) {
	t.Helper()
	if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "10000", Status: "SUCCESS", Amount: 1230, PlatformNo: "71061234567890", FinishedAt: now.Add(-time.Hour), At: now.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"R10000", "R10000-2"} {
		if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: "10000", Amount: 300, Reason: "用户取消订单", DueAt: now}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "refund", Number: "R10000", Status: "SUCCESS", Amount: 300, PlatformNo: "70987654321", At: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Alarm(t.Context(), s.refund(t, "R10000-2"), store.AlarmOverdue, now); err != nil {
		t.Fatal(err)
	}
	s.failAt(t, now.Add(-50*time.Minute), "10000", "rejected", 40012, "open_id错误，请检查是否在抖音、抖音lite、火山内产生")
}
