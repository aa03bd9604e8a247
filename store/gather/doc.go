// Package gather lets calls that are made at the same time share one run. It knows nothing of SQL: a
// Group takes keys, and gives its run many of them. It is a back room of package store, and not made
// for import from elsewhere.
//
//	g := gather.New(gather.Config{Window: 2 * time.Millisecond, Size: 256}, run)
//	value, err := g.Do(ctx, key) // shares a run with whoever asks meanwhile
//	g.Close()                    // when nobody asks any more
//
// # When a call waits
//
// A call that finds no run in flight, after a run of one call, waits for nothing. Example: a worker
// with one task loads its order at once, and its statement names one id.
//
// A call that finds a run in flight waits for its end. All that have come meanwhile travel in the
// next run, at most Config.Size of them. Two runs at once would halve the batches.
//
// After a run of several calls the next run waits for company, for as long as that run took, and at
// most Config.Window. Example: the last run carried 40 calls and took 3 ms, and Window is 2 ms, so
// the next one waits 2 ms; had the last one taken 1 ms, it would wait 1 ms; and it begins as soon as
// Size calls are there. A database that answers at once is not waited for longer than it works, and
// a busy one gets larger batches.
//
// A call waits for the rest of its run only where it needs that: the run answers the others before
// (Call.Answer), and the next run begins meanwhile.
//
// # What was measured
//
// With 200 handlers on two cores, two runs at once cost half as much again of MySQL and of the
// processor for each order as one at a time. Whoever changes when a call waits measures it again:
// go test ./store -run none -bench PushCycle tells statements for each order, and orders for each
// second.
//
// # What ends a call
//
// A run has a context of its own, which Config.Timeout ends: no caller's end fails the others. A
// caller whose context ends first gets its cause, and what it asked for may still be done; one
// whose context has ended before its run begins is left out. A run that answers nothing and fails
// nothing answers each call with what Call.Value and Call.Err are in the end.
//
// # Why it is not dataloader
//
// graph-gophers/dataloader was tried against the needs and left: it runs a batch under the context
// of the first caller, so one cancelled task fails the others; it waits its full window also when
// nobody else calls; it does not bound the number of batches in flight; it cannot be drained at
// shutdown.
package gather
