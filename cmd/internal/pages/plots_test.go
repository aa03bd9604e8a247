package pages

import (
	"strconv"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// The plot showed what the call took, and an operator read from it that all was well while live
// orders stood in the queue for a minute.
func TestThePlotOfTimesBeginsWhereAPushIsAskedFor(t *testing.T) {
	t.Parallel()
	hour := spanOf("hour")
	push := func(step int, cause string, n int, took time.Duration, asked int, since time.Duration) store.CallCount {
		return store.CallCount{Step: step, Call: store.CallPush, Outcome: store.Pushed, Cause: cause, Count: n, Took: took, Asked: asked, SinceAskedMicros: since.Microseconds()}
	}
	for name, c := range map[string]struct {
		counts       []store.CallCount
		call, before int
		unit         string
	}{
		"two tell it, one of an older process does not": {[]store.CallCount{push(3, "paid", 3, 300*time.Millisecond, 2, time.Second)}, 100, 400, " ms"},
		"two causes, two steps":                         {[]store.CallCount{push(3, "paid", 1, 100*time.Millisecond, 1, time.Second), push(4, "", 1, 300*time.Millisecond, 1, time.Second)}, 200, 800, " ms"},
		"a queue of minutes":                            {[]store.CallCount{push(3, "paid", 1, 2*time.Second, 1, 90*time.Second)}, 2, 88, " s"},
		"more waits than a time holds": {[]store.CallCount{
			{Step: 3, Call: store.CallPush, Outcome: store.Pushed, Cause: "paid", Count: 2000, Took: 2000 * time.Second, Asked: 2000, SinceAskedMicros: 2000 * store.MaxSinceAsked.Microseconds()},
			{Step: 3, Call: store.CallPush, Outcome: store.Pushed, Count: 2000, Took: 2000 * time.Second, Asked: 2000, SinceAskedMicros: 2000 * store.MaxSinceAsked.Microseconds()},
		}, 1, int(store.MaxSinceAsked/time.Second) - 1, " s"},
		"nobody tells it": {[]store.CallCount{push(3, "paid", 2, 200*time.Millisecond, 0, 0)}, 100, 0, " ms"},
		"nobody waits for it": {[]store.CallCount{
			push(3, "sweep", 1, time.Second, 1, time.Hour), push(3, "backfill", 1, time.Second, 1, time.Hour), push(3, "manual", 1, 50*time.Millisecond, 1, 60*time.Millisecond),
		}, 50, 10, " ms"},
		"what failed is in another plot": {[]store.CallCount{{Step: 3, Call: store.CallPush, Outcome: store.Refused, Count: 1, Took: time.Second, Asked: 1, SinceAskedMicros: time.Hour.Microseconds()}}, 0, 0, " ms"},
		"clocks that differ":             {[]store.CallCount{push(3, "paid", 1, time.Second, 1, time.Millisecond)}, 1000, 0, " ms"},
	} {
		p := tookPlot(english, hour, strconv.Itoa, c.counts)
		call, before := p.Series[0].Total, 0
		if len(p.Series) > 1 {
			before = p.Series[1].Total
		}
		if call != c.call || before != c.before || p.Series[0].Unit != c.unit {
			t.Errorf("%s: call %d, before it %d%s; want %d, %d%s", name, call, before, p.Series[0].Unit, c.call, c.before, c.unit)
		}
	}
}
