// Package worker does what was asked: rows in, Douyin call out, result written. Others may import
// it beside packages store and douyin, to run the handlers inside a program of their own: see the
// example of NewServers.
//
// A field that does not say what its zero value means has to be set.
//
// # Why a pass announces itself before it calls
//
// An attempt whose end nobody saw may have reached Douyin. So [store.Store.BeginPush] writes "an
// attempt is open" before the call and [store.Store.RecordPush] closes it after. While one is open,
// nobody trusts what we believe Douyin holds, and nobody else pushes the same order: a second task
// for it waits a moment. When a worker dies in between, the attempt grows stale, and the next task
// (asynq's recovery, or the sweep) pushes again.
//
// # Why whoever pushed looks again
//
// The order may change between reading and calling. The record of every push reads the order once
// more, and the handler goes round again when it differs, so the last push is always of the newest
// row, whatever the order in which tasks run.
//
// # Why update_time is reserved
//
// BeginPush succeeds only when no other attempt began since the order was read, and it stores the
// update_time about to be sent. Attempts of one order are therefore numbered in the order in which
// they read the row: a larger update_time always carries a row that is at least as new.
//
// # Why faults of the surroundings cost no attempt
//
// Throttling, refused credentials, a full disk or a missing column meet every order alike, and end
// for all of them at once. Backoff would outlive them: an order that was tried four times in vain
// sleeps for minutes. So such a fault parks the task for seconds and leaves its attempts alone
// (surroundings.go), and what bounds the load is not a long sleep but a gate: the limiter and the
// breaker before Douyin, a [Shelter] before the database. Whoever waits there stays in hand for a
// while, so what is in the queue stays there, however much it is. [Line] draws where a push waits,
// in which order and for how long.
//
// # Why the database's clock decides
//
// Whether another task's attempt is over is a difference of two times, of which another host may
// have written one. So [PushHandler].Now is the database's clock (store.Store.Clock), on every
// host.
//
// # Why one file decides
//
// verdict.go, with surroundings.go for pushes, is the only place that turns an error into an
// outcome and into what asynq is told.
package worker
