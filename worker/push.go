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
	"github.com/ordersync/ordersync/worker/tuning"
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
	// store.ErrOrderNotFound, *store.ColumnError
	LoadOrder(ctx context.Context, orderID string) (store.OrderSnapshot, error)
	BeginPush(ctx context.Context, b store.Begin) (seq int64, err error) // store.ErrSuperseded; *store.ColumnError, with the seq of an attempt that ends there
	// RecordPush is durable when it returns. changed: the shop's order is not p.Seen any more.
	RecordPush(ctx context.Context, p store.Push) (changed bool, err error)
}

// Pusher is Douyin as a push sees it.
type Pusher interface {
	PushOrder(ctx context.Context, o douyin.OrderPush) (douyin.Receipt, error)
}

// PushHandler handles tasks.TypePushOrder: it tells Douyin the present state of one order, and is
// harmless when repeated.
type PushHandler struct {
	Orders Orders
	Line   *Line // the way from "read" to "at Douyin"
	Build  *Builder
	Keep   *Keeper // of orders of trade; nil: nothing is told of them
	Unit   douyin.TimeUnit
	// CallTimeout is the longest that one call to Douyin may take. 0: douyin.DefaultTimeout.
	CallTimeout time.Duration
	// Grace is added to every time at which the sweep is asked to look, because the queue may lag.
	// 0: 2 minutes.
	Grace   time.Duration
	Now     func() time.Time // nil: time.Now
	Log     zerolog.Logger
	Observe func(Attempt) // told of every run at its end; nil: nobody
	// Sick tells whether the breaker towards Douyin is not closed. Nil: it always is.
	Sick func() bool

	owed owed
}

// Attempt is one run of a task, for metrics.
type Attempt struct {
	Cause    tasks.Cause
	Outcome  store.Outcome
	Kind     string
	Passes   int
	Duration time.Duration
	// SinceAsked is how long ago the task was asked for, as it ended, at most store.MaxSinceAsked;
	// 0: not known. The clocks of two machines are in it.
	SinceAsked time.Duration
}

// ProcessTask implements asynq.Handler.
func (h *PushHandler) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	tuning.GrowStack()
	r := &run{PushHandler: h, started: time.Now(), attempt: attemptOf(ctx)}
	r.task, err = tasks.ParsePushOrder(t)
	if err != nil {
		return r.end(judge(err, r.attempt))
	}
	r.taskID, _ = asynq.GetTaskID(ctx)
	leave, err := r.Line.enter(ctx)
	if err != nil {
		return r.end(held(err))
	}
	defer func() { leave(r.database) }()
	defer func() {
		if p := recover(); p != nil {
			v := judge(&panicError{p, debug.Stack()}, r.attempt)
			v, _ = r.record(ctx, v, store.OrderSnapshot{}, made{})
			err = r.end(v)
		}
	}()
	return r.end(r.passes(ctx))
}

func (h *PushHandler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *PushHandler) passTimeout() time.Duration {
	return PassTimeout(cmp.Or(h.CallTimeout, douyin.DefaultTimeout))
}

// staleAfter is when an attempt whose end nobody saw is over for certain.
func (h *PushHandler) staleAfter() time.Duration { return h.passTimeout() + recordTimeout }

func (h *PushHandler) grace() time.Duration { return cmp.Or(h.Grace, defaultGrace) }

func attemptOf(ctx context.Context) attempt {
	retried, _ := asynq.GetRetryCount(ctx)
	most, ok := asynq.GetMaxRetry(ctx)
	return attempt{number: retried + 1, last: ok && retried >= most}
}

// run is one ProcessTask.
type run struct {
	*PushHandler
	task    tasks.PushOrder
	taskID  string
	started time.Time // of the process: Now may be another's clock, which is set by every statement
	attempt attempt
	passed  int

	database error // of the newest statement that failed although nothing was wrong with its order
}

// sinceAsked is how long before now the task was asked for; 0: not known, as is what no task can
// have waited.
func (r *run) sinceAsked(now time.Time) time.Duration {
	age := now.Sub(r.task.AskedAt.Time())
	if age < 0 || age > store.MaxSinceAsked {
		return 0
	}
	return age
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
	if s.System == store.Trade { // the one place where the system is chosen
		var unread *store.ColumnError
		if err == nil || errors.As(err, &unread) {
			return r.keep(ctx, s, unread)
		}
	}
	if r.asked(err) != nil {
		v, _ = r.record(ctx, r.judge(err), s, made{})
		return v, false
	}
	push, err := r.build(s)
	if err != nil {
		v, _ = r.record(ctx, judge(err, r.attempt), s, made{})
		return v, false
	}
	digest := push.Digest()
	if s.State.Holds(digest) {
		return r.settled(ctx, s), false
	}
	if r.attemptOpen(s) {
		return anotherAtIt(), false
	}
	leave, err := r.Line.stepUp(ctx)
	if err != nil {
		return held(err), false
	}

	ctx, cancel := context.WithTimeout(ctx, r.passTimeout())
	defer cancel()
	m, err := r.send(ctx, s, r.timed(push, s), digest, leave) // the gate may have taken a while
	if errors.Is(err, store.ErrSuperseded) {
		return verdict{}, true
	}
	return r.record(ctx, r.judge(err), s, m) // who pushed looks again when the order has changed
}

// attemptOpen tells whether another task's attempt may still be at Douyin.
func (r *run) attemptOpen(s store.OrderSnapshot) bool {
	return s.State.Open > 0 && r.now().Sub(s.State.StartedAt) < r.staleAfter()
}

func anotherAtIt() verdict {
	return verdict{outcome: store.Retrying, tell: &postponed{after: inFlightWait, why: "another task is pushing this order"}}
}

// build makes the push of s and checks it as it would be sent now. Who sends it asks timed for it.
func (r *run) build(s store.OrderSnapshot) (douyin.OrderPush, error) {
	push, err := r.Build.BuildOrderPush(s)
	if err != nil {
		return push, err
	}
	return push, r.timed(push, s).Validate()
}

// timed is push with the update_time of now, which never goes back for one order.
func (r *run) timed(push douyin.OrderPush, s store.OrderSnapshot) douyin.OrderPush {
	push.UpdateTime = r.Unit.Next(r.now(), s.State.UpdateTime)
	return push
}

// made is an attempt that was announced, and what its call was answered. The zero value: none was
// announced.
type made struct {
	seq     int64
	call    string // empty: a push
	status  douyin.OrderStatus
	digest  string
	receipt douyin.Receipt

	fulfilled string // the to_status that Douyin holds by it
	unsent    bool   // what was announced of fulfilment is not at Douyin for certain
}

// errNotSent tells the gate that no call was made, or none that ended, so that nothing is known
// against Douyin, nor for it.
var errNotSent = errors.New("not sent")

// send announces the attempt and makes the call. leave is told how it ended, whatever happens.
func (r *run) send(
	ctx context.Context, s store.OrderSnapshot, push douyin.OrderPush, digest string, leave func(error),
) (m made, err error) {
	end := errNotSent
	defer func() { leave(end) }()
	seq, err := r.begin(ctx, s, push)
	if r.asked(err) != nil {
		return made{seq: seq}, err // an attempt that was announced and refused ends here
	}
	receipt, err := r.Line.call(ctx, push)
	end = err
	return made{seq: seq, status: push.Status, digest: digest, receipt: receipt}, err
}

func (r *run) begin(ctx context.Context, s store.OrderSnapshot, push douyin.OrderPush) (int64, error) {
	b := r.beginning(s)
	b.UpdateTime = push.UpdateTime
	return r.Orders.BeginPush(ctx, b)
}

// beginning is the announcement of an attempt made from s, without what it is about to say.
func (r *run) beginning(s store.OrderSnapshot) store.Begin {
	now := r.now()
	return store.Begin{
		OrderID: r.task.OrderID, OrderNo: s.Order.OrderNo, System: s.System, Decided: s.State.System != "",
		Seq: s.State.Seq, Exists: s.State.OrderID != "", Open: s.State.Open,
		At: now, DueAt: now.Add(r.staleAfter() + r.grace()), StaleAfter: r.staleAfter(),
	}
}

// end writes the one line of the run and hands asynq its answer.
func (r *run) end(v verdict) error {
	took := time.Since(r.started)
	if r.Observe != nil {
		r.Observe(Attempt{Cause: r.task.Cause, Outcome: v.outcome, Kind: v.kind, Passes: r.passed, Duration: took, SinceAsked: r.sinceAsked(r.now())})
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
	case store.Kept:
		if line = r.Log.Info(); v.quiet {
			line = r.Log.Debug()
		}
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
