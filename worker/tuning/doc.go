// Package tuning makes asynq v0.26 cheaper for a process that has hundreds of tasks in hand. It
// changes nothing that asynq does: a worker without it pushes the same orders, more slowly. A
// program that embeds package worker may import it.
//
// # Why scripts share round trips
//
// asynq takes each step of a task (fetched, done, to be retried, archived) to Redis with a script
// of its own, and a busy process takes thousands of steps a second. Fetching with a round trip for
// each task was a sixth of the process's time (a profile with 200 handlers). GatherScripts sends
// the scripts of one moment in one pipeline. Measured on 2026-11-23 with ordersync loadtest, 9
// rounds in turn: with 8 fetch loops (worker.servers) 12 % more orders of the same processor time,
// with 4 no difference.
//
// # Why a task's stack is grown once
//
// asynq runs every task on a goroutine of its own. Its small stack was copied four times on the way
// down to the sockets, each time with all frames: 5 % of the process's time, measured on 2026-11-23
// with ordersync loadtest. GrowStack pays for one copy, while next to nothing stands on the stack.
//
// # Whether this still pays
//
// Leave a call out and run .ci/loadtest in turn with and without it. Where it makes no difference
// any more, because asynq or Go has changed, it should go.
package tuning
