package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	maxReasonBytes = 512
	// A dead entry is cut to what a person can read and Redis can hold: at most 10,000 of them
	// stay.
	maxDeadEntries    = 10_000
	maxDeadFields     = 32
	maxDeadNameBytes  = 128
	maxDeadValueBytes = 16 << 10
)

// bury moves an entry to the dead stream: "dead_reason", "dead_entry" (its id), then its own
// fields. A consumer that dies in between leaves it in both, and the next one buries it once more:
// the two streams may lie on different nodes of a cluster, so they cannot change together.
func (c *Consumer) bury(ctx context.Context, m redis.XMessage, reason string) error {
	values := []string{"dead_reason", reason, "dead_entry", m.ID}
	names := slices.Sorted(maps.Keys(m.Values))
	for _, name := range names[:min(len(names), maxDeadFields)] {
		text, _ := m.Values[name].(string)
		values = append(values, shorten(name, maxDeadNameBytes), shorten(text, maxDeadValueBytes))
	}
	err := c.Redis.XAdd(ctx, &redis.XAddArgs{Stream: DeadStream, MaxLen: maxDeadEntries, Approx: true, Values: values}).Err()
	if err != nil {
		return fmt.Errorf("move entry %s to %s: %w", m.ID, DeadStream, err)
	}
	return nil
}

// shorten cuts text and leaves its bytes as they came: they may be the very fault.
func shorten(text string, most int) string {
	if !utf8.ValidString(text) {
		return text[:min(len(text), most)]
	}
	return cut.To(text, most)
}
