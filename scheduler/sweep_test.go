package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// pages is the shop's order table as the sweep scans it, a page for each ScanKey, and a list of due
// orders.
type pages struct {
	scans    []store.Scan
	ahead    int // scans of what lies ahead of the clock
	read     func(q store.Scan) (store.ScanPage, error)
	due      []store.Due
	dueErr   error
	putOff   []store.Due
	putUntil time.Time
	refused  map[string]string // key to message
}

func (p *pages) RefuseDue(_ context.Context, d store.Due, kind, message string, _ time.Time) error {
	if p.refused == nil {
		p.refused = map[string]string{}
	}
	p.refused[d.OrderID] = kind + ": " + message
	p.due = slices.DeleteFunc(p.due, func(other store.Due) bool { return other == d })
	return nil
}

func (p *pages) MarkUnsynced(_ context.Context, q store.Scan) (store.ScanPage, error) {
	if q.To.IsZero() {
		p.ahead++
		return store.ScanPage{Done: true}, nil
	}
	p.scans = append(p.scans, q)
	if p.read == nil {
		return store.ScanPage{Done: true}, nil
	}
	return p.read(q)
}

func (p *pages) DueOrders(_ context.Context, _ time.Time, limit int) ([]store.Due, error) {
	return slices.Clone(p.due[:min(limit, len(p.due))]), p.dueErr
}

func (p *pages) PostponeDue(_ context.Context, due []store.Due, until time.Time) error {
	p.putOff, p.putUntil = append(p.putOff, due...), until
	p.due = slices.DeleteFunc(p.due, func(d store.Due) bool { return slices.Contains(due, d) })
	return nil
}

func newSweep(p *pages, q *queue) *Sweep {
	return &Sweep{
		Orders: p, Queue: q, Backlog: func(context.Context) (int64, error) { return 0, nil }, Statuses: []string{"1"},
		After: 10 * time.Minute, Lookback: 48 * time.Hour, Now: func() time.Time { return noon }, Log: zerolog.Nop(),
	}
}

// manyPages is a table of n pages: page k ends with the key k.
func manyPages(n int) func(q store.Scan) (store.ScanPage, error) {
	return func(q store.Scan) (store.ScanPage, error) {
		k := 0
		if q.After.ID != "" {
			_, _ = fmt.Sscan(q.After.ID, &k)
		}
		k++
		return store.ScanPage{Read: q.Limit, Next: store.ScanKey{Time: noon, ID: fmt.Sprint(k)}, Done: k >= n}, nil
	}
}

func TestOneTickReadsABoundedNumberOfPagesAndTheNextGoesOn(t *testing.T) {
	for _, byUpdate := range []bool{true, false} {
		p := &pages{}
		p.read = func(q store.Scan) (store.ScanPage, error) {
			if !byUpdate && q.To.Sub(q.From) == freshWindow {
				return store.ScanPage{Done: true}, nil
			}
			return manyPages(2*pagesPerTick + 3)(q)
		}
		s := newSweep(p, newQueue())
		if byUpdate {
			s.Changes = byChange
		}
		var first []string // the key after which each tick begins
		var read []int
		for range 4 {
			p.scans = nil
			tick(t, s.Tick)
			scans := slices.DeleteFunc(p.scans, func(q store.Scan) bool { return !byUpdate && q.To.Sub(q.From) == freshWindow })
			first, read = append(first, scans[0].After.ID), append(read, len(scans))
			for _, q := range scans {
				if q.Limit != pageSize || !q.DueAt.Equal(noon) || !slices.Equal(q.Statuses, []string{"1"}) {
					t.Fatalf("scan %+v", q)
				}
			}
		}
		pages := []int{50, 50, 3, 50}
		if byUpdate {
			pages[3] += patrolPages // everything was read once
		}
		if want := []string{"", "50", "100", ""}; !slices.Equal(first, want) || !slices.Equal(read, pages) {
			t.Errorf("by update %v: ticks begin after %q and read %v pages; want %q and %v", byUpdate, first, read, want, pages)
		}
	}
}

func TestWhatTheSweepReads(t *testing.T) {
	oldest, newest := noon.Add(-48*time.Hour), noon.Add(-10*time.Minute)
	p := &pages{}
	s := newSweep(p, newQueue())
	tick(t, s.Tick)
	if len(p.scans) != 2 || !p.scans[0].From.Equal(newest.Add(-freshWindow)) || !p.scans[0].To.Equal(newest) ||
		!p.scans[1].From.Equal(oldest) || !p.scans[1].To.Equal(newest.Add(-freshWindow)) {
		t.Errorf("by creation: %+v; want the last hour, then the patrol", p.scans)
	}
	p.scans = nil
	s.Changes = byChange
	tick(t, s.Tick)
	tick(t, s.Tick)
	if len(p.scans) != 3 || !p.scans[0].From.Equal(oldest) || !p.scans[0].To.Equal(newest) || !p.scans[1].From.Equal(newest.Add(-overlap)) ||
		!p.scans[2].From.Equal(oldest) || !p.scans[2].To.Equal(newest.Add(-overlap)) {
		t.Errorf("by change: %+v; want everything, then what changed since, five minutes over, and a patrol of what is older", p.scans)
	}
}

// An hour with more orders than one tick reads is left to the patrol, which then reads up to now.
func TestACrowdedHourIsLeftToThePatrol(t *testing.T) {
	p := &pages{}
	p.read = manyPages(pagesPerTick + 1)
	s := newSweep(p, newQueue())
	tick(t, s.Tick)
	if n := len(p.scans); n != 2*pagesPerTick || !p.scans[n-1].To.Equal(noon.Add(-10*time.Minute)) {
		t.Errorf("%d pages, the last one up to %v", n, p.scans[n-1].To)
	}
}

func TestHandingOverStopsAtTheBacklog(t *testing.T) {
	for waiting, want := range map[int64]int{0: 2500, maxBacklog - 1: pageSize, maxBacklog: 0} {
		p, q := &pages{}, newQueue()
		for i := range 2500 {
			p.due = append(p.due, store.Due{OrderID: fmt.Sprint(i), DueAt: noon})
		}
		s := newSweep(p, q)
		s.Backlog = func(context.Context) (int64, error) { return waiting + int64(len(q.ids)), nil }
		tick(t, s.Tick)
		if len(q.ids) != want || len(p.putOff) != want || want > 0 && !p.putUntil.Equal(noon.Add(handOverAgain)) {
			t.Errorf("%d wait: %d handed over, %d put off until %v; want %d", waiting, len(q.ids), len(p.putOff), p.putUntil, want)
		}
	}
}

func TestWhatIsNotOnItsQueueStaysDue(t *testing.T) {
	p, q := &pages{due: []store.Due{{OrderID: "1", DueAt: noon}, {OrderID: "2", DueAt: noon}}}, newQueue()
	q.fail = func(id string) error {
		if strings.HasPrefix(id, `{"order_id":"2","revision":"due-1777636800000","cause":"sweep"`) {
			return errGone
		}
		return nil
	}
	s := newSweep(p, q)
	if _, err := s.Tick(t.Context()); !errors.Is(err, errGone) || len(p.putOff) > 0 {
		t.Fatalf("%v, put off %v", err, p.putOff)
	}
	q.fail = nil
	tick(t, s.Tick)
	if len(q.ids) != 2 || len(p.due) > 0 {
		t.Errorf("on the queue %v, due %v", q.ids, p.due)
	}
}

// The bug: the store takes any key of the shop's, a task's id does not. One such order, due for
// longest, kept all others from being handed over for ever.
func TestAnOrderThatNoTaskCanNameHoldsNobodyUp(t *testing.T) {
	p, q := &pages{due: []store.Due{{OrderID: "2026/1", DueAt: noon}, {OrderID: "a b", DueAt: noon}, {OrderID: "7", DueAt: noon}}}, newQueue()
	tick(t, newSweep(p, q).Tick)
	if len(q.ids) != 1 || len(p.putOff) != 1 || len(p.refused) != 2 {
		t.Errorf("on the queue %v, put off %v, refused %v", q.ids, p.putOff, p.refused)
	}
}

// The bug: while the shop's table could not be read, nothing that was due already was handed over.
func TestWhatIsDueDoesNotWaitForATableThatCannotBeRead(t *testing.T) {
	p, q := &pages{due: []store.Due{{OrderID: "1", DueAt: noon}}}, newQueue()
	p.read = func(store.Scan) (store.ScanPage, error) { return store.ScanPage{}, errGone }
	if _, err := newSweep(p, q).Tick(t.Context()); !errors.Is(err, errGone) || len(q.ids) != 1 {
		t.Errorf("%v, on the queue %v", err, q.ids)
	}
}

func TestASweepTellsWhatFailed(t *testing.T) {
	for name, spoil := range map[string]func(s *Sweep, p *pages){
		"patrol": func(_ *Sweep, p *pages) {
			p.read = func(q store.Scan) (store.ScanPage, error) {
				if q.From.Equal(noon.Add(-48 * time.Hour)) {
					return store.ScanPage{}, errGone
				}
				return store.ScanPage{Done: true}, nil
			}
		},
		"by change": func(s *Sweep, p *pages) {
			s.Changes, p.read = byChange, func(store.Scan) (store.ScanPage, error) { return store.ScanPage{}, errGone }
		},
		"backlog": func(s *Sweep, _ *pages) { s.Backlog = func(context.Context) (int64, error) { return 0, errGone } },
		"due":     func(_ *Sweep, p *pages) { p.dueErr = errGone },
	} {
		p := &pages{}
		s := newSweep(p, newQueue())
		spoil(s, p)
		if _, err := s.Tick(t.Context()); !errors.Is(err, errGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnOrderThatNoTaskCanNameIsRefusedWithItsReason(t *testing.T) {
	p := &pages{due: []store.Due{{OrderID: "a/b", DueAt: noon}, {OrderID: "2", DueAt: noon}}}
	q := newQueue()
	if _, err := newSweep(p, q).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	const want = "incomplete: the order's key has a space, slash, colon or control character"
	if got := p.refused["a/b"]; !strings.HasPrefix(got, want) || len(p.refused) != 1 {
		t.Errorf("refused %q, want a/b alone with %q", p.refused, want)
	}
	if len(p.putOff) != 1 || p.putOff[0].OrderID != "2" {
		t.Errorf("handed over %v, want 2 alone", p.putOff)
	}
}

// byChange is a shop whose updated_at is always there.
func byChange(context.Context) (store.Changes, error) { return store.Changes{ByUpdate: true}, nil }

// The bug: an order whose updated_at is NULL or 0 until its first change was found by nobody.
func TestAnOrderWithoutAChangeIsFoundByItsCreation(t *testing.T) {
	oldest, newest := noon.Add(-48*time.Hour), noon.Add(-10*time.Minute)
	p := &pages{}
	s := newSweep(p, newQueue())
	s.Changes = func(context.Context) (store.Changes, error) {
		return store.Changes{ByUpdate: true, Unmarked: true}, nil
	}
	tick(t, s.Tick)
	if len(p.scans) != 2 || p.scans[0].ByCreateTime || !p.scans[1].ByCreateTime || !p.scans[1].From.Equal(oldest) || !p.scans[1].To.Equal(newest) {
		t.Errorf("%+v; want everything by updated_at, and by create_time", p.scans)
	}
	p.scans = nil
	tick(t, s.Tick)
	if len(p.scans) != 4 || !p.scans[2].ByCreateTime || !p.scans[2].From.Equal(newest.Add(-overlap)) {
		t.Errorf("%+v; want what is new since, by both", p.scans)
	}
}
