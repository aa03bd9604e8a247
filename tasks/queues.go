package tasks

// The queues. An id must be unique over all of them (asynq keys a running task by its id alone), so
// each kind of task prefixes its ids with its own word.
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

// The names of asynq v0.26's own keys in Redis stand here and nowhere else. Whoever counts tasks
// reads them; the doctor of queues repairs what they hold, and the scheduler writes the names of
// the queues. Nobody else writes there: foreign bytes can switch off asynq's crash recovery.
const (
	KeyQueues  = "asynq:queues"  // a set: the names of the queues that asynqmon shows
	KeyServers = "asynq:servers" // a sorted set: the servers, by when they count as gone (Unix time)
)

// Key is asynq's key of one thing of a queue: the lists "pending" and "active"; the sorted sets
// "scheduled", "retry", "archived", "completed" and "lease"; and "paused", which is there while the
// queue is paused. Example: asynq:{push}:pending.
func Key(queue, thing string) string { return "asynq:{" + queue + "}:" + thing }

// TaskKey is asynq's key of one task, a hash with "msg", "state" and, while it waits,
// "pending_since" in nanoseconds. An empty id gives what the keys of all tasks of the queue begin
// with. Example: asynq:{push}:t:push:123:paid.
func TaskKey(queue, id string) string { return Key(queue, "t:"+id) }
