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
