package scheduler

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// Rows that no task can carry head every page: each raises an alarm, once, and the others are
// handed over in the same round.
func TestARowThatNoTaskCanCarryStopsNoMoney(t *testing.T) {
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
			create := func(number string, id int, due time.Time) {
				t.Helper()
				e.addOrder(id, noon)
				var err error
				if m == store.Refund {
					_, _, err = e.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: fmt.Sprint(id), Amount: 1, Reason: "x", DueAt: due})
				} else {
					_, _, err = e.store.CreateSettlement(t.Context(), store.NewSettlement{Number: number, OrderID: fmt.Sprint(id), Desc: "x", DueAt: due})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			create("退款/1", 1, noon.Add(-time.Hour))
			create("a b", 2, noon.Add(-time.Hour))
			create("good", 3, noon)
			queue := map[store.Money]string{store.Refund: tasks.QueueRefund, store.Settlement: tasks.QueueSettle}[m]
			d := &DueMoney{Rows: e.store, Queue: e.client, Money: m, Backlog: noBacklog, Now: e.clock}
			tick(t, d.Tick)
			if ids := e.tasks(queue); len(ids) != 1 || !strings.Contains(ids[0], ":good:") {
				t.Errorf("tasks %v, want the good one's", ids)
			}
			raised := func() (numbers []string) {
				t.Helper()
				all, err := e.store.Alarms(t.Context(), m, 10)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range all {
					if i.Alarm == store.AlarmUnsendable {
						numbers = append(numbers, i.Number)
					}
				}
				slices.Sort(numbers)
				return numbers
			}
			if got := raised(); !slices.Equal(got, []string{"a b", "退款/1"}) {
				t.Errorf("alarms at %q", got)
			}
			seen := store.SeenAlarm{Table: store.AlarmTable(m), Number: "a b", Alarm: store.AlarmUnsendable, Ack: store.Ack{At: &noon, By: "lin"}}
			if err := e.store.Acknowledge(t.Context(), seen); err != nil {
				t.Fatal(err)
			}
			e.pass(handOverAgain)
			tick(t, d.Tick)
			if got := raised(); !slices.Equal(got, []string{"退款/1"}) {
				t.Errorf("alarms at %q: the acknowledged one came back", got)
			}
		})
	}
}

// A row of money that somebody holds locked costs its own hand-over only.
func TestALockedRowStopsNoMoney(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		if e.db.Name() == "sqlite" {
			return // it locks no rows
		}
		for id := 1; id <= 3; id++ {
			e.addOrder(id, noon)
			if _, _, err := e.store.CreateRefund(t.Context(), store.NewRefund{Number: fmt.Sprintf("R%d", id), OrderID: fmt.Sprint(id), Amount: 1, Reason: "x", DueAt: noon}); err != nil {
				t.Fatal(err)
			}
		}
		tx := e.db.Begin()
		defer tx.Rollback()
		if err := tx.Exec("SELECT * FROM ordersync_refund WHERE out_refund_no = 'R1' FOR UPDATE").Error; err != nil {
			t.Fatal(err)
		}
		d := &DueMoney{Rows: e.store, Queue: e.client, Money: store.Refund, Backlog: noBacklog, Now: e.clock}
		tick(t, d.Tick)
		due, err := e.store.DueInstructions(t.Context(), store.Refund, noon, 10)
		if err != nil || len(due) != 1 || due[0].Number != "R1" || len(e.tasks(tasks.QueueRefund)) != 3 {
			t.Errorf("due still: %v, %v; tasks %v", due, err, e.tasks(tasks.QueueRefund))
		}
	})
}

// After its tries a payment waits for a person, with one alarm; when that is acknowledged it is
// tried as often again.
func TestAutomaticSettlementThatFailsRaisesAnAlarm(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.pay(1, noon.Add(-8*24*time.Hour))
		s := e.auto()
		alarms := func() []store.Payment {
			t.Helper()
			all, err := e.store.PaymentAlarms(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		fail := func(tries int) {
			t.Helper()
			for range tries {
				if n := len(alarms()); n != 0 {
					t.Fatalf("%d alarms while it is tried", n)
				}
				tick(t, s.Tick)
				for _, i := range e.settlements(1) {
					if !i.State.Final() {
						answer := store.Answer{At: e.clock(), Kind: "rejected", Code: 3007, Message: "no such receiver"}
						if _, err := e.store.Finished(t.Context(), i, store.Result{State: store.MoneyFailed, Answer: answer}); err != nil {
							t.Fatal(err)
						}
					}
				}
				e.pass(settleAgain)
			}
		}
		fail(settleTries)
		for range 2 {
			tick(t, s.Tick)
			all := alarms()
			if len(all) != 1 || all[0].Alarm != store.AlarmUnsettled || !strings.Contains(all[0].Message, "3007 no such receiver") || len(e.settlements(1)) != settleTries {
				t.Fatalf("after %d failures: %+v", settleTries, all)
			}
		}
		now := e.clock()
		if err := e.store.Acknowledge(t.Context(), store.SeenAlarm{Table: store.PaymentAlarm, Number: "1", Alarm: store.AlarmUnsettled, Ack: store.Ack{At: &now, By: "lin"}}); err != nil {
			t.Fatal(err)
		}
		e.pass(time.Second)
		fail(settleTries)
		tick(t, s.Tick)
		if n := len(e.settlements(1)); n != 2*settleTries || len(alarms()) != 1 {
			t.Errorf("%d settlements, %d alarms; want %d and one more alarm", n, len(alarms()), 2*settleTries)
		}
	})
}

// What can never be written down raises the alarm too, and what fails alone holds up no other
// payment.
func TestOnePaymentHoldsUpNoOther(t *testing.T) {
	unsettled := []store.Payment{{OrderID: "1", OutOrderNo: "no-1", Total: 1}, {OrderID: "2", OutOrderNo: "no-2", Total: 1}, {OrderID: "3", OutOrderNo: "no-3", Total: 1}}
	for name, c := range map[string]struct {
		err    error
		raised []string
		fails  bool
	}{
		"its number was used for something else": {&store.ConflictError{Money: store.Settlement, Number: "auto-1"}, []string{"no-1"}, false},
		"its order is locked":                    {fmt.Errorf("store: %w", store.ErrLocked), nil, true},
		"its row cannot be read":                 {errGone, nil, true},
	} {
		b := &bills{pages: []store.PaymentPage{{Unsettled: unsettled, Next: store.ScanKey{ID: "no-3"}}}, errs: map[string]error{"1": c.err}}
		s := &AutoSettle{Payments: b, Now: func() time.Time { return noon }}
		_, err := s.Tick(t.Context())
		if (err != nil) != c.fails || !slices.Equal(b.made, []string{"1", "2", "3"}) || !slices.Equal(b.raised, c.raised) || s.resume.ID != "no-3" {
			t.Errorf("%s: %v; made %v, raised %v, goes on behind %q", name, err, b.made, b.raised, s.resume.ID)
		}
	}
}

// A callback whose row is locked when its answer is written comes again; those behind it are
// delivered now.
func TestALockedCallbackHoldsUpNoOther(t *testing.T) {
	url := handlerThat(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"err_no":0}`)) })
	p := &parcels{due: []store.Forward{{ID: 1, Raw: []byte("{}")}, {ID: 2, Raw: []byte("{}")}}, fail: map[int64]error{1: fmt.Errorf("store: %w", store.ErrLocked)}}
	tick(t, forward(p, url).Tick)
	if !slices.Equal(p.done, []int64{2}) || len(p.until) > 0 {
		t.Errorf("done %v, put off %v", p.done, p.until)
	}
}

// shelf is the shop's orders as a sweep by updated_at sees them; skipped orders are locked.
type shelf struct {
	Unsynced
	skipped int
	froms   []time.Time
}

func (s *shelf) MarkUnsynced(_ context.Context, q store.Scan) (store.ScanPage, error) {
	s.froms = append(s.froms, q.From)
	return store.ScanPage{Done: true, Skipped: s.skipped}, nil
}

func (s *shelf) DueOrders(context.Context, time.Time, int) ([]store.Due, error) { return nil, nil }

// A sweep that reads only what changed reads once more what it could not mark.
func TestALockedOrderIsSweptAgain(t *testing.T) {
	orders := &shelf{skipped: 1}
	s := &Sweep{Orders: orders, Backlog: noBacklog, Changes: byChange, After: time.Minute, Lookback: time.Hour, Now: func() time.Time { return noon }}
	tick(t, s.Tick)
	orders.skipped = 0
	tick(t, s.Tick)
	tick(t, s.Tick)
	if oldest := noon.Add(-time.Hour); !orders.froms[1].Equal(oldest) || !orders.froms[2].After(oldest) {
		t.Errorf("read from %v; want twice from %v, then from what is new", orders.froms, oldest)
	}
}
