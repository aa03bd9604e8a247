package pages

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// span is a length of time that plots show, in equal steps.
type span struct {
	name, title string // title is a text of the word list
	step        time.Duration
	steps       int
	label       string        // layout of a step's time
	every       time.Duration // how long one reading serves all who look
}

// spans, the first of which is the one that is shown unasked. How long a reading serves keeps what
// plots cost the database below a hundredth of a core: it reads store.CallWindow rows at most.
var spans = []span{
	{name: "day", title: "Last day", step: 30 * time.Minute, steps: 48, label: "15:04", every: time.Minute},
	{name: "hour", title: "Last hour", step: time.Minute, steps: 60, label: "15:04", every: 30 * time.Second},
	{name: "week", title: "Last week", step: 4 * time.Hour, steps: 42, label: "01-02 15:04", every: 5 * time.Minute},
}

func spanOf(name string) span {
	for _, s := range spans {
		if s.name == name {
			return s
		}
	}
	return spans[0]
}

// begin is the first step's: whole steps, the last of which is the present one.
func (s span) begin(now time.Time) time.Time {
	return now.Truncate(s.step).Add(-time.Duration(s.steps-1) * s.step)
}

// rest is how many times as long as a reading took it serves at least: however many rows the
// database read for it, what all pages of this process cost it stays below a hundredth of a core.
const rest = 200

// duesEvery is how long one reading of when orders are due serves all who look.
const duesEvery = time.Minute

// reading is what was read for one span.
type reading struct {
	until, since, from time.Time
	counts             []store.CallCount
}

// duesReading is when orders are, or were, due.
type duesReading struct {
	until, begin time.Time
	past, all    []store.DueCount
}

// readings keep the newest reading of each span, and of when orders are due.
type readings struct {
	mu   sync.Mutex
	all  map[string]reading
	dues duesReading
}

// serves is until when a reading serves that began at a time.
func serves(began, ended time.Time, every time.Duration) time.Time {
	return ended.Add(max(every, rest*ended.Sub(began)))
}

// dues reads when the orders of two days around now are due, or answers what was read a moment ago.
func (p *pages) dues(ctx context.Context) (r duesReading, err error) {
	p.readings.mu.Lock()
	defer p.readings.mu.Unlock()
	now := p.Now()
	if r = p.readings.dues; now.Before(r.until) {
		return r, nil
	}
	r.begin = now.Add(-day).Truncate(dueStep)
	if r.past, err = p.Store.DueBetween(ctx, r.begin, now.Add(time.Millisecond), dueStep); err != nil { // now included, as in Waiting
		return r, err
	}
	if r.all, err = p.Store.DueBetween(ctx, r.begin, r.begin.Add(2*day), dueStep); err != nil {
		return r, err
	}
	r.until = serves(now, p.Now(), duesEvery)
	p.readings.dues = r
	return r, nil
}

// calls reads the calls of a span, or answers what was read a moment ago. Those who ask at the same
// time wait for one reading.
func (p *pages) calls(ctx context.Context, s span) (reading, error) {
	p.readings.mu.Lock()
	defer p.readings.mu.Unlock()
	now := p.Now()
	if r, ok := p.readings.all[s.name]; ok && now.Before(r.until) {
		return r, nil
	}
	r := reading{since: s.begin(now)}
	var err error
	if r.counts, r.from, err = p.Store.Calls(ctx, r.since, s.step); err != nil {
		return r, err
	}
	r.until = serves(now, p.Now(), s.every)
	if p.readings.all == nil {
		p.readings.all = map[string]reading{}
	}
	p.readings.all[s.name] = r
	return r, nil
}

// callPlots answer: how much, how much of it well, how long it takes, and why not.
func (p *pages) callPlots(l lang, s span, r reading) []plot {
	label := func(step int) string {
		return r.since.Add(time.Duration(step) * s.step).In(p.Zone).Format(s.label)
	}
	return []plot{
		p.callPlot(l, "Pushes", s, label, r.counts, isPush),
		ratePlot(l, s, label, r.counts),
		tookPlot(l, s, label, r.counts),
		kindPlot(l, s, label, r.counts),
		p.callPlot(l, "Calls about refunds and settlements", s, label, r.counts, func(c store.CallCount) bool { return !isPush(c) }),
	}
}

// ratePlot is how many of a hundred pushes went well, where there were any.
func ratePlot(l lang, s span, label func(int) string, counts []store.CallCount) plot {
	well, all, rate := make([]int, s.steps), make([]int, s.steps), make([]int, s.steps)
	for _, c := range counts {
		if step := min(c.Step, s.steps-1); isPush(c) {
			all[step] += c.Count
			if seriesOf(c.Outcome) == 0 {
				well[step] += c.Count
			}
		}
	}
	var sumWell, sumAll int
	for step := range rate {
		if all[step] > 0 {
			rate[step] = well[step] * 100 / all[step]
		}
		sumWell, sumAll = sumWell+well[step], sumAll+all[step]
	}
	drawn := drawTo(l.T("Success rate of pushes, in percent"), []series{{Class: "pushed", Name: l.T("went well")}}, [][]int{rate}, label, 100)
	drawn.Series[0].Total = percent(sumWell, sumAll)
	drawn.Series[0].Unit = " %"
	return drawn
}

func percent(part, whole int) int {
	if whole == 0 {
		return 0
	}
	return part * 100 / whole
}

// tookPlot is how long live pushes that went well took on the average, from being asked for to
// Douyin's answer. Those that nobody was waiting for, of the sweep and of a backfill, are not in it.
func tookPlot(l lang, s span, label func(int) string, counts []store.CallCount) plot {
	all, steps := lag{}, make([]lag, s.steps)
	for _, c := range counts {
		if isPush(c) && c.Outcome == store.Pushed && c.Took > 0 && isLive(c.Cause) {
			all.add(c)
			steps[min(c.Step, s.steps-1)].add(c)
		}
	}
	unit, title, short := time.Millisecond, l.T("From asking for a push to Douyin's answer, in milliseconds"), " ms"
	for _, step := range steps {
		if before, call := step.mean(); before+call > shortTime {
			unit, title, short = time.Second, l.T("From asking for a push to Douyin's answer, in seconds"), " s"
		}
	}
	values := [][]int{make([]int, s.steps), make([]int, s.steps)}
	for i, step := range steps {
		before, call := step.mean()
		values[0][i], values[1][i] = int(call/unit), int(before/unit)
	}
	drawn := draw(title, []series{{Class: "other", Name: l.T("the call, on the average")}, {Class: "retrying", Name: l.T("before it: queue, retries, gate")}}, values, label)
	before, call := all.mean()
	totals := map[string]time.Duration{"other": call, "retrying": before}
	for i := range drawn.Series {
		drawn.Series[i].Total, drawn.Series[i].Unit = int(totals[drawn.Series[i].Class]/unit), short
	}
	return drawn
}

// shortTime is from where on a plot of times is in seconds.
const shortTime = 20 * time.Second

// isLive tells whether somebody waits for a push: it travelled on the live queue.
func isLive(cause string) bool {
	return tasks.PushOrder{Cause: tasks.Cause(cause)}.Queue() == tasks.QueuePush
}

// lag sums up how long calls took, and of those that tell it, how long ago they were asked for.
type lag struct {
	calls, asked int
	took         time.Duration
	sinceAsked   int64 // microseconds
}

func (g *lag) add(c store.CallCount) {
	g.calls, g.took = g.calls+c.Count, g.took+c.Took
	g.asked, g.sinceAsked = g.asked+c.Asked, g.sinceAsked+c.SinceAskedMicros
}

// mean is what a call took on the average, and what passed before it; 0: not known.
func (g *lag) mean() (before, call time.Duration) {
	if g.calls > 0 {
		call = g.took / time.Duration(g.calls)
	}
	if g.asked > 0 {
		before = max(time.Duration(g.sinceAsked/int64(g.asked))*time.Microsecond-call, 0)
	}
	return before, call
}

// kindColours are the classes of the kinds of failures, the most frequent first; the last one is for
// all the rest.
var kindColours = []string{"refused", "retrying", "gave_up", "pushed", "other"}

// kindPlot is the failures by their kind.
func kindPlot(l lang, s span, label func(int) string, counts []store.CallCount) plot {
	sums := map[string]int{}
	for _, c := range counts {
		if c.Kind != "" {
			sums[c.Kind] += c.Count
		}
	}
	kinds := slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	kinds = kinds[:min(len(kinds), len(kindColours)-1)]
	all := make([]series, len(kindColours))
	values := make([][]int, len(kindColours))
	for i, class := range kindColours {
		values[i] = make([]int, s.steps)
		all[i] = series{Class: class, Name: l.T("other")}
		if i < len(kinds) {
			all[i].Name = fmt.Sprintf("%s (%s)", l.failureMeaning(kinds[i], 0).Title, kinds[i])
		}
	}
	for _, c := range counts {
		if c.Kind == "" {
			continue
		}
		i := slices.Index(kinds, c.Kind)
		if i < 0 {
			i = len(kindColours) - 1
		}
		values[i][min(c.Step, s.steps-1)] += c.Count
	}
	return draw(l.T("Failures by cause"), all, values, label)
}
