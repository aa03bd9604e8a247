package gate

import (
	"context"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// leastPace is what is tried while every call is throttled: one a second over all processes.
	leastPace = 1
	// backTo is the share of the rate that is kept when a call is throttled.
	backTo = 0.7
	// climb decides how fast the rate comes back: from nothing to the configured rate in ten
	// seconds, if nothing is throttled.
	climb = 1000
	// paceRead is how often a process asks what the others have found.
	paceRead = time.Second
	// paceKept is how long Redis keeps it: longer than any climb.
	paceKept = time.Hour
	// unknownScale is the least rate that the climb of an op without a rate is measured by, and
	// farBeyond how many times that rate ends the climb: then calls pass without a limit again.
	unknownScale = 50
	farBeyond    = 4
)

// pace is the rate of one op that Douyin bears, as far as its throttling shows it. A throttled call
// takes the rate down by a share; then it climbs: fast back towards the rate at which it was
// throttled, slowly past it, and faster and faster again where nothing is throttled (the curve of
// TCP CUBIC, RFC 9438). So it stays about a limit that Douyin keeps, and finds back to the
// configured rate in seconds after a storm. All processes of the app share it through Redis, whose
// clock it goes by; each asks once a second. A call that was let through before the rate went down
// says nothing new.
type pace struct {
	top    float64                 // the configured rate; 0: none
	redis  redis.Scripter          // nil: local only
	key    string                  // of a hash
	report func(now, most float64) // told when throttling begins, and when the rate is back; nil: nobody

	mu      sync.Mutex
	backoff backoff   // the newest
	at      time.Time // of backoff, by our clock
	heard   time.Time // when backoff was heard of here
	asked   time.Time // Redis, last
	slow    bool      // as reported
	passed  [2]int    // calls in the second before, and in this one, where there is no configured rate
	second  int64
}

// backoff is what a throttled call left behind.
type backoff struct {
	id    string  // Redis's time, in milliseconds; empty: Redis knows of none
	peak  float64 // calls a second, at which Douyin throttled; 0: never
	base  float64 // what the rate was taken down to
	scale float64 // that the climb is measured by
}

// after is the rate so long after the backoff.
func (t backoff) after(d time.Duration) float64 {
	c := t.scale / climb
	x := d.Seconds() - math.Cbrt((t.peak-t.base)/c)
	return max(t.peak+c*x*x*x, leastPace)
}

// rate is what may be called now in a second; 0: any number.
func (p *pace) rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rateAt(time.Now())
}

func (p *pace) rateAt(now time.Time) float64 {
	r, most := p.top, p.top
	if most == 0 {
		most = farBeyond * p.backoff.scale
	}
	if p.backoff.peak > 0 {
		if climbed := p.backoff.after(now.Sub(p.at)); climbed < most {
			r = climbed
		}
	}
	if slow := r != p.top; slow != p.slow {
		p.slow = slow
		if p.report != nil {
			p.report(r, p.top)
		}
	}
	return r
}

// pass counts a call of an op without a configured rate, so that there is something to come down
// from.
func (p *pace) pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(time.Now())
	p.passed[1]++
}

func (p *pace) count(now time.Time) {
	switch s := now.Unix(); {
	case s == p.second+1:
		p.passed, p.second = [2]int{p.passed[1], 0}, s
	case s != p.second:
		p.passed, p.second = [2]int{}, s
	}
}

// throttled takes the rate down, unless the call was let through before it went down already.
func (p *pace) throttled(entered time.Time) {
	p.mu.Lock()
	now := time.Now()
	if !p.heard.IsZero() && !entered.After(p.heard) {
		p.mu.Unlock()
		return
	}
	r, scale := p.rateAt(now), p.top
	if scale == 0 {
		p.count(now)
		scale = max(unknownScale, float64(max(p.passed[0], p.passed[1])))
	}
	if r == 0 {
		r = max(leastPace, float64(max(p.passed[0], p.passed[1])))
	}
	next := backoff{id: p.backoff.id, peak: r, base: max(leastPace, backTo*r), scale: scale}
	p.take(next, now, 0) // at once, for whoever is let through meanwhile
	p.mu.Unlock()
	if p.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisPatience) // the call is over, and its context may be
	defer cancel()
	p.ask(ctx, &next)
}

// refresh asks what the others have found, where that was not asked lately.
func (p *pace) refresh(ctx context.Context) {
	p.mu.Lock()
	now := time.Now()
	heard := p.redis != nil && now.Sub(p.asked) >= paceRead && (p.top > 0 || p.backoff.peak > 0)
	if heard {
		p.asked = now
	}
	p.mu.Unlock()
	if heard {
		p.ask(ctx, nil)
	}
}

// ask reads the newest backoff from Redis, after writing one that follows on the backoff known
// here. What Redis does not answer is left as it is.
func (p *pace) ask(ctx context.Context, next *backoff) {
	args := []any{"", 0, 0, 0, paceKept.Milliseconds()}
	if next != nil {
		args = []any{next.id, text(next.peak), text(next.base), text(next.scale), paceKept.Milliseconds()}
		if next.id == "" {
			args[0] = "none"
		}
	}
	got, err := paceScript.Run(ctx, p.redis, []string{p.key}, args...).StringSlice()
	if err != nil || len(got) != 5 {
		return
	}
	peak, err1 := strconv.ParseFloat(got[1], 64)
	base, err2 := strconv.ParseFloat(got[2], 64)
	scale, err3 := strconv.ParseFloat(got[3], 64)
	age, err4 := strconv.ParseInt(got[4], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || peak < base || base <= 0 || scale <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if got[0] != p.backoff.id {
		p.take(backoff{got[0], peak, base, scale}, time.Now(), time.Duration(age)*time.Millisecond)
	}
}

// take makes t the newest backoff. p.mu is held.
func (p *pace) take(t backoff, now time.Time, age time.Duration) {
	p.backoff, p.at, p.heard = t, now.Add(-age), now
	p.rateAt(now)
}

func text(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

// paceScript writes a backoff, if the newest one is that which the caller knows, and answers the
// newest.
//
//	KEYS[1] hash: id, peak, base, scale
//	ARGV[1] the id that the caller knows, "none", or "" to read only
//	ARGV[2], ARGV[3], ARGV[4] peak, base and scale of the new backoff
//	ARGV[5] milliseconds that the key is kept
//
// Returns {id, peak, base, scale, age in milliseconds}; all of it is empty where there is no
// backoff.
var paceScript = redis.NewScript(`
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local id = redis.call("HGET", KEYS[1], "id")
if ARGV[1] ~= "" and ARGV[1] == (id or "none") then
  id = string.format("%.0f", now)
  redis.call("HSET", KEYS[1], "id", id, "peak", ARGV[2], "base", ARGV[3], "scale", ARGV[4])
  redis.call("PEXPIRE", KEYS[1], ARGV[5])
end
if not id then
  return {"", "", "", "", ""}
end
local v = redis.call("HMGET", KEYS[1], "peak", "base", "scale")
return {id, v[1], v[2], v[3], string.format("%.0f", math.max(now - id, 0))}
`)
