package backfill

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/ordersync/ordersync/store"
)

// Ahead is what a walk has before it.
type Ahead struct {
	Before store.BackfillTally // of the run, when this process took it up
	Left   int64               // orders that were not found yet
	Exact  bool                // Left was counted, not estimated
}

// whole is "1200" or "about 120000": all orders of the run.
func (a Ahead) whole() string {
	n := a.Before.Found + a.Left
	if a.Exact {
		return fmt.Sprint(n)
	}
	return fmt.Sprint("about ", n)
}

// Words says a tally in one line.
func Words(t store.BackfillTally) string {
	return fmt.Sprintf("found %d: enqueued %d, held by Douyin already %d, under way already %d, left out %d", t.Found, t.Enqueued, t.Held, t.UnderWay, t.LeftOut)
}

// plainEvery is how often Plain writes a line.
const plainEvery = 10 * time.Second

// Plain is a Display for a file or a pipe: a line now and then.
type Plain struct {
	out     io.Writer
	now     func() time.Time
	ahead   Ahead
	started time.Time
	written time.Time
	tally   store.BackfillTally
	note    string
}

// NewPlain begins to count the time.
func NewPlain(out io.Writer, now func() time.Time, ahead Ahead) *Plain {
	at := now()
	return &Plain{out: out, now: now, ahead: ahead, started: at, written: at, tally: ahead.Before}
}

// Show implements Display.
func (p *Plain) Show(t store.BackfillTally) {
	p.tally = t
	p.write()
}

// Note implements Display.
func (p *Plain) Note(why string) {
	p.note = why
	p.write()
}

func (p *Plain) write() {
	at := p.now()
	if at.Sub(p.written) < plainEvery {
		return
	}
	p.written = at
	took := at.Sub(p.started)
	line := fmt.Sprintf("%7s  of %s %s; %.1f enqueued a second", took.Round(time.Second), p.ahead.whole(), Words(p.tally),
		float64(p.tally.Enqueued-p.ahead.Before.Enqueued)/took.Seconds())
	if done := p.tally.Found - p.ahead.Before.Found; done > 0 && done < p.ahead.Left {
		line += fmt.Sprintf(", %v left", time.Duration(float64(took)/float64(done)*float64(p.ahead.Left-done)).Round(time.Second))
	}
	if p.note != "" {
		line += "; " + p.note
	}
	fmt.Fprintln(p.out, line)
}

// Bar is a Display for a terminal. Stop must be called before anything else is written there.
type Bar struct {
	writer  progress.Writer
	tracker *progress.Tracker
	ahead   Ahead
	note    string
	ended   chan struct{}
}

const (
	barLength = 30
	barEvery  = 200 * time.Millisecond
)

// NewBar begins to draw.
func NewBar(out io.Writer, ahead Ahead) *Bar {
	w := progress.NewWriter()
	w.SetOutputWriter(out)
	w.SetAutoStop(false)
	w.SetTrackerLength(barLength)
	w.SetUpdateFrequency(barEvery)
	w.SetStyle(progress.StyleBlocks)
	visible := &w.Style().Visibility
	visible.ETA, visible.Speed, visible.Value, visible.Percentage, visible.Time = true, true, true, true, true
	b := &Bar{
		writer: w, ahead: ahead, ended: make(chan struct{}),
		tracker: &progress.Tracker{Message: "backfill", Total: ahead.Left, AutoStopDisabled: true},
	}
	w.AppendTracker(b.tracker)
	go func() {
		defer close(b.ended)
		w.Render()
	}()
	return b
}

// Show implements Display. What an earlier process has found is no part of the bar: its speed would be wrong.
func (b *Bar) Show(t store.BackfillTally) {
	found := t.Found - b.ahead.Before.Found
	if found > b.ahead.Left { // the estimate was too low, or orders came in
		b.ahead.Left = found
		b.tracker.UpdateTotal(found)
	}
	b.tracker.SetValue(found)
}

// Note implements Display.
func (b *Bar) Note(why string) {
	if why == b.note {
		return
	}
	b.note = why
	if why == "" {
		why = "backfill"
	}
	b.tracker.UpdateMessage(why)
}

// Stop draws the bar a last time. done says that the walk has reached its end.
func (b *Bar) Stop(done bool) {
	if done {
		b.tracker.MarkAsDone()
	}
	b.writer.Stop()
	<-b.ended
}
