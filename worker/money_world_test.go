package worker

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

const (
	taskTime  = time.Minute      // a task's Timeout
	faultTime = 30 * time.Minute // how long the world is bad
	worldTime = 48 * time.Hour   // when every instruction must have ended
)

// worldRows is the store as the world needs it: the handler's two sides, the scheduler's and the
// callbacks'.
type worldRows interface {
	Instructions
	Answers
	DueInstructions(ctx context.Context, m store.Money, now time.Time, limit int) ([]store.DueInstruction, error)
	PostponeInstructions(ctx context.Context, m store.Money, due []store.DueInstruction, until time.Time) error
	callback(ctx context.Context, m store.Money, number string, r store.Result) error
	setClock(now func() time.Time)
}

// world runs workers, a scheduler, Douyin and the time between them, all by one thread of chance:
// runs of tasks are interleaved at every call, killed, stopped, repeated and retried, and the
// clocks of the workers differ. The same seed is the same history.
type world struct {
	t        *testing.T
	rng      *rand.Rand
	kinds    []store.Money
	rows     worldRows
	vault    *vault
	now      time.Time       // the database's, Douyin's, asynq's
	skews    []time.Duration // of the workers' clocks
	queue    []job
	events   []event
	runs     []*life
	flying   map[string]*life // whose request is on its way, by number
	branches func(wire) map[store.System]Branch
	jump     time.Duration // how far the database's clock has jumped
	jumps    bool          // it does, and its rows fall back: a second request may then leave while one is in flight
}

// job is a task in asynq.
type job struct {
	money   store.Money
	number  string
	at      time.Time
	retried int
}

type event struct {
	at time.Time
	do func()
}

func newWorld(t *testing.T, seed uint64, rows worldRows, kinds ...store.Money) *world {
	w := &world{t: t, branches: func(w wire) map[store.System]Branch { return ecpay(w) }, rng: rand.New(rand.NewPCG(seed, 1)), kinds: kinds, rows: rows, now: noon, flying: map[string]*life{}}
	rows.setClock(func() time.Time { return w.now.Add(w.jump) })
	for range 3 {
		w.skews = append(w.skews, time.Duration(w.rng.Int64N(int64(10*time.Minute)))-5*time.Minute)
	}
	w.skews[0] = 0
	w.vault = &vault{
		rng: w.rng, now: func() time.Time { return w.now }, calm: func() bool { return w.now.Sub(noon) > faultTime }, records: map[string]*record{},
		after: func(wait time.Duration, do func()) { w.events = append(w.events, event{w.now.Add(wait), do}) },
		notify: func(i store.Instruction, r store.Result) {
			r.At = w.now
			if err := rows.callback(context.Background(), i.Money, i.Number, r); err != nil {
				t.Errorf("callback: %v", err)
			}
		},
	}
	return w
}

// life is one run of a task.
type life struct {
	*world
	job     job
	started time.Time
	asleep  time.Time     // the process is stopped until then
	stopped time.Duration // for how long it was, in all
	parked  chan struct{}
	resume  chan bool // true: killed
	done    chan error
	killed  bool
}

// kill is what a killed worker's goroutine dies of. The handler's recover writes nothing down, as
// kill -9 would not.
type kill struct{}

func (r *life) pause() {
	if r.killed {
		panic(kill{})
	}
	r.parked <- struct{}{}
	if <-r.resume {
		r.killed = true
		panic(kill{})
	}
}

// over: the task's context has ended.
func (r *life) over() bool { return r.now.Sub(r.started) >= taskTime }

func (r *life) enter(i store.Instruction) {
	if other := r.flying[i.Number]; !r.jumps && other != nil && !other.killed && !other.over() {
		r.t.Errorf("%s: a second request is sent while one is in flight", i.Number)
	}
	r.flying[i.Number] = r
	if r.jumps {
		return
	}
	if row, _, err := r.rows.Instruction(context.Background(), i.Money, i.Number); err == nil && row.State == store.MoneySubmitted {
		r.t.Errorf("%s: sent again after it was accepted", i.Number)
	}
}

func (r *life) leave(i store.Instruction) { delete(r.flying, i.Number) }

// start begins a run and waits until it hands control back for the first time.
func (w *world) start(j job) {
	r := &life{world: w, job: j, started: w.now, parked: make(chan struct{}), resume: make(chan bool), done: make(chan error)}
	wired, skew := wire{r, w.rows, w.rows}, w.skews[w.rng.IntN(len(w.skews))]
	h := &MoneyHandler{Money: j.money, Rows: wired, Answers: wired, Banks: w.branches(wired), Gate: wired, Now: func() time.Time { return w.now.Add(skew) }, Log: zerolog.Nop()}
	task := refundTask(w.t, j.number)
	if j.money == store.Settlement {
		task = settleTask(w.t, j.number)
	}
	go func() { r.done <- h.ProcessTask(context.Background(), task) }()
	w.runs = append(w.runs, r)
	w.await(r)
}

// await waits until r hands control back or ends.
func (w *world) await(r *life) {
	select {
	case <-r.parked:
		return
	case err := <-r.done:
		w.runs = slices.DeleteFunc(w.runs, func(other *life) bool { return other == r })
		w.ended(r, err)
	}
}

// ended does what asynq does with a task that has run.
func (w *world) ended(r *life, err error) {
	j := r.job
	backoff := Backoff{Jitter: w.rng.Float64}
	switch told(err) {
	case "done":
		if !w.vault.chance(3) {
			return
		}
		j.at = w.now.Add(time.Minute) // asynq runs a finished task again when Redis blinks (ARCHITECTURE.md)
	case "archive":
		w.t.Errorf("%s: archived: %v", j.number, err)
		return
	case "failed":
		if j.retried++; j.retried > 30 {
			return // archived; the row is due
		}
		j.at = w.now.Add(backoff.Delay(j.retried-1, err, nil))
	default:
		j.at = w.now.Add(backoff.Delay(j.retried, err, nil))
	}
	if r.killed { // found by the recoverer
		j.at = w.now.Add(time.Minute + w.vault.within(time.Minute))
	}
	w.queue = append(w.queue, j)
}

// live lets the world go on until every instruction has ended or its time is over.
func (w *world) live() {
	for w.vault.after(0, w.tick); w.now.Sub(noon) < worldTime; {
		w.happen()
		ready := slices.IndexFunc(w.queue, func(j job) bool { return !j.at.After(w.now) })
		switch {
		case ready >= 0 && (len(w.runs) == 0 || w.rng.IntN(3) == 0):
			j := w.queue[ready]
			w.queue = slices.Delete(w.queue, ready, ready+1)
			w.start(j)
		case len(w.runs) > 0 && w.rng.IntN(4*len(w.runs)) > 0: // they run side by side: many take no longer than one
			w.goOn(w.runs[w.rng.IntN(len(w.runs))])
		case len(w.runs) > 0:
			w.now = w.now.Add(w.vault.within(15 * time.Second))
		case len(w.queue) == 0 && len(w.events) == 1 && w.quiet(): // the tick
			return
		default:
			w.now = w.soonest()
		}
	}
}

// goOn lets a run take its next step, unless its process is stopped. One that stops keeps
// everything that it knows; meanwhile asynq takes it for dead and hands its task to somebody else.
func (w *world) goOn(r *life) {
	switch {
	case w.now.Before(r.asleep):
		return
	case w.vault.chance(1):
		sleep := w.vault.within(5 * time.Minute)
		r.asleep, r.stopped = w.now.Add(sleep), r.stopped+sleep
		j := r.job
		j.at = w.now.Add(time.Minute + w.vault.within(time.Minute))
		w.queue = append(w.queue, j)
		return
	}
	r.resume <- w.vault.chance(2) || w.now.Sub(r.started) > taskTime+recordTimeout+r.stopped
	w.await(r)
}

// happen lets the events happen whose time has come.
func (w *world) happen() {
	for {
		due := slices.IndexFunc(w.events, func(e event) bool { return !e.at.After(w.now) })
		if due < 0 {
			return
		}
		e := w.events[due]
		w.events = slices.Delete(w.events, due, due+1)
		e.do()
	}
}

// tick is the scheduler's.
func (w *world) tick() {
	ctx := context.Background()
	for _, m := range w.kinds {
		due, err := w.rows.DueInstructions(ctx, m, w.now, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range due {
			w.queue = append(w.queue, job{money: m, number: d.Number, at: w.now})
		}
		if err := w.rows.PostponeInstructions(ctx, m, due, w.now.Add(15*time.Minute)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.vault.after(time.Minute, w.tick)
}

// quiet: nothing will ever be due again.
func (w *world) quiet() bool {
	for _, m := range w.kinds {
		if due, err := w.rows.DueInstructions(context.Background(), m, noon.Add(2*worldTime), 1); err != nil || len(due) > 0 {
			return false
		}
	}
	return true
}

func (w *world) soonest() time.Time {
	at := w.now.Add(time.Hour)
	for _, e := range w.events {
		at = minTime(at, e.at)
	}
	for _, j := range w.queue {
		at = minTime(at, j.at)
	}
	return at
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
