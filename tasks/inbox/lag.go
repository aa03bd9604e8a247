package inbox

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Waiting is how far the consumers are behind.
type Waiting struct {
	Entries int64     // not handed over, those that are held now included
	Oldest  time.Time // when the oldest of them was written, by Redis's clock; zero: none waits
	Dead    int64     // entries in the dead stream
}

// Lag reads how much waits. What is handed over is deleted, so the length of the stream is the
// answer.
func Lag(ctx context.Context, rdb redis.UniversalClient) (Waiting, error) {
	var entries, dead *redis.IntCmd
	var oldest *redis.XMessageSliceCmd
	_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		entries, dead = p.XLen(ctx, Stream), p.XLen(ctx, DeadStream)
		oldest = p.XRangeN(ctx, Stream, "-", "+", 1)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return Waiting{}, fmt.Errorf("inbox: lag: %w", err)
	}
	w := Waiting{Entries: entries.Val(), Dead: dead.Val()}
	if first := oldest.Val(); len(first) > 0 {
		ms, _, _ := strings.Cut(first[0].ID, "-")
		if n, err := strconv.ParseInt(ms, 10, 64); err == nil {
			w.Oldest = time.UnixMilli(n)
		}
	}
	return w, nil
}
