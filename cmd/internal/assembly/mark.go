package assembly

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/scheduler"
)

// redisMark is a job's mark: the key ordersync:<job>:mark is gone when Redis came back empty. It is
// not one of asynq's.
type redisMark struct {
	redis redis.UniversalClient
	job   string
}

var _ scheduler.Mark = redisMark{}

func (m redisMark) key() string { return "ordersync:" + m.job + ":mark" }

// Stands asks for the key.
func (m redisMark) Stands(ctx context.Context) (bool, error) {
	n, err := m.redis.Exists(ctx, m.key()).Result()
	return n > 0, err
}

// Set writes the key, for ever.
func (m redisMark) Set(ctx context.Context) error { return m.redis.Set(ctx, m.key(), "1", 0).Err() }
