package store

import (
	"context"
	"slices"

	"github.com/ordersync/ordersync/store/gather"
)

// beginBatch announces many attempts at once.
func (s *Store) beginBatch(ctx context.Context, calls []*gather.Call[*Begin, int64]) (rest func()) {
	write := func(calls []*gather.Call[*Begin, int64]) error {
		err := s.writeBegins(ctx, calls)
		if err == nil {
			s.refuseSameNumber(ctx, calls)
		}
		return err
	}
	order := func(b *Begin) string { return b.OrderID }
	stuck := writeAll(ctx, s, calls, order, write)
	if len(stuck) == 0 {
		return nil
	}
	answerOthers(calls, stuck)
	return func() { writeStuck(ctx, s, stuck, order, write) }
}

// recordBatch writes many records at once. Meanwhile their calls are logged, and the orders that
// were pushed are read once more; who waits for that is answered in the rest.
func (s *Store) recordBatch(ctx context.Context, calls []*gather.Call[*Push, bool]) (rest func()) {
	orders := s.lookAgain(ctx, calls)
	logs := s.logCalls(ctx, calls)
	write := func(calls []*gather.Call[*Push, bool]) error { return s.writePushes(ctx, calls) }
	order := func(p *Push) string { return p.OrderID }
	stuck := writeAll(ctx, s, calls, order, write)
	for i, entry := range <-logs {
		if calls[i].Err == nil {
			calls[i].Err = entry.err
		}
	}
	if orders == nil && len(stuck) == 0 {
		return nil
	}
	var pushed []*gather.Call[*Push, bool]
	for _, c := range calls {
		switch {
		case slices.Contains(stuck, c):
		case c.Err == nil && c.Key.looksAgain():
			pushed = append(pushed, c)
		default:
			c.Answer() // it is durable
		}
	}
	return func() {
		var now map[string]Order
		if orders != nil {
			now = <-orders
		}
		for _, c := range pushed {
			c.Value = c.Key.changed(now)
			if len(stuck) > 0 {
				c.Answer()
			}
		}
		for _, c := range stuck {
			c.Value = c.Key.looksAgain() && c.Key.changed(now)
		}
		writeStuck(ctx, s, stuck, order, write)
	}
}

// changed tells whether the shop's row, as it is now, is another one than before the push; one that
// was not read may be.
func (p *Push) changed(now map[string]Order) bool {
	order, found := now[p.OrderID]
	return !found || order != *p.Seen
}

func (p *Push) looksAgain() bool { return (p.Outcome == Pushed || p.Outcome == Kept) && p.Seen != nil }

// lookAgain reads the orders that were pushed once more, in one statement, and sends what it finds,
// nothing when it fails. Nil: nobody asks.
func (s *Store) lookAgain(ctx context.Context, calls []*gather.Call[*Push, bool]) <-chan map[string]Order {
	var ids []string
	for _, c := range calls {
		if c.Key.looksAgain() {
			ids = append(ids, c.Key.OrderID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	orders := make(chan map[string]Order, 1)
	go func() {
		orders <- s.readOwn(ctx, ids)
	}()
	return orders
}
