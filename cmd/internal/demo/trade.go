package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
)

// trade is the shop's part: orders are paid, and while they travel some of them change.
func (d *demo) trade(ctx context.Context) error {
	d.stories = stories(d.Orders, time.Now())
	for _, s := range d.stories {
		if s.trade { // it begins with its payment
			continue
		}
		if err := d.shop.AddOrders(ctx, []sampleOrder{s.order}); err != nil {
			return err
		}
	}
	var posted []*story
	for _, s := range d.stories {
		switch s.way {
		case byHTTP:
			posted = append(posted, s)
		case byOutbox:
			if err := d.outbox(ctx, s); err != nil {
				return err
			}
		case byNobody, byPayment: // nobody asks: the sweep finds it, or its payment's callback brings it
		}
	}
	if err := d.post(ctx, posted, "paid"); err != nil {
		return err
	}
	for step := range 2 {
		d.until(ctx, func() bool { return d.douyin.Stats().Held*3 >= d.Orders*(step+1) })
		if err := d.change(ctx, step); err != nil {
			return err
		}
	}
	return d.moveMoney(ctx)
}

// change sets the step-th later status of every order that has one. Half of the changes are told, the others are for the
// sweep to find.
func (d *demo) change(ctx context.Context, step int) error {
	var told []*story
	for _, s := range d.stories {
		if step >= len(s.later) || s.byShop {
			continue
		}
		if err := d.shop.SetStatus(ctx, s.later[step], s.order.ID); err != nil {
			return err
		}
		if s.told == byHTTP {
			told = append(told, s)
		}
	}
	return d.post(ctx, told, "changed")
}

func (d *demo) outbox(ctx context.Context, s *story) error {
	return d.shop.Exec(ctx, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', ?, NULL)", s.order.ID)
}

// until looks ten times a second until done, or until it has taken too long.
func (d *demo) until(ctx context.Context, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute+time.Duration(d.Orders)*50*time.Millisecond)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// watch shows how things go until every order is where it belongs.
func (d *demo) watch(ctx context.Context) bool {
	started, shown := time.Now(), time.Time{}
	arrived := d.until(ctx, func() bool {
		right, refused, waiting, err := d.count(ctx)
		if err != nil {
			return false
		}
		every := 2 * time.Second
		if d.Color {
			every = 0
		}
		if now := time.Now(); now.Sub(shown) >= every || waiting == 0 {
			shown = now
			d.progress(d.Lang.T("  %5.1fs  in step with the shop %d, refused %d, under way %d", now.Sub(started).Seconds(), right, refused, waiting))
		}
		return waiting == 0 && d.moneyArrived(ctx)
	})
	if d.Color {
		fmt.Fprintln(d.Out)
	}
	return arrived
}

func (d *demo) progress(line string) {
	if d.Color {
		fmt.Fprintf(d.Out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(d.Out, line)
}

func (d *demo) count(ctx context.Context) (right, refused, waiting int, err error) {
	for _, s := range d.stories {
		state, err := d.state(ctx, s)
		switch {
		case err != nil:
			return 0, 0, 0, err
		case !d.inStep(s, state):
			waiting++
		case s.broken != "":
			refused++
		default:
			right++
		}
	}
	return right, refused, waiting, nil
}

func (d *demo) state(ctx context.Context, s *story) (store.OrderState, error) {
	st, err := d.parts.Store()
	if err != nil {
		return store.OrderState{}, err
	}
	state, _, err := st.Order(ctx, s.id())
	return state, err
}

// inStep tells whether Douyin holds the shop's last word and our books say so; of a broken order, whether it was refused
// and Douyin holds nothing.
func (d *demo) inStep(s *story, state store.OrderState) bool {
	if s.trade {
		return d.keptInTrade(s, state)
	}
	held, found := d.douyin.Order(s.id())
	if s.broken != "" {
		return state.Outcome == store.Refused && !(found && held.Held)
	}
	return found && held.Held && held.Status == s.wanted() && state.Outcome == store.Pushed && state.Status == s.wanted() && state.Open == 0
}
