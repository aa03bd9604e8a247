package worker

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// asking is how long refunds and settlements of the world's orders are asked for; the first ones
// come in the same instant.
const asking = 20 * time.Minute

// ask writes an instruction down when the store lets it, as the gateway does: whoever is told that
// another one is running comes again.
func (w *world) ask(s sqlStore, m store.Money, orderID, number string) {
	var err error
	if m == store.Settlement {
		_, _, err = s.CreateSettlement(w.t.Context(), store.NewSettlement{Number: number, OrderID: orderID, Desc: "分账", DueAt: w.now})
	} else {
		_, _, err = s.CreateRefund(w.t.Context(), store.NewRefund{Number: number, OrderID: orderID, Amount: 100, Reason: "用户取消订单", DueAt: w.now})
	}
	var busy *store.BusyError
	switch {
	case errors.As(err, &busy):
		w.vault.after(time.Minute, func() { w.ask(s, m, orderID, number) })
	case err != nil:
		w.t.Error(err)
	default:
		w.queue = append(w.queue, job{money: m, number: number, at: w.now})
	}
}

// Whatever is lost, repeated or killed: of one order a refund and a settlement are never at Douyin
// together, none of them waits for ever, and each moves its money once at most.
func TestRefundsAndSettlementsOfAnOrderTakeTurns(t *testing.T) {
	for seed := range uint64(3) {
		s := realStore(t, "")
		w := newWorld(t, 2000+seed, s, store.Refund, store.Settlement)
		var refunds, settlements []string
		for order := range instructionsOfAWorld {
			id := fmt.Sprint(order + 1)
			for n := range 4 {
				m, number := store.Refund, fmt.Sprintf("R%s-%d", id, n)
				if n < 2 {
					m, number = store.Settlement, fmt.Sprintf("S%s-%d", id, n)
					settlements = append(settlements, number)
				} else {
					refunds = append(refunds, number)
				}
				var when time.Duration
				if n%2 == 1 { // the others at once
					when = w.vault.within(asking)
				}
				w.vault.after(when, func() { w.ask(s, m, id, number) })
			}
		}
		// One refund and one settlement of an order are asked for in the same instant, in either
		// order.
		w.rng.Shuffle(len(w.events), func(a, b int) { w.events[a], w.events[b] = w.events[b], w.events[a] })
		w.live()
		w.compare(store.Settlement, settlements...)
		w.compare(store.Refund, refunds...)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if moved := w.moved(); moved < instructionsOfAWorld {
			t.Fatalf("seed %d: only %d of them moved money: this world shows nothing", seed, moved)
		}
	}
}

func (w *world) moved() (n int) {
	for _, r := range w.vault.records {
		n += r.moves
	}
	return n
}
