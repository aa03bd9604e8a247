package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/cmd/internal/playground"
	"github.com/ordersync/ordersync/tasks"
)

// awaitQuiet waits until no push has waited or run for two sweeps: an order may have been asked for twice, by the shop and by the sweep,
// and the second push of the refused one must not find its row mended.
func (d *demo) awaitQuiet(ctx context.Context) error {
	inspector, err := d.parts.Inspector()
	if err != nil {
		return err
	}
	busy := time.Now()
	d.until(ctx, func() bool {
		for _, q := range []string{tasks.QueuePush, tasks.QueueSweep} {
			info, err := inspector.GetQueueInfo(q)
			if errors.Is(err, asynq.ErrQueueNotFound) { // nothing was ever put on it
				continue
			}
			if err != nil || info.Pending+info.Active+info.Scheduled+info.Retry > 0 {
				busy = time.Now()
			}
		}
		return time.Since(busy) > 2*playground.SweepEvery
	})
	return nil
}

// stay mends what made Douyin refuse an order, says where to look and what to try, and waits until ctx ends. Pushing again is left to
// the person who looks: nothing else would, because the order itself has not changed.
func (d *demo) stay(ctx context.Context) error {
	spoilt := len(d.stories) >= spoiltFrom
	if spoilt {
		if err := d.awaitQuiet(ctx); err != nil {
			return err
		}
		if err := d.setOpenID(ctx, userOfAnotherApp, "_000sample-open-id-0049"); err != nil {
			return err
		}
	}
	fmt.Fprintln(d.Out, d.Lang.T(`
Still running, until Ctrl-C.

  operators' pages  %[1]s   sign in as %[2]q with the password %[3]q, made for this run
  asynqmon          %[1]s/asynqmon/
  gateway           %[4]s   with the header "Authorization: Bearer %[6]s"
  Douyin's ledger   %[5]s/_sim/ledger`, d.pages, playground.Operator, d.entry, d.gateway, d.control, d.bearer))
	if spoilt {
		id := d.stories[atDouyin].id()
		fmt.Fprintln(d.Out, d.Lang.T(`
Douyin has refused order %[1]s, because its buyer's open_id was another app's. The shop has corrected that since: open
%[2]s/orders/%[1]s, press "Push again" and see it arrive. The other three are still wrong in the shop, and are refused again.`, id, d.pages))
	}
	<-ctx.Done()
	return nil
}
