package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// dueMoney hands over the refunds of e.
func (e *env) dueMoney(redis *road) *DueMoney {
	return &DueMoney{
		Rows: e.newStore(), Queue: e.client, Money: store.Refund, Mark: redis, Now: e.clock, Log: zerolog.Nop(),
		Backlog: func(context.Context) (int64, error) { return redis.backlog, nil },
	}
}

// refunds are the numbers of the tasks on the queue, in order.
func (e *env) refunds() (numbers []string) {
	e.t.Helper()
	for _, id := range e.tasks(tasks.QueueRefund) {
		numbers = append(numbers, strings.Split(id, ":")[1]) // refund:<number>:<revision>
	}
	slices.Sort(numbers)
	return numbers
}

// empty is FLUSHALL.
func (e *env) empty(redis *road) {
	e.t.Helper()
	if _, err := e.inspector.DeleteAllPendingTasks(tasks.QueueRefund); err != nil {
		e.t.Fatal(err)
	}
	redis.marked = false
}

func (e *env) refund(number string, due time.Time) store.Instruction {
	e.t.Helper()
	i, _, err := e.store.CreateRefund(e.t.Context(), store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "x", DueAt: due})
	if err != nil {
		e.t.Fatal(err)
	}
	return i
}

// The bug: FLUSHALL after refunds had been handed over and before a worker took them left them
// alone for 15 minutes.
func TestMoneyIsHandedOverAgainWhenRedisCameBackEmpty(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.addOrder(1, noon)
		redis := &road{marked: true}
		d := e.dueMoney(redis)
		e.refund("A", noon)
		e.refund("B", noon)
		soon := e.refund("soon", noon.Add(10*time.Minute)) // a result to be asked for: no task is on its way
		e.refund("late", noon.Add(time.Hour))
		flying, err := e.store.MarkSending(t.Context(), e.refund("flying", noon), noon, noon.Add(2*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		tick(t, d.Tick)
		if got := e.refunds(); !slices.Equal(got, []string{"A", "B"}) {
			t.Fatalf("handed over %v", got)
		}
		e.pass(time.Second)
		e.empty(redis)
		redis.backlog = maxBacklog
		tick(t, d.Tick)
		if got := e.refunds(); len(got) > 0 || redis.marked {
			t.Errorf("behind a long queue: %v, marked %v", got, redis.marked)
		}
		redis.backlog = 0
		e.pass(time.Second)
		tick(t, d.Tick)
		if got := e.refunds(); !slices.Equal(got, []string{"A", "B", "flying", "soon"}) || !redis.marked {
			t.Errorf("Redis came back empty: %v, marked %v", got, redis.marked)
		}
		tick(t, d.Tick)
		if got := e.refunds(); len(got) != 4 {
			t.Errorf("and once more: %v", got)
		}
		// Rows stay as they are: their time has not come.
		for _, before := range []store.Instruction{soon, flying} {
			if i, _, err := e.store.Instruction(t.Context(), store.Refund, before.Number); err != nil || !i.DueAt.Equal(*before.DueAt) {
				t.Errorf("%s is due at %v, was %v; %v", before.Number, i.DueAt, before.DueAt, err)
			}
		}
		// What only found that it came too early comes again when its time has come, although its
		// id is kept.
		e.pass(10 * time.Minute)
		tick(t, d.Tick)
		if got := e.refunds(); !slices.Equal(got, []string{"A", "B", "flying", "flying", "soon", "soon"}) {
			t.Errorf("ten minutes later: %v", got)
		}
	})
}

// More than a page is lost, among it many of one millisecond: each is handed over again once, and
// the mark waits for the last.
func TestAllMoneyIsHandedOverAgainPageByPage(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.addOrder(1, noon)
		const all = 2*moneyPage + 50
		rows := make([]string, all)
		for n := range rows {
			due := noon.Add(time.Duration(1+n/300) * time.Minute).Format("2006-01-02 15:04:05.000")
			rows[n] = fmt.Sprintf("('R%03d', '1', '1', 1, '', 'new', '%s', '%s', '%s')", n, due, due, due)
		}
		e.exec("INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, due_at, created_at, updated_at) VALUES " + strings.Join(rows, ","))
		redis := &road{}
		d := e.dueMoney(redis)
		for round := 1; round <= 3; round++ {
			if more := tick(t, d.Tick); more != (round < 3) || redis.marked != (round == 3) {
				t.Errorf("round %d: more %v, marked %v", round, more, redis.marked)
			}
		}
		if got := e.refunds(); len(slices.Compact(got)) != all {
			t.Errorf("%d of %d", len(got), all)
		}
	})
}

func TestMoneyDoesNotGrowALongQueue(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		e.addOrder(1, noon)
		redis := &road{marked: true, backlog: maxBacklog}
		d := e.dueMoney(redis)
		e.refund("A", noon)
		if more := tick(t, d.Tick); more || len(e.refunds()) > 0 {
			t.Errorf("more %v, %v", more, e.refunds())
		}
		redis.backlog--
		tick(t, d.Tick)
		if got := e.refunds(); !slices.Equal(got, []string{"A"}) {
			t.Errorf("%v", got)
		}
	})
}
