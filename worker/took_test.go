package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
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

// Nobody knew how long a push took from its asking: the time in the queue stood nowhere. A task of an
// older process has no time of asking, and one that another machine asked for ahead of our clock tells none.
func TestHowLongAgoATaskWasAskedForIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		before time.Duration
		none   bool
		want   time.Duration
	}{
		"a minute ago":   {time.Minute, false, time.Minute},
		"ahead of us":    {-time.Minute, false, 0},
		"nobody says":    {0, true, 0},
		"at this moment": {0, false, 0},
	} {
		m := &memory{s: testSnapshot()}
		h := newPush(m, &douyinFake{})
		p := tasks.PushOrder{OrderID: "123", Cause: tasks.CausePaid, AskedAt: tasks.Moment(h.Now().Add(-c.before).UnixMilli())}
		task, err := p.Task()
		if err != nil {
			t.Fatal(err)
		}
		if c.none {
			task = asynq.NewTask(tasks.TypePushOrder, []byte(`{"order_id":"123","cause":"paid"}`))
		}
		var seen []Attempt
		h.Observe = func(a Attempt) { seen = append(seen, a) }
		if err := h.ProcessTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 1 || seen[0].SinceAsked != c.want || len(m.records) != 1 || m.records[0].SinceAsked != c.want {
			t.Errorf("%s: observed %+v, recorded %+v; want %v", name, seen, m.records, c.want)
		}
	}
}

// The bugs: asked_at as 1, or in seconds, made a push answered "20766 days after it was asked for",
// and one such push was the sum of the metric and the plot. A field that only tells time, as text or
// with a fraction, cost the push itself. What cannot be a time of asking is not known, and the order
// is pushed.
func TestAnImplausibleTimeOfAskingIsNotKnown(t *testing.T) {
	now := newPush(&memory{}, &douyinFake{}).Now()
	const day = 24 * time.Hour
	for _, c := range []struct {
		askedAt string // as the payload has it
		want    time.Duration
	}{
		{fmt.Sprint(now.Add(-time.Minute).UnixMilli()), time.Minute},
		{fmt.Sprint(now.Add(-89 * day).UnixMilli()), 89 * day}, // run again from the archive
		{fmt.Sprint(now.Add(-91 * day).UnixMilli()), 0},
		{"1", 0},
		{fmt.Sprint(now.Unix()), 0},
		{fmt.Sprint(now.UnixMicro()), 0},
		{"-1", 0},
		{"9223372036854775807", 0},
		{"-9223372036854775808", 0},
		{"9223372036854775808", 0},
		{"1e30", 0},
		{"1.5", 0},
		{"null", 0},
		{"true", 0},
		{`"2026-11-30T10:00:00Z"`, 0},
		{`[{"at":1}]`, 0},
	} {
		m := &memory{s: testSnapshot()}
		h := newPush(m, &douyinFake{})
		var seen []Attempt
		h.Observe = func(a Attempt) { seen = append(seen, a) }
		task := asynq.NewTask(tasks.TypePushOrder, []byte(`{"asked_at":`+c.askedAt+`,"order_id":"123","cause":"paid"}`))
		if err := h.ProcessTask(t.Context(), task); err != nil {
			t.Errorf("asked at %s: %v", c.askedAt, err)
			continue
		}
		if len(seen) != 1 || seen[0].SinceAsked != c.want || seen[0].Outcome != store.Pushed || len(m.records) != 1 || m.records[0].SinceAsked != c.want {
			t.Errorf("asked at %s: observed %+v, recorded %+v; want %v", c.askedAt, seen, m.records, c.want)
		}
	}
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
