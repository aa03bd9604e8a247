package pages_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
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
		{"audits", "/audits", "DYsoon"}, {"audited", "/lists/audits", "DYsaid"}, {"asks", "/lists/asks", "P10001"}, {"inbox", "/inbox", "o7"}, {"backfills", "/backfills", "ordersync"},
		{"confirm", "/jobs/confirm?act=push&kind=rejected&code=40012", "132"}, {"deny", "/jobs/confirm?act=deny&list=audits", "ordersync"}, {"payments", "/lists/payments", "10000"}, {"calls", "/lists/calls", "10000"}, {"jobs", "/jobs", "omar"}, {"job", "/jobs/1", "omar"}, {"missing", "/orders/404", "ordersync"},
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
			if look.lang == "en" { // a desk in light, a phone in dark
				b.accessible(p.name + "-" + look.name)
			}
			b.shoot(p.name + "-" + look.name)
		}
	}
	b.expect("A negative value is not valid") // asynqmon's own charts, in a narrow window
	b.resize(390, 844)
	b.open("/asynqmon/")
	until(t, "asynqmon shows the queue of pushes", func() bool {
		text := b.text()
		return strings.Contains(text, "Queues") && strings.Contains(text, "push")
	})
	b.fitsTheWayBack()
	b.shoot("asynqmon-phone")
	b.resize(1100, 900)
	b.shoot("asynqmon")
	b.press("← ordersync", nil)
	reads(t, b, "What needs a person")
}

// fitsTheWayBack holds what is ours of asynqmon's page: the link back is seen whole, is reached by
// keyboard, and breaks no rule. What asynqmon draws is its own.
func (c *chromium) fitsTheWayBack() {
	c.t.Helper()
	c.accessibleIn("the way back from asynqmon", `{include: ['a[href="/"]']}`)
	const link = `document.querySelector('body > a[href="/"]')`
	type box struct{ Left, Top, Right, Bottom, Width, Height float64 }
	b := evaluate[box](c, `(() => { const b = `+link+`.getBoundingClientRect(); return {Left: b.left, Top: b.top, Right: b.right, Bottom: b.bottom, Width: innerWidth, Height: innerHeight} })()`)
	if b.Left < 0 || b.Top < 0 || b.Right > b.Width || b.Bottom > b.Height || b.Bottom-b.Top < 24 {
		c.t.Errorf("the way back from asynqmon: %+v", b)
	}
	if !evaluate[bool](c, `(() => { const b = `+link+`.getBoundingClientRect(); return document.elementFromPoint((b.left + b.right) / 2, (b.top + b.bottom) / 2) === `+link+` })()`) {
		c.t.Error("the way back from asynqmon is covered")
	}
	for range 60 {
		c.do(chromedp.KeyEvent("\t"))
		if evaluate[bool](c, `document.activeElement === `+link) {
			return
		}
	}
	c.t.Error("the way back from asynqmon is not reached by keyboard")
}

// Who has no mouse reaches everything, sees where he is, and need not pass the menu on each page.
func TestThePagesAreWalkedByKeyboard(t *testing.T) {
	path, ok := servertest.Chromium(t)
	if !ok { // a machine with nothing but Go; ORDERSYNC_TEST_SERVERS=required makes this a failure
		return
	}
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	s.fail(t, "7", "rejected", 40012, "no")
	b := newChromium(t, path, s.URL)
	b.open("/")
	b.press("Sign in 登录", map[string]string{"name": "omar", "password": password})
	b.open("/failures")
	here := func() string {
		return evaluate[string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
			return [e.tagName, e.name || "", (e.textContent || e.getAttribute("aria-label") || "").trim().slice(0, 40), s.outlineStyle !== "none" && b.width > 0 && b.left >= 0 ? "seen" : "unseen"].join("|") })()`)
	}
	b.do(chromedp.KeyEvent("\t"))
	if got := here(); got != "A||To the content|seen" {
		t.Errorf("first comes %s", got)
	}
	b.do(chromedp.KeyEvent("\r"), chromedp.KeyEvent("\t"))
	if got := here(); !strings.HasPrefix(got, "A||Refused and given up|") {
		t.Errorf("behind the jump to the content comes %s", got)
	}
	b.open("/failures")
	stops := evaluate[int](b, `document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary").length`)
	want := map[string]bool{"INPUT|order|": true, "BUTTON||Push the selected orders again": true, "INPUT|q|": true}
	for range stops + 12 { // a field for a time has several
		b.do(chromedp.KeyEvent("\t"))
		at := here()
		for begin := range want {
			if strings.HasPrefix(at, begin) {
				delete(want, begin)
			}
		}
		calendar := strings.HasPrefix(at, "INPUT|since|") || strings.HasPrefix(at, "INPUT|until|") // Chromium rings the button in it
		if strings.HasSuffix(at, "|unseen") && !strings.HasPrefix(at, "BODY") && !calendar {
			t.Errorf("nobody sees where he is: %s", at)
		}
	}
	if len(want) > 0 {
		t.Errorf("never reached: %v", want)
	}
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
	s.asked(t, "DYsoon", 5*time.Hour)
	s.asked(t, "DYsaid", 50*time.Hour)
	if _, _, err := s.store.SayAudit(t.Context(), "DYsaid", store.Deny, "omar", "课程已经学完"); err != nil {
		t.Fatal(err)
	}
	due := now.Add(20 * time.Minute)
	if _, err := s.store.ExpectPayment(t.Context(), store.PaymentAsk{OutOrderNo: "P10001", Total: 1230, ValidUntil: due, DueAt: &due, CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	if err := s.redis.XAdd(t.Context(), &redis.XAddArgs{Stream: inbox.DeadStream, Values: []string{"kind", "pusch", "order_id", "o7", "dead_reason", "kind: \"pusch\" is unknown"}}).Err(); err != nil {
		t.Fatal(err)
	}
	s.failAt(t, now.Add(-50*time.Minute), "10000", "rejected", 40012, "open_id错误，请检查是否在抖音、抖音lite、火山内产生")
}
