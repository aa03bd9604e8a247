package scheduler

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// asks are payments that are due; rows that were handed over or given up are due no more.
type asks struct {
	due            []store.PaymentAsk
	handed, gaveUp []string
}

func (a *asks) DuePaymentAsks(_ context.Context, _ time.Time, limit int) ([]store.PaymentAsk, error) {
	return a.due[:min(len(a.due), limit)], nil
}

func (a *asks) HandOverPaymentAsk(_ context.Context, seen store.PaymentAsk, _ time.Time) error {
	a.handed = append(a.handed, seen.OutOrderNo)
	return nil
}

func (a *asks) GiveUpPaymentAsk(_ context.Context, seen store.PaymentAsk, _ time.Time, _ string) error {
	no := seen.OutOrderNo
	a.gaveUp = append(a.gaveUp, no)
	return nil
}

// One row that no task can carry must not hold up the others: it heads every page.
func TestABadPaymentHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	rows := &asks{due: []store.PaymentAsk{{OutOrderNo: "订单😀", DueAt: &noon}, {OutOrderNo: "O1", DueAt: &noon}, {OutOrderNo: "O2", DueAt: &noon}}}
	q := newQueue()
	d := &DuePayments{Rows: rows, Queue: q, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
	for range 2 { // two schedulers make one task
		if more, err := d.Tick(t.Context()); more || err != nil {
			t.Fatalf("%v, %v", more, err)
		}
	}
	if len(q.ids) != 2 || strings.Join(rows.handed, " ") != "O1 O2 O1 O2" || rows.gaveUp[0] != "订单😀" {
		t.Errorf("ids %v, handed over %v, given up %v", q.ids, rows.handed, rows.gaveUp)
	}
	q = newQueue()
	q.fail = func(string) error { return errGone }
	d.Queue, rows.handed = q, nil
	if _, err := d.Tick(t.Context()); !errors.Is(err, errGone) || len(rows.handed) != 0 {
		t.Errorf("without Redis: %v, handed over %v", err, rows.handed)
	}
}

// askedPayments are payments whose refunds are to be asked for.
type askedPayments struct {
	due       []store.RefundAsk
	limit     int
	postponed map[string]time.Time
}

func (p *askedPayments) DueRefundAsks(_ context.Context, _ time.Time, limit int) ([]store.RefundAsk, error) {
	p.limit = limit
	return p.due, nil
}

func (p *askedPayments) PostponeRefundAsk(_ context.Context, seen store.RefundAsk, until time.Time) error {
	p.postponed[seen.OutOrderNo] = until
	return nil
}

// belt takes tasks, or is down.
type belt struct {
	ids  []string
	down error
}

func (b *belt) EnqueueContext(_ context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	if b.down == nil {
		b.ids = append(b.ids, string(t.Payload()))
	}
	return nil, b.down
}

func TestPaymentsAreHandedOverForTheirRefunds(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	due := []store.RefundAsk{{OutOrderNo: "T1", DueAt: at}, {OutOrderNo: "no number", DueAt: at}, {OutOrderNo: "T2", DueAt: at}}
	for name, c := range map[string]struct {
		down error
		want map[string]time.Time
	}{
		"handed over":      {nil, map[string]time.Time{"T1": at.Add(handOverAgain), "no number": {}, "T2": at.Add(handOverAgain)}},
		"handed over once": {asynq.ErrTaskIDConflict, map[string]time.Time{"T1": at.Add(handOverAgain), "no number": {}, "T2": at.Add(handOverAgain)}},
		"Redis is down":    {errors.New("connection refused"), map[string]time.Time{}},
	} {
		rows, queue := &askedPayments{due: due, postponed: map[string]time.Time{}}, &belt{down: c.down}
		d := &DueRefunds{Rows: rows, Queue: queue, Now: func() time.Time { return at }, Log: zerolog.Nop()}
		more, err := d.Tick(t.Context())
		if more || (err != nil) != (name == "Redis is down") || rows.limit != refundAskPage || len(rows.postponed) != len(c.want) {
			t.Errorf("%s: %v, %v, %v", name, more, err, rows.postponed)
		}
		for no, until := range c.want {
			if !rows.postponed[no].Equal(until) {
				t.Errorf("%s: %s is due at %v, want %v", name, no, rows.postponed[no], until)
			}
		}
		if c.down == nil && !slices.ContainsFunc(queue.ids, func(id string) bool { return strings.Contains(id, `"T2"`) && strings.Contains(id, "due-") }) {
			t.Errorf("%s: enqueued %v", name, queue.ids)
		}
	}
}
