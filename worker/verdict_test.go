package worker

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/tasks"
)

func TestJudgeIsTheTable(t *testing.T) {
	down := &douyin.Error{Op: "order.push", Kind: douyin.Unavailable, HTTPStatus: 502}
	for name, c := range map[string]struct {
		err     error
		attempt attempt
		outcome store.Outcome
		kind    string
		told    string // what asynq makes of it
	}{
		"success":                      {nil, attempt{1, false}, store.Pushed, "", "done"},
		"bad payload":                  {&tasks.PayloadError{Field: "order_id", Reason: "is missing"}, attempt{1, false}, store.Refused, "payload", "archive"},
		"incomplete order":             {cell.EmptyOpenID.At("dy_user", "openid", "7", ""), attempt{1, false}, store.Refused, "incomplete", "refused"},
		"fraction of a fen":            {cell.PartOfFen.At("order", "price", "1", ""), attempt{1, false}, store.Refused, "incomplete", "refused"},
		"field over its limit":         {&douyin.FieldError{Field: "order_detail.detail_url", Reason: "too long"}, attempt{1, false}, store.Refused, "incomplete", "refused"},
		"rejected":                     {&douyin.Error{Kind: douyin.Rejected, Code: 40012}, attempt{1, false}, store.Refused, "rejected", "refused"},
		"order not found":              {store.ErrOrderNotFound, attempt{1, false}, store.Retrying, "not_found", "failed"},
		"database":                     {errors.New("connection refused"), attempt{1, false}, store.Retrying, "database", "failed"},
		"unavailable":                  {down, attempt{1, false}, store.Retrying, "unavailable", "failed"},
		"throttled":                    {&douyin.Error{Kind: douyin.Throttled, RetryAfter: time.Minute}, attempt{1, false}, store.Retrying, "throttled", "failed"},
		"unauthorized":                 {&douyin.Error{Kind: douyin.Unauthorized}, attempt{3, false}, store.Retrying, "unauthorized", "failed"},
		"unavailable, last attempt":    {down, attempt{13, true}, store.GaveUp, "unavailable", "failed"},
		"not found, last attempt":      {fmt.Errorf("load: %w", store.ErrOrderNotFound), attempt{13, true}, store.Ignored, "not_found", "done"},
		"no word, first":               {&NoWordError{Status: "9"}, attempt{1, false}, store.Retrying, "no_word", "failed"},
		"no word, after a short while": {&NoWordError{Status: "9"}, attempt{noWordAttempts, false}, store.Ignored, "no_word", "done"},
		"rejected, last attempt":       {&douyin.Error{Kind: douyin.Rejected, Code: 40012}, attempt{13, true}, store.Refused, "rejected", "refused"},
	} {
		v := judge(c.err, c.attempt)
		if v.outcome != c.outcome || v.kind != c.kind {
			t.Errorf("%s: outcome %s kind %q, want %s %q", name, v.outcome, v.kind, c.outcome, c.kind)
		}
		if got := told(v.tell); got != c.told {
			t.Errorf("%s: asynq makes of it %q, want %q", name, got, c.told)
		}
		if v.outcome == store.Retrying && v.again == 0 || v.outcome == store.GaveUp && v.again == 0 {
			t.Errorf("%s: the sweep would never look again", name)
		}
	}
}

func TestErrorTextForAsynqIsShortValidUTF8(t *testing.T) {
	for name, err := range map[string]error{
		"GBK bytes":     errors.New("\xb6\xa9\xb5\xa5\xb4\xed\xce\xf3"),
		"long Chinese":  errors.New(strings.Repeat("订单不存在", 200)),
		"Douyin's text": &douyin.Error{Kind: douyin.Unavailable, Message: strings.Repeat("系统错误", 100)},
	} {
		text := judge(err, attempt{1, false}).tell.Error()
		if !utf8.ValidString(text) || len(text) > maxErrorBytes {
			t.Errorf("%s: %d bytes, valid %v", name, len(text), utf8.ValidString(text))
		}
	}
}

// A status of the shop's may hold what a terminal obeys, and so may Douyin's words.
func TestWhatIsKeptOfAnErrorIsPlainText(t *testing.T) {
	const evil = "1\x1b[31mX\n\u2028\u202e"
	builder := Builder{Statuses: map[string]douyin.OrderStatus{"1": douyin.Paid}}
	_, noWord := builder.BuildOrderPush(store.OrderSnapshot{Order: store.Order{ID: "7", Status: evil}})
	for want, err := range map[string]error{
		`"1 [31mX   "`:  noWord,
		"1 [31mX   ":    &douyin.Error{Kind: douyin.Unavailable, Message: evil},
		"s: 1 [31mX   ": fmt.Errorf("s: %s", evil),
	} {
		if v := judge(err, attempt{1, false}); !strings.Contains(v.message, want) || v.tell.Error() != v.message {
			t.Errorf("%q, and asynq is told %q", v.message, v.tell)
		}
	}
	if text := (&postponed{why: evil}).Error(); text != "postponed: 1 [31mX   " {
		t.Errorf("%q", text)
	}
}

func TestPostponedIsNotAFailure(t *testing.T) {
	if isFailure(&postponed{after: time.Second, why: "parked"}) {
		t.Error("a postponed task must keep its attempts")
	}
	if !isFailure(errors.New("x")) || isFailure(nil) {
		t.Error("every other error is a failure, and success is none")
	}
}

func TestDelayFollowsTheStepsWithFullJitter(t *testing.T) {
	high, low := Backoff{Jitter: func() float64 { return 0.999999 }}, Backoff{Jitter: func() float64 { return 0 }}
	err := errors.New("x")
	for n, want := range []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour} {
		if got := high.Delay(n, err, nil); got < want-time.Second || got > want {
			t.Errorf("retry %d: at most %v, want about %v", n, got, want)
		}
		if got := low.Delay(n, err, nil); got != leastWait {
			t.Errorf("retry %d: at least %v, want %v", n, got, leastWait)
		}
	}
}

func TestDelayObeysTheWaitThatDouyinNames(t *testing.T) {
	err := judge(&douyin.Error{Kind: douyin.Throttled, RetryAfter: 40 * time.Second}, attempt{1, false}).tell
	for _, jitter := range []float64{0, 0.5, 0.999} {
		got := Backoff{Jitter: func() float64 { return jitter }}.Delay(0, err, nil)
		if got < 40*time.Second || got > 50*time.Second {
			t.Errorf("jitter %v: %v, want 40s to 50s", jitter, got)
		}
	}
}

func TestATaskWhoseWorkerDiedRunsAtOnce(t *testing.T) {
	if got := (Backoff{}).Delay(3, asynq.ErrLeaseExpired, nil); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}
