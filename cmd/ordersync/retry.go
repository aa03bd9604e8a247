package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

func newRetry(p *process) *cobra.Command {
	var order, since string
	var failed, dry, yes bool
	var code int
	cmd := &cobra.Command{
		Use:   "retry --order ORDER | --failed",
		Short: "Ask again for what was refused or given up, after the cause was mended",
		Long: "Makes orders due now; the scheduler hands them to the workers at its next round (scheduler.sweep_every).\n" +
			"Refused orders are not asked for again by themselves: nothing changes until somebody mends the cause.\n" +
			"More than 100 orders want a yes on the terminal, or --yes; without either nothing is changed (exit code 2).",
		Example: "  ordersync retry --order 1001\n  ordersync retry --failed --code 40022 --dry-run\n  ordersync retry --failed --code 40022 --since 24h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter := store.RetryFilter{OrderID: order}
			if cmd.Flags().Changed("code") {
				filter.Code = &code
			}
			if _, err := parseSince(since, time.Now()); err != nil {
				return usagef("--since: %w", err)
			}
			switch {
			case (order != "") == failed:
				return usagef("--order, --failed: want one of both")
			case order != "" && (filter.Code != nil || since != "" || dry || yes):
				return usagef("--code, --since, --dry-run, --yes: go with --failed, not with --order")
			}
			return p.with(cmd.Context(), []string{"mysql.dsn"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				filter.Since, _ = parseSince(since, time.Now().In(p.zone)) // it was read before
				if order != "" {
					return p.retryOne(ctx, a, order)
				}
				return p.retryFailed(ctx, a, filter, dry, yes)
			}))
		},
	}
	cmd.Flags().StringVar(&order, "order", "", "this order, named by its key or a number of it, whatever became of it")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say which orders it would be, and change nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask, however many orders it is")
	cmd.Flags().BoolVar(&failed, "failed", false, "every order that was refused or given up")
	cmd.Flags().IntVar(&code, "code", 0, "only those with this code of Douyin's")
	cmd.Flags().StringVar(&since, "since", "", "only those whose outcome is not older: 24h, 2026-01-02, 2026-01-02 15:04:05 (in admin.time_zone, else loc of mysql.dsn) or 2026-01-02T15:04:05+08:00")
	return cmd
}

// parseSince reads a span before now, or a day or a moment in the zone of now; empty is the zero time.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("want 24h, 2026-01-02, 2026-01-02 15:04:05 or 2026-01-02T15:04:05+08:00, found %q", s)
}

func (p *process) retryOne(ctx context.Context, a *assembly.Assembly, given string) error {
	id, err := p.shopOrderOf(ctx, a, given)
	if err != nil {
		return err
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	page, err := st.RequestRetry(ctx, store.RetryFilter{OrderID: id})
	if err != nil {
		return err
	}
	if page.Locked > 0 {
		return fmt.Errorf("order %q: %w; try again", id, store.ErrLocked)
	}
	if len(page.Due) > 0 {
		fmt.Fprintln(p.out, p.lang.T("%s is due now", id))
		return nil
	}
	switch _, found, err := st.Order(ctx, id); {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("order %q was never asked for: use ordersync enqueue push", id)
	}
	fmt.Fprintln(p.out, p.lang.T("%s was due already", id))
	return nil
}

const (
	// manyOrders is how many orders are asked for again without a question.
	manyOrders = 100
	// shownOrders is how many of them --dry-run names.
	shownOrders = 20
)

func (p *process) retryFailed(ctx context.Context, a *assembly.Assembly, f store.RetryFilter, dry, yes bool) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	f.Until = time.Now()
	if dry || !yes {
		count, first, err := countRetries(ctx, st, f)
		if err != nil {
			return err
		}
		if dry {
			return p.printRetries(count, first)
		}
		if count > manyOrders {
			if err := p.sure(count); err != nil {
				return err
			}
		}
	}
	total, locked := 0, 0
	for {
		page, err := st.RequestRetry(ctx, f)
		if err != nil {
			return fmt.Errorf("after %d orders: %w", total, err)
		}
		total, locked, f.After = total+len(page.Due), locked+page.Locked, page.Next
		if !page.Done {
			continue
		}
		fmt.Fprintln(p.out, p.lang.T("%d orders are due now", total))
		if locked > 0 {
			return fmt.Errorf("%d more: %w; try again", locked, store.ErrLocked)
		}
		return nil
	}
}

// countRetries changes nothing. first are some of the orders, the oldest failure first.
func countRetries(ctx context.Context, st *store.Store, f store.RetryFilter) (count int, first []string, err error) {
	f.Dry = true
	for {
		page, err := st.RequestRetry(ctx, f)
		if err != nil {
			return count, first, err
		}
		count += len(page.Due)
		first = append(first, page.Due[:min(len(page.Due), shownOrders-len(first))]...)
		if f.After = page.Next; page.Done {
			return count, first, nil
		}
	}
}

func (p *process) printRetries(count int, first []string) error {
	for _, id := range first {
		fmt.Fprintln(p.out, cut.Plain(id))
	}
	if more := count - len(first); more > 0 {
		fmt.Fprintln(p.out, p.lang.T("… and %d more", more))
	}
	_, err := fmt.Fprintln(p.out, p.lang.T("%d orders would be due; nothing was changed", count))
	return err
}

// sure asks the person at the terminal. Where there is none it refuses.
func (p *process) sure(count int) error {
	in, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) { // a file descriptor is a small number
		return usagef("--failed: %d orders would be asked for again, and nobody is at a terminal to be asked: give --yes, or look first with --dry-run", count)
	}
	fmt.Fprint(p.errOut, p.lang.T("%d orders will be asked for again. Type yes to go on: ", count))
	typed, err := firstLine(in)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != "yes" {
		return errors.New("--failed: yes was not typed, so nothing was changed")
	}
	return nil
}
