package gate

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	lotsPerSecond = 20
	lotLapses     = time.Second     // permission that nobody used in this time is given up
	redisPatience = time.Second     // how long one question to Redis may take
	redisPause    = 5 * time.Second // how long Redis is left alone after it failed
)

// limiter is the rate limit of one op. Callers queue in order of arrival.
type limiter struct {
	turn   *semaphore.Weighted // one caller at a time, first come first served
	redis  *redis_rate.Limiter // nil: local only
	key    string
	local  *rate.Limiter
	health *health
	pace   *pace

	// Below: only the caller whose turn it is.
	limit    redis_rate.Limit
	lot      int // calls that may be made without asking
	lapses   time.Time
	refill   time.Time // the lot is not filled again before: what was had was small
	askRedis time.Time // not before: Redis failed
}

// limiter finds or makes the limiter of op.
func (g *Gate) limiter(op string) *limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.limiters[op]
	if !ok {
		l = g.newLimiter(op)
		g.limiters[op] = l
	}
	return l
}

func (g *Gate) newLimiter(op string) *limiter {
	l := &limiter{
		turn: semaphore.NewWeighted(1), key: "ordersync:" + g.cfg.AppID + ":" + op, health: &g.health,
		local: rate.NewLimiter(0, 1),
		pace:  &pace{top: float64(g.cfg.Rates[op])},
	}
	if g.cfg.OnRate != nil {
		l.pace.report = func(now, most float64) { g.cfg.OnRate(op, now, most) }
	}
	if g.cfg.Redis != nil {
		l.redis, l.pace.redis, l.pace.key = redis_rate.NewLimiter(g.cfg.Redis), g.cfg.Redis, l.key+":pace"
	}
	l.keep(l.pace.rate())
	return l
}

// grid is a multiple of what a double of Redis's script can tell apart in a time of day, until the
// year 2084.
const grid = 1.0 / (1 << 22)

// spacing is the time between two calls, at lots of so many. Where a lot is one call, the script
// asks whether a difference of times that it has rounded is at least this long: a time just below
// the grid is rounded up, others might never let anybody through.
func spacing(perSecond float64, lot int) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	if lot > 1 {
		return time.Duration(float64(time.Second) / perSecond)
	}
	return time.Duration(math.Floor(math.Ceil(1/perSecond/grid) * grid * float64(time.Second)))
}

// keep makes perSecond the rate. 0: none.
func (l *limiter) keep(perSecond float64) {
	lot := max(1, int(perSecond/lotsPerSecond))
	limit := redis_rate.Limit{Rate: 1, Burst: lot, Period: spacing(perSecond, lot)}
	if limit == l.limit {
		return
	}
	l.limit, l.lot = limit, min(l.lot, limit.Burst)
	l.local.SetLimit(rate.Limit(perSecond))
	l.local.SetBurst(limit.Burst)
}

// wait returns when one call may be made, or with ctx's error.
func (l *limiter) wait(ctx context.Context) error {
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.turn.Release(1)
	l.pace.refresh(ctx)
	now := l.pace.rate()
	if now == 0 {
		return ctx.Err()
	}
	l.keep(now)
	if l.redis == nil {
		return l.alone(ctx)
	}
	for {
		now := time.Now()
		if l.lot > 0 && now.Before(l.lapses) {
			l.lot--
			return nil
		}
		if now.Before(l.askRedis) {
			return l.alone(ctx)
		}
		if now.Before(l.refill) {
			if err := await(ctx, nil, l.refill); err != nil {
				return err
			}
		}
		err := l.fill(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			l.askRedis = time.Now().Add(redisPause)
		}
		l.health.tell(err)
	}
}

// fill asks Redis for a lot. Where it gets less than half of one, the next question waits until
// half a lot may have gathered, or else a high rate would be fetched a few calls at a time: as many
// as a round trip lets gather.
func (l *limiter) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	r, err := l.redis.AllowAtMost(ctx, l.key, l.limit, l.limit.Burst)
	if err != nil {
		return err
	}
	now := time.Now()
	l.lot, l.lapses, l.refill = r.Allowed, now.Add(lotLapses), time.Time{}
	if 2*r.Allowed < l.limit.Burst || r.Allowed == 0 {
		l.refill = now.Add(max(r.RetryAfter, l.halfLot(), time.Millisecond))
	}
	return nil
}

// halfLot is the time in which half a lot gathers.
func (l *limiter) halfLot() time.Duration {
	return l.limit.Period * time.Duration(l.limit.Burst) / time.Duration(2*l.limit.Rate)
}

// alone keeps the rate for this process only. It does not use Limiter.Wait, which fails at once
// when ctx's deadline is nearer than the turn: a caller of ours may still be woken by its context
// in an orderly way.
func (l *limiter) alone(ctx context.Context) error {
	r := l.local.Reserve()
	if err := await(ctx, nil, time.Now().Add(r.Delay())); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// health says once that Redis fails the limiters, and once that it is back.
type health struct {
	mu     sync.Mutex
	sick   bool
	report func(error)
}

func (h *health) tell(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if sick := err != nil; sick != h.sick {
		h.sick = sick
		if h.report != nil {
			h.report(err)
		}
	}
}
