package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// asked opens a refund that a buyer asked for.
func (e *env) asked(number string, deadline time.Time) {
	e.t.Helper()
	_, err := e.store.HearTradeRefund(e.t.Context(), store.TradeRefund{
		Number: number, RefundID: number, OutOrderNo: "1", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 1,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) audited(number string) store.Instruction {
	e.t.Helper()
	i, found, err := e.store.Instruction(e.t.Context(), store.Refund, number)
	if err != nil || !found {
		e.t.Fatal(number, found, err)
	}
	return i
}

// What is due is handed over once by all schedulers, and again when Redis has lost it.
func TestDueAuditsAreHandedOver(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		a := &Audits{Rows: e.store, Queue: e.client, Now: e.clock, Log: zerolog.Nop()}
		e.addOrder(1, noon)
		e.asked("said", noon.Add(72*time.Hour))
		e.asked("over", noon.Add(time.Minute))
		e.asked("waits", noon.Add(72*time.Hour))
		if _, _, err := e.store.SayAudit(t.Context(), "said", store.Agree, "omar", ""); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			tick(t, a.Tick)
			tick(t, (&Audits{Rows: e.newStore(), Queue: e.client, Now: e.clock, Log: zerolog.Nop()}).Tick)
		}
		first := fmt.Sprintf("audit:said:due-%d", noon.UnixMilli())
		if got := e.tasks(tasks.QueueRefund); !slices.Equal(got, []string{first}) {
			t.Errorf("handed over %v", got)
		}
		e.pass(time.Minute) // the deadline of one is over
		tick(t, a.Tick)
		over := fmt.Sprintf("audit:over:due-%d", noon.Add(time.Minute).UnixMilli())
		if got := e.tasks(tasks.QueueRefund); len(got) != 2 || !slices.Contains(got, over) {
			t.Errorf("handed over %v, want %s too", got, over)
		}
		if _, err := e.inspector.DeleteAllPendingTasks(tasks.QueueRefund); err != nil {
			t.Fatal(err)
		}
		e.pass(handOverAgain)
		tick(t, a.Tick)
		if got := e.tasks(tasks.QueueRefund); len(got) != 2 {
			t.Errorf("after a loss handed over %v", got)
		}
	})
}

// With refunds.audit agree, each refund is agreed to once, by ordersync; a person may be faster.
func TestThePolicyAgrees(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		a := &Audits{Rows: e.store, Queue: e.client, Agree: true, Now: e.clock, Log: zerolog.Nop()}
		e.addOrder(1, noon)
		e.asked("over", noon)
		e.asked("new", noon.Add(72*time.Hour))
		e.asked("denied", noon.Add(72*time.Hour))
		if _, _, err := e.store.SayAudit(t.Context(), "denied", store.Deny, "omar", "no"); err != nil {
			t.Fatal(err)
		}
		tick(t, a.Tick)
		for number, want := range map[string]store.AuditWord{"over": "", "new": store.Agree, "denied": store.Deny} {
			if got := e.audited(number).Audit; got.Word != want || want == store.Agree && got.By != "ordersync" {
				t.Errorf("%s: %q by %q", number, got.Word, got.By)
			}
		}
		if got := e.tasks(tasks.QueueRefund); len(got) != 3 { // the same tick hands them over
			t.Errorf("handed over %v", got)
		}
	})
}

// The alarm comes a day before the deadline, once, and not for what has a fresh word.
func TestAnAuditNearItsDeadlineRaisesAnAlarm(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		a := &Audits{Rows: e.store, Queue: e.client, Now: e.clock, Log: zerolog.Nop()}
		e.addOrder(1, noon)
		for _, number := range []string{"waits", "said"} {
			e.asked(number, noon.Add(72*time.Hour))
		}
		e.pass(47 * time.Hour)
		tick(t, a.Tick)
		if got := e.audited("waits").Alarm; got != "" {
			t.Errorf("25 hours before the deadline: %q", got)
		}
		e.pass(time.Hour)
		if _, _, err := e.store.SayAudit(t.Context(), "said", store.Agree, "omar", ""); err != nil {
			t.Fatal(err)
		}
		tick(t, a.Tick)
		for number, want := range map[string]string{"waits": store.AlarmAuditDue, "said": ""} {
			if got := e.audited(number).Alarm; got != want {
				t.Errorf("%s: %q, want %q", number, got, want)
			}
		}
		e.pass(time.Hour + time.Second)
		tick(t, a.Tick)
		if got := e.audited("said").Alarm; got != store.AlarmAuditDue {
			t.Errorf("a word that did not arrive for an hour: %q", got)
		}
	})
}

// One row that no task can name, or that is locked, holds up no other; Redis holds up all.
func TestABadAuditHoldsUpNoOther(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.addOrder(1, noon)
		for _, number := range []string{"a 退款", "b"} {
			e.asked(number, noon.Add(72*time.Hour))
			if _, _, err := e.store.SayAudit(t.Context(), number, store.Agree, "omar", ""); err != nil {
				t.Fatal(err)
			}
		}
		q := newQueue()
		q.fail = func(string) error { return errGone }
		a := &Audits{Rows: e.store, Queue: q, Now: e.clock, Log: zerolog.Nop()}
		if _, err := a.Tick(t.Context()); !errors.Is(err, errGone) {
			t.Errorf("without Redis: %v", err)
		}
		q.fail = nil
		tick(t, a.Tick)
		if got := e.audited("a 退款"); len(q.ids) != 1 || got.Alarm != store.AlarmUnsendable || got.Audit.DueAt != nil {
			t.Errorf("handed over %v; %q, %+v", q.ids, got.Alarm, got.Audit)
		}
	})
}

// The bug: a Redis that came back empty held words back for 15 minutes, in which a deadline may pass.
func TestWordsAreHandedOverAgainWhenRedisCameBackEmpty(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		redis := &road{marked: true}
		a := &Audits{Rows: e.store, Queue: e.client, Mark: redis, Now: e.clock, Log: zerolog.Nop()}
		e.addOrder(1, noon)
		for _, no := range []string{"one", "other", "waits"} {
			e.asked(no, noon.Add(72*time.Hour))
			if no == "waits" {
				continue
			}
			if _, _, err := e.store.SayAudit(t.Context(), no, store.Deny, "omar", "no"); err != nil {
				t.Fatal(err)
			}
		}
		tick(t, a.Tick)
		if got := e.refunds(); !slices.Equal(got, []string{"one", "other"}) {
			t.Fatalf("handed over %v", got)
		}
		e.pass(time.Second)
		e.empty(redis)
		for range 2 {
			tick(t, a.Tick)
			if got := e.refunds(); !slices.Equal(got, []string{"one", "other"}) || !redis.marked {
				t.Errorf("Redis came back empty: %v, marked %v", got, redis.marked)
			}
		}
		if due := e.audited("one").Audit.DueAt; due == nil || !due.Equal(noon.Add(handOverAgain)) {
			t.Errorf("due %v", due)
		}
	})
}
