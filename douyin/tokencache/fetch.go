package tokencache

import (
	"context"
	"errors"
	"time"

	"github.com/bsm/redislock"

	"github.com/ordersync/ordersync/douyin"
)

// fetchOrWait becomes the one who fetches, or waits for the one who does. When the lock's holder
// has died, the lock ends by itself and the next one who looks takes it.
func (c *Cache) fetchOrWait(ctx context.Context) (string, error) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for {
		lock, err := redislock.Obtain(ctx, c.cfg.Redis, c.shared.lock, c.lockFor(), nil)
		if err == nil {
			defer release(ctx, lock)
			return c.fetch(ctx, lock.Token(), view.decided)
		}
		if !errors.Is(err, redislock.ErrNotObtained) {
			return "", fault(err)
		}
		timer.Reset(pollEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return "", fault(ctx.Err())
		}
		drops := c.drops.Load()
		v, err := c.shared.read(ctx)
		switch {
		case err != nil:
			return "", err
		case v.token != "":
			return c.hold(v.token, v.left, drops), nil
		case v.failure != nil:
			return "", v.failure
		}
	}
}

// refresh replaces a token in good time. It does not wait for the lock: who holds it is doing the
// same.
func (c *Cache) refresh(ctx context.Context) bool {
	lock, err := redislock.Obtain(ctx, c.cfg.Redis, c.shared.lock, c.lockFor(), nil)
	if err != nil {
		return errors.Is(err, redislock.ErrNotObtained)
	}
	defer release(ctx, lock)
	_, err = c.fetch(ctx, lock.Token(), func(v view) bool { return v.failure != nil || (v.token != "" && !v.aged()) })
	return err == nil
}

// fetch looks once more, now that the lock is held, and asks Douyin unless what it finds is enough.
func (c *Cache) fetch(ctx context.Context, lock string, enough func(view) bool) (string, error) {
	drops := c.drops.Load()
	v, err := c.shared.read(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case enough(v) && v.token != "":
		return c.hold(v.token, v.left, drops), nil
	case enough(v):
		return "", v.failure
	}
	token, err := c.ask(ctx)
	if err != nil {
		return "", err
	}
	life := usable(token.ExpiresIn)
	// When storing fails, or our lock is lost and another token is in place, this one still serves
	// those who wait here: it was fetched a moment ago and lives for 5 minutes at least.
	if stored, err := c.shared.store(ctx, lock, token.Value, life); err == nil && stored {
		c.hold(token.Value, life, drops)
	}
	return token.Value, nil
}

// ask fetches, reports, and leaves a failure behind for the others.
func (c *Cache) ask(ctx context.Context) (douyin.Token, error) {
	fetching, cancel := context.WithTimeout(ctx, c.cfg.FetchTimeout)
	defer cancel()
	started := c.cfg.Now()
	token, err := c.cfg.Fetcher.FetchToken(fetching)
	took := c.cfg.Now().Sub(started)
	if err == nil {
		c.cfg.OnFetch(took, nil)
		return token, nil
	}
	var e *douyin.Error
	if !errors.As(err, &e) {
		e = &douyin.Error{Op: douyin.OpTokenFetch, Kind: douyin.Unavailable, Err: err}
	}
	c.cfg.OnFetch(took, e)
	// When this cannot be written, the others ask for themselves, one at a time: the lock sees to
	// that. It is not written when ctx has ended: then it was we who stopped, and not Douyin who
	// failed.
	_ = c.shared.remember(ctx, e, c.rememberFor(e))
	return douyin.Token{}, e
}

func (c *Cache) rememberFor(e *douyin.Error) time.Duration {
	switch {
	case errors.Is(e, douyin.ErrCredentials):
		return c.cfg.RefusedFor
	case e.Kind == douyin.Throttled && e.RetryAfter > 0:
		return min(e.RetryAfter, longestThrottled)
	}
	return failedFor
}

// usable leaves a margin for the time a call takes: the last minute, or a tenth of a short life.
func usable(life time.Duration) time.Duration {
	return max(life-min(time.Minute, life/10), time.Millisecond)
}

// release lets the lock go also when ctx has ended: the next one should not have to wait for its
// end.
func release(ctx context.Context, lock *redislock.Lock) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = lock.Release(ctx) // lost or unreachable: it ends by itself
}
