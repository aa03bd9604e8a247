package inbox_test

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks/inbox"
)

// A producer needs one command and nothing of ours; here it is in Go. An entry for money belongs
// into ordersync_outbox or to the gateway: nothing finds one that Redis has lost.
func Example() {
	push := func(ctx context.Context, rdb *redis.Client, orderID string) error {
		return rdb.XAdd(ctx, &redis.XAddArgs{
			Stream: inbox.Stream, MaxLen: 1_000_000, Approx: true,
			Values: []string{"kind", "push", "order_id", orderID, "cause", "paid"},
		}).Err()
	}
	_ = push
}
