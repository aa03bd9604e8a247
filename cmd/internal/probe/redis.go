// Package probe asks Redis and MySQL for what a process needs of them, which is more than an
// answer: they have to take what is written. A full Redis, a replica and a database without room
// answer every ping.
//
// # Why a probe writes keys of its own
//
// Nobody but asynq writes asynq's keys. A probe's key has the hash tag of a queue, so in a cluster
// it lies on the node of that queue, and it ends by itself.
package probe

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// keyLife ends a probe's keys.
const keyLife = time.Minute

// keys has one key for each place where tasks wait.
func keys() []string {
	out := []string{"ordersync:probe:{" + inbox.Stream + "}"}
	for _, q := range tasks.Queues() {
		out = append(out, "ordersync:probe:{"+q+"}")
	}
	return out
}

// Redis writes a small key beside each queue, in one pipeline. The error is Redis's first one: OOM
// where its memory is full, MISCONF where its disk is, READONLY on a replica.
func Redis(ctx context.Context, rdb redis.UniversalClient) error {
	p := rdb.Pipeline()
	for _, key := range keys() {
		p.Set(ctx, key, "1", keyLife)
	}
	_, err := p.Exec(ctx)
	return err
}
