package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Buried is an entry of the dead stream, without its payload.
type Buried struct {
	ID      string // in the dead stream
	At      time.Time
	Reason  string
	Kind    string
	OrderID string
}

// BuriedEntries are the newest entries of the dead stream, the newest first: those before an id, or
// from the newest on where it is empty.
func BuriedEntries(ctx context.Context, rdb redis.UniversalClient, before string, limit int64) ([]Buried, error) {
	from := "+"
	if before != "" {
		from = "(" + before
	}
	found, err := rdb.XRevRangeN(ctx, DeadStream, from, "-", limit).Result()
	if err != nil {
		return nil, fmt.Errorf("inbox: read the dead stream: %w", err)
	}
	all := make([]Buried, len(found))
	for i, m := range found {
		field := func(name string) string {
			text, _ := m.Values[name].(string)
			return text
		}
		all[i] = Buried{ID: m.ID, Reason: field("dead_reason"), Kind: field("kind"), OrderID: field("order_id")}
		if at := writtenAt(m.ID); at != 0 {
			all[i].At = time.UnixMilli(at)
		}
	}
	return all, nil
}
