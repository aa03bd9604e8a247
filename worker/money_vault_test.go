package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// vault is Douyin's bank in a box. The first request with a number wins: the same number is one
// movement of money for ever, and a number whose first request was refused is dead. Its records may
// lag behind its answers for a while, and a request may take effect after its sender has given up.
type vault struct {
	rng     *rand.Rand
	now     func() time.Time
	after   func(wait time.Duration, do func())
	notify  func(i store.Instruction, r store.Result) // the callback
	calm    func() bool                               // no more faults
	records map[string]*record
	faults  []string // of ours, not of Douyin's
}

// recordLag is how long questions may be answered from a copy of Douyin's records that lags behind.
// With the time that a request may take to arrive after its sender has given up it stays below
// answerGrace.
const recordLag = time.Minute

// record is what Douyin knows of a number.
type record struct {
	asked   store.Instruction
	content string
	dead    bool
	taken   time.Time
	visible time.Time // for queries
	result  douyin.Result
	moves   int
}

func (v *vault) chance(percent int) bool { return !v.calm() && v.rng.IntN(100) < percent }

func (v *vault) within(d time.Duration) time.Duration {
	return time.Duration(v.rng.Int64N(int64(d/time.Millisecond)+1)) * time.Millisecond
}

func contentOf(i store.Instruction) string {
	return fmt.Sprint(i.OutOrderNo, i.Amount, i.Text, i.Options, i.Params, i.Finish)
}

// send is a request as it is seen from outside, faults of the way included.
func (v *vault) send(i store.Instruction) (string, error) {
	switch {
	case v.chance(6):
		return "", busy1001
	case v.chance(5):
		return "", paused
	case v.chance(6):
		return "", notSent
	case v.chance(8):
		return "", cutOff
	case v.chance(6):
		v.after(v.within(30*time.Second), func() { _, _ = v.take(i) })
		return "", cutOff
	case v.chance(12):
		_, _ = v.take(i)
		return "", cutOff
	case v.chance(4):
		_, _ = v.take(i)
		return "", internal1000
	case v.chance(4):
		return "", internal1000
	case v.chance(5):
		return "", badSign2008 // refused without a record
	case v.chance(3):
		return "", tooSoon
	case v.chance(3):
		return "", unknown77
	case v.chance(3):
		_, _ = v.take(i)
		return "", unknown77
	}
	return v.take(i)
}

// take is the effect of a request.
func (v *vault) take(i store.Instruction) (string, error) {
	r := v.records[i.Number]
	if r == nil {
		v.checkTurn(i)
		r = &record{asked: i, content: contentOf(i), taken: v.now(), visible: v.now()}
		v.records[i.Number] = r
		if v.chance(10) {
			r.dead = true
			return "", refused2010
		}
		if v.chance(50) {
			r.visible = v.now().Add(v.within(20 * time.Second))
		}
		r.result = douyin.ResultProcessing
		v.after(v.within(20*time.Minute), func() { v.finish(i, r) })
		return "D-" + i.Number, nil
	}
	if r.content != contentOf(i) {
		v.faults = append(v.faults, i.Number+" was sent again with other content")
	}
	switch {
	case r.dead:
		return "", dead
	case r.visible.After(v.now()) && v.chance(50):
		return "", unknown77
	case v.chance(20):
		return "", refused2010 // the money is taken: by the first request
	}
	return "D-" + i.Number, nil
}

// checkTurn: a refund and a settlement of one order are never under way at the same time.
func (v *vault) checkTurn(i store.Instruction) {
	for number, r := range v.records {
		if r.asked.OutOrderNo == i.OutOrderNo && r.asked.Money != i.Money && r.result == douyin.ResultProcessing {
			v.faults = append(v.faults, fmt.Sprintf("%s came while %s was under way", i.Number, number))
		}
	}
}

func (v *vault) finish(i store.Instruction, r *record) {
	said := store.Result{State: store.MoneySucceeded, Amount: i.Amount, Answer: store.Answer{PlatformNo: "D-" + i.Number}}
	r.result = douyin.ResultSuccess
	if v.rng.IntN(5) == 0 {
		r.result, said.State, said.Amount = douyin.ResultFail, store.MoneyFailed, 0
	} else {
		r.moves++
	}
	for v.rng.IntN(2) == 0 { // lost half of the time, and as often doubled
		v.after(v.within(5*time.Minute), func() { v.notify(i, said) })
	}
}

func (v *vault) query(number string) (Standing, error) {
	r := v.records[number]
	switch {
	case v.chance(15):
		return Standing{}, cutOff
	case v.chance(4):
		return Standing{}, badSign2008
	case v.chance(4):
		return Standing{}, paused
	case v.chance(6):
		return Standing{}, []error{odd2010, odd4712, proxy400}[v.rng.IntN(3)]
	case r == nil || r.dead || r.visible.After(v.now()), v.now().Sub(r.taken) < recordLag && v.chance(20):
		return Standing{}, unknown3101
	case v.now().Sub(r.taken) < recordLag && v.chance(30): // an old copy answers
		return Standing{Result: douyin.ResultProcessing, PlatformNo: "D-" + number}, nil
	}
	return Standing{Result: r.result, PlatformNo: "D-" + number}, nil
}

// wire is what one run of a task sees of store and Douyin. It hands control back before and after
// every call, where the worker may be killed or another one may go on.
type wire struct {
	*life
	rows Instructions
	into Answers
}

var (
	errGone = errors.New("server has gone away")
	errOver = context.DeadlineExceeded
)

// write is a statement; its answer may be lost after it took effect.
func (w wire) write(do func() error) error {
	w.pause()
	if w.vault.chance(4) {
		return errGone
	}
	err := do()
	w.pause()
	if w.vault.chance(3) {
		return errGone
	}
	return err
}

func (w wire) Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error) {
	err = w.write(func() (err error) { i, found, err = w.rows.Instruction(ctx, m, number); return err })
	return i, found, err
}

func (w wire) MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (i store.Instruction, err error) {
	err = w.write(func() (err error) {
		if w.over() {
			return errOver
		}
		i, err = w.rows.MarkSending(ctx, seen, at, due)
		return err
	})
	return i, err
}

func (w wire) Alarm(ctx context.Context, seen store.Instruction, alarm string, at time.Time) (i store.Instruction, err error) {
	err = w.write(func() (err error) { i, err = w.rows.Alarm(ctx, seen, alarm, at); return err })
	return i, err
}

func (w wire) Submitted(ctx context.Context, seen store.Instruction, a store.Answer) (i store.Instruction, err error) {
	err = w.write(func() (err error) { i, err = w.into.Submitted(ctx, seen, a); return err })
	return i, err
}

func (w wire) Postpone(ctx context.Context, seen store.Instruction, a store.Answer) (i store.Instruction, err error) {
	err = w.write(func() (err error) { i, err = w.into.Postpone(ctx, seen, a); return err })
	return i, err
}

func (w wire) Finished(ctx context.Context, seen store.Instruction, r store.Result) (changed bool, err error) {
	err = w.write(func() (err error) { changed, err = w.into.Finished(ctx, seen, r); return err })
	return changed, err
}

// Enter is the gate, which holds calls back now and then.
func (w wire) Enter(context.Context, string) (func(error), error) {
	w.pause()
	if w.over() || w.vault.chance(5) {
		return nil, paused
	}
	return func(error) {}, nil
}

// Prepare finds nothing left once a request has arrived: all of the order's money is on its way.
func (w wire) Prepare(_ context.Context, i store.Instruction) (_ store.Instruction, err error) {
	if i.Money != store.Settlement {
		return i, nil
	}
	w.pause()
	switch r := w.vault.records[i.Number]; {
	case w.over(), w.vault.chance(10):
		err = cutOff
	case r != nil && !r.dead:
		err = &NothingToMoveError{}
	}
	w.pause()
	return i, err
}

func (w wire) Send(_ context.Context, i store.Instruction) (no string, _ douyin.Receipt, err error) {
	if w.over() {
		return "", douyin.Receipt{}, notSent
	}
	w.enter(i)
	w.pause()
	if w.over() {
		err = cutOff
	} else {
		no, err = w.vault.send(i)
	}
	w.pause()
	w.leave(i)
	return no, douyin.Receipt{}, err
}

func (w wire) Query(_ context.Context, i store.Instruction) (s Standing, _ douyin.Receipt, err error) {
	w.pause()
	if w.over() {
		err = cutOff
	} else {
		s, err = w.vault.query(i.Number)
	}
	w.pause()
	return s, douyin.Receipt{}, err
}
