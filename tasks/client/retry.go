package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// firstPause doubles with every try.
const firstPause = 100 * time.Millisecond

// pause is how long to wait before the next try: what the gateway asks for, else firstPause,
// doubled and spread by half either way. ok is false where that is beyond MaxWait or the context's
// deadline.
func (c *Client) pause(ctx context.Context, try int, asked time.Duration) (d time.Duration, ok bool) {
	if d = asked; d <= 0 {
		d = min(firstPause<<try, c.maxWait)
		d = d/2 + rand.N(d)
		d = min(d, c.maxWait)
	}
	deadline, bound := ctx.Deadline()
	return d, d <= c.maxWait && (!bound || time.Until(deadline) > d)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// retryAfter reads the header: seconds, or a date. 0: none that can be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(min(n, 1<<31)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
