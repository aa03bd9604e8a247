// Package loadtest drives orders through a real stack and prints rates and percentiles.
//
// # Why ratios taken in turn
//
// Machines are noisy, so a rate alone says little. Every round runs the same tasks through four workers in turn: asynq with
// a handler that does nothing, asynq with the HTTP call alone, a straightforward handler (four GORM reads, one call, one
// insert), and the whole pipeline. What counts is the median of the rounds' ratios. The yardsticks are plain asynq: only the
// pipeline gathers its scripts (tuning.GatherScripts).
//
// # Why child processes
//
// The worker under test, and the simulator that it calls, are processes of their own, as in production: their memory can be
// read, and the one that fills the queue does not share their heap. The queue is full before a worker starts, so a rate is
// the worker's and not the enqueuer's.
package loadtest
