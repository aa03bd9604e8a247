package loadtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ordersync/ordersync/tasks"
)

// slowLatency is the answer time of a Douyin far away.
const slowLatency = 50 * time.Millisecond

func (t *test) reportRates() {
	out := table.NewWriter()
	out.SetOutputMirror(t.Out)
	out.SetStyle(table.StyleLight)
	var header table.Row
	for _, name := range []string{"worker", "orders/s (median)", "lowest", "highest", "pipeline is", "processors busy"} {
		header = append(header, t.Lang.T(name))
	}
	out.AppendHeader(header)
	for _, m := range []struct{ mode, name string }{
		{modeNoop, "asynq, handler does nothing"},
		{modeCall, "asynq and the HTTP call, no database"},
		{modePlain, "straightforward: 4 GORM reads, call, insert"},
		{modePipeline, "ordersync, durable records included"},
	} {
		rates := t.rates[m.mode]
		out.AppendRow(table.Row{t.Lang.T(m.name), fmt.Sprintf("%.0f", median(rates)), fmt.Sprintf("%.0f", slices.Min(rates)), fmt.Sprintf("%.0f", slices.Max(rates)),
			t.Lang.T("%.2f of it", t.ratio(modePipeline, m.mode)), percent(median(t.busy[m.mode]))})
	}
	out.Render()
	fmt.Fprintln(t.Out)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// slowDouyin runs the pipeline against a Douyin that takes its time: the handlers are the limit then, or the processors are.
// Three things tell what the processors allow, under the same latency: the processor time of an order; asynq and the call
// without a database, with as many handlers; and the pipeline with many more, whose larger batches make each order cheaper.
func (t *test) slowDouyin(ctx context.Context) error {
	clear(t.rates)
	clear(t.busy)
	if err := t.rounds(ctx, slowLatency, modeCall, modePipeline, modeCrowd); err != nil {
		return err
	}
	slow := median(t.rates[modePipeline])
	fmt.Fprintln(t.Out, t.Lang.T("Douyin answers after %v: %.0f orders/s with %s of the processors busy", slowLatency, slow, percent(median(t.busy[modePipeline]))))
	handlers := float64(t.Handlers) / slowLatency.Seconds()
	fmt.Fprintln(t.Out, t.Lang.T("  %.2f of the %.0f that %d handlers could make in no time of their own", slow/handlers, handlers, t.Handlers))
	if all, less := t.processorBound(handlers); all > 0 {
		fmt.Fprintln(t.Out, t.Lang.T("  %.2f of what is less: those, or the %.0f that the processors could make if they never waited", less, all))
	}
	for _, m := range []struct{ mode, what string }{
		{modeCall, t.Lang.T("asynq and the HTTP call, no database")},
		{modeCrowd, t.Lang.T("ordersync with %d handlers", t.Handlers*crowdFactor)},
	} {
		fmt.Fprintln(t.Out, t.Lang.T("  %.2f of the %.0f that the processors allow to %s (%s busy)",
			t.ratio(modePipeline, m.mode), median(t.rates[m.mode]), m.what, percent(median(t.busy[m.mode]))))
	}
	fmt.Fprintln(t.Out, t.Lang.T("worker process, most resident memory so far: %.1f MiB; %d processors\n", float64(t.rss)/(1<<20), runtime.NumCPU()))
	return nil
}

// processorBound tells what rate the processors could make of the pipeline if they were never idle, and the pipeline's rate in
// rates of that or of handlers, whichever is less. all is 0 where the system does not tell how busy they were.
func (t *test) processorBound(handlers float64) (all, ratio float64) {
	var alls, ratios []float64
	for i, rate := range t.rates[modePipeline] {
		if busy := t.busy[modePipeline][i]; busy > 0 {
			alls = append(alls, rate/busy)
			ratios = append(ratios, rate/min(handlers, rate/busy))
		}
	}
	if len(alls) == 0 {
		return 0, 0
	}
	return median(alls), median(ratios)
}

// steady enqueues at rate and tells how long orders took from enqueue to Douyin's answer.
func (t *test) steady(ctx context.Context, rate float64) error {
	if err := t.reset(ctx); err != nil {
		return err
	}
	douyin, stop, err := t.child(ctx, job{Mode: modeSimulator})
	if err != nil {
		return err
	}
	defer stop()
	n := min(t.Orders, int(rate*t.Steady.Seconds()))
	worker, stopWorker, err := t.child(ctx, job{
		Mode: modePipeline, MySQL: t.dsn, TLS: t.files(), Redis: t.RedisURI, Douyin: douyin.first, Handlers: t.Handlers, Prefetch: t.Prefetch, Servers: t.Servers, Orders: n,
	})
	if err != nil {
		return err
	}
	defer stopWorker()
	asked, err := t.enqueueSteadily(ctx, rate, n)
	if err != nil {
		return err
	}
	if _, err := worker.result(); err != nil {
		return err
	}
	waits, err := t.waits(ctx, asked)
	if err != nil {
		return err
	}
	at := func(p float64) time.Duration {
		return waits[min(int(p*float64(len(waits))), len(waits)-1)].Round(time.Millisecond)
	}
	fmt.Fprintln(t.Out, t.Lang.T("steady %.0f orders/s (half the maximum), %d orders, from enqueue to Douyin's answer: p50 %v, p99 %v, most %v",
		rate, len(waits), at(0.50), at(0.99), at(1)))
	return nil
}

// enqueueSteadily enqueues n orders at rate, in lots of a hundredth of a second, and remembers when.
func (t *test) enqueueSteadily(ctx context.Context, rate float64, n int) (asked []time.Time, err error) {
	asked = make([]time.Time, n)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	started := time.Now()
	for sent := 0; sent < n; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		until := min(n, int(time.Since(started).Seconds()*rate))
		lot := make([]tasks.Wanted, 0, until-sent)
		for ; sent < until; sent++ {
			asked[sent] = time.Now()
			lot = append(lot, tasks.Wanted{PushOrder: tasks.PushOrder{OrderID: strconv.Itoa(sent + 1), Revision: "steady", Cause: tasks.CausePaid}})
		}
		for _, r := range tasks.EnqueueMany(ctx, t.queue, lot) {
			if r.Err != nil {
				return nil, r.Err
			}
		}
	}
	return asked, nil
}

// waits reads when Douyin's answers were there, sorted.
func (t *test) waits(ctx context.Context, asked []time.Time) ([]time.Duration, error) {
	rows, err := t.db.WithContext(ctx).Raw("SELECT order_id, pushed_at FROM ordersync_order WHERE pushed_at IS NOT NULL").Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var waits []time.Duration
	for rows.Next() {
		var id string
		var at time.Time
		if err := rows.Scan(&id, &at); err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(id)
		if err != nil {
			return nil, err
		}
		waits = append(waits, at.Sub(asked[i-1]))
	}
	if len(waits) == 0 {
		return nil, fmt.Errorf("no order was pushed")
	}
	slices.Sort(waits)
	return waits, rows.Err()
}
