package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// copies is a database with a copy that lags behind: when it fails over, all rows are again as they
// were a while ago.
type copies struct {
	*books
	past []written
}

type written struct {
	at  time.Time
	row store.Instruction
}

func (c *copies) keep() {
	for _, row := range c.rows {
		c.past = append(c.past, written{c.clock(), *row})
	}
}

func (c *copies) MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (store.Instruction, error) {
	defer c.keep()
	return c.books.MarkSending(ctx, seen, at, due)
}

func (c *copies) Submitted(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error) {
	defer c.keep()
	return c.books.Submitted(ctx, seen, a)
}

func (c *copies) Postpone(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error) {
	defer c.keep()
	return c.books.Postpone(ctx, seen, a)
}

func (c *copies) Finished(ctx context.Context, seen store.Instruction, r store.Result) (bool, error) {
	defer c.keep()
	return c.books.Finished(ctx, seen, r)
}

func (c *copies) callback(ctx context.Context, m store.Money, number string, r store.Result) error {
	defer c.keep()
	return c.books.callback(ctx, m, number, r)
}

// failOver takes back what was written since. What comes later counts as written now.
func (c *copies) failOver(since, now time.Time) {
	for _, p := range c.past {
		if !p.at.After(since) {
			row := p.row
			row.DueAt = &now // a restored row is due, as any row of a day ago is
			if row.State.Final() {
				row.DueAt = nil
			}
			c.rows[row.Number] = &row
		}
	}
	c.past = nil
	c.keep()
}

// A database fails over to a copy that lags behind, or is restored, and its clock jumps: money
// moves once all the same, and rows end as Douyin's books say. The bugs: "nothing is left to
// settle" and "more than was paid" ended as failed what had succeeded.
func TestMoneyMovesOnceWhenTheDatabaseFallsBack(t *testing.T) {
	from, to := seeds(t, 1000)
	for seed := from; seed <= to; seed++ {
		m := []store.Money{store.Refund, store.Settlement}[seed%2]
		c := &copies{books: newBooks()}
		for n := range instructionsOfAWorld {
			i := newRefund()
			i.Money, i.Number = m, fmt.Sprintf("N%d", n+1)
			c.rows[i.Number] = &i
			c.past = append(c.past, written{time.Time{}, i})
		}
		if fallBack(t, seed, m, c); t.Failed() {
			return
		}
	}
}

func fallBack(t *testing.T, seed uint64, m store.Money, c *copies) {
	t.Helper()
	w := newWorld(t, seed, c, m)
	w.jumps = true
	w.skews = []time.Duration{0, time.Second, -time.Second} // one clock at a time is wrong
	for n := range instructionsOfAWorld {
		w.queue = append(w.queue, job{money: m, number: fmt.Sprintf("N%d", n+1), at: noon})
	}
	for range 3 {
		w.vault.after(w.vault.within(faultTime), func() { w.jump += w.vault.within(20*time.Minute) - 10*time.Minute })
	}
	w.vault.after(w.vault.within(faultTime), func() {
		since := c.clock().Add(-w.vault.within(10 * time.Minute))
		for len(w.runs) > 0 { // their sessions are gone
			r := w.runs[0]
			r.resume <- true
			w.await(r)
		}
		for range 2 { // meanwhile nobody reads or writes: what was on its way arrives, and Douyin's copies follow
			w.now = w.now.Add(recordLag)
			w.happen()
		}
		c.failOver(since, c.clock())
	})
	w.live()
	w.compare(m, "N1", "N2", "N3", "N4")
	if t.Failed() {
		t.Logf("seed %d, %s", seed, m)
	}
}
