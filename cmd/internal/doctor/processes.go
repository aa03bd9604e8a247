package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/alive"
)

// Processes warns where some parts of ordersync run and others do not, and where a breaker is open.
// Where none runs there is nothing to say: doctor is asked before the first start, too.
func Processes(ctx context.Context, rdb redis.UniversalClient) []Result {
	all, err := alive.Read(ctx, rdb)
	if err != nil {
		return nil // Redis says why
	}
	return processes(all)
}

func processes(all []alive.Process) (out []Result) {
	const check = "processes"
	living := slices.DeleteFunc(slices.Clone(all), func(p alive.Process) bool { return !p.Alive() })
	if len(living) == 0 {
		return nil
	}
	for _, role := range []string{alive.Gateway, alive.Worker, alive.Scheduler} {
		if !slices.ContainsFunc(living, func(p alive.Process) bool { return p.Has(role) }) {
			out = append(out, warn(check, "no "+role+" runs", "start it: ordersync "+role))
		}
	}
	var open []string
	for _, p := range living {
		for calls, state := range p.Breakers {
			if state != "closed" && !slices.Contains(open, calls) {
				open = append(open, calls)
			}
		}
	}
	if len(open) > 0 {
		slices.Sort(open)
		out = append(out, warn(check, "the circuit breaker is not closed for: "+strings.Join(open, ", "),
			"see what Douyin answers (ordersync status); a few calls are tried every 15 seconds, and it closes by itself"))
	}
	if out == nil {
		out = append(out, ok(check, "gateway, worker and scheduler run, and every circuit breaker is closed"))
	}
	return out
}
