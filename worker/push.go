package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// maxPasses bounds how often one task goes round for an order that keeps changing.
	maxPasses = 5
	// inFlightWait is how long a task waits while another one is pushing the same order.
	inFlightWait = 2 * time.Second

	defaultGrace = 2 * time.Minute
)

// Orders is the store as a push sees it.
type Orders interface {
	LoadOrder(ctx context.Context, orderID string) (store.OrderSnapshot, error) // store.ErrOrderNotFound, *store.ColumnError
	BeginPush(ctx context.Context, b store.Begin) (seq int64, err error)        // store.ErrSuperseded
	// RecordPush is durable when it returns. changed: the shop's order is not p.Seen any more.
	RecordPush(ctx context.Context, p store.Push) (changed bool, err error)
}

// Pusher is Douyin as a push sees it.
type Pusher interface {
	PushOrder(ctx context.Context, o douyin.OrderPush) (douyin.Receipt, error)
}

// PushOrder handles tasks.TypePushOrder: it tells Douyin the present state of one order, and is harmless when repeated.
type PushOrder struct {
	Orders Orders
	Douyin Pusher
	Gate   douyin.Gate // rate limit and circuit breaker; nil: none. Entered before an attempt is announced
	Build  *Builder
	Unit   douyin.TimeUnit
	// CallTimeout is the longest that one call to Douyin may take. 0: douyin.DefaultTimeout.
	CallTimeout time.Duration
	// Grace is added to every time at which the sweep is asked to look, because the queue may lag. 0: 2 minutes.
	Grace   time.Duration
	Now     func() time.Time // nil: time.Now
	Log     zerolog.Logger
	Observe func(Attempt) // told of every run at its end; nil: nobody
	// Shelter keeps tasks from a database that fails everybody. Nil: they all try.
	Shelter *Shelter
	// Sick tells whether the breaker towards Douyin is not closed. Nil: it always is.
	Sick func() bool
	// Serving ends when the process is to stop: whoever is parked goes back to the queue. nil: never.
	Serving context.Context //nolint:containedctx // the process's, not a call's

	owed owed
}

// Attempt is one run of a task, for metrics.
type Attempt struct {
	Cause    tasks.Cause
	Outcome  store.Outcome
	Kind     string
	Passes   int
	Duration time.Duration
}

// ProcessTask implements asynq.Handler.
func (h *PushOrder) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	makeRoom(0)
	r := &run{PushOrder: h, started: h.now(), attempt: attemptOf(ctx)}
	r.task, err = tasks.ParsePushOrder(t)
	if err != nil {
		return r.end(judge(err, r.attempt))
	}
	r.taskID, _ = asynq.GetTaskID(ctx)
	leave, err := r.shelter(ctx)
	if err != nil {
		return r.end(held(err))
	}
	defer func() { leave(r.database) }()
	defer func() {
		if p := recover(); p != nil {
			v := judge(&panicError{p, debug.Stack()}, r.attempt)
			err = r.end(r.record(ctx, v, store.Push{}))
		}
	}()
	return r.end(r.passes(ctx))
}

func (h *PushOrder) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *PushOrder) passTimeout() time.Duration {
	return PassTimeout(cmp.Or(h.CallTimeout, douyin.DefaultTimeout))
}

// staleAfter is when an attempt whose end nobody saw is over for certain.
func (h *PushOrder) staleAfter() time.Duration { return h.passTimeout() + recordTimeout }

func (h *PushOrder) grace() time.Duration { return cmp.Or(h.Grace, defaultGrace) }

func attemptOf(ctx context.Context) attempt {
	retried, _ := asynq.GetRetryCount(ctx)
	most, ok := asynq.GetMaxRetry(ctx)
	return attempt{number: retried + 1, last: ok && retried >= most}
}

// run is one ProcessTask.
type run struct {
	*PushOrder
	task    tasks.PushOrder
	taskID  string
	started time.Time
	attempt attempt
	passed  int
	receipt douyin.Receipt // of the newest call
	changed bool           // the shop has changed the order since it was read for that call

	database error // of the newest statement that failed although nothing was wrong with its order
}

// judge is what err means for this run.
func (r *run) judge(err error) verdict { return judgePush(err, r.attempt, r.Sick != nil && r.Sick()) }

// asked notes how the database fares.
func (r *run) asked(err error) error {
	if err != nil && (store.Unwell(err) || store.Busy(err)) {
		r.database = err
	}
	return err
}

// passes goes round until Douyin holds the newest row.
func (r *run) passes(ctx context.Context) verdict {
	for r.passed = 1; r.passed <= maxPasses; r.passed++ {
		if v, again := r.pass(ctx); !again {
			return v
		}
	}
	return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "the order keeps changing"}}
}

// pass reads the order and pushes it when Douyin does not hold it. again asks for another look.
func (r *run) pass(ctx context.Context) (v verdict, again bool) {
	if err := r.pay(ctx); err != nil {
		return r.judge(err), false
	}
	s, err := r.Orders.LoadOrder(ctx, r.task.OrderID)
	if r.asked(err) != nil {
		return r.record(ctx, r.judge(err), r.of(s)), false
	}
	push, err := r.Build.BuildOrderPush(s)
	push.UpdateTime = r.Unit.Next(r.now(), s.State.UpdateTime)
	if err == nil {
		err = push.Validate()
	}
	if err != nil {
		return r.record(ctx, judge(err, r.attempt), r.of(s)), false
	}
	digest := push.Digest()
	if s.State.Holds(digest) {
		return r.settled(ctx, s), false
	}
	if s.State.Open > 0 && r.now().Sub(s.State.StartedAt) < r.staleAfter() {
		return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "another task is pushing this order"}}, false
	}
	done, err := r.enter(ctx)
	if err != nil {
		return held(err), false
	}

	ctx, cancel := context.WithTimeout(ctx, r.passTimeout())
	defer cancel()
	push.UpdateTime = r.Unit.Next(r.now(), s.State.UpdateTime) // the gate may have taken a while
	seq, err := r.send(ctx, s, push, done)
	if errors.Is(err, store.ErrSuperseded) {
		return verdict{}, true
	}
	p := r.of(s)
	if seq > 0 {
		p.Seq, p.Status, p.Digest, p.Seen = seq, int(push.Status), digest, &s.Order
	}
	v = r.record(ctx, r.judge(err), p)
	return v, r.changed // whoever pushed looks again
}

// of is the record of what was read.
func (r *run) of(s store.OrderSnapshot) store.Push {
	return store.Push{OrderNo: s.Order.OrderNo, ShopStatus: s.Order.Status, ShopUpdated: s.Order.Updated}
}

// errNotSent tells the gate that no call was made, or none that ended, so that nothing is known against Douyin, nor for it.
var errNotSent = errors.New("not sent")

// send announces the attempt and makes the call. seq is 0 where the announcement failed. done is told how it ended, whatever
// happens: it gives a handler back.
func (r *run) send(ctx context.Context, s store.OrderSnapshot, push douyin.OrderPush, done func(error)) (seq int64, err error) {
	answer := errNotSent
	defer func() { done(answer) }()
	if seq, err = r.begin(ctx, s, push); r.asked(err) != nil {
		return 0, err
	}
	r.receipt, err = r.Douyin.PushOrder(ctx, push)
	answer = err
	return seq, err
}

func (r *run) begin(ctx context.Context, s store.OrderSnapshot, push douyin.OrderPush) (int64, error) {
	now := r.now()
	return r.Orders.BeginPush(ctx, store.Begin{
		OrderID: r.task.OrderID, OrderNo: s.Order.OrderNo, Seq: s.State.Seq, Exists: s.State.OrderID != "", Open: s.State.Open,
		UpdateTime: push.UpdateTime,
		At:         now, DueAt: now.Add(r.staleAfter() + r.grace()), StaleAfter: r.staleAfter(),
	})
}

// end writes the one line of the run and hands asynq its answer.
func (r *run) end(v verdict) error {
	took := r.now().Sub(r.started)
	if r.Observe != nil {
		r.Observe(Attempt{Cause: r.task.Cause, Outcome: v.outcome, Kind: v.kind, Passes: r.passed, Duration: took})
	}
	var line *zerolog.Event
	switch v.outcome {
	case store.Refused, store.GaveUp:
		line = r.Log.Error()
	case store.Retrying:
		line = r.Log.Warn()
		if !isFailure(v.tell) && (v.kind == "" || v.kind == douyin.Paused.String()) {
			line = r.Log.Debug()
		}
	case store.Settled:
		line = r.Log.Debug()
	default:
		line = r.Log.Info()
	}
	if line.Enabled() {
		line = line.Str("order", r.task.OrderID).Str("cause", string(r.task.Cause)).Int("attempt", r.attempt.number).
			Str("outcome", string(v.outcome)).Dur("took", took)
		if v.kind != "" {
			line = line.Str("kind", v.kind).Int("code", v.code).Str("message", v.message).Str("logid", v.logID)
		}
		line.Msg("push")
	}
	return v.tell
}

// panicError is a fault of ours, kept from taking the worker down.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
