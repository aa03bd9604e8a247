package worker

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// What Douyin calls too early is not at Douyin, so nothing need wait for it, once Douyin has said
// that it does not know it.
func TestWhatIsTooEarlyGivesItsTurnAway(t *testing.T) {
	b := newBooks(newRefund())
	bank := &teller{t: t, sends: []said{{err: tooSoon}, {err: tooSoon}}, queries: []said{{err: unknown3101}, {err: unknown3101}, {err: unknown3101}}}
	now := noon
	b.clock = func() time.Time { return now }
	for n, want := range []struct {
		line string
		turn bool
	}{
		{"sending, too_early, due in 2m0s", true}, {"new, waiting, due in 1h2m0s", false}, {"sending, too_early, due in 1h4m0s", true},
	} {
		err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
		i := *b.rows["R1"]
		if err != nil || line(i) != want.line || i.Turn != want.turn {
			t.Fatalf("run %d: %v, %s, its turn %v; want %s and %v", n+1, err, line(i), i.Turn, want.line, want.turn)
		}
		now = *i.DueAt
	}
}

// A settlement that the gate holds back is not announced, so no refund waits for it. The bug: with
// an open breaker settlements kept their turn, and every refund of their orders waited.
func TestWhatTheGateHoldsBackIsNotAnnounced(t *testing.T) {
	for name, row := range map[string]store.Instruction{"the first request": newRefund(), "a repetition": sentBefore(), "a repetition, a moment later": sentAgo(time.Second)} {
		b, bank := newBooks(row), &teller{t: t}
		if row.State == store.MoneySending {
			bank.queries = []said{{err: unknown3101}}
		}
		h := handler(b, bank)
		h.Gate = shut{}
		err := h.ProcessTask(t.Context(), refundTask(t, "R1"))
		state := store.MoneyNew // nothing of the old request is at Douyin
		if name == "a repetition, a moment later" {
			state = store.MoneySending
		}
		if i := b.rows["R1"]; told(err) != "again in 30s" || i.Attempts != row.Attempts || i.State != state || i.Turn != (state == store.MoneySending) || len(bank.sent) > 0 {
			t.Errorf("%s: told %q, %s, its turn %v, %d requests", name, told(err), line(*i), i.Turn, len(bank.sent))
		}
	}
}

// shut is a gate with its breaker open.
type shut struct{}

func (shut) Enter(context.Context, string) (func(error), error) { return nil, paused }

// A late answer to a request that was not the last one changes nothing but the log.
func TestALateAnswerChangesNothing(t *testing.T) {
	for name, answer := range map[string]said{
		"too early": {err: tooSoon}, "accepted": {no: "D9"}, "refused": {err: refused2010}, "in doubt": {err: unknown77}, "no answer": {err: cutOff}, "nothing left": {err: notSent},
	} {
		b, bank := newBooks(newRefund()), &teller{t: t, sends: []said{answer}}
		var second store.Instruction
		bank.during = func(call string) {
			if call == "send" { // its task was over long ago: another one has asked, and announced a second request
				seen := *b.rows["R1"]
				second, _ = b.MarkSending(context.Background(), seen, noon, noon.Add(answerGrace))
			}
		}
		err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
		second.ReadAt = b.rows["R1"].ReadAt
		if told(err) != "again in 2s" || *b.rows["R1"] != second || len(b.logged) != 1 {
			t.Errorf("%s: told %q, %s, %d rows of the log; want the second request's %s", name, told(err), line(*b.rows["R1"]), len(b.logged), line(second))
		}
	}
}

// The bug: a repetition was refused, the question after it found that the first request had been
// accepted, and the log told of the question only.
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
		{"refused, then found accepted", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, processing},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, "submitted", 0}}},
		{"refused, then found done", sentAgo(time.Second), []said{{err: dead}}, []said{{err: unknown3101}, success},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Retrying, 9}, {douyin.OpRefundQuery, "succeeded", 0}}},
		{"refused, then no answer", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: cutOff}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, store.Retrying, 0}}},
		{"refused, then not found", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: unknown3101}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, store.Refused, 2010}, {douyin.OpRefundQuery, store.Refused, 3101}}},
		{"sent again", sentBefore(), []said{{no: "D1"}}, []said{{err: unknown3101}},
			[]call{{douyin.OpRefundQuery, store.Refused, 3101}, {douyin.OpRefundCreate, "submitted", 0}}},
		{"held at the gate", newRefund(), []said{{err: paused}}, nil, nil},
		{"too early", newRefund(), []said{{err: tooSoon}}, []said{{err: unknown3101}}, []call{{douyin.OpRefundCreate, store.Retrying, 9}, {douyin.OpRefundQuery, store.Refused, 3101}}},
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
