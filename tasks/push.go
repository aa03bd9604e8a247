package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Cause is why an order is pushed. It chooses the queue and is written to the log; the push itself
// is the same.
type Cause string

// The causes.
const (
	CausePaid     Cause = "paid"
	CauseChanged  Cause = "changed"  // the default
	CauseCallback Cause = "callback" // Douyin told of a payment, a refund or a settlement
	CauseRefund   Cause = "refund"   // a refund was asked for, or has ended
	CauseSweep    Cause = "sweep"    // nobody asked: the sweep found it
	CauseManual   Cause = "manual"   // by a person
	CauseBackfill Cause = "backfill" // an old order; its queue has the least weight
)

var causeQueues = map[Cause]string{
	CausePaid: QueuePush, CauseChanged: QueuePush, CauseCallback: QueuePush, CauseRefund: QueuePush, CauseManual: QueuePush,
	CauseSweep: QueueSweep, CauseBackfill: QueueBackfill,
}

const (
	// MaxIDBytes bounds an order id and a revision each.
	MaxIDBytes = 64

	// pushMaxRetry with worker.Backoff (5s 15s 1m 5m 15m 1h 1h ...) keeps a failing order in
	// asynq's hands for about four hours on average; what is archived then is asked again by the
	// sweep.
	pushMaxRetry = 12
	// Timeout is how long one run of a task may take: longer than it may wait for its call and its
	// longest pass together. cmd/internal/assembly holds that.
	Timeout = time.Minute
	// pushRetention keeps a finished task's id taken, so that the same change asked twice runs
	// once. It must outlast the time in which a killed relay hands a row over again (seconds to
	// minutes). An hour of a million orders a day is 42,000 retained tasks. What was refused is not
	// retained: handed over again, it is refused again.
	pushRetention = time.Hour
)

// PushOrder asks a worker to tell Douyin the present state of one order. It names the order and
// never carries it.
type PushOrder struct {
	OrderID string `json:"order_id"` // the shop's key, at most 64 bytes
	// names the change: the same change asked twice runs once; empty: a change of its own
	Revision string `json:"revision,omitempty"`
	Cause    Cause  `json:"cause,omitempty"` // empty: changed
	// when it was asked for, or may run first where it is to wait; 0: filled in when it is queued.
	// Only the time from there to Douyin's answer is told by it.
	AskedAt Moment `json:"asked_at,omitempty"`
}

// PayloadError is a request that cannot be understood. Field is the payload's name for the field.
type PayloadError struct {
	Field  string // the payload's name of it
	Reason string // what is wrong, behind the name
}

func (e *PayloadError) Error() string { return "tasks: " + e.Field + ": " + e.Reason }

// Validate checks what Enqueue would refuse. The error is a *PayloadError.
func (p PushOrder) Validate() error {
	if err := checkID("order_id", p.OrderID, true); err != nil {
		return err
	}
	if err := checkID("revision", p.Revision, false); err != nil {
		return err
	}
	if _, ok := causeQueues[p.cause()]; !ok {
		return &PayloadError{"cause", fmt.Sprintf("%q is unknown: want paid, changed, callback, refund, sweep, manual or backfill", quoted(string(p.Cause)))}
	}
	return nil
}

func (p PushOrder) cause() Cause {
	if p.Cause == "" {
		return CauseChanged
	}
	return p.Cause
}

// Named fills what was left out: the cause, and a revision of its own. Whoever may have to ask
// again asks with the named push, so that both askings are one change.
func (p PushOrder) Named() PushOrder {
	p.Cause, p.Revision = p.cause(), orFresh(p.Revision)
	return p
}

// asked fills AskedAt with the moment from which on the task may run.
func (p PushOrder) asked(opts []asynq.Option) PushOrder {
	if p.AskedAt != 0 {
		return p
	}
	at := time.Now()
	for _, o := range opts {
		switch value := o.Value().(type) {
		case time.Duration:
			if o.Type() == asynq.ProcessInOpt {
				at = at.Add(value)
			}
		case time.Time:
			if o.Type() == asynq.ProcessAtOpt && value.After(at) {
				at = value
			}
		}
	}
	p.AskedAt = Moment(at.UnixMilli())
	return p
}

// ID is the task's id: "push:<order>:<revision>". Call it on a Named push.
func (p PushOrder) ID() string { return "push:" + p.OrderID + ":" + p.Revision }

// Queue is the queue that p travels on.
func (p PushOrder) Queue() string { return causeQueues[p.cause()] }

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (p PushOrder) Task() (*asynq.Task, error) { return p.task(nil) }

func (p PushOrder) task(headers map[string]string) (*asynq.Task, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	p = p.Named().asked(nil)
	payload, err := encode(p)
	if err != nil {
		return nil, err
	}
	return asynq.NewTaskWithHeaders(TypePushOrder, payload, headers, asynq.TaskID(p.ID()), asynq.Queue(p.Queue()),
		asynq.MaxRetry(pushMaxRetry), asynq.Timeout(Timeout), asynq.Retention(pushRetention)), nil
}

// ParsePushOrder reads the payload of a task. The error is a *PayloadError.
func ParsePushOrder(t *asynq.Task) (PushOrder, error) {
	return parse[PushOrder](t)
}

// Enqueuer is what Enqueue needs of an *asynq.Client.
type Enqueuer interface {
	EnqueueContext(ctx context.Context, task *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error)
}

// Request is what has a task: a PushOrder, a Refund, a Settle, an Audit or an AskPayment.
type Request interface {
	// Task makes the task with its options. The error is a *PayloadError.
	Task() (*asynq.Task, error)
}

// Enqueue puts a push on its queue. fresh is false, and err nil, when that change is on its way
// already or was done lately. What was refused is asked for again, and so is what was given up where
// q is a Queue.
// Options such as asynq.ProcessIn are added to the task's own.
//
// Money has no way through here: a Refund or a Settle only names a row, and a worker refuses one
// whose row does not stand. Package tasks/client, RefundRequest.Row and SettleRequest.Row write the
// row.
//
// Where ctx has an OpenTelemetry span, the call is a span beneath it, and what becomes of the task
// continues that trace.
func Enqueue(ctx context.Context, q Enqueuer, p PushOrder, opts ...asynq.Option) (fresh bool, err error) {
	return enqueueAny(ctx, q, p, opts)
}

// Hurry enqueues now what the scheduler would enqueue when it is due, for the rooms that have just
// written its row: a task that names a row which does not stand is refused by the worker. Answers
// are those of Enqueue.
func Hurry(ctx context.Context, q Enqueuer, r Request) (fresh bool, err error) {
	return enqueueAny(ctx, q, r, nil)
}

func enqueueAny(ctx context.Context, q Enqueuer, r Request, opts []asynq.Option) (fresh bool, err error) {
	if traced(ctx) {
		return enqueueTraced(ctx, q, r, opts)
	}
	return enqueue(ctx, q, r, nil, opts)
}

// enqueue is enqueueAny without its span. headers travel with the task; nil: none.
func enqueue(ctx context.Context, q Enqueuer, r Request, headers map[string]string, opts []asynq.Option) (fresh bool, err error) {
	if p, ok := r.(PushOrder); ok {
		r = p.asked(opts)
	}
	t, err := taskOf(r, headers)
	if err != nil {
		return false, err
	}
	switch _, err = q.EnqueueContext(ctx, t, opts...); {
	case err == nil:
		return true, nil
	case errors.Is(err, asynq.ErrTaskIDConflict): // also our own write whose answer was lost: go-redis asks again
		return enqueueAgain(ctx, q, r, t, opts)
	}
	return false, fmt.Errorf("tasks: enqueue %s: %w", t.Type(), err)
}

func taskOf(r Request, headers map[string]string) (*asynq.Task, error) {
	if own, ok := r.(headed); ok {
		return own.task(headers)
	}
	return r.Task() // somebody else's: it travels without headers
}

// checkID refuses what would break a task id, a URL path or asynqmon: no slash, no colon, no space,
// no control character.
func checkID(field, id string, required bool) error {
	switch {
	case id == "" && required:
		return &PayloadError{field, "is missing"}
	case len(id) > MaxIDBytes:
		return &PayloadError{field, fmt.Sprintf("has %d bytes, at most %d are allowed", len(id), MaxIDBytes)}
	case !utf8.ValidString(id):
		return &PayloadError{field, "is not valid UTF-8"}
	case strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' || r == ':' }):
		return &PayloadError{field, "has a space, slash, colon or control character"}
	}
	return nil
}

// quoted is a foreign word as an error shows it: asynq cannot store error text that is not UTF-8.
func quoted(word string) string { return cut.Marked(word, 40) }
