package gate

import (
	"context"
	"maps"
)

// Rate is how many calls of one op pass in a second, over all processes of the app.
type Rate struct {
	Now  float64 // what Douyin's throttling leaves of Most; 0: no limit
	Most float64 // as configured; 0: no limit
}

// Rates are the rates of the ops that were called so far.
func (g *Gate) Rates() map[string]Rate {
	g.mu.Lock()
	limiters := maps.Clone(g.limiters)
	g.mu.Unlock()
	rates := make(map[string]Rate, len(limiters))
	for op, l := range limiters {
		rates[op] = Rate{Now: l.pace.rate(), Most: l.pace.top}
	}
	return rates
}

// Look asks what all processes have found of one op, and is its rate. Where Redis does not answer
// it is what this process knows.
func (g *Gate) Look(ctx context.Context, op string) Rate {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	p := g.limiter(op).pace
	if p.redis != nil {
		p.ask(ctx, nil)
	}
	return Rate{Now: p.rate(), Most: p.top}
}
