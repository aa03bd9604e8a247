package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// The keys and the group, seen by producers and operators.
const (
	Stream     = "ordersync:inbox"
	DeadStream = "ordersync:inbox:dead"
	Group      = "ordersync"
)

// Outcomes of an entry, as Observe is told.
const (
	Handed = "handed" // a task, or a task that was known already
	Dead   = "dead"   // moved to the dead stream
	Failed = "failed" // not handed over now; it is tried again
)

const (
	batch = 200 // 41,000 entries a second were drained at this size on two cores
	// handAtOnce hides the round trip of each hand-over; entries need no order among them, for a
	// task names and does not carry.
	handAtOnce = 16
	// handTimeout bounds one batch. It is shorter than claimIdle: nobody takes an entry that is
	// still being handed over.
	handTimeout = 20 * time.Second
	// block is how long Redis may keep us waiting, and so how long Run takes to see that its
	// context ended.
	block = time.Second
	// claimIdle is when an entry counts as left behind by a consumer that died.
	claimIdle  = time.Minute
	claimEvery = 15 * time.Second
	// retryAfter is when an entry that failed while others went through is tried again.
	retryAfter = 5 * time.Second
	// idleConsumer is when a consumer that holds nothing is forgotten; a living one asks every
	// second.
	idleConsumer = time.Hour

	// warnEvery keeps an entry that fails again and again from filling the log.
	warnEvery = time.Minute

	firstWait, longestWait = 200 * time.Millisecond, 15 * time.Second
)

// Consumer hands the entries of the stream over. Any number of processes may have one each, or
// several with different names.
type Consumer struct {
	Redis redis.UniversalClient
	// Hand makes a task of an entry, for money after its row. It must be harmless when repeated,
	// must heed ctx, and is called for several entries at once. A *tasks.PayloadError or
	// ErrRefused: never again; any other error: again, until it works.
	Hand func(ctx context.Context, e Entry) error
	// Name tells this consumer from all others that run now, such as "<host>-<uuid>".
	Name string
	Log  zerolog.Logger
	Now  func() time.Time // never nil
	// Observe is told of every entry: its kind ("unknown" for one that could not be read) and its
	// outcome. Nil: nobody.
	Observe func(kind, outcome string)

	timing  timing // the zero value is production's
	claimAt time.Time
	retryAt time.Time // zero: nothing of ours waits
	warnAt  time.Time // no warning before
}

// timing is shortened by tests.
type timing struct{ claimIdle, claimEvery, retryAfter, idleConsumer time.Duration }

func (t timing) orDefault() timing {
	if t == (timing{}) {
		return timing{claimIdle, claimEvery, retryAfter, idleConsumer}
	}
	return t
}

// Run consumes until ctx ends. A Redis that is down or was emptied, or a Hand that always fails, is
// waited for with growing pauses. A batch that was read is handed over before Run returns, in at
// most 20 seconds.
func (c *Consumer) Run(ctx context.Context) {
	c.timing = c.timing.orDefault()
	wait := firstWait
	for failing := false; ctx.Err() == nil; {
		stuck, err := c.round(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !failing:
			c.Log.Error().Err(err).Msg("inbox failed; it is tried again")
		case err == nil && failing:
			c.Log.Info().Msg("inbox works again")
		}
		failing = err != nil
		if err == nil && !stuck {
			wait = firstWait
			continue
		}
		c.retryAt = c.Now() // after the pause, what is held comes first
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
		wait = min(2*wait, longestWait)
	}
	c.leave(ctx)
}

// round takes what the dead left behind, then what failed here, then what is new. stuck: none of
// the new entries could be handed over.
func (c *Consumer) round(ctx context.Context) (stuck bool, err error) {
	stuck, err = c.take(ctx)
	if redis.HasErrorPrefix(err, "NOGROUP") { // the first start, or Redis came back empty
		return false, c.createGroup(ctx)
	}
	return stuck, err
}

func (c *Consumer) createGroup(ctx context.Context) error {
	err := c.Redis.XGroupCreateMkStream(ctx, Stream, Group, "0").Err()
	if err != nil && !redis.HasErrorPrefix(err, "BUSYGROUP") {
		return fmt.Errorf("create the group: %w", err)
	}
	return nil
}

func (c *Consumer) take(ctx context.Context) (stuck bool, err error) {
	if now := c.Now(); !now.Before(c.claimAt) {
		if err := c.claim(ctx); err != nil {
			return false, err
		}
		c.claimAt = now.Add(c.timing.claimEvery)
	}
	if !c.retryAt.IsZero() && !c.Now().Before(c.retryAt) {
		if err := c.again(ctx); err != nil {
			return false, err
		}
	}
	entries, err := c.read(ctx, ">", block)
	if err != nil {
		return false, err
	}
	return c.handOver(ctx, entries)
}

// read asks for new entries (">") or for those that this consumer holds, after an id.
func (c *Consumer) read(ctx context.Context, after string, wait time.Duration) ([]redis.XMessage, error) {
	streams, err := c.Redis.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: Group, Consumer: c.Name, Streams: []string{Stream, after}, Count: batch, Block: wait,
	}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Stream, err)
	}
	return streams[0].Messages, nil
}

// handOver hands entries over, several at once. What failed stays with this consumer, to be tried
// again; stuck: every one of them failed. The error is Redis's.
func (c *Consumer) handOver(ctx context.Context, entries []redis.XMessage) (stuck bool, err error) {
	if len(entries) == 0 {
		return false, nil
	}
	// Outlives ctx: a batch that was read and dropped would wait a minute for somebody to claim it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handTimeout)
	defer cancel()
	var some errgroup.Group
	some.SetLimit(handAtOnce)
	errs := make([]error, len(entries))
	for i, m := range entries {
		some.Go(func() error {
			errs[i] = c.handOne(ctx, m)
			return nil // one bad entry must not keep the others back
		})
	}
	_ = some.Wait()

	var done []string
	var failed int
	var why error
	for i, m := range entries {
		switch {
		case errs[i] == nil:
			done = append(done, m.ID)
		default:
			failed++
			why = fmt.Errorf("entry %s: %w", m.ID, errs[i])
		}
	}
	if err := c.forget(ctx, done); err != nil || failed == 0 {
		return false, err
	}
	now := c.Now()
	c.retryAt = now.Add(c.timing.retryAfter)
	if !now.Before(c.warnAt) {
		c.Log.Warn().Err(why).Int("entries", failed).Msg("inbox: entries could not be handed over; they are tried again")
		c.warnAt = now.Add(warnEvery)
	}
	return len(done) == 0, nil
}

func (c *Consumer) handOne(ctx context.Context, m redis.XMessage) error {
	if m.Values == nil { // deleted or trimmed away while it was held: nothing is left to hand over
		return nil
	}
	kind := "unknown"
	e, err := read(m)
	if err == nil {
		kind = e.Kind()
		err = c.Hand(ctx, e)
	}
	outcome := Handed
	if reason, bad := refusal(err); bad {
		outcome, err = Dead, c.bury(ctx, m, reason)
	}
	if err != nil {
		outcome = Failed
	}
	if c.Observe != nil {
		c.Observe(kind, outcome)
	}
	return err
}

// forget acknowledges and deletes what is done, in one step.
func (c *Consumer) forget(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := c.Redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAck(ctx, Stream, Group, ids...)
		p.XDel(ctx, Stream, ids...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}
