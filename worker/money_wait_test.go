package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// The bug: the first wait came twice (1 m, 1 m, 5 m, …), for the question just asked was not
// counted.
func TestResultsAreAskedForAtGrowingIntervals(t *testing.T) {
	b, bank := newBooks(newRefund()), &teller{t: t, sends: []said{{no: "D1"}}}
	h := handler(b, bank)
	now := noon
	b.clock = func() time.Time { return now }
	var waits []time.Duration
	for range 10 {
		if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil {
			t.Fatal(err)
		}
		due := *b.rows["R1"].DueAt
		waits = append(waits, due.Sub(now))
		now, bank.queries = due, []said{processing}
	}
	m, h6 := time.Minute, 6*time.Hour
	want := []time.Duration{m, 5 * m, 30 * m, 60 * m, 120 * m, 240 * m, h6, h6, h6, h6}
	if !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
	if i := b.rows["R1"]; i.Attempts != 1 || i.Polls != 9 || i.Alarm != store.AlarmOverdue {
		t.Errorf("%d requests, %d questions, alarm %q", i.Attempts, i.Polls, i.Alarm)
	}
	if n := strings.Count(strings.Join(b.calls, " "), "alarm"); n != 1 {
		t.Errorf("the alarm was raised %d times", n)
	}
}

func TestThePaceOfAskingCanBeSet(t *testing.T) {
	b, bank := newBooks(newRefund()), &teller{t: t, sends: []said{{no: "D1"}}, queries: []said{processing, processing}}
	h := handler(b, bank)
	h.Polls = []time.Duration{time.Second, 3 * time.Second}
	for _, want := range []string{"submitted, due in 1s", "submitted, due in 3s", "submitted, due in 3s"} {
		if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || line(*b.rows["R1"]) != want {
			t.Errorf("%v, %s; want %s", err, line(*b.rows["R1"]), want)
		}
	}
}

// A day without a result is for a person to look at, whatever Douyin answers meanwhile. The bug:
// questions that failed for a day raised no alarm.
func TestADayWithoutAResultRaisesTheAlarm(t *testing.T) {
	for name, c := range map[string]struct {
		row  store.Instruction
		bank teller
	}{
		"accepted, it runs":           {accepted(), teller{queries: []said{processing}}},
		"accepted, not found":         {accepted(), teller{queries: []said{{err: unknown3101}}}},
		"accepted, no answer":         {accepted(), teller{queries: []said{{err: cutOff}}}},
		"accepted, signature refused": {accepted(), teller{queries: []said{{err: badSign2008}}}},
		"unknown, no answer":          {sentBefore(), teller{queries: []said{{err: cutOff}}}},
		"found without a request":     {contradictedAndSent(), teller{queries: []said{processing}}},
		"unknown, sent again":         {sentBefore(), teller{queries: []said{{err: unknown3101}}, sends: []said{{err: cutOff}}}},
	} {
		for _, age := range []time.Duration{overdueAfter - time.Second, overdueAfter} {
			row, bank := c.row, c.bank
			bank.t = t
			bank.queries, bank.sends = slices.Clone(bank.queries), slices.Clone(bank.sends)
			at := noon.Add(-age)
			row.SentAt = &at
			b := newBooks(row)
			_ = handler(b, &bank).ProcessTask(t.Context(), refundTask(t, "R1"))
			i := b.rows["R1"]
			overdue := i.Alarm == store.AlarmOverdue || i.Alarm == store.AlarmContradiction && !i.Turn
			if overdue != (age == overdueAfter) || i.DueAt == nil {
				t.Errorf("%s, %v after the request: %s", name, age, line(*i))
			}
		}
	}
}

// contradictedAndSent has an alarm already: then only its turn is lost.
func contradictedAndSent() store.Instruction {
	i := accepted()
	i.Alarm, i.AlarmAt = store.AlarmContradiction, i.SentAt
	return i
}

func TestAnAlarmThatCannotBeWrittenHoldsNothingUp(t *testing.T) {
	row := accepted()
	at := noon.Add(-overdueAfter)
	row.SentAt = &at
	b, bank := newBooks(row), &teller{t: t, queries: []said{processing}}
	b.fail = func(call, _ string) error {
		if strings.HasPrefix(call, "alarm") {
			return errors.New("server has gone away")
		}
		return nil
	}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].Polls != 1 {
		t.Errorf("%v, %s", err, line(*b.rows["R1"]))
	}
}

// The last run of a task fails and is archived: the row is due, so the scheduler brings the
// instruction back.
func TestTheLastRunOfATaskIsNotTheEndOfTheInstruction(t *testing.T) {
	for name, c := range map[string]struct {
		row  store.Instruction
		bank teller
		line string
		told string
	}{
		"no answer":         {newRefund(), teller{sends: []said{{err: cutOff}}}, "sending, unavailable, due in 5m0s", "failed"},
		"no answer, asked":  {accepted(), teller{queries: []said{{err: cutOff}}}, "submitted, unavailable, due in 5m0s", "failed"},
		"signature refused": {accepted(), teller{queries: []said{{err: badSign2008}}}, "submitted, unauthorized, due in 30s", "again in 8s"},
	} {
		b, bank := newBooks(c.row), &c.bank
		bank.t = t
		m := &movement{MoneyHandler: handler(b, bank), attempt: attempt{number: 31, last: true}}
		m.i.Number = "R1"
		v := m.step(t.Context())
		if got := line(*b.rows["R1"]); got != c.line || told(v.tell) != c.told {
			t.Errorf("%s: row %q, asynq was told %q; want %q, %q", name, got, told(v.tell), c.line, c.told)
		}
	}
}

// The bug: two tasks of one refund run side by side, as when the scheduler finds a row whose first
// task is just running. The second one asked while the first one's request was on its way, was told
// "not found", and sent a second request.
func TestOneRequestIsInFlightAtATime(t *testing.T) {
	b, second := newBooks(newRefund()), &teller{t: t}
	first := &teller{t: t, sends: []said{{no: "D1"}}}
	first.during = func(call string) {
		if call != "send" {
			return
		}
		if err := handler(b, second).ProcessTask(context.Background(), refundTask(t, "R1")); told(err) != "again in 1m0s" {
			t.Errorf("the second task: told %q", told(err))
		}
	}
	if err := handler(b, first).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil {
		t.Fatal(err)
	}
	if len(second.calls) > 0 || b.rows["R1"].Attempts != 1 {
		t.Errorf("the second task asked %v; %d requests", second.calls, b.rows["R1"].Attempts)
	}
}

// The bug: the answer to the first request was lost and Douyin's records lagged. The repetition was
// refused ("being processed", under a code that nobody knows), the query found nothing yet, and the
// refund counted as failed while its money moved.
func TestARefusalOfARepetitionIsNotBelievedWhileRecordsMayLag(t *testing.T) {
	row := newRefund()
	b, bank := newBooks(row), &teller{t: t, sends: []said{{err: cutOff}, {err: refused2010}}, queries: []said{{err: unknown3101}, {err: unknown3101}}}
	h := handler(b, bank)
	now := noon
	b.clock = func() time.Time { return now }
	_ = h.ProcessTask(t.Context(), refundTask(t, "R1")) // no answer
	now = noon.Add(3 * time.Second)
	err := h.ProcessTask(t.Context(), refundTask(t, "R1"))
	if i := b.rows["R1"]; err != nil || i.State != store.MoneySending || i.Message != refused2010.Message || !i.DueAt.Equal(now.Add(answerGrace)) {
		t.Fatalf("refused 3 s later: %v, %s (%q)", err, line(*i), i.Message)
	}
	now, bank.queries = now.Add(answerGrace), []said{success}
	if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].State != store.MoneySucceeded {
		t.Errorf("once the records are there: %v, %s", err, line(*b.rows["R1"]))
	}
}

func TestARefusalOfARepetitionIsBelievedInTheEnd(t *testing.T) {
	b := newBooks(newRefund())
	bank := &teller{t: t, sends: []said{{err: cutOff}, {err: refused2010}}, queries: []said{{err: unknown3101}, {err: unknown3101}, {err: unknown3101}}}
	h := handler(b, bank)
	now := noon
	b.clock = func() time.Time { return now }
	for _, at := range []time.Duration{0, 3 * time.Second, 3*time.Second + answerGrace} {
		now = noon.Add(at)
		_ = h.ProcessTask(t.Context(), refundTask(t, "R1"))
	}
	if i := b.rows["R1"]; i.State != store.MoneyFailed || i.Code != 2010 || i.Attempts != 2 {
		t.Errorf("%s, code %d, %d requests", line(*i), i.Code, i.Attempts)
	}
}
