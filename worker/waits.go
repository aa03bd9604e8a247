package worker

import (
	"context"
	"errors"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

// enter waits at the gate, but not longer than the process serves.
func (r *run) enter(ctx context.Context) (func(error), error) {
	if r.Gate == nil {
		return func(error) {}, nil
	}
	return r.whileServing(ctx, func(ctx context.Context) (func(error), error) {
		return r.Gate.Enter(ctx, douyin.OpOrderPush)
	})
}

// shelter waits while the database is unwell, likewise.
func (r *run) shelter(ctx context.Context) (func(error), error) {
	if r.Shelter == nil {
		return func(error) {}, nil
	}
	return r.whileServing(ctx, r.Shelter.Enter)
}

func (r *run) whileServing(ctx context.Context, wait func(context.Context) (func(error), error)) (func(error), error) {
	if r.Serving == nil {
		return wait(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.Serving, cancel)()
	done, err := wait(ctx)
	if err != nil && r.Serving.Err() != nil { // an operator reads this in asynqmon: nobody else has anything to do with it
		return nil, errStopping
	}
	return done, err
}

// errStopping is why a parked task goes back to its queue.
var errStopping = errors.New("the process is stopping")

// held is a task that was not let through the gate: nothing was sent and no attempt is used up.
func held(err error) verdict {
	wait := max(waitOf(err), inFlightWait)
	return verdict{
		outcome: store.Retrying, kind: douyin.Paused.String(), message: cut.To(err.Error(), maxErrorBytes),
		tell: &postponed{after: wait, why: err.Error(), err: err},
	}
}
