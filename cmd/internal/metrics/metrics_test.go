package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/scheduler/queuedoctor"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/tasks/inbox"
	"github.com/ordersync/ordersync/worker"
)

const canary = "canary-0123456789"

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// countsStub is a store that counts how often it is asked.
type countsStub struct {
	asked  atomic.Int64
	counts store.Counts
	err    error
}

func (c *countsStub) Counts(context.Context, time.Time) (store.Counts, error) {
	c.asked.Add(1)
	return c.counts, c.err
}

// whole is the metrics of a process that runs everything.
func whole(rdb redis.UniversalClient, st Counter, clock func() time.Time) *Metrics {
	m := New(Build{Version: "1.2.3"})
	m.WatchBreaker("breaker_state", "pushes", func() string { return "open" })
	m.WatchBreaker("signed_breaker_state", "the others", func() string { return "closed" })
	m.WatchDatabase(func() bool { return true })
	m.WatchRates(func() map[string]Rate { return map[string]Rate{"order.push": {Now: 5, Most: 50}} })
	m.WatchSkew(func() (time.Duration, bool) { return -2 * time.Minute, true })
	m.WatchBreaker("trade_breaker_state", "trade", func() string { return "closed" })
	m.WatchClientToken(func(context.Context) (time.Duration, time.Duration, error) { return time.Minute, time.Hour, nil })
	m.WatchToken(func(context.Context) (time.Duration, time.Duration, error) { return time.Minute, time.Hour, nil })
	m.Watch(Shared{Redis: rdb, Store: st, Queues: tasks.Queues(), Now: clock, Statuses: func(context.Context) (store.StatusCounts, error) {
		return store.StatusCounts{Unworded: map[string]int64{"": 2, "9": 3}}, nil
	}})
	m.Jobs(now, "sweep", "outbox")
	return m
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// series are what a gathering holds: "name{label=value,...}" -> value; of a histogram its count.
func series(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, s := range f.GetMetric() {
			var labels []string
			for _, l := range s.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			name := f.GetName()
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			all[name] = valueOf(s)
		}
	}
	return all
}

func valueOf(s *dto.Metric) float64 {
	switch {
	case s.Counter != nil:
		return s.GetCounter().GetValue()
	case s.Gauge != nil:
		return s.GetGauge().GetValue()
	}
	return float64(s.GetHistogram().GetSampleCount())
}

func wantSeries(t *testing.T, got map[string]float64, want map[string]float64) {
	t.Helper()
	for name, v := range want {
		if found, there := got[name]; !there || found != v {
			t.Errorf("%s = %v (there: %v), want %v", name, found, there, v)
		}
	}
}

// closed are the labels that exist, with all the values each may have; nil: not told here, but never from outside.
var closed = map[string][]string{
	"outcome": {"pushed", "settled", "refused", "retrying", "gave_up", "ignored", "kept", "handed", "dead", "failed"},
	"kind":    append(worker.Kinds(), none, ok, other, "push", "refund", "settle", "audit", "unknown"),
	"op":      append(ops(), tradeOps()...), "result": append(callKinds(), "failed", "accepted", "forged", "malformed", "foreign", "repaired", "left"),
	"to": breakerStates, "money": {"refund", "settlement"}, "by": {"worker", "callback"}, "job": {"sweep", "outbox"},
	"queue": tasks.Queues(), "state": append(slices.Concat(states, breakerStates), "new", "sending", "submitted", "succeeded", "failed"),
	"fault": {"ghost", "unleased", "undecodable", "misfiled", "overfull"}, "table": {"refund", "settlement", "payment", "outbox_bad", "payment_ask", "callback"},
	"alarm": {"overdue", "amount", "contradiction", "unknown_order", "unreadable", "unknown_code", "unknown_state", "unsendable", "auto_settle", "unsettled", "put_aside", "foreign_app", "unknown_type", "not_understood", "unanswered", "undelivered", "audit_due"}, "source": {"queues", "inbox", "memory", "shop", "database"},
	"for": {"word", "douyin"}, "audit": {"agreed", "denied", "overtime", "none"},
	"system":  {"ecpay", "trade"},
	"version": nil, "commit": nil, "go": nil, "le": nil,
}

func TestLabelsAreClosedSetsAndNamesAreAsPrometheusWantsThem(t *testing.T) {
	m := whole(servertest.Redis(t), &countsStub{}, at(now))
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %+v, %v", problems, err)
	}
	total := 0
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), namespace+"_") {
			continue // Go's and the process's own
		}
		for _, s := range f.GetMetric() {
			total += 1 + len(s.GetHistogram().GetBucket())
			for _, l := range s.GetLabel() {
				values, known := closed[l.GetName()]
				if !known || values != nil && !slices.Contains(values, l.GetValue()) {
					t.Errorf("%s has the label %s=%q", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
	if total > 900 { // 200 of them with trade only
		t.Errorf("%d series: each costs Prometheus memory in every process", total)
	}
}

// What a first scrape does not show has no growth later: whatever is reported afterwards must count up what is there.
func TestEverySeriesIsThereFromTheFirstScrape(t *testing.T) {
	m := whole(servertest.Redis(t), &countsStub{}, at(now))
	before := series(t, m)
	for outcome := range outcomes() {
		for _, kind := range append(worker.Kinds(), "", canary) {
			if outcome == store.Pushed || outcome == store.Settled || outcome == store.Kept {
				kind = ""
			}
			m.Push(worker.Attempt{Cause: tasks.CausePaid, Outcome: outcome, Kind: kind, Duration: time.Second, SinceAsked: time.Minute})
		}
	}
	m.Push(worker.Attempt{Cause: tasks.CauseSweep, Outcome: store.Pushed, SinceAsked: time.Hour}) // not a live one
	m.Push(worker.Attempt{Cause: tasks.CausePaid, Outcome: store.Pushed})                         // nobody knows since when
	for _, op := range append(ops(), tradeOps()...) {
		for k := douyin.Kind(0); k <= douyin.Paused; k++ {
			m.Call(op, time.Second, &douyin.Error{Op: op, Kind: k, Message: canary})
		}
		m.Call(op, time.Second, nil)
		m.Call(op, 0, errors.New(canary))
	}
	m.TokenFetch(nil)
	m.ClientTokenFetch(douyin.ErrCredentials)
	m.TokenFetch(douyin.ErrCredentials)
	for _, r := range gateway.CallbackResults() {
		m.Callback(gateway.CallbackEcpay, r)
	}
	for _, s := range []store.MoneyState{store.MoneySucceeded, store.MoneyFailed} {
		m.MoneyEnded(store.Refund, s)
		m.MoneyCalledBack(store.Settlement, s)
	}
	m.Job("sweep", now, time.Second, nil)
	m.Job("outbox", now, time.Second, errors.New(canary))
	m.Entry("unknown", inbox.Dead)
	m.Entry(tasks.KindSettle, inbox.Failed)
	for _, q := range tasks.Queues() {
		for _, f := range queuedoctor.Faults() {
			m.Faults(queuedoctor.Report{{Queue: q, Fault: f}: {Found: 2, Repaired: 1}})
		}
	}
	m.BreakerTurned("open")
	m.LimiterTurned(errors.New(canary))
	if _, err := m.Gate(closedGate{}).Enter(t.Context(), douyin.OpOrderPush); err == nil {
		t.Fatal("the gate let it through")
	}
	after := series(t, m)
	for name := range after {
		if _, there := before[name]; !there && strings.HasPrefix(name, namespace) {
			t.Errorf("%s came later", name)
		}
		if strings.Contains(name, canary) {
			t.Errorf("%s shows what it must not", name)
		}
	}
	wantSeries(t, after, map[string]float64{
		"ordersync_pushes_total{kind=none,outcome=pushed}":                         16,
		"ordersync_pushes_total{kind=other,outcome=gave_up}":                       1,
		"ordersync_pushes_total{kind=rejected,outcome=refused}":                    1,
		"ordersync_push_seconds{outcome=refused}":                                  14,
		"ordersync_push_since_asked_seconds":                                       14,
		"ordersync_douyin_calls_total{kind=ok,op=refund.create}":                   1,
		"ordersync_douyin_calls_total{kind=throttled,op=order.push}":               1,
		"ordersync_douyin_calls_total{kind=other,op=order.push}":                   3,
		"ordersync_douyin_call_seconds{op=order.push}":                             8,
		"ordersync_token_fetches_total{result=ok}":                                 1,
		"ordersync_token_fetches_total{result=other}":                              1,
		"ordersync_callbacks_total{result=forged,system=ecpay}":                    1,
		"ordersync_callbacks_total{result=forged,system=trade}":                    0,
		"ordersync_money_ends_total{by=worker,money=refund,state=failed}":          1,
		"ordersync_money_ends_total{by=callback,money=settlement,state=succeeded}": 1,
		"ordersync_job_runs_total{job=sweep,result=ok}":                            1,
		"ordersync_job_runs_total{job=outbox,result=failed}":                       1,
		"ordersync_inbox_entries_total{kind=unknown,outcome=dead}":                 1,
		"ordersync_queue_faults_total{fault=ghost,queue=push,result=left}":         1,
		"ordersync_breaker_turns_total{to=open}":                                   1,
		"ordersync_breaker_state{state=open}":                                      1,
		"ordersync_database_unwell":                                                1,
		"ordersync_rate_limit_now{op=order.push}":                                  5,
		"ordersync_rate_limit_configured{op=order.push}":                           50,
		"ordersync_clock_skew_seconds":                                             -120,
		"ordersync_breaker_state{state=closed}":                                    0,
		"ordersync_rate_limit_shared":                                              0,
		"ordersync_gate_wait_seconds{op=order.push}":                               1,
		"ordersync_gate_refusals_total{op=order.push}":                             1,
		"ordersync_token_age_seconds":                                              60,
		"ordersync_token_left_seconds":                                             3600,
	})
}

type closedGate struct{}

func (closedGate) Enter(context.Context, string) (func(error), error) {
	return nil, &douyin.Error{Op: douyin.OpOrderPush, Kind: douyin.Paused}
}

type answersStub struct {
	worker.Answers
	changed bool
	err     error
}

func (a answersStub) Finished(context.Context, store.Instruction, store.Result) (bool, error) {
	return a.changed, a.err
}

func TestAnEndOfARefundCountsOnce(t *testing.T) {
	m := New(Build{})
	for _, a := range []answersStub{{changed: true}, {changed: false}, {changed: true, err: errors.New("down")}} {
		_, _ = m.Answers(a).Finished(t.Context(), store.Instruction{Money: store.Refund, Number: "R1"}, store.Result{State: store.MoneySucceeded})
	}
	wantSeries(t, series(t, m), map[string]float64{"ordersync_money_ends_total{by=worker,money=refund,state=succeeded}": 1})
}

func TestAScrapeIsAnsweredWhateverFails(t *testing.T) {
	dead := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: time.Second})
	t.Cleanup(func() { _ = dead.Close() })
	m := whole(dead, &countsStub{err: fmt.Errorf("dial: %s", canary)}, at(now))
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	body := answer.Body.String()
	for _, want := range []string{
		`ordersync_reading_up{source="database"} 0`, `ordersync_reading_up{source="queues"} 0`, `ordersync_pushes_total{kind="none",outcome="pushed"} 0`,
		`ordersync_build_info{commit="unknown",go="go`, "go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, never := range []string{"ordersync_orders_unsynced ", "ordersync_queue_tasks{", canary} {
		if strings.Contains(body, never) {
			t.Errorf("%q, which nobody can know", never)
		}
	}
	if answer.Code != http.StatusOK {
		t.Errorf("HTTP %d", answer.Code)
	}
}
