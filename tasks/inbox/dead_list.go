package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Buried is an entry of the dead stream, without its payload.
type Buried struct {
	ID      string    // in the dead stream
	At      time.Time // when it was put aside
	Reason  string    // why it can never be handed over
	Kind    string    // as the entry has it; may be none that is known
	OrderID string    // as the entry has it; may be empty
}

// BuriedPage asks for entries of the dead stream: without Before and After for the newest ones.
type BuriedPage struct {
	Before string // those older than this id
	After  string // those newer, the nearest to it; of both the one that is set counts
	Limit  int64  // entries at most; at least 1, for Redis answers 0 with no list
}

// BuriedEntries are entries of the dead stream, the newest first, and how many there are in it.
func BuriedEntries(ctx context.Context, rdb redis.UniversalClient, p BuriedPage) (all []Buried, total int64, err error) {
	if total, err = rdb.XLen(ctx, DeadStream).Result(); err != nil {
		return nil, 0, fmt.Errorf("inbox: read the dead stream: %w", err)
	}
	var found []redis.XMessage
	switch {
	case p.After != "":
		found, err = rdb.XRangeN(ctx, DeadStream, "("+p.After, "+", p.Limit).Result()
		slices.Reverse(found)
	case p.Before != "":
		found, err = rdb.XRevRangeN(ctx, DeadStream, "("+p.Before, "-", p.Limit).Result()
	default:
		found, err = rdb.XRevRangeN(ctx, DeadStream, "+", "-", p.Limit).Result()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("inbox: read the dead stream: %w", err)
	}
	all = make([]Buried, len(found))
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
	return all, total, nil
}
