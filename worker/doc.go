// Package worker does what was asked: rows in, Douyin call out, result written.
//
// # Why a pass announces itself before it calls
//
// An attempt whose end nobody saw may have reached Douyin. So [store.Store.BeginPush] writes "an attempt is open" before
// the call and [store.Store.RecordPush] closes it after. While one is open, nobody trusts what we believe Douyin holds, and
// nobody else pushes the same order: a second task for it waits a moment. When a worker dies in between, the attempt grows
// stale, and the next task (asynq's recovery, or the sweep) pushes again.
//
// # Why whoever pushed looks again
//
// The order may change between reading and calling. The record of every push reads the order once more, and the handler
// goes round again when it differs, so the last push is always of the newest row, whatever the order in which tasks run.
//
// # Why update_time is reserved
//
// BeginPush succeeds only when no other attempt began since the order was read, and it stores the update_time about to be
// sent. Attempts of one order are therefore numbered in the order in which they read the row: a larger update_time always
// carries a row that is at least as new.
//
// # Why one file decides
//
// verdict.go is the only place that turns an error into an outcome and into what asynq is told.
package worker
