package gate

import (
	"context"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// hold keeps the calls of one op back for the time that Douyin named when it throttled one of them.
// Where it named none, the lower rate is all.
func (g *Gate) hold(op string, wait time.Duration) {
	if wait == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(wait); until.After(g.held[op]) {
		g.held[op] = until
	}
}

// awaitSilence waits until Douyin's throttling of op is over.
func (g *Gate) awaitSilence(ctx context.Context, op string, deadline time.Time) error {
	g.mu.Lock()
	until, ok := g.held[op]
	if ok && !time.Now().Before(until) {
		delete(g.held, op)
		ok = false
	}
	g.mu.Unlock()
	if !ok {
		return nil
	}
	if err := await(ctx, nil, earlier(until, deadline)); err != nil {
		return stopped(op, err)
	}
	if left := time.Until(until); left > 0 {
		return &douyin.Error{Op: op, Kind: douyin.Paused, RetryAfter: left, Message: "Douyin asked for fewer calls"}
	}
	return nil
}
