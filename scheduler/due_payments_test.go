package scheduler

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
