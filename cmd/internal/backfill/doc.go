// Package backfill walks over a shop's old orders and asks for those that Douyin does not hold, gently, and so that it may be
// interrupted at any moment.
//
// # Why the place is kept in MySQL
//
// Redis is only the road, and may come back empty; a file would belong to one machine. A row of ordersync_backfill is where the
// orders are, and it is moved by a compare and set, so two processes that walk over the same range move it once per batch. The place is
// moved when the batch is in its queue. A process that dies before reads its last batch again and asks for the same orders under
// the same ids, which asynq takes once; what was pushed meanwhile is held by then and is left out.
//
// # Why an order is due before it is enqueued
//
// What is in Redis may be lost. So every order that is about to be asked for is first made due in ordersync_order, a quarter of an
// hour ahead. A worker that pushes it takes that back. When Redis came back empty, the scheduler sees it and hands over at
// once whatever is due in the next quarter of an hour; nothing here has to know.
//
// # Why live orders do not wait behind it
//
// A backfill never has more than one second's worth of tasks at the workers (and a few hundred that
// Douyin has failed and that wait for their retry), so it is never all that the workers have in
// hand, and after a pause of the workers there is no wall of old orders to work off. It enqueues
// nothing while live orders wait. Its queue has the lowest weight. And at the gate, where all calls
// stand in line for Douyin's rate, a task of a backfill steps up only when no other one stands
// there (worker.Line), whoever filled its queue. Without that, one old order for each slot went
// before a live one. What is left is that both share Douyin's rate limit.
//
// # Why a number of orders may be an estimate
//
// Counting ten million rows takes seconds, for a progress bar. Up to store.CountLimit they are counted, on the index; beyond it
// the server's own estimate is shown, with "about" before it.
package backfill
