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
	day     = 24 * time.Hour
	dueStep = time.Hour
)

// loadPage is how much there is to do, and how it went in the last day.
type loadPage struct {
	Waiting  store.Unsynced
	Spans    []tab
	Rates    []rate
	Plots    []plot
	Partial  bool // the plots of calls begin at From, later than a day ago
	From     time.Time
	Queues   []*asynq.QueueInfo
	NoQueues bool
}

// rate is one figure of the last hour.
type rate struct{ Figure, Name string }

func (p *pages) load(ctx context.Context, r *http.Request, l lang) (view, error) {
	var page loadPage
	var err error
	if found := p.look(ctx); found.waitingKnown { // counted a moment ago
		page.Waiting = found.waiting
	} else if page.Waiting, err = p.Store.CountUnsynced(ctx, p.Now()); err != nil {
		return view{}, err
	}
	shown := spanOf(r.URL.Query().Get("span"))
	read, err := p.calls(ctx, shown)
	if err != nil {
		return view{}, err
	}
	page.Partial, page.From = read.from.After(read.since), read.from
	for _, s := range spans {
		page.Spans = append(page.Spans, tab{l.T(s.title), "/load?span=" + s.name, s.name == shown.name})
	}
	due, err := p.dues(ctx)
	if err != nil {
		return view{}, err
	}
	page.Rates = rates(l, shown, read.counts)
	page.Plots = append(p.callPlots(l, shown, read), p.duePlot(l, due.begin, due.past, due.all))
	if page.Queues, err = p.depths(); err != nil {
		p.Log.Error().Err(err).Str("path", "/load").Msg("admin page")
		page.NoQueues = true
	}
	return view{template: "load", title: "Load", content: &page, live: true}, nil
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

// rates are the figures of the whole span.
func rates(l lang, s span, counts []store.CallCount) []rate {
	var pushed, failed int
	for _, c := range counts {
		switch {
		case !isPush(c):
		case c.Outcome == store.Pushed:
			pushed += c.Count
		case c.Outcome == store.Refused || c.Outcome == store.GaveUp || c.Outcome == store.Retrying:
			failed += c.Count
		}
	}
	return []rate{{strconv.Itoa(pushed), l.T("pushed, %s", l.T(s.title))}, {strconv.Itoa(failed), l.T("failed pushes, %s", l.T(s.title))}}
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

func (p *pages) callPlot(l lang, title string, s span, label func(int) string, counts []store.CallCount, keep func(store.CallCount) bool) plot {
	steps := s.steps
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
	return draw(l.T(title), series, values, label)
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
