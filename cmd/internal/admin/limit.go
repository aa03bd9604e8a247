package admin

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// Ten sign-ins at once, then one in six seconds, for each user from each address: a person who mistypes never notices.
	signInBurst = 10
	signInEvery = 6 * time.Second
	// Twice that for an address: one who mistypes leaves room for the others behind the same proxy.
	addressBurst = 2 * signInBurst
	addressEvery = signInEvery / 2
	// A hundred at once, then one a second, for each user from anywhere. Six addresses together are needed to use that up, and guessing
	// is held to 86,400 tries a day.
	userBurst = 100
	userEvery = time.Second
	// maxKept bounds the addresses that are remembered; of more, the one that was seen longest ago is forgotten.
	maxKept = 4096
	// maxNames is when the calm names of one address are forgotten: more than it can have on watch.
	maxNames = 3 * addressBurst
	// bcryptAtOnce bounds the cores that guessing can hold.
	bcryptAtOnce = 2
)

// limits holds back whoever tries too often. The address is asked first, so that one that is held back uses up nothing of anybody
// else's. The zero value is ready.
type limits struct {
	mu      sync.Mutex
	callers map[string]*caller       // by address
	users   map[string]*rate.Limiter // by name; all names that nobody has share the empty one
}

// caller is one address.
type caller struct {
	all   *rate.Limiter
	names map[string]*rate.Limiter // each that it tried lately, known or not: an answer tells nothing about names
	last  time.Time
}

// allow takes one try of a name from an address, and tells whether there was one.
func (l *limits) allow(from, name string, exists bool, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.caller(network(from), now)
	if !c.all.AllowN(now, 1) || !c.name(name, now).AllowN(now, 1) {
		return false
	}
	if !exists {
		name = ""
	}
	user, ok := l.users[name]
	if !ok {
		if l.users == nil {
			l.users = map[string]*rate.Limiter{}
		}
		user = rate.NewLimiter(rate.Every(userEvery), userBurst)
		l.users[name] = user
	}
	return user.AllowN(now, 1)
}

func (l *limits) caller(from string, now time.Time) *caller {
	c, ok := l.callers[from]
	if !ok {
		if len(l.callers) >= maxKept {
			l.forget(now)
		}
		if l.callers == nil {
			l.callers = map[string]*caller{}
		}
		c = &caller{all: rate.NewLimiter(rate.Every(addressEvery), addressBurst), names: map[string]*rate.Limiter{}}
		l.callers[from] = c
	}
	c.last = now
	return c
}

// forget drops the addresses that are calm again, or else the one that was seen longest ago.
func (l *limits) forget(now time.Time) {
	oldest := ""
	for from, c := range l.callers {
		if c.all.TokensAt(now) >= addressBurst {
			delete(l.callers, from)
		} else if oldest == "" || c.last.Before(l.callers[oldest].last) {
			oldest = from
		}
	}
	if len(l.callers) >= maxKept {
		delete(l.callers, oldest)
	}
}

func (c *caller) name(name string, now time.Time) *rate.Limiter {
	one, ok := c.names[name]
	if ok {
		return one
	}
	if len(c.names) >= maxNames {
		for n, l := range c.names {
			if l.TokensAt(now) >= signInBurst {
				delete(c.names, n)
			}
		}
	}
	one = rate.NewLimiter(rate.Every(signInEvery), signInBurst)
	c.names[name] = one
	return one
}

// network is what one person can have all addresses of: an IPv4 address, or the first 64 bits of an IPv6 address.
func network(from string) string {
	ip, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
