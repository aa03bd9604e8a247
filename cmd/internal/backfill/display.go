package backfill

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

// Ahead is what a walk has before it.
type Ahead struct {
	Before store.BackfillTally // of the run, when this process took it up
	Left   int64               // orders that were not found yet
	Exact  bool                // Left was counted, not estimated
}

// whole is "1200" or "about 120000": all orders of the run.
func (a Ahead) whole(l lang.Lang) string {
	n := a.Before.Found + a.Left
	if a.Exact {
		return fmt.Sprint(n)
	}
	return l.T("about %d", n)
}

// Words says a tally in one line.
func Words(l lang.Lang, t store.BackfillTally) string {
	return l.T("found %d: enqueued %d, held by Douyin already %d, under way already %d, left out %d", t.Found, t.Enqueued, t.Held, t.UnderWay, t.LeftOut)
}

// plainEvery is how often Plain writes a line.
const plainEvery = 10 * time.Second

// Plain is a Display for a file or a pipe: a line now and then.
type Plain struct {
	out     io.Writer
	lang    lang.Lang
	now     func() time.Time
	ahead   Ahead
	started time.Time
	written time.Time
	tally   store.BackfillTally
	note    string
}

// NewPlain begins to count the time.
func NewPlain(out io.Writer, l lang.Lang, now func() time.Time, ahead Ahead) *Plain {
	at := now()
	return &Plain{out: out, lang: l, now: now, ahead: ahead, started: at, written: at, tally: ahead.Before}
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
	line := p.lang.T("%7s  of %s %s; %.1f enqueued a second", took.Round(time.Second), p.ahead.whole(p.lang), Words(p.lang, p.tally),
		float64(p.tally.Enqueued-p.ahead.Before.Enqueued)/took.Seconds())
	if done := p.tally.Found - p.ahead.Before.Found; done > 0 && done < p.ahead.Left {
		line += p.lang.T(", %v left", time.Duration(float64(took)/float64(done)*float64(p.ahead.Left-done)).Round(time.Second))
	}
	if p.note != "" {
		line += p.lang.T("; ") + cut.Plain(p.lang.Say(p.note))
	}
	fmt.Fprintln(p.out, line)
}

// Bar is a Display for a terminal. Stop must be called before anything else is written there.
type Bar struct {
	writer  progress.Writer
	tracker *progress.Tracker
	lang    lang.Lang
	ahead   Ahead
	note    string
	ended   chan struct{}
}

const (
	barLength = 30
	barEvery  = 200 * time.Millisecond
)

// NewBar begins to draw.
func NewBar(out io.Writer, l lang.Lang, ahead Ahead) *Bar {
	w := progress.NewWriter()
	w.SetOutputWriter(out)
	w.SetAutoStop(false)
	w.SetTrackerLength(barLength)
	w.SetUpdateFrequency(barEvery)
	w.SetStyle(progress.StyleBlocks)
	visible := &w.Style().Visibility
	setWords(&w.Style().Options, l)
	visible.ETA, visible.Speed, visible.Value, visible.Percentage, visible.Time = true, true, true, true, true
	b := &Bar{
		writer: w, lang: l, ahead: ahead, ended: make(chan struct{}),
		tracker: &progress.Tracker{Message: l.T("backfill"), Total: ahead.Left, AutoStopDisabled: true},
	}
	w.AppendTracker(b.tracker)
	go func() {
		defer close(b.ended)
		w.Render()
	}()
	return b
}

// setWords puts the words that the bar adds by itself into the reader's language.
func setWords(o *progress.StyleOptions, l lang.Lang) {
	o.DoneString, o.ErrorString = l.T("done!"), l.T("fail!")
	o.ETAString = l.T("~ETA")
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
	b.tracker.UpdateMessage(cut.Plain(b.lang.Say(why)))
}

// Stop draws the bar a last time. done says that the walk has reached its end.
func (b *Bar) Stop(done bool) {
	if done {
		b.tracker.MarkAsDone()
	}
	b.writer.Stop()
	<-b.ended
}
