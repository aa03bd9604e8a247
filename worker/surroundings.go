package worker

import (
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

const (
	// parkedWait is how long a task sleeps, and up to a quarter longer, that met a fault of the
	// surroundings which names no time.
	parkedWait = 8 * time.Second
	// backWithin is when the sweep asks for an order that met such a fault, should its task be
	// lost.
	backWithin = 30 * time.Second
	// outageWait is the longest wait after an answer that speaks of Douyin as a whole while the
	// breaker is closed, and outageAgain when the sweep asks again for an order whose attempts were
	// all used up by such answers.
	outageWait  = 15 * time.Second
	outageAgain = 5 * time.Minute
)

// judgePush is judge for a push. A fault of the surroundings costs no attempt: throttling, refused
// credentials, a database that fails everybody. The task parks, as at an open breaker, and comes
// back soon, because such a fault ends for all orders at once. sick tells whether the breaker is
// not closed: then an answer that speaks of Douyin as a whole is such a fault too. While it is
// closed other orders are answered well, and this one may be at fault itself.
func judgePush(err error, a attempt, sick bool) verdict {
	v := judge(err, a)
	switch {
	case err == nil:
	case ofSurroundings(err) || sick && outage(err):
		v.outcome = store.Retrying
		v.within = backWithin
		v.tell = &postponed{after: parkedFor(err), why: v.message, err: err}
	case outage(err):
		v.within = backWithin
		if v.outcome == store.GaveUp {
			v.within = outageAgain
		}
		v.tell = &shortly{taskError{text: v.message, err: err}}
	}
	return v
}

// ofSurroundings tells whether err would have met any other order as well.
func ofSurroundings(err error) bool {
	var failure *douyin.Error
	if !errors.As(err, &failure) {
		return store.Unwell(err) || store.Busy(err)
	}
	return failure.Kind == douyin.Throttled || failure.Kind == douyin.Unauthorized || failure.Kind == douyin.Paused ||
		failure.Op == douyin.OpTokenCache // Redis
}

func outage(err error) bool {
	var failure *douyin.Error
	return errors.As(err, &failure) && failure.Outage()
}

// parkedFor is how long a task sleeps that met such a fault. Whoever was throttled comes back at
// once: the gate holds him back.
func parkedFor(err error) time.Duration {
	if wait := waitOf(err); wait > 0 {
		return wait
	}
	var failure *douyin.Error
	if errors.As(err, &failure) && failure.Kind == douyin.Throttled {
		return inFlightWait
	}
	return parkedWait
}

// shortly is a failure whose task waits outageWait at most, whatever the number of its attempts.
type shortly struct{ taskError }

func (s *shortly) Unwrap() error { return s.err }

// held is what a task comes to that the Line did not let through: nothing was sent and no attempt
// is used up.
func held(err error) verdict {
	wait := max(waitOf(err), inFlightWait)
	return verdict{
		outcome: store.Retrying, kind: douyin.Paused.String(), message: words(err.Error()),
		tell: &postponed{after: wait, why: err.Error(), err: err},
	}
}
