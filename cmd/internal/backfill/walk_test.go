package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// books are a store in a box, of orders "1" to "n" of which odd ones are held.
type books struct {
	orders int
	row    store.Backfill
	marked []int // Limit of every page
	fail   func(call string) error
}

func (b *books) failed(call string) error {
	if b.fail == nil {
		return nil
	}
	return b.fail(call)
}

func (b *books) OpenBackfill(context.Context, time.Time, time.Time, bool) (store.Backfill, error) {
	return b.row, b.failed("open")
}

func (b *books) MarkBackfill(_ context.Context, at store.Backfill, q store.BackfillQuery) (page store.BackfillPage, err error) {
	if err := b.failed("mark"); err != nil {
		return page, err
	}
	b.marked = append(b.marked, q.Limit)
	place := 0
	_, _ = fmt.Sscan(at.Place.ID, &place)
	for id := place + 1; id <= min(place+q.Limit, b.orders); id++ {
		page.Tally.Found++
		page.Next.ID = fmt.Sprint(id)
		if id%2 == 1 {
			page.Tally.Held++
			continue
		}
		page.Tally.Enqueued++
		page.Ask = append(page.Ask, fmt.Sprint(id))
	}
	page.Done = place+q.Limit > b.orders
	return page, nil
}

func (b *books) MoveBackfill(_ context.Context, at store.Backfill, page store.BackfillPage) (store.Backfill, error) {
	if err := b.failed("move"); err != nil {
		return at, err
	}
	b.row.Place, b.row.Tally = page.Next, at.Tally.Plus(page.Tally)
	if page.Done {
		b.row.FinishedAt = time.Now()
	}
	return b.row, nil
}

// queue is asynq as the walk sees it.
type queue struct {
	ids  []string
	at   []time.Time
	fail func(id string) error
}

func (q *queue) EnqueueContext(_ context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	p, err := tasks.ParsePushOrder(t)
	if err != nil {
		return nil, err
	}
	if q.fail != nil {
		if err := q.fail(p.OrderID); err != nil {
			return nil, err
		}
	}
	if slices.Contains(q.ids, p.ID()) {
		return nil, asynq.ErrTaskIDConflict
	}
	q.ids, q.at = append(q.ids, p.ID()), append(q.at, time.Now())
	return &asynq.TaskInfo{}, nil
}

// silent is a Display that remembers.
type silent struct {
	last  store.BackfillTally
	notes []string
}

func (s *silent) Show(t store.BackfillTally) { s.last = t }

func (s *silent) Note(why string) {
	if why != "" && !slices.Contains(s.notes, why) {
		s.notes = append(s.notes, why)
	}
}

func newWalk(orders int, rate float64) (*Walk, *books, *queue, *silent) {
	b := &books{orders: orders, row: store.Backfill{From: time.Unix(0, 0), To: time.Unix(3600, 0), Run: 3}}
	q, s := &queue{}, &silent{}
	return &Walk{
		Books: b, Queue: q, Rate: rate, Now: time.Now, Show: s,
		Load: func(context.Context) (Load, error) { return Load{}, nil },
	}, b, q, s
}

func TestAWalkAsksForEveryOrderOnceAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, q, s := newWalk(1001, 10)
		started := time.Now()
		b, err := w.Run(t.Context(), w.Books.(*books).row)
		if err != nil || b.FinishedAt.IsZero() {
			t.Fatalf("%+v, %v", b, err)
		}
		if want := (store.BackfillTally{Found: 1001, Enqueued: 500, Held: 501}); b.Tally != want || s.last != want {
			t.Errorf("tally %+v, shown %+v, want %+v", b.Tally, s.last, want)
		}
		if len(q.ids) != 500 || q.ids[0] != "push:2:backfill-19700101T000000Z-19700101T010000Z-3" {
			t.Errorf("%d tasks, the first is %s", len(q.ids), q.ids[0])
		}
		if took := time.Since(started); took < 49*time.Second || took > 51*time.Second {
			t.Errorf("500 orders at 10 a second took %v", took)
		}
		for i := range len(q.at) - 10 { // never more than a second's worth in a second
			if q.at[i+10].Sub(q.at[i]) < 900*time.Millisecond {
				t.Fatalf("11 orders within %v", q.at[i+10].Sub(q.at[i]))
			}
		}
	})
}

func TestABatchLastsTwoSeconds(t *testing.T) {
	for rate, want := range map[float64]int{1000: 500, 250: 500, 20: 40, 0.6: 2, 0.001: 1} {
		synctest.Test(t, func(t *testing.T) {
			w, b, _, _ := newWalk(1, rate)
			if _, err := w.Run(t.Context(), b.row); err != nil || b.marked[0] != want {
				t.Errorf("at %v a second a batch is %d, %v; want %d", rate, b.marked[0], err, want)
			}
		})
	}
}

func TestRoomForOldOrders(t *testing.T) {
	for _, c := range []struct {
		rate float64
		load Load
		room int
		why  string
	}{
		{20, Load{}, 2, ""},
		{20, Load{AtWorkers: 19}, 1, ""},
		{20, Load{AtWorkers: 20}, 0, "waits: 20 of its orders are at the workers"},
		{0.5, Load{}, 1, ""},
		{0.5, Load{AtWorkers: 1}, 0, "waits: 1 of its orders are at the workers"},
		{1000, Load{AtWorkers: 190}, 10, ""},
		{1000, Load{AtWorkers: 200}, 0, "waits: 200 of its orders are at the workers"},
		{20, Load{Later: 299}, 2, ""},
		{20, Load{Later: 300}, 0, "waits: 300 of its orders failed and are to be tried again"},
		{20, Load{Live: 10}, 2, ""},
		{20, Load{Live: 11}, 0, "waits: 11 live orders go first"},
	} {
		w := Walk{Rate: c.rate}
		if room, why := w.roomFor(c.load); room != c.room || why != c.why {
			t.Errorf("at %v a second with %+v: room for %d, %q; want %d, %q", c.rate, c.load, room, why, c.room, c.why)
		}
	}
}

func TestAWalkStandsStillWhileLiveOrdersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, q, s := newWalk(100, 50)
		quiet := time.Now().Add(time.Minute)
		w.Load = func(context.Context) (Load, error) {
			if time.Now().Before(quiet) {
				return Load{Live: 40}, nil
			}
			return Load{}, nil
		}
		if _, err := w.Run(t.Context(), b.row); err != nil {
			t.Fatal(err)
		}
		if q.at[0].Before(quiet) || !slices.Equal(s.notes, []string{"waits: 40 live orders go first"}) {
			t.Errorf("the first order was enqueued %v before the live ones had gone; notes %q", quiet.Sub(q.at[0]), s.notes)
		}
	})
}

func TestTheNextProcessDoesTheLastBatchAgainAndNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, q, _ := newWalk(1200, 250)
		ctx, cancel := context.WithCancel(t.Context())
		q.fail = func(id string) error {
			if id == "700" { // in the middle of the second batch
				cancel()
			}
			return nil
		}
		at, err := w.Run(ctx, b.row)
		if !errors.Is(err, context.Canceled) || at.Place.ID != "500" || b.row.Place.ID != "500" {
			t.Fatalf("interrupted at %+v: %v; the place is behind what was asked for in full", at.Place, err)
		}
		before := len(q.ids)
		if before != 350 {
			t.Errorf("%d orders were asked for before the interruption, want 350", before)
		}
		q.fail = nil
		next, _, _, _ := newWalk(1200, 250)
		next.Books, next.Queue = b, q
		if at, err = next.Run(t.Context(), b.row); err != nil || at.Tally != (store.BackfillTally{Found: 1200, Enqueued: 600, Held: 600}) {
			t.Errorf("in the end %+v, %v", at.Tally, err)
		}
		if len(q.ids) != 600 {
			t.Errorf("%d tasks for 600 orders", len(q.ids))
		}
	})
}

func TestWhatFailsOnTheWayIsTriedAgainForAWhile(t *testing.T) {
	down := errors.New("connection refused")
	for _, c := range []struct {
		name    string
		downFor time.Duration
		works   bool // before it fails
		took    time.Duration
		err     error
	}{
		{"Redis is restarted", 30 * time.Second, true, 30 * time.Second, nil},
		{"Redis does not come back", time.Hour, true, patience, down},
		{"nothing works from the start", time.Hour, false, 0, down},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, b, q, s := newWalk(1000, 1e6)
				var since time.Time
				q.fail = func(id string) error {
					if since.IsZero() && (id == "600" || !c.works) {
						since = time.Now()
					}
					if !since.IsZero() && time.Since(since) < c.downFor {
						return down
					}
					return nil
				}
				_, err := w.Run(t.Context(), b.row)
				if !errors.Is(err, c.err) {
					t.Errorf("ended with %v, want %v", err, c.err)
				}
				if took := time.Since(since); took < c.took-2*tryEvery || took > c.took+2*tryEvery {
					t.Errorf("ended %v after the failure began, want %v", took, c.took)
				}
				if told := strings.Join(s.notes, ""); c.works != strings.Contains(told, "tries again: order 600: tasks: enqueue order:push: connection refused") {
					t.Errorf("notes %q", told)
				}
			})
		})
	}
}

func TestAWalkGoesOnWhereAnotherProcessIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, q, _ := newWalk(1000, 1e6)
		moved := false
		b.fail = func(call string) error {
			if call == "move" && !moved {
				moved = true
				b.row.Place.ID, b.row.Tally = "800", store.BackfillTally{Found: 800, Enqueued: 400, Held: 400} // by the other one
				return fmt.Errorf("move: %w", store.ErrBackfillMoved)
			}
			return nil
		}
		at, err := w.Run(t.Context(), b.row)
		if err != nil || at.Tally != (store.BackfillTally{Found: 1000, Enqueued: 500, Held: 500}) {
			t.Errorf("in the end %+v, %v", at.Tally, err)
		}
		if len(q.ids) != 250+100 { // the first batch, which both did, and what was left
			t.Errorf("%d tasks", len(q.ids))
		}
	})
}

func TestAnOrderThatNoTaskCanNameIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, q, s := newWalk(4, 1e6)
		q.fail = func(id string) error {
			if id == "2" {
				return &tasks.PayloadError{Field: "order_id", Reason: "has a slash"}
			}
			return nil
		}
		at, err := w.Run(t.Context(), b.row)
		if want := (store.BackfillTally{Found: 4, Enqueued: 1, Held: 2, LeftOut: 1}); err != nil || at.Tally != want || s.last != want {
			t.Errorf("%+v, shown %+v, %v; want %+v", at.Tally, s.last, err, want)
		}
	})
}
