package pages_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/inbox"
)

func TestListsAreFilteredPagedAndCounted(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 100_000, PlatformNo: "P77", At: time.Now(), FinishedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: fmt.Sprintf("R%02d", i), OrderID: "1", Amount: 1, Reason: "用户取消", DueAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		v := s.as(t, "vera")
		first := v.sees("/lists/refunds", "60 rows", "R59", "R10", "written down", "/orders/1", "0.01", "Next →")
		if strings.Contains(first, ">R09<") || strings.Contains(first, `rel="prev"`) {
			t.Error("the first page has more than 50 rows, or something before it")
		}
		next := link(first, "next")
		second := v.sees(next, "R09", "R00")
		if strings.Contains(second, ">R10<") || strings.Contains(second, `rel="next"`) {
			t.Error("the second page repeats the first, or goes on")
		}
		if back := v.sees(link(second, "prev"), "R59", "R10"); strings.Contains(back, ">R09<") || strings.Contains(back, `rel="prev"`) {
			t.Error("the way back leads elsewhere")
		}
		v.sees("/lists/refunds?text=r07", "1 row", "R07")
		v.sees("/lists/refunds?state=failed", "Nothing is here.", "0 rows")
		v.sees("/lists/refunds?least=1", "Nothing is here.")
		v.sees("/lists/refunds?most=0", "Nothing is here.", "0 rows")
		v.sees("/lists/refunds?least=0&most=0.01", "60 rows")
		v.sees("/lists/payments", "P77", "1000.00")
		v.sees("/lists/callbacks", "SUCCESS", "Hand on")
		for _, path := range []string{"/lists/orders", "/lists/waiting", "/lists/settlements", "/lists/calls", "/lists/outbox", "/failures", "/inbox", "/backfills", "/jobs", "/who"} {
			v.sees(path)
		}
		if _, status := v.get("/lists/users"); status != http.StatusNotFound {
			t.Errorf("a list that there is not: %d", status)
		}
	})
}

// link is the address behind rel.
func link(body, rel string) string {
	_, after, _ := strings.Cut(body, `rel="`+rel+`"`)
	_, after, _ = strings.Cut(after, `href="`)
	address, _, _ := strings.Cut(after, `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}

func TestAFileHasAllRowsAndNoFormula(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for i := range 60 {
			s.fail(t, fmt.Sprintf("o%02d", i), "rejected", 1, "=1+1")
		}
		v := s.as(t, "vera")
		body := v.sees("/failures.csv", "order_id,order_no,outcome", "o00", "o59", ",'=1+1,")
		if n := strings.Count(body, "\n"); n != 61 {
			t.Errorf("%d lines", n)
		}
		v.sees("/lists/calls/csv", "key,order_id", "'=1+1")
		v.sees("/backfills.csv", "from,to,run")
		v.sees("/inbox.csv", "entry,kind")
		if body := v.sees("/failures.csv?text=o07", "o07"); strings.Count(body, "\n") != 2 {
			t.Errorf("the filter is not heeded:\n%s", body)
		}
		if _, status := s.as(t, "").get("/failures.csv"); status == http.StatusOK {
			if body, _ := s.as(t, "").get("/failures.csv"); strings.Contains(body, "o07") {
				t.Error("nobody is signed in, and it is sent")
			}
		}
	})
}

func TestACallbackIsHandedOnAgain(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: "P1", Status: "SUCCESS", Amount: 1, At: time.Now(), FinishedAt: time.Now(), Raw: []byte("{}"), Forward: true}); err != nil {
			t.Fatal(err)
		}
		if err := s.store.GiveUpForward(t.Context(), 1, "HTTP 500"); err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "omar")
		v.sees("/", "undelivered")
		form := url.Values{"state": {"SUCCESS"}, "text": {"p1"}}
		v.sees("/lists/callbacks?state=SUCCESS&text=p1", `<input type="hidden" name="state" value="SUCCESS"><input type="hidden" name="text" value="p1">`)
		body, status := v.post("/callbacks/1/hand-on", form)
		if !strings.Contains(body, `name="text" value="p1"`) {
			t.Errorf("the way back has lost the filter:\n%s", body)
		}
		if status != http.StatusOK || !strings.Contains(body, "The callback is handed on within a minute.") {
			t.Errorf("%d\n%s", status, body)
		}
		due, err := s.store.ClaimForwards(t.Context(), time.Now().Add(time.Second), time.Now().Add(time.Minute), 10)
		if err != nil || len(due) != 1 || due[0].Attempts != 0 {
			t.Errorf("%+v, %v", due, err)
		}
		if _, status := v.post("/callbacks/99/hand-on", nil); status != http.StatusNotFound {
			t.Errorf("one that there is not: %d", status)
		}
		v.sees("/who", "callback handed on again", "omar")
	})
}

// Many alarms of one cause are acknowledged at once; those of another cause stay.
func TestAlarmsOfOneCauseAreAcknowledgedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		for i := range 4 {
			number := fmt.Sprint("R", i)
			if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "x", DueAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
			alarm := store.AlarmOverdue
			if i == 3 {
				alarm = store.AlarmAmount
			}
			if _, err := s.store.Alarm(t.Context(), s.refund(t, number), alarm, time.Now().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		v := s.as(t, "omar")
		v.sees("/", "By cause", "Acknowledge all 3")
		v.sees("/lists/refunds?alarm=1", "4 rows", "No result for a day")
		seen := fields(v.sees("/"))
		seen.Set("note", "all paid <b>")
		if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: "R4", OrderID: "1", Amount: 1, Reason: "x", DueAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.Alarm(t.Context(), s.refund(t, "R4"), store.AlarmOverdue, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{"", "count", "seen"} { // all of the form, and without a part
			old := maps.Clone(seen)
			old.Del(left)
			asked, _ := v.post("/jobs", old)
			if !strings.Contains(asked, "has changed meanwhile") || !strings.Contains(asked, "Acknowledge all 4") || !strings.Contains(asked, `value="all paid &lt;b&gt;"`) {
				t.Fatalf("without %q: three were shown, there are four:\n%s", left, asked)
			}
			if got := fields(asked); got.Get("table") != "refund" || got.Get("alarm") != store.AlarmOverdue || got.Get("count") != "4" {
				t.Fatalf("the form has lost what it is about: %v", got)
			}
		}
		// Somebody acknowledges one of the three: there are three again, and one was not shown.
		gone := url.Values{"table": {"refund"}, "number": {"R0"}, "alarm": {store.AlarmOverdue}}
		if _, status := v.post("/alarms", gone); status != http.StatusOK {
			t.Fatal(status)
		}
		if body, status := v.post("/jobs", seen); status != http.StatusOK || !strings.Contains(body, "asked for by omar") {
			t.Fatalf("%d\n%s", status, body)
		}
		until(t, "those that were seen are acknowledged", func() bool {
			left, err := s.store.Alarms(t.Context(), store.Refund, 10)
			return err == nil && len(left) == 2 && left[0].Number == "R4" && left[1].Number == "R3"
		})
		v.sees("/", "by omar", "all paid")
		if form := fields(v.sees("/jobs/confirm?act=acknowledge&table=refund&alarm=overdue", "1 row", `<a href="/#alarms">`)); form.Get("table") != "refund" {
			t.Errorf("the form has lost its table: %v", form)
		}
	})
}

func TestWhatThereIsNotHasAPageOfOurs(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		body, status := s.as(t, "vera").get("/nothing/here")
		if status != http.StatusNotFound || !strings.Contains(body, "There is no page at this address.") || !strings.Contains(body, "How it is") {
			t.Errorf("%d\n%s", status, body)
		}
	})
}

// "Douyin holds" shows what was confirmed last, beside what is not known of it since.
func TestWhatDouyinHoldsIsShownWithWhatHappenedSince(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		now := time.Now()
		begin := store.Begin{OrderID: "1", OrderNo: "1", At: now, DueAt: now.Add(time.Minute), StaleAfter: time.Minute}
		seq, err := s.store.BeginPush(t.Context(), begin)
		if err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "vera")
		v.sees("/orders/1", "not known: an attempt is open")
		s.record(t, store.Push{OrderID: "1", OrderNo: "1", Seq: seq, At: now, Outcome: store.Pushed, Status: 1, Digest: "d"})
		v.sees("/orders/1", "已支付 paid (1)<")
		begin.Seq, begin.Exists = seq, true
		if seq, err = s.store.BeginPush(t.Context(), begin); err != nil {
			t.Fatal(err)
		}
		v.sees("/orders/1", "已支付 paid (1), confirmed; an attempt since then is open", "Last pushed")
		s.record(t, store.Push{OrderID: "1", OrderNo: "1", Seq: seq, At: now, Outcome: store.Refused, Kind: "rejected", Code: 1})
		v.sees("/orders/1", "已支付 paid (1), confirmed; an attempt since then has failed", "Not told since")
	})
}

// The newest of 120 entries that nobody can hand over come first; the pages lead both ways. An address
// that names no entry was "Redis does not answer".
func TestBadEntriesOfTheInboxArePagedBothWays(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for i := range 120 {
			if err := s.redis.XAdd(t.Context(), &redis.XAddArgs{Stream: inbox.DeadStream, ID: fmt.Sprintf("%d-1", i+1), Values: []string{"kind", "push", "order_id", fmt.Sprintf("o%03d", i), "dead_reason", "=bad"}}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		v := s.as(t, "vera")
		first := v.sees("/inbox", "120 rows", "o119", "o070")
		second := v.sees(link(first, "next"), "o069", "o020")
		third := v.sees(link(second, "next"), "o019", "o000")
		back := v.sees(link(third, "prev"), "o069", "o020")
		start := v.sees(link(back, "prev"), "o119", "o070")
		for name, wrong := range map[string]bool{
			"the first page": strings.Contains(first, ">o069<") || strings.Contains(first, `rel="prev"`), "the last page": strings.Contains(third, `rel="next"`),
			"the way back": strings.Contains(back, ">o019<") || strings.Contains(back, ">o070<"), "the begin again": strings.Contains(start, `rel="prev"`),
		} {
			if wrong {
				t.Error(name)
			}
		}
		if body := v.sees("/inbox.csv", "o000", "o119", "'=bad"); strings.Count(body, "\n") != 121 {
			t.Errorf("%d lines", strings.Count(body, "\n"))
		}
		for _, bad := range []string{"/inbox?after=x", "/inbox?before=5", "/inbox?after=5-1&before=5-1"} {
			if _, status := v.get(bad); status != http.StatusBadRequest {
				t.Errorf("%s: %d", bad, status)
			}
		}
	})
}
