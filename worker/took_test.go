package worker

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// stepping is a clock that is set back by five minutes whenever somebody looks at it, as the database's
// may seem to be when a statement tells how far ours is ahead.
func stepping() func() time.Time {
	at := time.Now()
	return func() time.Time {
		at = at.Add(-5 * time.Minute)
		return at
	}
}

// The bug: a push was said to have taken -3 ms, and the sum of the metric went backwards.
func TestWhatATaskTookIsMeasuredByAClockThatIsNeverSet(t *testing.T) {
	var log bytes.Buffer
	h := newPush(&memory{s: testSnapshot()}, &douyinFake{})
	h.Now, h.Log = stepping(), zerolog.New(&log)
	var seen []Attempt
	h.Observe = func(a Attempt) { seen = append(seen, a) }
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Duration < 0 || seen[0].Duration > time.Minute {
		t.Errorf("observed %+v", seen)
	}
	wantTook(t, &log)

	m := &MoneyHandler{Money: store.Refund, Rows: realStore(t, store.Refund), Banks: ecpay(Refunds{}), Now: stepping(), Log: zerolog.New(&log)}
	_ = m.ProcessTask(t.Context(), refundTask(t, "nobody"))
	wantTook(t, &log)
}

// wantTook reads the newest line of the log.
func wantTook(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	var line struct{ Took *float64 }
	last := bytes.TrimSpace(log.Bytes()[bytes.LastIndexByte(bytes.TrimSpace(log.Bytes()), '\n')+1:])
	if err := json.Unmarshal(last, &line); err != nil || line.Took == nil || *line.Took < 0 || *line.Took > 60_000 {
		t.Errorf("the log says %s (%v)", last, err)
	}
}
