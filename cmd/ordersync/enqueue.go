package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks"
)

// maxDelay is the gateway's bound for delay_seconds.
const maxDelay = 24 * time.Hour

func newEnqueue(p *process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enqueue",
		Short: "Ask the workers for something, as the gateway does",
		Args:  needsSubcommand,
		RunE:  func(*cobra.Command, []string) error { return nil }, // never reached: Args refuses
	}
	cmd.AddCommand(newEnqueuePush(p), newEnqueueRefund(p), newEnqueueSettle(p))
	return cmd
}

func newEnqueuePush(p *process) *cobra.Command {
	var revision, cause string
	var delay time.Duration
	var unchecked bool
	cmd := &cobra.Command{
		Use:   "push ORDER…",
		Short: "Tell Douyin the present state of orders",
		Long: "Tells Douyin the present state of orders, each named by its key or a number of it. One that the shop does not have is refused.\n" +
			"With --unchecked the keys are enqueued as they stand: MySQL is not asked, and an order that comes a moment later is found.",
		Example: "  ordersync enqueue push 1001 1002\n  ordersync enqueue push 1001 --revision paid-20260102 --cause paid",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, orders []string) error {
			if delay < 0 || delay > maxDelay {
				return usagef("--delay: want 0s to %v, found %v", maxDelay, delay)
			}
			var requests []tasks.PushOrder
			for _, id := range orders {
				r := tasks.PushOrder{OrderID: id, Revision: revision, Cause: tasks.Cause(cause)}
				if err := r.Validate(); err != nil {
					return usageError{fmt.Errorf("order %q: %w", id, err)}
				}
				requests = append(requests, r)
			}
			use := func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				var missing error
				if !unchecked {
					requests, missing = p.inShop(ctx, a, requests)
				}
				return errors.Join(missing, p.enqueuePushes(ctx, a, requests, delay))
			}
			if unchecked {
				return p.with(cmd.Context(), []string{"redis.uri"}, use)
			}
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, answering(use))
		},
	}
	cmd.Flags().StringVar(&revision, "revision", "", "names the change: the same change asked twice runs once, unless it was refused or given up (default: a change of its own)")
	cmd.Flags().StringVar(&cause, "cause", string(tasks.CauseManual), "paid, changed, callback, refund, sweep, manual or backfill")
	cmd.Flags().DurationVar(&delay, "delay", 0, "start this much later")
	cmd.Flags().BoolVar(&unchecked, "unchecked", false, "enqueue the keys as they stand, without a look into the shop")
	return cmd
}

// inShop leaves the orders that the shop has, by their keys. The error names the others.
func (p *process) inShop(ctx context.Context, a *assembly.Assembly, requests []tasks.PushOrder) (there []tasks.PushOrder, err error) {
	for _, r := range requests {
		id, missing := p.shopOrderOf(ctx, a, r.OrderID)
		if missing != nil {
			err = errors.Join(err, missing)
			continue
		}
		r.OrderID = id
		there = append(there, r)
	}
	return there, err
}

// enqueuePushes goes on after an order that could not be enqueued, and fails then.
func (p *process) enqueuePushes(ctx context.Context, a *assembly.Assembly, requests []tasks.PushOrder, delay time.Duration) error {
	queue, err := a.AsynqClient()
	if err != nil {
		return err
	}
	var options []asynq.Option
	if delay > 0 {
		options = append(options, asynq.ProcessIn(delay))
	}
	var failed []error
	for _, r := range requests {
		switch fresh, err := tasks.Enqueue(ctx, queue, r, options...); {
		case err != nil:
			failed = append(failed, fmt.Errorf("order %s: %w", r.OrderID, err))
		case fresh:
			fmt.Fprintln(p.out, p.lang.T("%s queued", r.OrderID))
		default:
			fmt.Fprintln(p.out, p.lang.T("%s known already: on its way, or done within the last hour", r.OrderID))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}
