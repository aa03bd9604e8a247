package pages

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	day      = 24 * time.Hour
	callStep = 30 * time.Minute
	dueStep  = time.Hour
)

// loadPage is how much there is to do, and how it went in the last day.
type loadPage struct {
	Waiting  store.Unsynced
	Rates    []rate
	Plots    []plot
	Partial  bool // the plots of calls begin at From, later than a day ago
	From     time.Time
	Queues   []*asynq.QueueInfo
	NoQueues bool
}

// rate is one figure of the last hour.
type rate struct{ Figure, Name string }

func (p *pages) load(ctx context.Context, _ *http.Request, l lang) (view, error) {
	now := p.Now()
	var page loadPage
	var err error
	if page.Waiting, err = p.Store.CountUnsynced(ctx, now); err != nil {
		return view{}, err
	}
	since := now.Add(-day).Truncate(callStep).Add(callStep) // whole steps; the last one is the present one
	counts, from, err := p.Store.Calls(ctx, since, callStep)
	if err != nil {
		return view{}, err
	}
	page.Partial, page.From = from.After(since), from
	begin := now.Add(-day).Truncate(dueStep)
	past, err := p.Store.DueBetween(ctx, begin, now.Add(time.Millisecond), dueStep) // now included, as in Waiting
	if err != nil {
		return view{}, err
	}
	all, err := p.Store.DueBetween(ctx, begin, begin.Add(2*day), dueStep)
	if err != nil {
		return view{}, err
	}
	page.Rates = rates(l, counts)
	page.Plots = []plot{
		p.callPlot(l, "Pushes in the last day, by half hours", since, counts, isPush),
		p.callPlot(l, "Calls about refunds and settlements in the last day, by half hours", since, counts, func(c store.CallCount) bool { return !isPush(c) }),
		p.duePlot(l, begin, past, all),
	}
	if page.Queues, err = p.depths(); err != nil {
		p.Log.Error().Err(err).Str("path", "/load").Msg("admin page")
		page.NoQueues = true
	}
	return view{template: "load", title: "Load", content: &page}, nil
}

// depths are all of our queues; one on which nothing was ever put is empty.
func (p *pages) depths() ([]*asynq.QueueInfo, error) {
	exist, err := p.Inspector.Queues()
	if err != nil {
		return nil, err
	}
	var all []*asynq.QueueInfo
	for _, name := range tasks.Queues() {
		info := &asynq.QueueInfo{Queue: name}
		if slices.Contains(exist, name) {
			if info, err = p.Inspector.GetQueueInfo(name); err != nil {
				return nil, err
			}
		}
		all = append(all, info)
	}
	return all, nil
}

func isPush(c store.CallCount) bool { return c.Call == store.CallPush }

// rates are the figures of the present and the last full half hour together.
func rates(l lang, counts []store.CallCount) []rate {
	var pushed, failed int
	last := int(day/callStep) - 2
	for _, c := range counts {
		switch {
		case c.Step < last || !isPush(c):
		case c.Outcome == store.Pushed:
			pushed += c.Count
		case c.Outcome == store.Refused || c.Outcome == store.GaveUp || c.Outcome == store.Retrying:
			failed += c.Count
		}
	}
	return []rate{{strconv.Itoa(pushed), l.T("pushed in the last hour")}, {strconv.Itoa(failed), l.T("failed pushes in the last hour")}}
}

// The stacks of the plots of calls, from the bottom. What fits none is other.
var callSeries = []struct {
	class, name string
	outcomes    []store.Outcome
}{
	{"pushed", "went well", []store.Outcome{store.Pushed, store.Settled, store.Kept, store.Outcome(store.MoneySucceeded), store.Outcome(store.MoneySubmitted)}},
	{"retrying", "tried again later", []store.Outcome{store.Retrying}},
	{"refused", "refused", []store.Outcome{store.Refused, store.Outcome(store.MoneyFailed)}},
	{"gave_up", "given up", []store.Outcome{store.GaveUp}},
	{"other", "other", nil},
}

func seriesOf(o store.Outcome) int {
	for i, s := range callSeries {
		for _, outcome := range s.outcomes {
			if outcome == o {
				return i
			}
		}
	}
	return len(callSeries) - 1
}

func (p *pages) callPlot(l lang, title string, since time.Time, counts []store.CallCount, keep func(store.CallCount) bool) plot {
	steps := int(day / callStep)
	values := make([][]int, len(callSeries))
	series := make([]series, len(callSeries))
	for i, s := range callSeries {
		values[i] = make([]int, steps)
		series[i].Class, series[i].Name = s.class, l.T(s.name)
	}
	for _, c := range counts {
		if keep(c) {
			values[seriesOf(c.Outcome)][min(c.Step, steps-1)] += c.Count // the clock of the log may be ahead of ours
		}
	}
	return draw(l.T(title), series, values, func(step int) string { return since.Add(time.Duration(step) * callStep).In(p.Zone).Format("15:04") })
}

// duePlot draws two days around now: what was due before, and the rest of all.
func (p *pages) duePlot(l lang, begin time.Time, past, all []store.DueCount) plot {
	steps := int(2 * day / dueStep)
	values := [][]int{make([]int, steps), make([]int, steps)}
	for _, d := range past {
		values[0][min(d.Step, steps-1)] += d.Count
	}
	for _, d := range all {
		step := min(d.Step, steps-1)
		values[1][step] = max(d.Count-values[0][step], 0) // the two were not read at the same moment
	}
	return draw(l.T("When orders are, or were, to be asked for again, by hours"), []series{{Class: "refused", Name: l.T("due until now")}, {Class: "retrying", Name: l.T("due later")}}, values,
		func(step int) string {
			return begin.Add(time.Duration(step) * dueStep).In(p.Zone).Format("01-02 15:04")
		})
}
