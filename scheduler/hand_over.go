package scheduler

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks"
)

// handed is a row that is due, on its way to its task.
type handed struct {
	task  *asynq.Task
	unfit error // why no task can name the row; nil: task does

	postpone func() error // makes the row due later, in case Redis loses the task
	drop     func() error // ends the row that no task can name
}

// handOver enqueues the task of a row, or drops the row, so that it holds up no other. An error is
// Redis's or the database's, and the next row would meet it too.
func handOver(ctx context.Context, q tasks.Enqueuer, h handed) error {
	if h.unfit != nil {
		return h.drop()
	}
	if err := enqueueOnce(ctx, q, h.task); err != nil {
		return err
	}
	return h.postpone()
}

// enqueueOnce enqueues a task. One whose id is known already is on its way, and no error.
func enqueueOnce(ctx context.Context, q tasks.Enqueuer, t *asynq.Task) error {
	_, err := q.EnqueueContext(ctx, t)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	return err
}

// dueRevision names the time at which a row was due in the id of its task, so that two schedulers,
// or one that died and came back, make one task of it.
func dueRevision(due time.Time) string { return revision("due-", due) }

// revision is a word and a due time.
func revision(word string, due time.Time) string {
	return word + strconv.FormatInt(due.UnixMilli(), 10)
}
