package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// claimPages bounds one round of claiming; the next one starts from the beginning again.
const claimPages = 10

// claim takes over the entries of consumers that died, and forgets those consumers.
func (c *Consumer) claim(ctx context.Context) error {
	for start, page := "0-0", 0; page < claimPages; page++ {
		entries, next, err := c.Redis.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: Stream, Group: Group, Consumer: c.Name, MinIdle: c.timing.claimIdle, Start: start, Count: batch,
		}).Result()
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		if len(entries) > 0 {
			c.Log.Info().Int("entries", len(entries)).Msg("inbox: took over what another consumer left behind")
		}
		if _, err := c.handOver(ctx, entries); err != nil {
			return err
		}
		if start = next; next == "0-0" {
			break
		}
	}
	err := forgetIdle.Run(ctx, c.Redis, []string{Stream}, Group, c.timing.idleConsumer.Milliseconds()).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("forget idle consumers: %w", err)
	}
	return nil
}

// forgetIdle removes consumers that hold nothing and have not asked for long. In one script,
// because removing a consumer that holds an entry would lose the entry.
//
// KEYS[1] -> ordersync:inbox
// ARGV[1] -> the group
// ARGV[2] -> milliseconds without a word
// Returns the number of consumers removed.
var forgetIdle = redis.NewScript(`
local gone = 0
for _, consumer in ipairs(redis.call("XINFO", "CONSUMERS", KEYS[1], ARGV[1])) do
  local is = {}
  for i = 1, #consumer, 2 do
    is[consumer[i]] = consumer[i + 1]
  end
  if is.pending == 0 and is.idle >= tonumber(ARGV[2]) then
    redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], is.name)
    gone = gone + 1
  end
end
return gone`)

// again tries what this consumer holds: entries that failed, and a batch whose end Redis did not
// hear of.
func (c *Consumer) again(ctx context.Context) error {
	c.retryAt = time.Time{}
	for after := "0"; ; {
		entries, err := c.read(ctx, after, -1)
		if err != nil || len(entries) == 0 {
			return err
		}
		if _, err := c.handOver(ctx, entries); err != nil {
			return err
		}
		after = entries[len(entries)-1].ID
		if !c.retryAt.IsZero() { // something failed again: new entries come first now
			return nil
		}
	}
}

// leave takes the consumer out of the group, unless it holds entries: those are claimed from it by
// name.
func (c *Consumer) leave(ctx context.Context) {
	// Outlives ctx, which has ended: this is the last thing a stopping process does here.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := leaveGroup.Run(ctx, c.Redis, []string{Stream}, Group, c.Name).Err()
	if err != nil && !redis.HasErrorPrefix(err, "NOGROUP") {
		c.Log.Debug().Err(err).Msg("inbox: the consumer's name stays in the group; it is forgotten in an hour")
	}
}

// leaveGroup removes a consumer that holds nothing.
//
// KEYS[1] -> ordersync:inbox
// ARGV[1] -> the group
// ARGV[2] -> the consumer
// Returns 1 when it is gone, 0 when it holds entries.
var leaveGroup = redis.NewScript(`
if #redis.call("XPENDING", KEYS[1], ARGV[1], "-", "+", 1, ARGV[2]) > 0 then
  return 0
end
redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], ARGV[2])
return 1`)
