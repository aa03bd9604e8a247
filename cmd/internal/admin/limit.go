package admin

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// Ten sign-ins at once, then one in six seconds, for each user and for each address: a person who mistypes never notices.
	signInBurst = 10
	signInEvery = 6 * time.Second
	// maxKept bounds the memory; when so many are on watch at once, nobody new signs in until some are calm again.
	maxKept = 4096
	// bcryptAtOnce bounds the cores that guessing can hold.
	bcryptAtOnce = 2
)

// limits holds back whoever tries too often. The zero value is ready.
type limits struct {
	mu   sync.Mutex
	kept map[string]*rate.Limiter
}

// allow takes one try of key, and tells whether there was one.
func (l *limits) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.kept[key]
	if !ok {
		if len(l.kept) >= maxKept && !l.drop(now) {
			return false
		}
		if l.kept == nil {
			l.kept = map[string]*rate.Limiter{}
		}
		one = rate.NewLimiter(rate.Every(signInEvery), signInBurst)
		l.kept[key] = one
	}
	return one.AllowN(now, 1)
}

// drop forgets who has been calm for long, and tells whether there is room now.
func (l *limits) drop(now time.Time) bool {
	for key, one := range l.kept {
		if one.TokensAt(now) >= signInBurst {
			delete(l.kept, key)
		}
	}
	return len(l.kept) < maxKept
}
