package worker

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// parallelAcks is how many pipelines of acknowledgements are under way at most: the second keeps the first from holding up
// everybody, more would carry one task each again.
const parallelAcks = 2

// GatherAcks is client for asynq's servers, with one difference: what handlers tell Redis about their tasks at the same time
// (done, retry, archive) goes there in one pipeline. Tasks that were recorded in one transaction end in the same moment; to
// acknowledge each in a round trip of its own costs the process, and Redis, a tenth of all that an order costs them.
//
// asynq runs each of these as one script with a deadline, the end of the task's lease; a script without one (the fetch of the
// next task) goes to Redis at once and alone. The context of a call does not end it: the client's own time limits do.
func GatherAcks(client redis.UniversalClient) redis.UniversalClient {
	return &acks{UniversalClient: client}
}

type acks struct {
	redis.UniversalClient

	mu      sync.Mutex
	pending []*ack // whoever sends next takes all of them along
	sending int
}

// ack is a caller's script.
type ack struct {
	sha  string
	keys []string
	args []any

	cmd  *redis.Cmd // the answer
	told chan bool  // false: the answer is there; true: it is the caller's turn to send
}

// EvalSha implements redis.Scripter.
func (a *acks) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	if _, ok := ctx.Deadline(); !ok {
		return a.UniversalClient.EvalSha(ctx, sha, keys, args...)
	}
	call := &ack{sha: sha, keys: keys, args: args, told: make(chan bool, 1)}
	if a.mayGo(call) {
		a.send(ctx, []*ack{call})
	} else if <-call.told {
		a.send(ctx, a.take(call))
	}
	return call.cmd
}

// mayGo tells that the caller sends at once; else it waits to be told.
func (a *acks) mayGo(call *ack) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sending < parallelAcks {
		a.sending++
		return true
	}
	a.pending = append(a.pending, call)
	return false
}

// take is call with all that wait.
func (a *acks) take(call *ack) []*ack {
	a.mu.Lock()
	defer a.mu.Unlock()
	batch := append(a.pending, call)
	a.pending = nil
	return batch
}

// send sends a batch, the last of which is the caller's own, and hands its place on.
func (a *acks) send(ctx context.Context, batch []*ack) {
	ctx = context.WithoutCancel(ctx) // the others' scripts are in it
	p := a.Pipeline()
	for _, call := range batch {
		call.cmd = p.EvalSha(ctx, call.sha, call.keys, call.args...)
	}
	_, _ = p.Exec(ctx) // every command has its own error
	for _, call := range batch[:len(batch)-1] {
		call.told <- false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pending) == 0 {
		a.sending--
		return
	}
	next := a.pending[0]
	a.pending = a.pending[1:]
	next.told <- true
}
