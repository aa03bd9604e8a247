package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// fields are the hidden fields of the form that a page has for /jobs.
func fields(body string) url.Values {
	_, form, _ := strings.Cut(body, `action="/jobs"`)
	form, _, _ = strings.Cut(form, "</form>")
	all := url.Values{}
	for part := range strings.SplitSeq(form, `type="hidden" name="`) {
		name, rest, ok := strings.Cut(part, `" value="`)
		if value, _, more := strings.Cut(rest, `"`); ok && more && !strings.ContainsAny(name, "<>") {
			all.Set(name, value)
		}
	}
	return all
}

// What a typed filter finds is acknowledged at once, after a look at the number; who looks at one
// number and meets another is asked again.
func TestAlarmsOfATypedFilterAreAcknowledgedWithTheirNumber(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		alarmed := func(number string) {
			if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "x", DueAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.store.Alarm(t.Context(), s.refund(t, number), store.AlarmOverdue, time.Now().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			alarmed([]string{"A", "B"}[i%2] + fmt.Sprint(i))
		}
		v := s.as(t, "omar")
		v.sees("/lists/refunds?alarm=overdue&text=a", "2 rows", `href="/jobs/confirm?act=acknowledge&amp;alarm=overdue&amp;list=refunds&amp;text=a"`)
		asked := v.sees("/jobs/confirm?act=acknowledge&list=refunds&alarm=overdue&text=a", "2 rows", "Acknowledge all 2", "No result for a day")
		form := fields(asked)
		form.Set("note", "looked at")
		alarmed("A9")
		body, _ := v.post("/jobs", form)
		if !strings.Contains(body, "has changed meanwhile") || !strings.Contains(body, "Acknowledge all 3") {
			t.Fatalf("two were shown, there are three:\n%s", body)
		}
		form = fields(body)
		form.Set("note", "looked at")
		if body, status := v.post("/jobs", form); status != http.StatusOK || !strings.Contains(body, "asked for by omar") {
			t.Fatalf("%d\n%s", status, body)
		}
		until(t, "three are acknowledged", func() bool {
			left, err := s.store.Alarms(t.Context(), store.Refund, 10)
			return err == nil && len(left) == 2 && left[0].Number[0] == 'B' && left[1].Number[0] == 'B'
		})
		if i := s.refund(t, "A9"); i.Ack.By != "omar" || i.Ack.Note != "looked at" {
			t.Errorf("%+v", i.Ack)
		}
		v.sees("/jobs", "Acknowledge alarms · Refunds · No result for a day · a")
		v.sees("/jobs/confirm?act=acknowledge&list=refunds&kind=rejected&code=2012", "Acknowledge alarms · Refunds · rejected · 2012")
		v.sees("/jobs/confirm?act=push&code=40012", "Push orders again · 40012")
		if body := v.sees("/jobs/confirm?act=acknowledge&list=refunds&text=nothing", "0 rows"); strings.Contains(body, "<form method=\"post\" action=\"/jobs\"") {
			t.Error("nothing is found, and there is a button")
		}
		if _, status := s.as(t, "vera").get("/jobs/confirm?act=push"); status != http.StatusForbidden {
			t.Errorf("a viewer: %d", status)
		}
		if body := s.as(t, "vera").sees("/lists/refunds"); strings.Contains(body, "/jobs/confirm") {
			t.Error("a viewer is shown the way")
		}
	})
}

// Audits have a history, and one word can be said on all that a filter finds; it moves money, so it
// wants its number and a tick.
func TestOneWordIsSaidOnAllThatWait(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		for _, number := range []string{"DYa1", "DYa2", "DYb3", "DYb4"} {
			s.asked(t, number, 60*time.Hour)
		}
		v := s.as(t, "omar")
		if body := v.sees("/jobs/confirm?act=agree&list=audits&most=0", "0 rows", "… – 0.00"); strings.Contains(body, `action="/jobs"`) {
			t.Error("no refund is of 0 yuan at most, and there is a button")
		}
		v.sees("/lists/audits", "4 rows", "waits at Douyin", "9.90", "Agree to all that wait")
		// The bug: a job over the denied ones was over those that wait.
		if body := v.sees("/lists/audits?state=denied", "0 rows"); strings.Contains(body, "that wait …") {
			t.Error("a word is offered on refunds that were denied")
		}
		for _, state := range []string{"denied", "bogus"} {
			if body, status := v.get("/jobs/confirm?act=agree&list=audits&state=" + state); status != http.StatusBadRequest {
				t.Errorf("%s: %d\n%s", state, status, body)
			}
		}
		v.sees("/jobs/confirm?act=agree&list=audits&state=needed", "4 rows")
		form := fields(v.sees("/jobs/confirm?act=deny&list=audits&text=dya", "2 rows", "Deny all 2", "The buyer gets nothing", `name="note"`))
		for name, c := range map[string]struct {
			change func(url.Values)
			says   string
		}{
			"without a tick":   {func(f url.Values) { f.Set("note", "used") }, "Tick the box"},
			"without words":    {func(f url.Values) { f.Set("sure", "1") }, "needs words"},
			"without a moment": {func(f url.Values) { f.Set("sure", "1"); f.Set("note", "used"); f.Del("seen") }, "has changed meanwhile"},
			"without a number": {func(f url.Values) { f.Set("sure", "1"); f.Set("note", "used"); f.Del("count") }, "has changed meanwhile"},
		} {
			bad := url.Values{}
			for k, f := range form {
				bad[k] = slices.Clone(f)
			}
			c.change(bad)
			if body, _ := v.post("/jobs", bad); !strings.Contains(body, c.says) {
				t.Errorf("%s:\n%s", name, body)
			}
		}
		form.Set("sure", "1")
		form.Set("note", "已使用")
		if body, status := v.post("/jobs", form); status != http.StatusOK || !strings.Contains(body, "Deny refunds") {
			t.Fatalf("%d\n%s", status, body)
		}
		until(t, "two are denied", func() bool {
			return s.refund(t, "DYa1").Audit.Word == store.Deny && s.refund(t, "DYa2").Audit.Word == store.Deny
		})
		if a := s.refund(t, "DYb3").Audit; a.Word != "" || s.refund(t, "DYa1").Audit.DenyMessage != "已使用" {
			t.Errorf("%+v", a)
		}
		v.sees("/lists/audits?text=omar", "2 rows", "the shop denies", "已使用")
		form = fields(v.sees("/jobs/confirm?act=agree&list=audits", "2 rows", "Agree to all 2", "The money goes back to the buyer"))
		form.Set("sure", "1")
		if _, status := v.post("/jobs", form); status != http.StatusOK {
			t.Fatal(status)
		}
		until(t, "two are agreed to", func() bool {
			return s.refund(t, "DYb3").Audit.Word == store.Agree && s.refund(t, "DYb4").Audit.Word == store.Agree
		})
		if s.refund(t, "DYa1").Audit.Word != store.Deny {
			t.Error("the first word does not count")
		}
	})
}

// Payments that Douyin is asked about are a list, those whose answer nobody waits for any more too.
func TestPaymentsThatAreAskedAfterAreAList(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		due := time.Now().Add(time.Hour)
		for _, number := range []string{"P1", "P2"} {
			if _, err := s.store.ExpectPayment(t.Context(), store.PaymentAsk{OutOrderNo: number, Total: 1230, ValidUntil: due, DueAt: &due, CreatedAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		ask, _, err := s.store.PaymentAsk(t.Context(), "P2")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.store.GiveUpPaymentAsk(t.Context(), ask, time.Now(), "no answer"); err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "vera")
		v.sees("/lists/asks", "2 rows", "P1", "P2", "12.30", "being asked", "given up", "no answer")
		if body := v.sees("/lists/asks?state=asking", "1 row", "P1"); strings.Contains(body, ">P2<") {
			t.Error("the filter is not heeded")
		}
		v.sees("/lists/asks?alarm=unanswered", "1 row", "P2")
	})
}

// A job that was begun by mistake is stopped; nobody else's end of it is changed.
func TestAJobIsStopped(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		j, err := s.store.BeginJob(t.Context(), store.JobPush, store.JobFilter{}, "vera") // no process was told of it
		if err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "omar")
		v.sees("/jobs/1", `action="/jobs/1/stop"`)
		if _, status := s.as(t, "vera").post("/jobs/1/stop", nil); status != http.StatusForbidden {
			t.Errorf("a viewer: %d", status)
		}
		for range 2 {
			if body, status := v.post("/jobs/1/stop", nil); status != http.StatusOK || !strings.Contains(body, "stopped by omar") || strings.Contains(body, "/stop\"") {
				t.Errorf("%d\n%s", status, body)
			}
		}
		if _, err := s.store.StepJob(t.Context(), j); err == nil {
			t.Error("it goes on")
		}
		v.sees("/who", "job stopped", `<a href="/jobs/1">Job 1</a>`)
		if _, status := v.post("/jobs/9/stop", nil); status != http.StatusNotFound {
			t.Errorf("a job that there is not: %d", status)
		}
	})
}

// No change is made for a form of another site, whichever it is.
func TestNoFormOfAnotherSiteChangesAnything(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		s.fail(t, "1", "rejected", 40012, "no")
		v := s.as(t, "omar")
		for _, path := range []string{"/orders/1/push", "/push", "/jobs", "/jobs/1/stop", "/alarms", "/audits", "/callbacks/1/hand-on", "/logout"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader("act=push&order=1"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://evil.example")
			answer, err := v.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d", path, answer.StatusCode)
			}
		}
		if due := s.due(t); len(due) > 0 {
			t.Errorf("due: %v", due)
		}
	})
}
