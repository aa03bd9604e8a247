package tasks

// The queues. An id must be unique over all of them (asynq keys a running task by its id alone), so each kind of task
// prefixes its ids with its own word.
const (
	QueuePush     = "push"     // live orders
	QueueSweep    = "sweep"    // what the scheduler found
	QueueBackfill = "backfill" // old orders, asked for by hand
	QueueRefund   = "refund"
	QueueSettle   = "settle"
)

// Queues are all of them, in the order of their importance.
func Queues() []string {
	return []string{QueueRefund, QueueSettle, QueuePush, QueueSweep, QueueBackfill}
}

// Types of task.
const (
	TypePushOrder = "order:push"
	TypeRefund    = "refund:run"
	TypeSettle    = "settle:run"
)
