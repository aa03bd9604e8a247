package worker

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hibiken/asynq"
)

// backoffSteps are the longest waits before the 2nd, 3rd, ... run of a task; the last one repeats.
var backoffSteps = []time.Duration{
	5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
}

// leastWait keeps a task from coming back in the moment in which it failed.
const leastWait = time.Second

// longestSpread bounds how far tasks are spread that wait for the same moment: their gate lets them
// through one by one anyway.
const longestSpread = 10 * time.Second

// Backoff decides when a failed task runs again. The zero value is ready.
type Backoff struct {
	// Scale shortens or stretches every wait of ours, not Douyin's. 0: 1, as in production; the
	// demo is in a hurry.
	Scale float64
	// Jitter is in [0,1). Nil: random.
	Jitter func() float64
}

// Delay is an asynq.RetryDelayFunc: full jitter over the step of the n-th retry (n counts from 0),
// at least a second. A wait that the error names is obeyed and spread over a quarter more, at most
// longestSpread. A task whose worker died runs at once: asynq has waited for its lease already.
func (b Backoff) Delay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0
	}
	if wait := waitOf(err); wait > 0 {
		return wait + time.Duration(b.jitter()*float64(min(wait/4, longestSpread)))
	}
	longest := longestWait(n)
	var soon *shortly
	if errors.As(err, &soon) {
		longest = min(longest, outageWait)
	}
	wait := b.jitter() * float64(longest)
	if b.Scale > 0 {
		wait *= b.Scale
	}
	return max(leastWait, time.Duration(wait))
}

func (b Backoff) jitter() float64 {
	if b.Jitter != nil {
		return b.Jitter()
	}
	return rand.Float64()
}

// longestWait is the upper bound of Delay for the n-th retry, without a wait that the error names.
func longestWait(n int) time.Duration {
	return backoffSteps[min(max(n, 0), len(backoffSteps)-1)]
}
