package doctor

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/alive"
)

// Neighbours looks for living processes of another deployment in the same Redis database: with another app, or with
// another database of MySQL. The queues have the same names, so each takes the other's tasks and reads the order
// of that key in its own shop. An empty app or database is not compared. What Redis does not answer is Redis's line.
func Neighbours(ctx context.Context, rdb redis.UniversalClient, app, database string) []Result {
	all, err := alive.Read(ctx, rdb)
	if err != nil {
		return nil
	}
	for _, p := range all {
		if p.Alive() && (another(app, p.App) || another(database, p.Database)) {
			return []Result{fail("redis",
				fmt.Sprintf("another deployment uses the database of redis.uri: process %d on %s has douyin.app_id %s and the database %s, so each takes the other's tasks", p.PID, p.Host, p.App, p.Database),
				"give each deployment a database of its own in Redis (the number at the end of redis.uri) and in MySQL, or end that process")}
		}
	}
	return nil
}

func another(ours, theirs string) bool { return ours != "" && theirs != "" && ours != theirs }
