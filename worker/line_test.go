package worker

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// openGate lets everybody through and keeps what it was told of the calls.
type openGate struct{ told *[]error }

func (g openGate) Enter(context.Context, string) (func(error), error) {
	return func(err error) {
		if g.told != nil {
			*g.told = append(*g.told, err)
		}
	}, nil
}

// slowDouyin answers when it is let, and counts who is there.
type slowDouyin struct {
	there  atomic.Int64
	answer chan struct{}
}

func (d *slowDouyin) PushOrder(ctx context.Context, _ douyin.OrderPush) (douyin.Receipt, error) {
	d.there.Add(1)
	defer d.there.Add(-1)
	select {
	case <-d.answer:
		return douyin.Receipt{HTTPStatus: 200}, nil
	case <-ctx.Done():
		return douyin.Receipt{}, ctx.Err()
	}
}

func TestOnlySoManyAreAtDouyinAndFewAreAnnouncedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowDouyin{answer: make(chan struct{})}
		line := &Line{Slots: NewSlots(8), Gate: openGate{}, Douyin: slow}
		results := make(chan error, 20)
		var orders [20]memory
		for i := range orders {
			orders[i].s = testSnapshot()
			h := newPush(&orders[i], nil)
			h.Line = line
			go func() { results <- h.ProcessTask(t.Context(), pushTask(t)) }()
		}
		announced := func() (n int) {
			for i := range orders {
				n += len(orders[i].begun)
			}
			return n
		}
		synctest.Wait()
		if there, n := slow.there.Load(), announced(); there != 8 || n != 12 {
			t.Errorf("%d at Douyin and %d announced, want 8 and 12", there, n)
		}
		slow.answer <- struct{}{}
		synctest.Wait()
		if there, n := slow.there.Load(), announced(); there != 8 || n != 13 || len(results) != 1 {
			t.Errorf("after an answer %d at Douyin and %d announced, want 8 and 13", there, n)
		}
		<-time.After(rightPatience) // Douyin does not answer: seven have waited long enough
		synctest.Wait()
		if there, n := slow.there.Load(), announced(); there != 8 || n != 13 || len(results) != 8 {
			t.Errorf("at the end of patience %d at Douyin, %d announced, %d ended; want 8, 13 and 8", there, n, len(results))
		}
		close(slow.answer)
		for range orders {
			if err := <-results; isFailure(err) {
				t.Errorf("%v costs an attempt", err)
			}
		}
		pushed := 0
		for i := range orders {
			m := &orders[i]
			if len(m.begun) == 0 && len(m.records) == 0 {
				continue
			}
			pushed++
			if want := []store.Outcome{store.Pushed}; !equalOutcomes(m.outcomes(), want) {
				t.Errorf("order %d: %v", i, m.outcomes())
			}
		}
		if pushed != 13 {
			t.Errorf("%d of 13 pushed", pushed)
		}
	})
}

func TestWhoStopsWaitingForASlotHasSentNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowDouyin{answer: make(chan struct{})}
		line := &Line{Slots: NewSlots(1), Douyin: slow}
		first := make(chan error)
		go func() { _, err := line.call(t.Context(), douyin.OrderPush{}); first <- err }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := line.call(ctx, douyin.OrderPush{})
		var e *douyin.Error
		if !errors.As(err, &e) || e.Kind != douyin.Paused || e.MayHave || e.Outage() {
			t.Errorf("got %v; want Paused, which tells the breaker nothing", err)
		}
		close(slow.answer)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

// TestASlotComesBack whatever ends the pass: with one slot, what keeps it stops everything that
// follows.
func TestASlotComesBack(t *testing.T) {
	for name, spoil := range map[string]func(h *PushHandler, m *memory){
		"panic at Douyin":            func(h *PushHandler, _ *memory) { h.Line.Douyin = panicking{} },
		"panic at the announcement":  func(_ *PushHandler, m *memory) { m.onBegin = func(*memory) { panic("boom") } },
		"another task was faster":    func(_ *PushHandler, m *memory) { m.onBegin = func(m *memory) { m.s.State.Seq++ } },
		"the record cannot be made":  func(_ *PushHandler, m *memory) { m.fail = func(store.Push) error { return errors.New("no disk") } },
		"the gate is shut":           func(h *PushHandler, _ *memory) { h.Line.Gate = refusing{} },
		"the order has gone through": func(*PushHandler, *memory) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slots := NewSlots(1)
				for range 3 { // one right is ahead of the one slot
					m := &memory{s: testSnapshot()}
					h := newPush(m, &douyinFake{})
					h.Line.Slots, h.Line.Gate = slots, openGate{}
					spoil(h, m)
					_ = h.ProcessTask(t.Context(), pushTask(t))
				}
				m := &memory{s: testSnapshot()}
				h := newPush(m, &douyinFake{})
				h.Line.Slots, h.Line.Gate = slots, openGate{}
				if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || !equalOutcomes(m.outcomes(), []store.Outcome{store.Pushed}) {
					t.Errorf("the next order: %v, %v", err, m.outcomes())
				}
			})
		})
	}
}

// refusing is a gate that lets nobody pass.
type refusing struct{}

func (refusing) Enter(context.Context, string) (func(error), error) {
	return nil, &douyin.Error{Op: douyin.OpOrderPush, Kind: douyin.Paused}
}

func TestTheGateIsToldOfAnAnswerOnlyWhereACallWasMade(t *testing.T) {
	refused := &douyin.Error{Kind: douyin.Rejected}
	for name, c := range map[string]struct {
		spoil func(h *PushHandler, m *memory)
		want  error
	}{
		"answered": {func(*PushHandler, *memory) {}, nil},
		"refused": {func(h *PushHandler, _ *memory) {
			h.Line.Douyin = &douyinFake{answers: []func() error{func() error { return refused }}}
		}, refused},
		"panic": {func(h *PushHandler, _ *memory) { h.Line.Douyin = panicking{} }, errNotSent},
		"not announced": {func(_ *PushHandler, m *memory) {
			m.onBegin = func(*memory) { panic("boom") }
		}, errNotSent},
	} {
		m, told := &memory{s: testSnapshot()}, []error(nil)
		h := newPush(m, &douyinFake{})
		h.Line.Gate = openGate{&told}
		c.spoil(h, m)
		_ = h.ProcessTask(t.Context(), pushTask(t))
		if len(told) != 1 || !errors.Is(told[0], c.want) {
			t.Errorf("%s: told %v, want %v", name, told, c.want)
		}
	}
}

// diary keeps what happens on the way of a push, in its order.
type diary struct{ lines []string }

func (d *diary) write(line string) { d.lines = append(d.lines, line) }

func (d *diary) Enter(context.Context, string) (func(error), error) {
	d.write("gate")
	return func(error) { d.write("the gate is told") }, nil
}

func (d *diary) PushOrder(context.Context, douyin.OrderPush) (douyin.Receipt, error) {
	d.write("Douyin")
	return douyin.Receipt{HTTPStatus: 200}, nil
}

// watching is the wait before the announcement as whoever measures it sees it.
type watching struct {
	*diary
	steps douyin.Gate
}

func (w watching) Enter(ctx context.Context, op string) (func(error), error) {
	w.write("the wait begins")
	defer w.write("the wait ends")
	return w.steps.Enter(ctx, op)
}

func TestAPushGoesDownTheLineStepByStep(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &diary{}
	m.onBegin = func(*memory) { d.write("announced") }
	m.fail = func(p store.Push) error { d.write("written down: " + string(p.Outcome)); return nil }
	h := newPush(m, nil)
	h.Line = &Line{
		Slots: NewSlots(1), Gate: d, Douyin: d,
		Watch: func(steps douyin.Gate) douyin.Gate { return watching{d, steps} },
	}
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{"the wait begins", "gate", "the wait ends", "announced", "Douyin", "the gate is told", "written down: pushed"}
	if !slices.Equal(d.lines, want) {
		t.Errorf("got %q, want %q", d.lines, want)
	}
}

func TestATaskParkedInTheShelterGoesBackWhenTheProcessStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &Line{Slots: NewSlots(1), Shelter: &Shelter{}}
		for range unwellAfter {
			enterShelter(t, line.Shelter)(diskFull)
		}
		enterShelter(t, line.Shelter) // the one that tries
		result := make(chan error)
		go func() { _, err := line.enter(t.Context()); result <- err }()
		synctest.Wait()
		started := time.Now()
		line.Stop()
		if err := <-result; !errors.Is(err, errStopping) || time.Since(started) > 0 {
			t.Errorf("after %v: %v", time.Since(started), err)
		}
	})
}
