package worker

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// A result that could not be written fails the task, and the row still says that a request may have
// left: the next run asks.
func TestAnAnswerThatCouldNotBeWrittenIsAskedForAgain(t *testing.T) {
	for name, c := range map[string]struct {
		row     store.Instruction
		sends   []said
		queries []said
		call    string // that fails once
	}{
		"accepted":           {newRefund(), []said{{no: "D1"}}, nil, "submitted"},
		"refused":            {newRefund(), []said{{err: refused2010}}, nil, "postpone"},
		"refused, unknown":   {newRefund(), []said{{err: refused2010}}, []said{{err: unknown3101}}, "finished"},
		"too early":          {newRefund(), []said{{err: tooSoon}}, nil, "postpone"},
		"nothing left":       {newRefund(), []said{{err: notSent}}, nil, "postpone"},
		"in doubt":           {newRefund(), []said{{err: unknown77}}, nil, "postpone"},
		"no answer":          {newRefund(), []said{{err: cutOff}}, nil, "postpone"},
		"asked: succeeded":   {accepted(), nil, []said{success}, "finished"},
		"asked: it runs":     {accepted(), nil, []said{processing}, "submitted"},
		"asked: not found":   {accepted(), nil, []said{{err: unknown3101}}, "postpone"},
		"asked: unavailable": {accepted(), nil, []said{{err: cutOff}}, "postpone"},
	} {
		t.Run(name, func(t *testing.T) {
			b, bank := newBooks(c.row), &teller{t: t, sends: c.sends, queries: c.queries}
			b.fail = func(call, _ string) error {
				if call == c.call {
					return errors.New("server has gone away")
				}
				return nil
			}
			h := handler(b, bank)
			h.Changed = func(context.Context, string) error { t.Error("an end that is not written was made known"); return nil }
			if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); told(err) != "failed" {
				t.Fatalf("asynq was told %q", told(err))
			}
			want := c.row.State
			if want == store.MoneyNew {
				want = store.MoneySending
			}
			if i := b.rows["R1"]; i.State != want || i.SentAt == nil || i.DueAt == nil {
				t.Fatalf("row %s, sent %v", line(*i), i.SentAt)
			}
			b.fail, h.Changed = nil, nil
			bank.sends, bank.queries, bank.calls = nil, []said{success}, nil
			b.clock = func() time.Time { return noon.Add(inFlight) }
			if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || !slices.Equal(bank.calls, []string{"query"}) || b.rows["R1"].State != store.MoneySucceeded {
				t.Errorf("next run: %v, calls %v, row %s; want it to ask and nothing else", err, bank.calls, line(*b.rows["R1"]))
			}
		})
	}
}

func TestNothingIsSentThatCouldNotBeAnnounced(t *testing.T) {
	for name, c := range map[string]struct {
		call string
		err  error
		told string
	}{
		"the row cannot be read":     {"read", errors.New("server has gone away"), "failed"},
		"the database is away":       {"announce", errors.New("server has gone away"), "failed"},
		"another task was faster":    {"announce", store.ErrSuperseded, "again in 2s"},
		"superseded, said elaborate": {"announce", errors.Join(errors.New("store: refund R1"), store.ErrSuperseded), "again in 2s"},
	} {
		b, bank := newBooks(newRefund()), &teller{t: t}
		b.fail = func(call, _ string) error {
			if call == c.call {
				return c.err
			}
			return nil
		}
		err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
		if told(err) != c.told || slices.Contains(bank.calls, "send") || len(b.calls) > 0 {
			t.Errorf("%s: told %q, calls %v, written %v; want %q", name, told(err), bank.calls, b.calls, c.told)
		}
	}
}

// Whatever a callback said while the call was on its way stays.
func TestACallbackMayOvertakeTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		row   store.Instruction
		bank  teller
		state store.MoneyState // said by the callback
		alarm string
	}{
		"accepted after succeeded":             {newRefund(), teller{sends: []said{{no: "D1"}}}, store.MoneySucceeded, ""},
		"accepted after failed":                {newRefund(), teller{sends: []said{{no: "D1"}}}, store.MoneyFailed, ""},
		"no answer after succeeded":            {newRefund(), teller{sends: []said{{err: cutOff}}}, store.MoneySucceeded, ""},
		"too early after succeeded":            {newRefund(), teller{sends: []said{{err: tooSoon}}}, store.MoneySucceeded, ""},
		"refused after succeeded":              {newRefund(), teller{sends: []said{{err: refused2010}}}, store.MoneySucceeded, ""},
		"it runs after succeeded":              {accepted(), teller{queries: []said{processing}}, store.MoneySucceeded, ""},
		"failed after succeeded":               {accepted(), teller{queries: []said{failed}}, store.MoneySucceeded, store.AlarmContradiction},
		"not found after succeeded":            {accepted(), teller{queries: []said{{err: unknown3101}}}, store.MoneySucceeded, ""},
		"not found, not sent, after succeeded": {sentBefore(), teller{queries: []said{{err: unknown3101}}}, store.MoneySucceeded, ""},
		"no answer of a query after failed":    {accepted(), teller{queries: []said{{err: cutOff}}}, store.MoneyFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, bank := newBooks(c.row), &c.bank
			bank.t = t
			bank.during = func(call string) {
				if call == "check" {
					return
				}
				bank.during = nil
				if err := b.callback(context.Background(), store.Refund, "R1", store.Result{State: c.state, Answer: store.Answer{At: noon}}); err != nil || b.rows["R1"].State != c.state {
					t.Fatal(line(*b.rows["R1"]), err)
				}
			}
			err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
			if i := b.rows["R1"]; i.State != c.state || i.DueAt != nil || i.Alarm != c.alarm {
				t.Errorf("row %s, want %s and alarm %q; asynq was told %v", line(*i), c.state, c.alarm, err)
			}
			// Whatever asynq was told: the next run finds nothing to do.
			bank.calls = nil
			if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || len(bank.calls) > 0 {
				t.Errorf("next run: %v, calls %v", err, bank.calls)
			}
		})
	}
}

func TestWhatDouyinSaidIsWrittenWhenTheTasksTimeIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		row  store.Instruction
		bank teller
		line string
	}{
		"accepted":         {newRefund(), teller{sends: []said{{no: "D1"}}}, "submitted, due in 1m0s"},
		"refused":          {newRefund(), teller{sends: []said{{err: refused2010}}, queries: []said{{err: unknown3101}}}, "failed, rejected"},
		"no answer":        {newRefund(), teller{sends: []said{{err: cutOff}}}, "sending, unavailable, due in 30s"},
		"too early":        {newRefund(), teller{sends: []said{{err: tooSoon}}, queries: []said{{err: unknown3101}}}, "sending, too_early, due in 2m0s"},
		"asked: succeeded": {accepted(), teller{queries: []said{success}}, "succeeded"},
		"asked: it runs":   {accepted(), teller{queries: []said{processing}}, "submitted, due in 5m0s"},
		"asked: lags":      {accepted(), teller{queries: []said{{err: unknown3101}}}, "submitted, rejected, due in 5m0s"},
		"asked: no answer": {accepted(), teller{queries: []said{{err: cutOff}}}, "submitted, unavailable, due in 30s"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		b, bank := newBooks(c.row), &c.bank
		bank.t, bank.during = t, func(call string) {
			if call != "check" {
				cancel()
			}
		}
		_ = handler(b, bank).ProcessTask(ctx, refundTask(t, "R1"))
		if got := line(*b.rows["R1"]); got != c.line {
			t.Errorf("%s: row %q, want %q", name, got, c.line)
		}
		cancel()
	}
}

func TestNothingMoreIsSentWhenTheTasksTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b, bank := newBooks(sentBefore()), &teller{t: t, queries: []said{{err: unknown3101}}}
	bank.during = func(string) { cancel() }
	if err := handler(b, bank).ProcessTask(ctx, refundTask(t, "R1")); told(err) != "again in 8s" || len(bank.sent) > 0 {
		t.Errorf("told %q, sent %v", told(err), bank.sent)
	}
}

// A panic is a failure of the task; the announced request is asked about by the next run.
func TestAPanicAfterTheAnnouncementIsAskedAbout(t *testing.T) {
	b, bank := newBooks(newRefund()), &teller{t: t}
	bank.during = func(call string) {
		if call == "send" {
			panic("boom \xff")
		}
	}
	h := handler(b, bank)
	err := h.ProcessTask(t.Context(), refundTask(t, "R1"))
	if i := b.rows["R1"]; told(err) != "failed" || i.State != store.MoneySending || i.SentAt == nil || i.DueAt == nil {
		t.Fatalf("told %q (%v), row %s", told(err), err, line(*i))
	}
	bank.during, bank.queries, bank.calls = nil, []said{success}, nil
	b.clock = func() time.Time { return noon.Add(inFlight) }
	if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || !slices.Equal(bank.calls, []string{"query"}) {
		t.Errorf("next run: %v, calls %v", err, bank.calls)
	}
}

// The end of a refund lets the order be pushed again; that nobody could be told costs nothing.
func TestTheEndOfARefundIsMadeKnown(t *testing.T) {
	for name, c := range map[string]struct {
		bank teller
		row  store.Instruction
		want int
	}{
		"succeeded": {teller{queries: []said{success}}, accepted(), 1},
		"failed":    {teller{queries: []said{failed}}, accepted(), 1},
		"refused":   {teller{sends: []said{{err: refused2010}}, queries: []said{{err: unknown3101}}}, newRefund(), 1},
		"accepted":  {teller{sends: []said{{no: "D1"}}}, newRefund(), 0},
		"it runs":   {teller{queries: []said{processing}}, accepted(), 0},
	} {
		for _, fault := range []error{nil, errors.New("redis is away")} {
			b, bank, told := newBooks(c.row), c.bank, 0
			bank.t = t
			h := handler(b, &bank)
			h.Changed = func(_ context.Context, orderID string) error {
				if orderID != "1" {
					t.Errorf("order %q", orderID)
				}
				told++
				return fault
			}
			if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || told != c.want {
				t.Errorf("%s: %v, made known %d times, want %d", name, err, told, c.want)
			}
		}
	}
}

// The log keeps each call with Douyin's log id, and no line of ours names what the shop wrote.
func TestACallIsLogged(t *testing.T) {
	b, bank := newBooks(newRefund()), &teller{t: t, sends: []said{{err: refused2010}}, queries: []said{{err: unknown3101}}}
	h := handler(b, bank)
	var out bytes.Buffer
	h.Log = zerolog.New(&out)
	if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil {
		t.Fatal(err)
	}
	if len(b.logged) != 2 {
		t.Fatalf("%d calls are in the log", len(b.logged))
	}
	r := b.logged[0]
	if r.Call != douyin.OpRefundCreate || r.Number != "R1" || r.OrderID != "1" || r.LogID != "L-send" || r.Kind != "rejected" || r.Code != 2010 || r.Request == "" || r.Attempt != 1 {
		t.Errorf("%+v", r)
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"outcome":"refused"`) || !strings.Contains(got, `"level":"error"`) || strings.Contains(got, "用户取消订单") {
		t.Errorf("log %s", got)
	}
}

// A refund that the shop has denied fails as it was meant to: nobody has to look.
func TestADenialIsNoFailureOfOurs(t *testing.T) {
	for name, c := range map[string]struct {
		denied      bool
		level, kind string
	}{
		"denied by the shop": {true, "info", store.KindDenied},
		"failed":             {false, "error", "rejected"},
	} {
		b, bank := newBooks(accepted()), &teller{t: t, queries: []said{{standing: Standing{Result: douyin.ResultFail, PlatformNo: "D1", Message: "课程已经看完", Denied: c.denied}}}}
		var log bytes.Buffer
		h := handler(b, bank)
		h.Log = zerolog.New(&log)
		if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if i := b.rows["R1"]; i.State != store.MoneyFailed || i.Kind != c.kind || !strings.Contains(log.String(), `"level":"`+c.level+`"`) {
			t.Errorf("%s: row %s, kind %q, log %s", name, line(*i), i.Kind, log.String())
		}
	}
}
