package metrics

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks"
)

// oldestLooked is how many of the oldest pending ids are looked at for one whose task is there: ghosts gather at that end.
const oldestLooked = 20

var (
	queueTasks  = describe("queue_tasks", "Tasks of a queue by state.", "queue", "state")
	queueOldest = describe("queue_oldest_pending_seconds", "How long the oldest task has been waiting for a worker; 0: none waits.", "queue")
	queuePaused = describe("queue_paused", "1: an operator has paused the queue.", "queue")
	servers     = describe("queue_servers", "asynq servers with a heartbeat: each worker process has several.")
)

// states of a task, as asynq's keys are called.
var states = []string{"pending", "active", "scheduled", "retry", "archived", "completed"}

// depth is what one queue's keys tell.
type depth struct {
	queue  string
	sizes  map[string]*redis.IntCmd
	oldest *redis.StringSliceCmd
	paused *redis.IntCmd
	since  []*redis.StringCmd
}

// readQueues asks for lengths in one round trip and for the age of the oldest in a second one.
func (s *shared) readQueues(ctx context.Context, out chan<- prometheus.Metric) error {
	now := s.Now()
	var alive *redis.IntCmd
	depths := make([]depth, len(s.Queues))
	_, err := s.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range s.Queues {
			depths[i] = ask(ctx, p, q)
		}
		alive = p.ZCount(ctx, tasks.KeyServers, strconv.FormatInt(now.Unix(), 10), "+inf")
		return nil
	})
	err = errors.Join(err, s.readSince(ctx, depths))
	for _, d := range depths { // one key that is not what it should be hides no other
		for _, state := range states {
			if n, err := d.sizes[state].Result(); err == nil {
				out <- gauge(queueTasks, float64(n), d.queue, state)
			}
		}
		if d.oldest.Err() == nil {
			out <- gauge(queueOldest, age(now, d.pendingSince()), d.queue)
		}
		if n, err := d.paused.Result(); err == nil {
			out <- gauge(queuePaused, float64(n), d.queue)
		}
	}
	if n, err := alive.Result(); err == nil {
		out <- gauge(servers, float64(n))
	}
	return err
}

func ask(ctx context.Context, p redis.Pipeliner, queue string) depth {
	d := depth{queue: queue, sizes: map[string]*redis.IntCmd{}}
	for _, state := range states {
		if state == "pending" || state == "active" {
			d.sizes[state] = p.LLen(ctx, tasks.Key(queue, state))
		} else {
			d.sizes[state] = p.ZCard(ctx, tasks.Key(queue, state))
		}
	}
	// Workers take from this end.
	d.oldest = p.LRange(ctx, tasks.Key(queue, "pending"), -oldestLooked, -1)
	d.paused = p.Exists(ctx, tasks.Key(queue, "paused"))
	return d
}

// readSince asks since when the oldest tasks are pending. A task that has no answer is a ghost, or was just taken.
func (s *shared) readSince(ctx context.Context, depths []depth) error {
	_, err := s.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range depths {
			for _, id := range depths[i].oldest.Val() {
				depths[i].since = append(depths[i].since, p.HGet(ctx, tasks.TaskKey(depths[i].queue, id), "pending_since"))
			}
		}
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

// pendingSince is the zero time when no task waits.
func (d depth) pendingSince() time.Time {
	var oldest time.Time
	for _, c := range d.since {
		ns, err := strconv.ParseInt(c.Val(), 10, 64)
		if at := time.Unix(0, ns); err == nil && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// age is 0 for the zero time and for the future.
func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(now.Sub(since).Seconds(), 0)
}
