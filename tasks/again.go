package tasks

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
)

// Queue is an Enqueuer with which what was given up may be asked for again under the same name.
// asynq keeps the id of an archived task for up to 90 days, and a client alone answers that the
// task is known already while nothing will ever come of it. What was refused has no task any more:
// it may be asked for again by any client.
type Queue struct {
	*asynq.Client
	Inspector *asynq.Inspector // of the same Redis
}

// forgetting is an Enqueuer that can make room for a task whose id an archived one has.
type forgetting interface {
	// Forget deletes a task that is archived, and tells whether it was. Any other task stays.
	Forget(queue, id string) (forgotten bool, err error)
}

// named is a request that knows its task's queue and id.
type named interface {
	ID() string
	Queue() string
}

// Forget implements forgetting. Of two who ask at once both may find the archived task; then the
// second deletes what the first has put on the queue, and puts the same there.
func (q Queue) Forget(queue, id string) (bool, error) {
	info, err := q.Inspector.GetTaskInfo(queue, id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound): // its time was over a moment ago
		return true, nil
	case err != nil:
		return false, err
	case info.State != asynq.TaskStateArchived:
		return false, nil
	}
	switch err := q.Inspector.DeleteTask(queue, id); {
	case err == nil, errors.Is(err, asynq.ErrTaskNotFound):
		return true, nil
	default: // it runs by now, or Redis fails
		return false, err
	}
}

// enqueueAgain is called where the id of t is taken. fresh is false, and err nil, when the task is
// on its way or was done lately.
func enqueueAgain(ctx context.Context, q Enqueuer, r Request, t *asynq.Task, opts []asynq.Option) (fresh bool, err error) {
	archive, able := q.(forgetting)
	name, has := r.(named)
	if !able || !has {
		return false, nil
	}
	forgotten, err := archive.Forget(name.Queue(), name.ID())
	if err != nil {
		return false, fmt.Errorf("tasks: ask again for %s: %w", name.ID(), err)
	}
	if !forgotten {
		return false, nil
	}
	switch _, err = q.EnqueueContext(ctx, t, opts...); {
	case err == nil:
		return true, nil
	case errors.Is(err, asynq.ErrTaskIDConflict): // somebody else was faster
		return false, nil
	}
	return false, fmt.Errorf("tasks: enqueue %s: %w", t.Type(), err)
}
