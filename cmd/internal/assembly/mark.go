package assembly

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/scheduler"
)

// markKey is gone when Redis came back empty. It is not one of asynq's.
const markKey = "ordersync:sweep:mark"

// redisMark is the sweep's mark.
type redisMark struct{ redis redis.UniversalClient }

var _ scheduler.Mark = redisMark{}

// Stands asks for the key.
func (m redisMark) Stands(ctx context.Context) (bool, error) {
	n, err := m.redis.Exists(ctx, markKey).Result()
	return n > 0, err
}

// Set writes the key, for ever.
func (m redisMark) Set(ctx context.Context) error { return m.redis.Set(ctx, markKey, "1", 0).Err() }
