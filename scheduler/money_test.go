package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// waiting are instructions that are due.
type waiting struct {
	due    []store.DueInstruction
	putOff []store.DueInstruction
	until  time.Time
}

func (w *waiting) DueInstructions(_ context.Context, _ store.Money, _ time.Time, limit int) ([]store.DueInstruction, error) {
	return w.due[:min(limit, len(w.due))], nil
}

func (w *waiting) DueInstructionsAfter(context.Context, store.Money, store.DueInstruction, time.Time, int) ([]store.DueInstruction, error) {
	return nil, nil
}

func (w *waiting) PostponeInstructions(_ context.Context, _ store.Money, due []store.DueInstruction, until time.Time) error {
	w.putOff, w.until, w.due = append(w.putOff, due...), until, w.due[len(due):]
	return nil
}

func (w *waiting) Instruction(_ context.Context, m store.Money, number string) (store.Instruction, bool, error) {
	return store.Instruction{Money: m, Number: number}, true, nil
}

func (w *waiting) Alarm(_ context.Context, seen store.Instruction, _ string, _ time.Time) (store.Instruction, error) {
	return seen, fmt.Errorf("alarm at %s: %w", seen.Number, errGone) // a test that wants alarms has the real store
}

func TestDueMoneyIsHandedOver(t *testing.T) {
	w, q := &waiting{}, newQueue()
	for n := range moneyPage + 1 {
		w.due = append(w.due, store.DueInstruction{Number: fmt.Sprintf("R%d", n), DueAt: noon})
	}
	d := &DueMoney{Rows: w, Queue: q, Money: store.Refund, Backlog: noBacklog, Now: func() time.Time { return noon }}
	q.fail = func(string) error { return errGone }
	if _, err := d.Tick(t.Context()); !errors.Is(err, errGone) || len(w.putOff) > 0 || !strings.Contains(err.Error(), "R0") {
		t.Fatalf("%v, put off %d", err, len(w.putOff))
	}
	q.fail = nil
	if more := tick(t, d.Tick); !more || len(q.ids) != moneyPage || !w.until.Equal(noon.Add(handOverAgain)) {
		t.Errorf("more %v, %d tasks, again at %v", more, len(q.ids), w.until)
	}
	if more := tick(t, d.Tick); more || len(q.ids) != moneyPage+1 {
		t.Errorf("more %v, %d tasks", more, len(q.ids))
	}
	if more := tick(t, d.Tick); more {
		t.Error("asked for more of nothing")
	}
}

func noBacklog(context.Context) (int64, error) { return 0, nil }

// Two schedulers make the same id for the same due time, and another one for the next.
func TestAnInstructionIsEnqueuedOnceForEachDueTime(t *testing.T) {
	for _, c := range []struct {
		money store.Money
		queue string
		id    string
	}{{store.Refund, tasks.QueueRefund, "refund:"}, {store.Settlement, tasks.QueueSettle, "settle:"}} {
		onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
			for id := 1; id <= 20; id++ {
				e.addOrder(id, noon)
				number := fmt.Sprintf("N%d", id)
				var err error
				if c.money == store.Refund {
					_, _, err = e.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: fmt.Sprint(id), Amount: 1, Reason: "x", DueAt: noon})
				} else {
					_, _, err = e.store.CreateSettlement(t.Context(), store.NewSettlement{Number: number, OrderID: fmt.Sprint(id), Desc: "x", DueAt: noon})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			both := []*DueMoney{
				{Rows: e.store, Queue: e.client, Money: c.money, Backlog: noBacklog, Now: e.clock},
				{Rows: e.newStore(), Queue: e.client, Money: c.money, Backlog: noBacklog, Now: e.clock},
			}
			round := func() {
				var wg sync.WaitGroup
				for _, d := range both {
					wg.Go(func() {
						if _, err := d.Tick(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
			}
			round()
			round()
			ids := e.tasks(c.queue)
			if want := c.id + "N7:due-" + fmt.Sprint(noon.UnixMilli()); len(ids) != 20 || !slices.Contains(ids, want) {
				t.Errorf("tasks %v; want 20 with %s", ids, want)
			}
			e.pass(handOverAgain)
			round()
			if ids := e.tasks(c.queue); len(ids) != 40 {
				t.Errorf("%d tasks; want everybody asked for once more, as nobody came", len(ids))
			}
		})
	}
}

func (e *env) auto() *AutoSettle {
	return &AutoSettle{Payments: e.newStore(), After: 7 * 24 * time.Hour, Desc: "自动结算", Now: e.clock, Log: zerolog.Nop()}
}

// pay lets Douyin confirm the payment of an order.
func (e *env) pay(id int, at time.Time) {
	e.t.Helper()
	e.addOrder(id, at)
	c := store.Callback{Type: "payment", Number: fmt.Sprint(id), Status: "SUCCESS", Amount: 1230, FinishedAt: at, At: at}
	if _, err := e.store.AcceptCallback(e.t.Context(), c); err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) settlements(id int) []store.Instruction {
	e.t.Helper()
	all, err := e.store.Instructions(e.t.Context(), store.Settlement, fmt.Sprint(id))
	if err != nil {
		e.t.Fatal(err)
	}
	return all
}

func (e *env) end(m store.Money, number string, state store.MoneyState) {
	e.t.Helper()
	seen, _, err := e.store.Instruction(e.t.Context(), m, number)
	if err != nil {
		e.t.Fatal(err)
	}
	if changed, err := e.store.Finished(e.t.Context(), seen, store.Result{State: state, Answer: store.Answer{At: e.clock()}}); err != nil || !changed {
		e.t.Fatal(changed, err)
	}
}

func TestAutomaticSettlementTakesOrdersWhoseTimeHasCome(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		day := 24 * time.Hour
		e.pay(1, noon.Add(-7*day))             // just due
		e.pay(2, noon.Add(-7*day+time.Second)) // not yet
		e.pay(3, noon.Add(-151*day))           // settled by Douyin itself
		e.pay(4, noon.Add(-8*day))             // a refund is in flight
		e.pay(5, noon.Add(-8*day))             // settled by the shop
		e.pay(6, noon.Add(-8*day))             // all of it was refunded
		e.pay(7, noon.Add(-8*day))             // a part of it was refunded
		for id, fen := range map[int]store.Fen{4: 100, 6: 1230, 7: 1229} {
			number := fmt.Sprintf("R%d", id)
			if _, _, err := e.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: fmt.Sprint(id), Amount: fen, Reason: "x", DueAt: noon}); err != nil {
				t.Fatal(err)
			}
			if id != 4 {
				e.end(store.Refund, number, store.MoneySucceeded)
			}
		}
		if _, _, err := e.store.CreateSettlement(t.Context(), store.NewSettlement{Number: "S5", OrderID: "5", Desc: "x", DueAt: noon}); err != nil {
			t.Fatal(err)
		}
		e.end(store.Settlement, "S5", store.MoneySucceeded)
		s := e.auto()
		tick(t, s.Tick)
		tick(t, s.Tick)
		for id, want := range map[int]int{1: 1, 2: 0, 3: 0, 4: 0, 5: 1, 6: 0, 7: 1} {
			if got := e.settlements(id); len(got) != want {
				t.Errorf("order %d has %d settlements, want %d", id, len(got), want)
			}
		}
		if i := e.settlements(1)[0]; i.Params != "" || i.Finish || i.Text != "自动结算" || !i.DueAt.Equal(noon) || !i.NotBefore.Equal(noon) {
			t.Errorf("%+v", i)
		}
	})
}

func TestTwoProcessesSettleAnOrderOnce(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		const orders = 20
		for id := 1; id <= orders; id++ {
			e.pay(id, noon.Add(-8*24*time.Hour))
		}
		var wg sync.WaitGroup
		for range 2 {
			s := e.auto()
			wg.Go(func() {
				if _, err := s.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for id := 1; id <= orders; id++ {
			number := autoNumber(fmt.Sprint(id), 0)
			if got := e.settlements(id); len(got) != 1 || got[0].Number != number || tasks.CheckNumber("out_settle_no", number) != nil {
				t.Errorf("order %d: %+v", id, got)
			}
		}
	})
}

// After a failure a new number, a day later, and not for ever.
func TestAFailedSettlementIsTriedAgainUnderANewNumber(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.pay(1, noon.Add(-8*24*time.Hour))
		s := e.auto()
		numbers := map[string]bool{}
		for try := 1; try <= settleTries; try++ {
			tick(t, s.Tick)
			all := e.settlements(1)
			if len(all) != try {
				t.Fatalf("try %d: %d settlements", try, len(all))
			}
			for _, i := range all {
				numbers[i.Number] = true
				if !i.State.Final() {
					e.end(store.Settlement, i.Number, store.MoneyFailed)
				}
			}
			e.pass(settleAgain - time.Second)
			tick(t, s.Tick)
			if n := len(e.settlements(1)); n != try {
				t.Errorf("tried again before a day was over")
			}
			e.pass(time.Second)
		}
		tick(t, s.Tick)
		if n := len(e.settlements(1)); n != settleTries || len(numbers) != settleTries {
			t.Errorf("%d settlements with %d numbers, want %d", n, len(numbers), settleTries)
		}
	})
}

// bills answers for payments.
type bills struct {
	pages  []store.PaymentPage
	scans  []store.PaymentScan
	before []store.Instruction
	err    error            // of CreateSettlement
	errs   map[string]error // of some orders'
	made   []string
	raised []string

	refused bool // Douyin settles by itself
}

func (b *bills) PaymentAlarm(_ context.Context, outOrderNo, _, _ string) error {
	b.raised = append(b.raised, outOrderNo)
	return nil
}

func (b *bills) UnsettledPayments(_ context.Context, q store.PaymentScan) (store.PaymentPage, error) {
	b.scans = append(b.scans, q)
	return b.pages[(len(b.scans)-1)%len(b.pages)], nil
}

func (b *bills) Instructions(_ context.Context, m store.Money, _ string) ([]store.Instruction, error) {
	if m == store.Refund {
		return nil, nil
	}
	return b.before, nil
}

func (b *bills) AutoSettleRefused(context.Context) (bool, error) { return b.refused, nil }

func (b *bills) CreateSettlement(_ context.Context, n store.NewSettlement) (store.Instruction, bool, error) {
	b.made = append(b.made, n.OrderID)
	return store.Instruction{}, true, cmp.Or(b.errs[n.OrderID], b.err)
}

func TestPaymentsAreReadPageByPage(t *testing.T) {
	next := store.ScanKey{Time: noon, ID: "out-7"}
	b := &bills{pages: []store.PaymentPage{{Read: pageSize, Next: next}, {Read: 1, Done: true, Next: store.ScanKey{Time: noon, ID: "out-8"}}}}
	s := &AutoSettle{Payments: b, After: time.Hour, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
	if !tick(t, s.Tick) || tick(t, s.Tick) || !tick(t, s.Tick) {
		t.Error("more is asked for while pages are left")
	}
	if b.scans[0].After != (store.ScanKey{}) || b.scans[1].After != next || b.scans[2].After != (store.ScanKey{}) {
		t.Errorf("pages begin after %v", b.scans)
	}
	if q := b.scans[0]; !q.From.Equal(noon.Add(-settledByDouyin)) || !q.To.Equal(noon.Add(-time.Hour)) || q.Limit != pageSize {
		t.Errorf("scan %+v", q)
	}
}

func TestWhatCannotBeSettledNowHoldsNobodyUp(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		fails bool
	}{
		"a refund is in flight": {fmt.Errorf("store: %w", &store.BusyError{Money: store.Refund, Number: "R1"}), false},
		"the order is gone":     {fmt.Errorf("store: %w", store.ErrOrderNotFound), false},
		"the database is gone":  {errGone, true},
	} {
		b := &bills{err: c.err, pages: []store.PaymentPage{{Done: true, Unsettled: []store.Payment{
			{OrderID: "1", Total: 1}, {OrderID: "2", Total: 1}, {OrderID: "3", Total: 1}, {OrderID: "4", Total: 1},
		}}}}
		s := &AutoSettle{Payments: b, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
		_, err := s.Tick(t.Context())
		if (err != nil) != c.fails || c.fails != (len(b.made) == settleFaults) {
			t.Errorf("%s: %v, asked for %v", name, err, b.made)
		}
	}
}

// Where Douyin settles by itself, payments of trade are left to it, and those of ecpay are settled.
func TestAutomaticSettlementLeavesTradeToDouyin(t *testing.T) {
	for name, c := range map[string]struct {
		refused bool
		want    int
	}{"it does": {true, 1}, "it does not": {false, 2}} {
		page := store.PaymentPage{Read: 2, Done: true, Unsettled: []store.Payment{
			{System: store.Trade, OutOrderNo: "T1", OrderID: "1", Total: 100}, {System: store.Ecpay, OutOrderNo: "T2", OrderID: "2", Total: 100},
		}}
		b := &bills{pages: []store.PaymentPage{page}, refused: c.refused}
		s := &AutoSettle{Payments: b, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
		if _, err := s.Tick(t.Context()); err != nil || len(b.made) != c.want || len(b.raised) != 0 {
			t.Errorf("%s: settled %v, raised %v, %v", name, b.made, b.raised, err)
		}
	}
}
