package worker

import (
	"slices"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// A settlement that Douyin calls too early is not at Douyin, so a refund need not wait for it. Where an earlier request was made a
// moment ago nobody knows that yet.
func TestWhatIsTooEarlyGivesItsTurnAway(t *testing.T) {
	lately := sentBefore()
	lately.UpdatedAt = noon.Add(-30 * time.Second)
	back := newRefund() // given away once before
	back.Attempts, back.UpdatedAt = 1, noon.Add(-time.Hour)
	for _, c := range []struct {
		name    string
		row     store.Instruction
		queries []said
		line    string
		turn    bool
	}{
		{"the first request", newRefund(), nil, "new, waiting, due in 1h0m0s", false},
		{"a repetition, long after", sentBefore(), []said{{err: unknown3101}}, "new, waiting, due in 1h0m0s", false},
		{"a repetition, a moment later", lately, []said{{err: unknown3101}}, "new, waiting, due in 2m0s", true},
		{"too early again", back, nil, "new, waiting, due in 1h0m0s", false},
	} {
		b := newBooks(c.row)
		err := handler(b, &teller{t: t, sends: []said{{err: tooSoon}}, queries: c.queries}).ProcessTask(t.Context(), refundTask(t, "R1"))
		if i := *b.rows["R1"]; err != nil || line(i) != c.line || (i.SentAt != nil) != c.turn {
			t.Errorf("%s: %v, %s, sent at %v; want %s and its turn kept: %v", c.name, err, line(i), i.SentAt, c.line, c.turn)
		}
	}
}

// Its turn is not given away by a late answer to a request that was not the last one.
func TestALateAnswerGivesNoTurnAway(t *testing.T) {
	b, bank := newBooks(newRefund()), &teller{t: t, sends: []said{{err: tooSoon}}}
	bank.during = func(call string) {
		if call == "send" { // its task was over long ago: another one has asked, and announced a second request
			b.rows["R1"].Attempts++
		}
	}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].SentAt == nil {
		t.Errorf("%v, sent at %v", err, b.rows["R1"].SentAt)
	}
}

// The bug: a repetition was refused, the question after it found that the first request had been accepted, and the log told of the
// question only.
func TestTheLogTellsOfEveryCall(t *testing.T) {
	type call struct {
		op      string
		outcome store.Outcome
		code    int
	}
	for _, c := range []struct {
		name    string
		row     store.Instruction
		sends   []said
		queries []said
		want    []call
	}{
		{"refused, then found accepted", sentBefore(), []said{{err: refused2010}}, []said{{err: unknown3101}, processing},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, "submitted", 0}}},
		{"refused, then found done", sentBefore(), []said{{err: dead}}, []said{{err: unknown3101}, success},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 9}, {douyin.OpRefundQuery, "succeeded", 0}}},
		{"refused, then no answer", sentBefore(), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: cutOff}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, store.Retrying, 0}}},
		{"refused in the end", sentBefore(), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: unknown3101}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, store.Refused, 3101}}},
		{"sent again", sentBefore(), []said{{no: "D1"}}, []said{{err: unknown3101}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, "submitted", 0}}},
		{"too early", newRefund(), []said{{err: tooSoon}}, nil, []call{{douyin.OpRefundCreate, store.Retrying, 9}}},
		{"accepted", newRefund(), []said{{no: "D1"}}, nil, []call{{douyin.OpRefundCreate, "submitted", 0}}},
	} {
		b, bank := newBooks(c.row), &teller{t: t, sends: c.sends, queries: c.queries}
		_ = handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
		var got []call
		for _, r := range b.logged {
			got = append(got, call{r.Call, r.Outcome, r.Code})
			if r.Number != "R1" || r.LogID == "" || r.HTTPStatus == 0 || r.At.IsZero() {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the log tells %v, want %v", c.name, got, c.want)
		}
	}
}
