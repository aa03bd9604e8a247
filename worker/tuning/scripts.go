package tuning

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// parallelScripts is how many pipelines of scripts are under way at most: the second keeps the
// first from holding up everybody, more would carry one script each again.
const parallelScripts = 2

// GatherScripts is client for asynq's servers, with one difference: the scripts that they run at
// the same time go to Redis in one pipeline.
//
// Whoever asks while fewer than two pipelines are under way sends at once; nobody waits for
// company. Every script has its own answer or error. The context of a call does not end it: the
// client's own time limits do.
func GatherScripts(client redis.UniversalClient) redis.UniversalClient {
	return &scripts{UniversalClient: client}
}

type scripts struct {
	redis.UniversalClient

	mu      sync.Mutex
	pending []*script // whoever sends next takes all of them along
	sending int
}

// script is a caller's.
type script struct {
	sha  string
	keys []string
	args []any

	cmd  *redis.Cmd // the answer
	told chan bool  // false: the answer is there; true: it is the caller's turn to send
}

// EvalSha implements redis.Scripter.
func (s *scripts) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	call := &script{sha: sha, keys: keys, args: args, told: make(chan bool, 1)}
	if s.mayGo(call) {
		s.send(ctx, []*script{call})
	} else if <-call.told {
		s.send(ctx, s.take(call))
	}
	return call.cmd
}

// mayGo tells that the caller sends at once; else it waits to be told.
func (s *scripts) mayGo(call *script) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending < parallelScripts {
		s.sending++
		return true
	}
	s.pending = append(s.pending, call)
	return false
}

// take is call with all that wait.
func (s *scripts) take(call *script) []*script {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := append(s.pending, call)
	s.pending = nil
	return batch
}

// send sends a batch, the last of which is the caller's own, and hands its place on.
func (s *scripts) send(ctx context.Context, batch []*script) {
	ctx = context.WithoutCancel(ctx) // the others' scripts are in it
	p := s.Pipeline()
	for _, call := range batch {
		call.cmd = p.EvalSha(ctx, call.sha, call.keys, call.args...)
	}
	_, _ = p.Exec(ctx) // every command has its own error
	for _, call := range batch[:len(batch)-1] {
		call.told <- false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		s.sending--
		return
	}
	next := s.pending[0]
	s.pending = s.pending[1:]
	next.told <- true
}
