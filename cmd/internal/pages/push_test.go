package pages_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks"
)

func TestAnOrderThatWasNeverAskedForCanBePushed(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 5, "x")
		v := s.as(t, "omar")
		v.sees("/orders/5", "never asked for", "/orders/5/push")
		if body, status := v.post("/orders/5/push", nil); status != http.StatusOK || !strings.Contains(body, "Another push is asked for.") || !strings.Contains(body, `http-equiv="refresh"`) {
			t.Errorf("%d\n%s", status, body)
		}
		if got := s.queued(t); !slices.Equal(got, []string{"5"}) {
			t.Errorf("queued %v", got)
		}
	})
}

// queued are the order ids on the live queue.
func (s *site) queued(t *testing.T) (ids []string) {
	t.Helper()
	infos, err := asynq.NewInspectorFromRedisClient(s.redis).ListPendingTasks(tasks.QueuePush)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		p, err := tasks.ParsePushOrder(asynq.NewTask(i.Type, i.Payload))
		if err != nil || p.Cause != tasks.CauseManual {
			t.Errorf("%+v, %v", p, err)
		}
		ids = append(ids, p.OrderID)
	}
	slices.Sort(ids)
	return ids
}

// due are the order ids that the scheduler would hand over now.
func (s *site) due(t *testing.T) (ids []string) {
	t.Helper()
	due, err := s.store.DueOrders(t.Context(), time.Now(), 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range due {
		ids = append(ids, d.OrderID)
	}
	slices.Sort(ids)
	return ids
}

func TestSelectedOrdersArePushedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for _, id := range []string{"a", "b", "c"} {
			s.fail(t, id, "rejected", 40012, "no")
		}
		v := s.as(t, "omar")
		form := url.Values{"kind": {"rejected"}, "code": {"40012"}, "order": {"a", "c"}}
		if body, status := v.post("/push", form); status != http.StatusOK || !strings.Contains(body, "2 orders will be pushed again.") || !strings.Contains(body, "due for another push") {
			t.Errorf("%d\n%s", status, body)
		}
		if got := s.due(t); !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("due %v", got)
		}
		if got := s.queued(t); !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("queued %v", got)
		}
		if log := s.log.String(); !strings.Contains(log, `"audit":"push","user":"omar","count":2,"orders":["a","c"]`) {
			t.Errorf("no audit line:\n%s", log)
		}
	})
}

// A button acts on one cause, as a job that says how far it is.
func TestAWholeCauseIsAJobAndLeftToTheScheduler(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for _, id := range []string{"a", "b"} {
			s.fail(t, id, "incomplete", 0, `product.cover_img of row "`+id+`": is empty`)
		}
		s.fail(t, "c", "incomplete", 0, `course.name of row "9": is empty`)
		v := s.as(t, "omar")
		v.sees("/", "incomplete · product.cover_img", "incomplete · course.name", "2 orders")
		v.sees("/failures?kind=incomplete&code=0&cause=product.cover_img", "2 orders", "Push all that this filter finds again", `value="a"`, `value="b"`)
		form := fields(v.sees("/jobs/confirm?act=push&kind=incomplete&code=0&cause=product.cover_img", "2 rows"))
		if body, status := v.post("/jobs", form); status != http.StatusOK || !strings.Contains(body, "asked for by omar") || !strings.Contains(body, "product.cover_img") {
			t.Errorf("%d\n%s", status, body)
		}
		until(t, "the job has ended", func() bool {
			body, _ := v.get("/jobs/1")
			return strings.Contains(body, "finished")
		})
		v.sees("/jobs/1", "done: 2", `value="100"`)
		v.sees("/jobs", "Push orders again", "omar")
		if got := s.due(t); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("due %v", got)
		}
		if queues, err := asynq.NewInspectorFromRedisClient(s.redis).Queues(); err != nil || len(queues) != 0 {
			t.Errorf("the live queue was used: %v, %v", queues, err)
		}
		if log := s.log.String(); !strings.Contains(log, `"audit":"job","user":"omar","job":1,"act":"push","about":"cause=product.cover_img, code=0, kind=incomplete"`) {
			t.Errorf("no audit line:\n%s", log)
		}
		v.sees("/who", "omar", "job begun", `<a href="/jobs/1">Job 1</a>`, "Push orders again", "cause=product.cover_img, code=0, kind=incomplete")
	})
}

func TestWhatIsNotTheirsIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.fail(t, "a", "rejected", 40012, "no")
		group := url.Values{"act": {"push"}, "kind": {"rejected"}, "code": {"40012"}}
		visitors := map[string]*visitor{"vera": s.as(t, "vera"), "omar": s.as(t, "omar")}
		for _, c := range []struct {
			name, user, path string
			form             url.Values
			want             int
		}{
			{"a viewer's push", "vera", "/orders/a/push", nil, http.StatusForbidden},
			{"a viewer's group", "vera", "/jobs", group, http.StatusForbidden},
			{"a job that is none", "omar", "/jobs", url.Values{"act": {"delete"}}, http.StatusBadRequest},
			{"alarms of a table, with a filter that no table has", "omar", "/jobs", url.Values{"act": {"acknowledge"}, "table": {"refund"}, "alarm": {"x"}, "text": {"a"}}, http.StatusBadRequest},
			{"a push by the state of a list", "omar", "/jobs", url.Values{"act": {"push"}, "state": {"refused"}}, http.StatusBadRequest},
			{"a list by a cause of failures", "omar", "/jobs", url.Values{"act": {"acknowledge"}, "list": {"refunds"}, "cause": {"a.b"}}, http.StatusBadRequest},
			{"a time that is none", "omar", "/jobs", url.Values{"act": {"push"}, "count": {"1"}, "seen": {"x"}}, http.StatusBadRequest},
			{"alarms of no table", "omar", "/jobs", url.Values{"act": {"acknowledge"}, "table": {"users"}, "alarm": {"x"}}, http.StatusBadRequest},
			{"a callback where none is handed on", "vera", "/callbacks/1/hand-on", nil, http.StatusForbidden},
			{"no order id", "omar", "/orders/a:b/push", nil, http.StatusBadRequest},
			{"nothing selected", "omar", "/push", url.Values{"kind": {"rejected"}, "code": {"1"}}, http.StatusBadRequest},
			{"no group", "omar", "/push", url.Values{"group": {"1"}}, http.StatusBadRequest},
			{"a bad id among good ones", "omar", "/push", url.Values{"kind": {"rejected"}, "code": {"1"}, "order": {"a", "b c"}}, http.StatusBadRequest},
			{"too many", "omar", "/push", url.Values{"kind": {"rejected"}, "code": {"1"}, "order": slices.Repeat([]string{"a"}, 51)}, http.StatusBadRequest},
			{"a form without end", "omar", "/push", url.Values{"kind": {strings.Repeat("x", 40_000)}, "code": {"1"}, "group": {"1"}}, http.StatusBadRequest},
		} {
			if body, status := visitors[c.user].post(c.path, c.form); status != c.want {
				t.Errorf("%s: %d, want %d\n%s", c.name, status, c.want, body)
			}
		}
		if got := s.due(t); len(got) != 0 {
			t.Errorf("due %v", got)
		}
		v := visitors["omar"]
		for _, path := range []string{"/failures?kind=x&code=y", "/failures?kind=x&code=1&after=z", "/failures?after=1-a&before=1-a", "/lists/refunds?least=x", "/lists/refunds?since=x", "/lists/refunds?most=-5", "/lists/refunds?until=0001-01-01T00:00:00Z", "/lists/refunds?until=0001-01-01", "/lists/refunds?since=9999-12-31T23:00:00-05:00", "/jobs/confirm?act=agree&list=audits&until=0001-01-01", "/lists/callbacks?after=-x", "/lists/calls?before=-99999999999999999999", "/jobs/x", "/jobs/confirm?act=push&list=refunds", "/jobs/confirm?act=agree&list=refunds", "/jobs/confirm?act=acknowledge&list=orders"} {
			if _, status := v.get(path); status != http.StatusBadRequest {
				t.Errorf("%s: %d", path, status)
			}
		}
	})
}

func TestWithoutRedisAPushIsStillDue(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		s.addOrder(t, 2, "x")
		s.fail(t, "2", "rejected", 40012, "no")
		v := s.as(t, "omar")
		if body, status := v.post("/orders/404/push", nil); status != http.StatusNotFound || !strings.Contains(body, "The shop does not have this order.") {
			t.Errorf("an order that the shop does not have: %d\n%s", status, body)
		}
		_ = s.redis.Close()
		if body, status := v.post("/orders/2/push", nil); status != http.StatusOK || !strings.Contains(body, "Another push is asked for.") {
			t.Errorf("%d\n%s", status, body)
		}
		if got := s.due(t); !slices.Equal(got, []string{"2"}) {
			t.Errorf("due %v", got)
		}
		if _, status := v.post("/orders/1/push", nil); status != http.StatusServiceUnavailable {
			t.Errorf("an order that only the queue could push: %d", status)
		}
		v.sees("/load", "Redis does not answer.")
	})
}
