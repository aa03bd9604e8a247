// Package scheduler asks again: because a clock rang, it finds in MySQL what Douyin does not know yet and enqueues it, hands
// the outbox over to asynq, and keeps the log from growing.
//
// # Why it looks in MySQL and never in Redis
//
// MySQL is the truth, Redis is only the road. asynq trims its archive, its crash recovery calls no error handler, an admin
// can delete a task, and Redis can come back empty. So the sweep compares the shop's orders with what we know Douyin holds.
//
// # Why finding and asking are two steps
//
// The sweep first marks what it found in ordersync_order (due_at), then hands over whatever is due, in one place. Every
// other reason to ask again (a retry whose task was lost, a worker that died, an order that was given up, an operator's
// retry) is a due_at as well. So there is one list of what Douyin does not know, and anybody can read it.
//
// # Why Redis bears a mark
//
// An order that was handed over is left alone for a quarter of an hour, so that a long queue does not get a second copy of
// itself. Had Redis come back empty meanwhile, nobody would ask for it in that time. So there is a key that never expires: where
// it is missing, everything handed over is handed over again, and then the key is set.
//
// # Why two schedulers do no harm
//
// There is no leader. The id of a task that the sweep enqueues names the order and its due time; both schedulers build the
// same id, and asynq takes it once. The outbox is claimed row by row.
package scheduler
