package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

func newRetry(p *process) *cobra.Command {
	var order, since string
	var failed bool
	var code int
	cmd := &cobra.Command{
		Use:   "retry --order ID | --failed",
		Short: "Ask again for what was refused or given up, after the cause was mended",
		Long: "Makes orders due now; the scheduler hands them to the workers at its next round (scheduler.sweep_every).\n" +
			"Refused orders are not asked for again by themselves: nothing changes until somebody mends the cause.",
		Example: "  ordersync retry --order 1001\n  ordersync retry --failed --code 40022 --since 24h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter := store.RetryFilter{OrderID: order}
			if cmd.Flags().Changed("code") {
				filter.Code = &code
			}
			var err error
			if filter.Since, err = parseSince(since, time.Now()); err != nil {
				return usagef("--since: %w", err)
			}
			switch {
			case (order != "") == failed:
				return usagef("--order, --failed: want one of both")
			case order != "" && (filter.Code != nil || since != ""):
				return usagef("--code, --since: go with --failed, not with --order")
			}
			return p.with(cmd.Context(), []string{"mysql.dsn"}, func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				return p.retry(ctx, a, filter)
			})
		},
	}
	cmd.Flags().StringVar(&order, "order", "", "this order, whatever became of it")
	cmd.Flags().BoolVar(&failed, "failed", false, "every order that was refused or given up")
	cmd.Flags().IntVar(&code, "code", 0, "only those with this code of Douyin's")
	cmd.Flags().StringVar(&since, "since", "", "only those whose outcome is not older: 24h, 2026-01-02 or 2026-01-02T15:04:05+08:00")
	return cmd
}

// parseSince reads a span before now, a day or a moment; empty is the zero time.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, now.Location()); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("want 24h, 2026-01-02 or 2026-01-02T15:04:05+08:00, found %q", s)
}

func (p *process) retry(ctx context.Context, a *assembly.Assembly, f store.RetryFilter) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	if f.OrderID != "" {
		return p.retryOne(ctx, st, f)
	}
	return p.retryFailed(ctx, st, f)
}

func (p *process) retryOne(ctx context.Context, st *store.Store, f store.RetryFilter) error {
	page, err := st.RequestRetry(ctx, f)
	if err != nil {
		return err
	}
	if page.Locked > 0 {
		return fmt.Errorf("order %q: %w; try again", f.OrderID, store.ErrLocked)
	}
	if len(page.Due) > 0 {
		fmt.Fprintln(p.out, f.OrderID, "is due now")
		return nil
	}
	switch _, found, err := st.Order(ctx, f.OrderID); {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("order %q was never asked for: use ordersync enqueue push", f.OrderID)
	}
	fmt.Fprintln(p.out, f.OrderID, "was due already")
	return nil
}

func (p *process) retryFailed(ctx context.Context, st *store.Store, f store.RetryFilter) error {
	f.Until = time.Now()
	total, locked := 0, 0
	for {
		page, err := st.RequestRetry(ctx, f)
		if err != nil {
			return fmt.Errorf("after %d orders: %w", total, err)
		}
		total, locked, f.After = total+len(page.Due)-page.Locked, locked+page.Locked, page.Next
		if !page.Done {
			continue
		}
		fmt.Fprintln(p.out, total, "orders are due now")
		if locked > 0 {
			return fmt.Errorf("%d more: %w; try again", locked, store.ErrLocked)
		}
		return nil
	}
}
