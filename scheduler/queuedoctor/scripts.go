package queuedoctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks"
)

// list is one of asynq's lists of task ids.
type list struct {
	name   string
	sorted bool // a sorted set
}

var lists = []list{
	{"active", false}, {"pending", false}, {"scheduled", true}, {"retry", true}, {"archived", true}, {"completed", true},
}

// task is one entry of a list and what stands behind it.
type task struct {
	id, message   string
	there, leased bool // there: it has a message; leased: also true where no lease is needed
}

// readPage reads a page of a list and the messages behind it.
//
// KEYS[1] -> tasks.Key(queue, list)
// KEYS[2] -> tasks.Key(queue, "lease")
// ARGV[1] -> LRANGE or ZRANGE
// ARGV[2] -> first rank
// ARGV[3] -> last rank
// ARGV[4] -> tasks.TaskKey(queue, "")
// ARGV[5] -> 1 when a lease is needed
// Returns id, message (nil when there is none) and leased (0 or 1) of each.
var readPage = redis.NewScript(`
local found = {}
for _, id in ipairs(redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3])) do
  local leased = 1
  if ARGV[5] == "1" and not redis.call("ZSCORE", KEYS[2], id) then
    leased = 0
  end
  table.insert(found, id)
  table.insert(found, redis.call("HGET", ARGV[4] .. id, "msg"))
  table.insert(found, leased)
end
return found`)

// read reads the next page of a list. The list moves while it is read; what is missed now is seen
// by a later check.
func (d *Doctor) read(ctx context.Context, queue string, l list) ([]task, error) {
	listKey := tasks.Key(queue, l.name)
	first, command, needsLease := d.next[listKey], "LRANGE", 0
	if l.sorted {
		command = "ZRANGE"
	}
	if l.name == "active" {
		needsLease = 1
	}
	reply, err := readPage.Run(ctx, d.Redis, []string{listKey, tasks.Key(queue, "lease")},
		command, first, first+page-1, tasks.TaskKey(queue, ""), needsLease).Slice()
	if err != nil {
		return nil, err
	}
	found := make([]task, 0, len(reply)/3)
	for i := 0; i+2 < len(reply); i += 3 {
		var t task
		t.id, _ = reply[i].(string)
		t.message, t.there = reply[i+1].(string)
		t.leased = reply[i+2] == int64(1)
		found = append(found, t)
	}
	d.next[listKey] = first + page
	if len(found) < page {
		d.next[listKey] = 0
	}
	return found, nil
}

// removeGhostCmd removes an id that has no message, and what is left of its task, so that the id
// can be used again.
//
// KEYS[1] -> tasks.Key(queue, list)
// KEYS[2] -> tasks.TaskKey(queue, id)
// KEYS[3] -> tasks.Key(queue, "lease")
// ARGV[1] -> id
// ARGV[2] -> LREM or ZREM
// Returns 1 when it was removed, 0 when it is no ghost any more.
var removeGhostCmd = redis.NewScript(`
if redis.call("HEXISTS", KEYS[2], "msg") == 1 then
  return 0
end
local n
if ARGV[2] == "LREM" then
  n = redis.call("LREM", KEYS[1], 0, ARGV[1])
  redis.call("ZREM", KEYS[3], ARGV[1])
else
  n = redis.call("ZREM", KEYS[1], ARGV[1])
end
redis.call("DEL", KEYS[2])
return math.min(n, 1)`)

func (d *Doctor) removeGhost(ctx context.Context, s suspect) (removed int, err error) {
	command := "LREM"
	if s.list.sorted {
		command = "ZREM"
	}
	return removeGhostCmd.Run(ctx, d.Redis,
		[]string{tasks.Key(s.queue, s.list.name), tasks.TaskKey(s.queue, s.id), tasks.Key(s.queue, "lease")}, s.id, command).Int()
}

// giveLeaseCmd gives an active task the lease that it lacks.
//
// KEYS[1] -> tasks.Key(queue, "active")
// KEYS[2] -> tasks.Key(queue, "lease")
// KEYS[3] -> tasks.TaskKey(queue, id)
// ARGV[1] -> id
// ARGV[2] -> Unix seconds at which the lease ends
// Returns 1 when it got one, 0 when it needs none.
var giveLeaseCmd = redis.NewScript(`
if redis.call("HEXISTS", KEYS[3], "msg") == 0 or redis.call("ZSCORE", KEYS[2], ARGV[1]) then
  return 0
end
for _, id in ipairs(redis.call("LRANGE", KEYS[1], 0, -1)) do
  if id == ARGV[1] then
    redis.call("ZADD", KEYS[2], ARGV[2], id)
    return 1
  end
end
return 0`)

func (d *Doctor) giveLease(ctx context.Context, s suspect) (given int, err error) {
	return giveLeaseCmd.Run(ctx, d.Redis,
		[]string{tasks.Key(s.queue, "active"), tasks.Key(s.queue, "lease"), tasks.TaskKey(s.queue, s.id)}, s.id, d.Now().Unix()).Int()
}

// takeOutCmd takes a task out of all lists, if its message is still the one that was judged.
//
// KEYS[1] -> tasks.TaskKey(queue, id)
// KEYS[2] -> tasks.Key(queue, "active")
// KEYS[3] -> tasks.Key(queue, "pending")
// KEYS[4:] -> tasks.Key(queue, …) of lease, scheduled, retry, archived, completed
// ARGV[1] -> id
// ARGV[2] -> the message
// Returns 1 when it was taken out, 0 when its message is another one now.
var takeOutCmd = redis.NewScript(`
if redis.call("HGET", KEYS[1], "msg") ~= ARGV[2] then
  return 0
end
redis.call("LREM", KEYS[2], 0, ARGV[1])
redis.call("LREM", KEYS[3], 0, ARGV[1])
for i = 4, #KEYS do
  redis.call("ZREM", KEYS[i], ARGV[1])
end
redis.call("DEL", KEYS[1])
return 1`)

// quarantine keeps the message first and takes the task out then: the hash lies on another node of
// a cluster, so they cannot change together, and a doctor that dies in between must lose nothing.
func (d *Doctor) quarantine(ctx context.Context, queue string, t task) (moved int, err error) {
	kept, err := d.Redis.HLen(ctx, Quarantine).Result()
	if err != nil || kept >= maxQuarantine {
		return 0, err
	}
	field := queue + "/" + t.id
	if err := d.Redis.HSet(ctx, Quarantine, field, t.message).Err(); err != nil {
		return 0, err
	}
	keys := []string{tasks.TaskKey(queue, t.id), tasks.Key(queue, "active"), tasks.Key(queue, "pending"), tasks.Key(queue, "lease")}
	for _, l := range lists {
		if l.sorted {
			keys = append(keys, tasks.Key(queue, l.name))
		}
	}
	return takeOutCmd.Run(ctx, d.Redis, keys, t.id, t.message).Int()
}

// trimCmd deletes the oldest archived tasks, with the lock of asynq.Unique if they hold one.
//
// KEYS[1] -> tasks.Key(queue, "archived")
// ARGV[1] -> how many may stay
// ARGV[2] -> how many to delete at most
// ARGV[3] -> tasks.TaskKey(queue, "")
// Returns how many were deleted.
var trimCmd = redis.NewScript(`
local n = math.min(redis.call("ZCARD", KEYS[1]) - tonumber(ARGV[1]), tonumber(ARGV[2]))
if n <= 0 then
  return 0
end
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, n - 1)) do
  local lock = redis.call("HGET", ARGV[3] .. id, "unique_key")
  if lock and lock ~= "" and redis.call("GET", lock) == id then
    redis.call("DEL", lock)
  end
  redis.call("DEL", ARGV[3] .. id)
end
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, n - 1)
return n`)

// trim keeps the archive below its limit.
func (d *Doctor) trim(ctx context.Context, queue string, report Report) error {
	archived, err := d.Redis.ZCard(ctx, tasks.Key(queue, "archived")).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("archive: %w", err)
	}
	if archived <= maxArchived {
		return nil
	}
	deleted := 0
	for range trimSteps {
		n, err := trimCmd.Run(ctx, d.Redis, []string{tasks.Key(queue, "archived")}, safeArchived, trimStep, tasks.TaskKey(queue, "")).Int()
		deleted += n
		if err != nil {
			report.add(queue, Overfull, int(archived)-safeArchived, deleted)
			return fmt.Errorf("trim the archive: %w", err)
		}
		if n < trimStep {
			break
		}
	}
	report.add(queue, Overfull, int(archived)-safeArchived, deleted)
	return nil
}
