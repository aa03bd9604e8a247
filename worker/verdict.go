package worker

import (
	"errors"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	// noWordAttempts is how often an order without a word of Douyin's is tried (over about a
	// minute) before it is ignored.
	noWordAttempts = 4
	// gaveUpAgain is when the sweep asks again for an order whose task was archived.
	gaveUpAgain = time.Hour
	// maxErrorBytes bounds the text that asynq keeps in Redis and asynqmon shows.
	maxErrorBytes = 400
)

// noSuchOrder is said of an order that was asked for and that the shop never had, or has no more.
const noSuchOrder = "the shop does not have this order: the number is wrong, it was deleted, or shop.filter leaves it out"

// Kinds of failure beside douyin.Kind's words. They stand in ordersync_order.kind and in metrics.
const (
	kindPayload    = "payload"
	kindIncomplete = "incomplete"
	kindNotFound   = "not_found"
	kindNoWord     = "no_word"
	kindDatabase   = "database"
	kindPanic      = "panic"
	kindWaiting    = "waiting"     // of money: not a failure
	kindTooEarly   = "too_early"   // of money: Douyin refuses it now
	kindAutoSettle = "auto_settle" // of a settlement of trade: Douyin settles by itself
)

// refusalAlarms are what a person has to look at because an instruction ends with a refusal of that
// kind: by Douyin, or by ordersync because of the row itself. A kind that is not here raises none.
// Example: a refund whose column options is not JSON is refused as incomplete, so it is unreadable.
var refusalAlarms = map[string]string{
	douyin.Doubtful.String(): store.AlarmUnknownCode,
	kindIncomplete:           store.AlarmUnreadable,
	kindAutoSettle:           store.AlarmAutoSettle,
}

// refusals are the kinds of Douyin's refusals whose meaning is known, although they are asked about
// before they are believed, as package trade wants it: where Douyin does not know the instruction
// then, it has failed, and nobody has to find out what the code means. Codes that are not here keep
// the kind that their error has.
//
//	refund.create  20001  too late, or too many refunds       22002  nothing is left
//	               22000  unpaid or closed                    22008  more than is left
//	               22001  a refund has been made
//	settle.create  23102  unpaid                              23112  nothing is left
//	               23117  the app settles automatically
var refusals = map[string]map[int]string{
	trade.OpRefundCreate: {20001: rejected, 22000: rejected, 22001: rejected, 22002: rejected, 22008: rejected},
	trade.OpSettleCreate: {23102: rejected, 23112: rejected, 23117: kindAutoSettle},
}

var rejected = douyin.Rejected.String()

// heldByAnother tells that Douyin refuses a refund perhaps only as long as another one of the order
// is under way: 22001, an item's state forbids it; 22009, something may not be started beside it.
func heldByAnother(err error) bool {
	var failure *douyin.Error
	return errors.As(err, &failure) && failure.Op == trade.OpRefundCreate && (failure.Code == 22001 || failure.Code == 22009)
}

// attempt is what judge must know about the run in which an error arose.
type attempt struct {
	number int  // counted from 1
	last   bool // asynq archives the task when this run fails
}

// verdict is what an error means: the outcome for the records, and what asynq is told.
type verdict struct {
	outcome store.Outcome
	kind    string // empty on success
	code    int
	message string
	logID   string
	again   time.Duration // from now: when the sweep shall ask should nobody have; 0: never
	within  time.Duration // from now: the same, whatever again and the grace say; 0: they hold
	tell    error         // what the handler returns
	quiet   bool          // nothing was written: not worth a line of the log
}

// judge turns an error into its verdict. ARCHITECTURE.md has the same as a table.
func judge(err error, a attempt) verdict {
	if err == nil {
		return verdict{outcome: store.Pushed}
	}
	v := verdict{outcome: store.Retrying, message: words(err.Error())}
	v.describe(err)

	switch {
	case v.kind == kindPayload, v.kind == kindIncomplete, v.kind == rejected, v.kind == kindAutoSettle:
		v.outcome = store.Refused
	case v.kind == kindNoWord && a.number >= noWordAttempts:
		v.outcome = store.Ignored
	case v.kind == kindNotFound && a.last: // hours after it was asked for: whoever asked named an order that is not there
		v.outcome, v.message = store.Ignored, noSuchOrder
	case a.last:
		v.outcome = store.GaveUp
	}

	switch v.outcome {
	case store.Refused:
		v.tell = refusal(v, err)
	case store.Ignored:
		v.tell = nil // set aside, not failed
	case store.GaveUp:
		v.again = gaveUpAgain
		v.tell = &taskError{text: v.message, err: err}
	default:
		v.again = longestWait(a.number-1) + waitOf(err)
		v.tell = &taskError{text: v.message, err: err}
	}
	return v
}

// refusal is what asynq is told of a refusal. The row of what was refused says so: asynq deletes the
// task, counts no failure, and its id is free for whoever asks again. A payload that cannot be read
// names no row: asynq alone keeps it, in its archive.
func refusal(v verdict, err error) error {
	over := asynq.RevokeTask
	if v.kind == kindPayload {
		over = asynq.SkipRetry
	}
	return &taskError{text: v.message, err: errors.Join(err, over)}
}

// words is what is kept of an error's text. A shop or Douyin may have written a part of it, and logs,
// asynqmon and commands show it.
func words(text string) string { return cut.To(cut.Plain(text), maxErrorBytes) }

// describe fills in kind, code, words and log id.
func (v *verdict) describe(err error) {
	var (
		failure  *douyin.Error
		field    *douyin.FieldError
		payload  *tasks.PayloadError
		column   *store.ColumnError
		noWord   *NoWordError
		panicked *panicError
		corrupt  *CorruptRowError
	)
	switch {
	case errors.As(err, &failure):
		v.kind, v.code, v.logID = failure.Kind.String(), failure.Code, failure.LogID
		if failure.Message != "" {
			v.message = words(failure.Message)
		}
		if kind := refusals[failure.Op][failure.Code]; kind != "" {
			v.kind = kind
		}
		if errors.Is(err, trade.ErrAutoSettle) {
			v.message = words(v.message + ": " + trade.ErrAutoSettle.Error())
		}
	case errors.As(err, &payload):
		v.kind = kindPayload
	case errors.As(err, &column), errors.As(err, &field), errors.As(err, &corrupt):
		v.kind = kindIncomplete
	case errors.Is(err, store.ErrOrderNotFound):
		v.kind = kindNotFound
	case errors.As(err, &noWord):
		v.kind = kindNoWord
	case errors.As(err, &panicked):
		v.kind = kindPanic
	default:
		v.kind = kindDatabase
	}
}

// postponed is not a failure: nothing was asked of Douyin, and the task comes back after a while
// without having used up an attempt.
type postponed struct {
	after time.Duration
	why   string
	err   error
}

func (p *postponed) Error() string { return "postponed: " + words(p.why) }
func (p *postponed) Unwrap() error { return p.err }

// isFailure is asynq's IsFailure: a postponed task keeps its attempts.
func isFailure(err error) bool {
	var p *postponed
	return err != nil && !errors.As(err, &p)
}

// waitOf is the wait that an error names: Douyin's own, or ours. 0: none.
func waitOf(err error) time.Duration {
	var p *postponed
	if errors.As(err, &p) {
		return p.after
	}
	var failure *douyin.Error
	if errors.As(err, &failure) {
		return failure.RetryAfter
	}
	return 0
}

// taskError is what asynq stores: valid UTF-8 of bounded length. Other text cannot be encoded as a
// protobuf message, so asynq could move the task neither to retry nor to the archive, and it would
// be stuck until its lease ends.
type taskError struct {
	text string
	err  error
}

func (e *taskError) Error() string { return strings.ToValidUTF8(e.text, "\uFFFD") }
func (e *taskError) Unwrap() error { return e.err }

// sending is what the answer to a request for money means for the instruction.
type sending int

const (
	sendUnknown  sending = iota // whether it was accepted is not known: ask before anything else
	sendAccepted                // the result is to come
	sendRefused                 // it failed for good: the way out is a new number
	sendDoubtful                // refused, but this request or an earlier one may have been accepted: ask
	sendExists                  // Douyin has the number already: ask what became of it, and never send it again
	sendTooEarly                // not yet: a delay, not a failure; ask, for the words are not certain
	sendUnsent                  // the request did not leave, or was turned away at the door
)

// judgeSend reads the answer to a request; alone tells that nothing of the instruction was at
// Douyin before it.
func judgeSend(err error, alone bool) sending {
	var failure *douyin.Error
	var corrupt *CorruptRowError
	switch {
	case err == nil:
		return sendAccepted
	case errors.Is(err, douyin.ErrNotYet):
		return sendTooEarly
	case errors.Is(err, trade.ErrExists):
		return sendExists
	case errors.As(err, &corrupt): // this request did not leave, and none ever will
	case !errors.As(err, &failure):
		return sendUnknown
	case failure.Kind == douyin.Doubtful:
		return sendDoubtful
	case failure.Kind == douyin.Paused, errors.Is(err, douyin.ErrConfiguration), failure.HTTPStatus == 0 && !failure.MayHave && failure.Kind != douyin.Rejected:
		return sendUnsent
	case failure.Kind != douyin.Rejected:
		return sendUnknown
	}
	if alone {
		return sendRefused
	}
	return sendDoubtful
}

// judgeWait is judgePush for a call about money that decides nothing: whatever it was, the
// instruction goes on, so nothing is refused here.
func judgeWait(err error, a attempt, sick bool) verdict {
	v := judgePush(err, a, sick)
	if v.outcome == store.Refused {
		v.outcome, v.again = store.Retrying, longestWait(a.number-1)
		v.tell = &taskError{text: v.message, err: err}
	}
	return v
}
