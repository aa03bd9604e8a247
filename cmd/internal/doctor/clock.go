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
	Ahead(ctx context.Context) (store.Ahead, error)
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
	switch ahead, err := c.Ahead(ctx); {
	case err != nil:
		out = append(out, fail(check, err.Error(), "mend the shop's order table first"))
	case ahead.Orders > 0:
		out = append(out, warn(check,
			fmt.Sprintf("%d or more orders were created in the future, up to %s ahead", ahead.Orders, ahead.By.Round(time.Second)),
			"set loc in mysql.dsn to the time zone in which the shop writes, and look at the clock of whoever writes create_time"))
	}
	return out
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}
