package metrics

import (
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/scheduler/queuedoctor"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/tasks/inbox"
	"github.com/ordersync/ordersync/worker"
)

const (
	none  = "none"  // no complaint
	other = "other" // a word that this package does not know; it never becomes a label
	ok    = "ok"
	bad   = "failed"
)

var (
	callBuckets  = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	waitBuckets  = []float64{.001, .01, .05, .25, 1, 2.5, 5, 10, 20}
	askedBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 15, 60, 600, 3600}
	jobBuckets   = []float64{.001, .01, .1, 1, 10, 60}
)

// events are what other rooms report.
type events struct {
	pushes, calls, fetches, clientFetches, turns, callbacks, moneyEnds, jobRuns, entries, faults, held, audits *prometheus.CounterVec

	pushTime, askedTime, callTime, gateTime, jobTime *prometheus.HistogramVec

	jobDone *prometheus.GaugeVec
	limiter prometheus.Gauge
	ahead   prometheus.Gauge
	kinds   map[string]bool // those that have a series of their own
}

func newEvents() events {
	e := events{
		pushes:        counter("pushes_total", "Runs of push tasks by outcome and kind of complaint.", "outcome", "kind"),
		pushTime:      histogram("push_seconds", "How long a run of a push task took, waiting at the gate included.", callBuckets, "outcome"),
		askedTime:     histogram("push_since_asked_seconds", "How long it took from asking for a live push to its success: the queue, retries and the call.", askedBuckets),
		calls:         counter("douyin_calls_total", "HTTP exchanges with Douyin by call and by what the answer means.", "op", "kind"),
		callTime:      histogram("douyin_call_seconds", "How long an exchange with Douyin took, from sending to the last byte.", callBuckets, "op"),
		gateTime:      histogram("gate_wait_seconds", "How long a call waited for rate limit and circuit breaker.", waitBuckets, "op"),
		held:          counter("gate_refusals_total", "Calls that were not let through in time, and nothing was sent.", "op"),
		turns:         counter("breaker_turns_total", "Changes of the circuit breaker, by the state it took.", "to"),
		fetches:       counter("token_fetches_total", "Fetches of the access token by result.", "result"),
		clientFetches: counter("client_token_fetches_total", "Fetches of trade's client_token by result.", "result"),
		callbacks:     counter("callbacks_total", "Deliveries of Douyin's callbacks by payment system and result.", "system", "result"),
		moneyEnds:     counter("money_ends_total", "Refunds and settlements that ended, by state and by what brought the news.", "money", "state", "by"),
		audits:        counter("audits_total", "Refunds that a buyer asked for whose audit ended, by how, as workers saw it.", "audit"),
		jobRuns:       counter("job_runs_total", "Runs of the scheduler's jobs by result.", "job", "result"),
		jobTime:       histogram("job_seconds", "How long a run of a scheduler's job took.", jobBuckets, "job"),
		jobDone: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "job_last_success_timestamp_seconds", Help: "When a job succeeded last; the start of the process until then.",
		}, []string{"job"}),
		entries: counter("inbox_entries_total", "Entries of the Redis Stream by kind and outcome.", "kind", "outcome"),
		faults:  counter("queue_faults_total", "Damage in asynq's keys, by what became of it.", "queue", "fault", "result"),
		limiter: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "rate_limit_shared", Help: "1: the rate limit is shared through Redis. 0: Redis fails, each process keeps the whole rate for itself.",
		}),
		ahead: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "orders_ahead", Help: "Orders of the shop whose time lies ahead of the database's clock, as the last sweep read them.",
		}),
		kinds: map[string]bool{},
	}
	e.limiter.Set(1)
	e.fill()
	return e
}

func (e *events) all() []prometheus.Collector {
	return []prometheus.Collector{
		e.pushes, e.pushTime, e.askedTime, e.calls, e.callTime, e.gateTime, e.held, e.turns, e.fetches, e.clientFetches, e.callbacks, e.moneyEnds, e.audits, e.jobRuns, e.jobTime, e.jobDone,
		e.entries, e.faults, e.limiter, e.ahead,
	}
}

// outcomes of a run, with the kinds that each can have.
func outcomes() map[store.Outcome][]string {
	all := append(worker.Kinds(), none, other)
	return map[store.Outcome][]string{
		store.Pushed: {none}, store.Settled: {none}, store.Ignored: all, store.Kept: {none}, store.Refused: all, store.Retrying: all, store.GaveUp: all,
	}
}

// ops are Douyin's calls.
func ops() []string {
	return []string{
		douyin.OpOrderPush, douyin.OpTokenFetch, douyin.OpOrderCreate, douyin.OpOrderQuery, douyin.OpRefundCreate, douyin.OpRefundQuery,
		douyin.OpSettleCreate, douyin.OpSettleQuery, douyin.OpSettleUnsettled,
		trade.OpOrderQuery, trade.OpRefundCreate, trade.OpRefundQuery, trade.OpRefundAudit, trade.OpSettleCreate, trade.OpSettleQuery,
		trade.OpFulfil, trade.OpTagQuery,
	}
}

// tradeOps are those of trade, which have series only where something of it is configured.
func tradeOps() []string {
	return []string{
		douyin.OpClientToken, trade.OpOrderQuery, trade.OpFulfil, trade.OpRefundCreate, trade.OpRefundQuery, trade.OpRefundAudit,
		trade.OpSettleCreate, trade.OpSettleQuery, trade.OpTagQuery,
	}
}

// callKinds are what an exchange with Douyin can mean, each in a word.
func callKinds() []string {
	all := []string{ok, other}
	for k := douyin.Unavailable; k <= douyin.Doubtful; k++ {
		all = append(all, k.String())
	}
	return all
}

func (e *events) fillOps(ops []string) {
	for _, op := range ops {
		e.callTime.WithLabelValues(op)
		for _, kind := range callKinds() {
			e.calls.WithLabelValues(op, kind)
		}
		if op != douyin.OpTokenFetch && op != douyin.OpClientToken { // passes no gate
			e.gateTime.WithLabelValues(op)
			e.held.WithLabelValues(op)
		}
	}
}

// fillTrade makes the series of trade.
func (e *events) fillTrade() {
	e.fillOps(tradeOps())
	for _, kind := range callKinds() {
		e.clientFetches.WithLabelValues(kind)
	}
}

// fill makes every series but those of trade.
func (e *events) fill() {
	for outcome, kinds := range outcomes() {
		e.pushTime.WithLabelValues(string(outcome))
		for _, kind := range kinds {
			e.pushes.WithLabelValues(string(outcome), kind)
			e.kinds[kind] = true
		}
	}
	e.askedTime.WithLabelValues()
	e.fillOps(ops())
	for _, kind := range callKinds() {
		e.fetches.WithLabelValues(kind)
	}
	for _, state := range breakerStates {
		e.turns.WithLabelValues(state)
	}
	for _, system := range gateway.CallbackSystems() {
		for _, r := range gateway.CallbackResults() {
			e.callbacks.WithLabelValues(string(system), string(r))
		}
	}
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		for _, state := range []store.MoneyState{store.MoneySucceeded, store.MoneyFailed} {
			for _, by := range []string{byWorker, byCallback} {
				e.moneyEnds.WithLabelValues(string(m), string(state), by)
			}
		}
	}
	for _, state := range decidedAudits {
		e.audits.WithLabelValues(string(state))
	}
	for _, kind := range entryKinds() {
		for _, outcome := range []string{inbox.Handed, inbox.Dead, inbox.Failed} {
			e.entries.WithLabelValues(kind, outcome)
		}
	}
	for _, queue := range tasks.Queues() {
		for _, fault := range queuedoctor.Faults() {
			for _, result := range []string{"repaired", "left"} {
				e.faults.WithLabelValues(queue, string(fault), result)
			}
		}
	}
}

func entryKinds() []string {
	return []string{tasks.KindPush, tasks.KindRefund, tasks.KindSettle, tasks.KindAudit, "unknown"}
}

// Push counts one run of a push task.
func (e *events) Push(a worker.Attempt) {
	kind := a.Kind
	switch {
	case kind == "":
		kind = none
	case !e.kinds[kind]:
		kind = other
	}
	e.pushes.WithLabelValues(string(a.Outcome), kind).Inc()
	e.pushTime.WithLabelValues(string(a.Outcome)).Observe(a.Duration.Seconds())
	if a.Outcome == store.Pushed && a.SinceAsked > 0 && (tasks.PushOrder{Cause: a.Cause}).Queue() == tasks.QueuePush {
		e.askedTime.WithLabelValues().Observe(a.SinceAsked.Seconds())
	}
}

// Call counts one exchange with Douyin. took is 0 when nothing could be sent.
func (e *events) Call(op string, took time.Duration, err error) {
	e.calls.WithLabelValues(op, callKind(err)).Inc()
	if took > 0 {
		e.callTime.WithLabelValues(op).Observe(took.Seconds())
	}
}

// callKind is what an exchange meant: one of callKinds.
func callKind(err error) string {
	if err == nil {
		return ok
	}
	var e *douyin.Error
	if errors.As(err, &e) && slices.Contains(callKinds(), e.Kind.String()) {
		return e.Kind.String()
	}
	return other
}

// TokenFetch counts one fetch of the token.
func (e *events) TokenFetch(err error) { e.fetches.WithLabelValues(callKind(err)).Inc() }

// ClientTokenFetch counts one fetch of trade's client_token.
func (e *events) ClientTokenFetch(err error) { e.clientFetches.WithLabelValues(callKind(err)).Inc() }

// Callback counts one delivery.
func (e *events) Callback(system gateway.CallbackSystem, r gateway.CallbackResult) {
	e.callbacks.WithLabelValues(string(system), string(r)).Inc()
}

// Who brought the news of an end.
const (
	byWorker   = "worker"
	byCallback = "callback"
)

// MoneyEnded counts a refund or settlement that a worker saw end, by the answer to its request or by asking.
func (e *events) MoneyEnded(m store.Money, state store.MoneyState) {
	e.moneyEnds.WithLabelValues(string(m), string(state), byWorker).Inc()
}

// MoneyCalledBack counts a refund or settlement that a callback ended.
func (e *events) MoneyCalledBack(m store.Money, state store.MoneyState) {
	e.moneyEnds.WithLabelValues(string(m), string(state), byCallback).Inc()
}

// Jobs makes the series of the scheduler's jobs.
func (e *events) Jobs(now time.Time, names ...string) {
	for _, name := range names {
		e.jobDone.WithLabelValues(name).Set(float64(now.Unix()))
		e.jobTime.WithLabelValues(name)
		for _, result := range []string{ok, bad} {
			e.jobRuns.WithLabelValues(name, result)
		}
	}
}

// Job counts one run of a job that ended at now.
func (e *events) Job(name string, now time.Time, took time.Duration, err error) {
	result := ok
	if err != nil {
		result = bad
	} else {
		e.jobDone.WithLabelValues(name).Set(float64(now.Unix()))
	}
	e.jobRuns.WithLabelValues(name, result).Inc()
	e.jobTime.WithLabelValues(name).Observe(took.Seconds())
}

// Entry counts one entry of the inbox.
func (e *events) Entry(kind, outcome string) { e.entries.WithLabelValues(kind, outcome).Inc() }

// Faults counts what one check of asynq's keys found.
func (e *events) Faults(r queuedoctor.Report) {
	for at, c := range r {
		e.faults.WithLabelValues(at.Queue, string(at.Fault), "repaired").Add(float64(c.Repaired))
		e.faults.WithLabelValues(at.Queue, string(at.Fault), "left").Add(float64(c.Found - c.Repaired))
	}
}
