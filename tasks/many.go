package tasks

import (
	"context"
	"sync"

	"github.com/hibiken/asynq"
)

// manyAtOnce is how many round trips EnqueueMany keeps in flight. asynq v0.26 has no batch call; 32
// goroutines on one client were its peak (61,800 tasks a second on two cores, Redis beside it; 128
// made 34,600).
const manyAtOnce = 32

// Wanted is one item of EnqueueMany: a push and the options that are its own, such as
// asynq.ProcessIn.
type Wanted struct {
	PushOrder
	Options []asynq.Option // none: at once
}

// Result is what became of one item of EnqueueMany.
type Result struct {
	Fresh bool  // queued now; false with a nil Err: the same change is known already
	Err   error // *PayloadError: refused; anything else: not known to be queued, ask again
}

// EnqueueMany puts every item on its queue and answers for each, in the order of the items. One bad
// item does not keep the others back. When ctx ends, the items that were not sent yet carry its
// error. Where ctx has an OpenTelemetry span, the whole lot is one span beneath it.
func EnqueueMany(ctx context.Context, q Enqueuer, items []Wanted) []Result {
	if len(items) > 0 && traced(ctx) {
		return enqueueManyTraced(ctx, q, items)
	}
	return enqueueMany(ctx, q, items, nil)
}

// enqueueMany is EnqueueMany without its span. headers travel with every task; nil: none.
func enqueueMany(ctx context.Context, q Enqueuer, items []Wanted, headers map[string]string) []Result {
	results := make([]Result, len(items))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(manyAtOnce, len(items)) {
		workers.Go(func() {
			for i := range next {
				if results[i].Err = ctx.Err(); results[i].Err == nil {
					results[i].Fresh, results[i].Err = enqueue(ctx, q, items[i].PushOrder, headers, items[i].Options)
				}
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}
