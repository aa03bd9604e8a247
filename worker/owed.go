package worker

import (
	"context"
	"fmt"
	"sync"

	"github.com/ordersync/ordersync/store"
)

// mostOwed bounds what a process keeps of results that could not be written down.
const mostOwed = 10_000

// owed are the ends of attempts that the database did not take. An attempt without an end stays
// open until it has grown stale, and nobody pushes the order meanwhile; the process that knows the
// end need not wait for that. What is lost with the process grows stale.
type owed struct {
	mu   sync.Mutex
	ends map[string]store.Push // by order
}

// owe remembers how an attempt ended.
func (r *run) owe(p store.Push) {
	if p.Seq == 0 {
		return
	}
	o := &r.owed
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ends == nil {
		o.ends = map[string]store.Push{}
	}
	if _, owed := o.ends[p.OrderID]; owed || len(o.ends) < mostOwed {
		o.ends[p.OrderID] = p
	}
}

// pay writes down how an earlier attempt at the order ended, where this process owes that.
func (r *run) pay(ctx context.Context) error {
	o := &r.owed
	o.mu.Lock()
	p, found := o.ends[r.task.OrderID]
	delete(o.ends, r.task.OrderID)
	o.mu.Unlock()
	if !found {
		return nil
	}
	if _, err := r.Orders.RecordPush(ctx, p); r.asked(err) != nil {
		r.owe(p)
		return fmt.Errorf("record %s: %w", p.Outcome, err)
	}
	return nil
}
