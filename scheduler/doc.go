// Package scheduler asks again: because a clock rang, it finds in MySQL what Douyin does not know
// yet and enqueues it, hands the outbox over to asynq, and keeps the log from growing. Others may
// import it beside packages worker and store, to run ordersync inside a program of their own.
//
// A field that does not say what its zero value means has to be set.
//
// # Why it looks in MySQL and never in Redis
//
// MySQL is the truth, Redis is only the road. asynq trims its archive, its crash recovery calls no
// error handler, an admin can delete a task, and Redis can come back empty. So the sweep compares
// the shop's orders with what we know Douyin holds.
//
// # Why finding and asking are two steps
//
// The sweep first marks what it found in ordersync_order (due_at), then hands over whatever is due,
// in one place. Every other reason to ask again (a retry whose task was lost, a worker that died,
// an order that was given up, an operator's retry) is a due_at as well. So there is one list of
// what Douyin does not know, and anybody can read it.
//
// # Why Redis bears marks
//
// What was handed over is left alone for a quarter of an hour, so that a long queue does not get a
// second copy of itself. Had Redis come back empty meanwhile, nobody would ask for it in that time.
// So orders, refunds and settlements have a key each that never expires: where it is missing,
// everything handed over is handed over again, and then the key is set. Orders get a new due time
// by that. Refunds and settlements keep theirs, because it tells the next worker that a request is
// in flight.
//
// # What finds a task that Redis has lost alone
//
// A key that was evicted or deleted leaves the marks standing. Whoever lost its task is asked for
// again when its due_at comes:
//
//	lost                                                found after at most
//	what the scheduler had handed over                  15 minutes and a round (scheduler.sweep_every, 1 minute)
//	the retry of a task, of orders and of money         the wait of that retry, an hour at the longest, and two minutes
//	a running task, with its worker                     2 to 4 minutes: the open attempt, or the announced request, is due
//	a push that was asked for and that nobody took up   scheduler.sweep_after and a round, 3 minutes, where the order's status is not
//	                                                    what Douyin holds, or shop.columns.updated_at is set; else never
//	a new refund or settlement                          a round: its row is due from the first
//
// Shortening the quarter of an hour was left: it is longer than the longest backlog needs at the
// default rate (10,000 tasks at 50 a second are 200 seconds, settlements at 30 a second 334), and
// whatever made Redis lose keys would be fed with copies. With maxmemory-policy noeviction, which
// the doctor asks for, Redis drops nothing by itself.
//
// # Why two schedulers do no harm
//
// There is no leader. The id of a task that a scheduler enqueues names the order or the instruction
// and its due time; both schedulers build the same id, and asynq takes it once. The outbox is
// claimed row by row.
package scheduler
