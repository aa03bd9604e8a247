package assembly

import (
	"fmt"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

// The ladder: whoever waits for somebody waits longer than that one may take. Each rung belongs to
// the room that waits; only here are all of them in sight.
//
//	rung                        stands in                 is below
//	one call to Douyin          douyin.timeout            a pass, a request of the gateway
//	a pass of a push            worker.PassTimeout        a task, with the wait before it
//	the wait before a pass      longestPark               a task, with the pass
//	a task                      tasks.Timeout             the shutdown, with the record
//	writing the result down     worker.RecordTimeout      the shutdown, with the task
//	a request of the gateway    gateway.Timeout           the drain
//	the drain of a port         Drain                     the end of the command
//	the shutdown of the worker  worker.shutdown_timeout   the end of the command
//	the end of the command      Ending                    the container's grace period
//
// The drain and the shutdown run side by side: a process that has both fetches no task from the
// signal on, so what is in hand has used up the drain's time of its own when the shutdown begins.
//
// Ladder checks the two that are configured; a test holds the others, and the defaults.
const (
	// longestPark is how long a task may wait for a handler and at the closed gate together.
	longestPark = 20 * time.Second
	// Drain is how long a port lets requests in flight end after a signal: as long as the gateway
	// gives a request.
	Drain = gateway.Timeout
	// closeSlack is what the end of a command may take beside worker.shutdown_timeout.
	closeSlack = 8 * time.Second
)

// Ending is what the end of a command may take after a signal, whatever does not answer. With it a
// process is gone before the grace period of its container is over.
func Ending(cfg *configs.Config) time.Duration { return cfg.Worker.ShutdownTimeout + closeSlack }

// Ladder checks the rungs that are configured. It is for configs.Load.
func Ladder(cfg *configs.Config) []configs.Problem {
	var out []configs.Problem
	call, shutdown := cfg.Douyin.Timeout, cfg.Worker.ShutdownTimeout
	if longestPark+worker.PassTimeout(call) >= tasks.Timeout {
		most := (tasks.Timeout - longestPark - worker.PassTimeout(0)) / worker.PassCalls
		out = append(out, configs.Problem{Key: "douyin.timeout", Want: fmt.Sprintf(
			"%d calls of %v, %v of statements and %v of waiting for a handler and at the gate do not fit into a task's %v: want less than %v",
			worker.PassCalls, call, worker.PassTimeout(0), longestPark, tasks.Timeout, most.Truncate(100*time.Millisecond))})
	}
	if least := tasks.Timeout + worker.RecordTimeout; shutdown < least {
		out = append(out, configs.Problem{Key: "worker.shutdown_timeout", Want: fmt.Sprintf(
			"%v is too short for a task (%v) and its record (%v), and asynq would hand the task to another process while it still runs: "+
				"want at least %v", shutdown, tasks.Timeout, worker.RecordTimeout, least)})
	}
	return out
}
