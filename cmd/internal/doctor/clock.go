package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store"
)

// Clock is what Clocks needs: a *store.Store.
type Clock interface {
	Skew(ctx context.Context) (ahead time.Duration, err error)
	CheckTimes(ctx context.Context) []store.Finding
}

// Clocks compares this machine's clock and the shop's times with the database's clock, which is the one that counts between processes.
func Clocks(ctx context.Context, c Clock) []Result {
	const check = "clock"
	skew, err := c.Skew(ctx)
	if err != nil {
		return []Result{fail(check, err.Error(), "mend the database first")}
	}
	var out []Result
	if skew.Abs() > store.MostSkew {
		out = append(out, warn(check, fmt.Sprintf("this machine is %s %s the database", skew.Abs().Round(100*time.Millisecond), side(skew)),
			"let both take their time from one source (NTP): asynq goes by this machine's clock"))
	} else {
		out = append(out, ok(check, "agrees with the database's"))
	}
	for _, f := range c.CheckTimes(ctx) {
		out = append(out, result(check, f))
	}
	return out
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}
