package gate

import "maps"

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
