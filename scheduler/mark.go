package scheduler

import (
	"context"
	"time"
)

// Mark is a key in Redis that never expires: where it is gone, everything else is gone too. Each
// job has a mark of its own, for each has to hand over again what it had handed over.
type Mark interface {
	Stands(ctx context.Context) (bool, error)
	Set(ctx context.Context) error
}

// loss is the moment at which a job found that Redis had come back empty. The zero value: nothing
// is known to be lost.
type loss struct{ at time.Time }

// notice asks the mark, unless a loss is known already. noticed: there is one, and this call has
// found it.
func (l *loss) notice(ctx context.Context, m Mark, now time.Time) (noticed bool, err error) {
	if m == nil || l.happened() {
		return false, nil
	}
	stands, err := m.Stands(ctx)
	if err != nil || stands {
		return false, err
	}
	l.at = now
	return true, nil
}

func (l *loss) happened() bool { return !l.at.IsZero() }

// until is the due time up to which everything may be lost: what was handed over at that moment or
// later is due at the end of handOverAgain or later.
func (l *loss) until() time.Time { return l.at.Add(handOverAgain - time.Millisecond) }

// recovered sets the mark once everything was handed over again. A job that dies before leaves it
// to the next one.
func (l *loss) recovered(ctx context.Context, m Mark) error {
	if !l.happened() {
		return nil
	}
	if err := m.Set(ctx); err != nil {
		return err
	}
	l.at = time.Time{}
	return nil
}
