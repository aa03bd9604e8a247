package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/backfill"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

// backfillRate leaves live orders more than half of what douyin.rate_limit allows by default.
const backfillRate = 20

func newBackfill(p *process) *cobra.Command {
	var from, to string
	var perSecond float64
	var again bool
	cmd := &cobra.Command{
		Use:   "backfill --from T --to T [--rate R]",
		Short: "Push a range of old orders, gentler than live traffic; may be interrupted and goes on where it stopped",
		Long: "Walks over the orders that were created at --from or later and before --to, and enqueues those that Douyin does not hold as they are.\n" +
			"Times are RFC 3339 (2026-01-02T15:04:05+08:00), or 2026-01-02 15:04:05, or a day, in the time zone of admin.time_zone, else of loc in mysql.dsn, else UTC.\n\n" +
			"It needs workers that run (ordersync run or worker) and stands still while live orders wait. Interrupt it as you like: the same command goes\n" +
			"on where it stopped. It ends when everything is in its queue; the workers, and after them the scheduler, see to the rest.",
		Example: "  ordersync backfill --from 2025-01-01 --to 2026-01-01\n  ordersync backfill --from '2026-01-02 08:00:00' --to 2026-01-02T12:00:00+08:00 --rate 5",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(perSecond > 0) || math.IsInf(perSecond, 1) { // NaN too
				return usagef("--rate: want orders per second, above 0, found %v", perSecond)
			}
			p.quiet = true
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				begin, end, err := parseRange(from, to, p.zone, time.Now())
				if err != nil {
					return usageError{err}
				}
				return p.backfill(ctx, a, begin, end, perSecond, again)
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "orders created then or later")
	cmd.Flags().StringVar(&to, "to", "", "and before")
	cmd.Flags().Float64Var(&perSecond, "rate", backfillRate, "orders enqueued per second, at most, by this process")
	cmd.Flags().BoolVar(&again, "again", false, "where the range was finished before: once more from its beginning")
	return cmd
}

// parseRange names the flag that cannot be used.
func parseRange(from, to string, zone *time.Location, now time.Time) (begin, end time.Time, err error) {
	if begin, err = parseMoment(from, zone); err != nil {
		return begin, end, fmt.Errorf("--from: %w", err)
	}
	if end, err = parseMoment(to, zone); err != nil {
		return begin, end, fmt.Errorf("--to: %w", err)
	}
	switch {
	case !begin.Before(end):
		err = fmt.Errorf("--from, --to: want a range, found %s to %s", begin.Format(time.RFC3339), end.Format(time.RFC3339))
	case end.After(now): // the range would be finished before all of its orders exist
		err = fmt.Errorf("--to: %s is in the future; what is sold from now on needs no backfill", end.Format(time.RFC3339))
	}
	return begin, end, err
}

// parseMoment reads a time of whole seconds.
func parseMoment(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, errors.New("is required")
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil && t.Nanosecond() == 0 {
			return t.In(zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("want 2026-01-02T15:04:05+08:00, 2026-01-02 15:04:05 or 2026-01-02, found %q", s)
}

func (p *process) backfill(ctx context.Context, a *assembly.Assembly, from, to time.Time, perSecond float64, again bool) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	if index := st.CheckBackfillIndex(ctx); !index.OK {
		return fmt.Errorf("%s. Cure: %s", index.What, index.Cure)
	}
	walk, err := a.Backfill()
	if err != nil {
		return err
	}
	b, err := st.OpenBackfill(ctx, from, to, again)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.T("backfill: orders created from %s to %s (not included), run %d, at most %v a second", from.Format(zoned), to.Format(zoned), b.Run, perSecond))
	words := backfill.Words(p.lang, b.Tally)
	if !b.FinishedAt.IsZero() {
		fmt.Fprintln(p.out, p.lang.T("finished at %s; %s\nonce more from the beginning: the same command with --again", b.FinishedAt.In(from.Location()).Format(zoned), words))
		return nil
	}
	if b.Tally.Found > 0 {
		fmt.Fprintln(p.out, p.lang.T("goes on behind order %s of %s; %s", b.Place.ID, b.Place.Time.In(from.Location()).Format(zoned), words))
	}
	left, exact, err := st.CountBackfill(ctx, b)
	if err != nil {
		return err
	}
	walk.Rate = perSecond
	started := time.Now()
	b, err = p.walk(ctx, walk, b, backfill.Ahead{Before: b.Tally, Left: left, Exact: exact})
	fmt.Fprintln(p.out, backfill.Words(p.lang, b.Tally)+p.lang.T("; ")+time.Since(started).Round(100*time.Millisecond).String())
	switch {
	case err == nil:
		fmt.Fprintln(p.out, p.lang.T("finished: everything is in its queue, and the workers push it; what fails is seen as with any other order"))
		return nil
	case ctx.Err() != nil:
		return errors.New("backfill interrupted: the same command goes on where it stopped")
	}
	return fmt.Errorf("%w; the same command goes on where it stopped", err)
}

const zoned = "2006-01-02 15:04:05 -0700"

// walk shows the walk as fits what is written to.
func (p *process) walk(ctx context.Context, w *backfill.Walk, b store.Backfill, ahead backfill.Ahead) (store.Backfill, error) {
	if !isTerminal(p.out) {
		w.Show = backfill.NewPlain(p.out, p.lang, time.Now, ahead)
		return w.Run(ctx, b)
	}
	bar := backfill.NewBar(p.out, p.lang, ahead)
	w.Show = bar
	b, err := w.Run(ctx, b)
	bar.Stop(err == nil)
	return b, err
}
