package douyin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

const maxBodyBytes = 1 << 20

// caller makes one HTTP exchange with Douyin and judges the answer. It never retries.
type caller struct {
	http    *http.Client
	base    string
	timeout time.Duration
	now     func() time.Time
	rules   []Rule // nil: those of codes.go
	codes   map[int]Kind
	gateway bool
	onCall  func(op string, took time.Duration, err error)
}

func newCaller(cfg Config) *caller {
	c := &caller{base: cfg.baseURL(), timeout: cfg.timeout(), now: cfg.Now, codes: cfg.Codes, onCall: cfg.OnCall}
	if c.now == nil {
		c.now = time.Now
	}
	h := http.Client{}
	if cfg.HTTP != nil {
		h = *cfg.HTTP
	} else {
		h.Transport = newTransport()
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &h
	return c
}

// newTransport keeps a connection for each of 200 handlers. Idle ones are closed after 30 s, before
// a server's usual 60 s: a POST on a connection that the other side is just closing is lost, and
// nobody knows whether it took effect.
func newTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else { // somebody replaced the default, a tracer for instance
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	t.MaxIdleConns = 256
	t.MaxIdleConnsPerHost = 256
	t.IdleConnTimeout = 30 * time.Second
	t.DisableCompression = true // answers have some hundred bytes, requests a little more
	t.ReadBufferSize, t.WriteBufferSize = 2<<10, 2<<10
	return t
}

// answer is what came back, as far as something came back.
type answer struct {
	status   int
	logID    string
	body     []byte // at most maxBodyBytes
	duration time.Duration
}

// post sends body and judges what comes back. The error is an *Error; secrets are hidden from its
// message.
func (c *caller) post(ctx context.Context, op, path string, body []byte, secrets ...string) (answer, error) {
	return c.postWith(ctx, op, path, nil, body, secrets...)
}

// postWith is post with headers beside our own.
func (c *caller) postWith(ctx context.Context, op, path string, header http.Header, body []byte, secrets ...string) (answer, error) {
	a, err := c.exchange(ctx, op, path, header, body, secrets...)
	if c.onCall != nil {
		c.onCall(op, a.duration, err)
	}
	return a, err
}

// exchange is postWith without its report.
func (c *caller) exchange(ctx context.Context, op, path string, header http.Header, body []byte, secrets ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	trip := &trip{}
	ctx = httptrace.WithClientTrace(ctx, trip.trace())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, &Error{Op: op, Kind: Unavailable, Err: bare(err)}
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ordersync")

	if err := ended(ctx); err != nil { // before the transport is asked: nothing was sent for certain
		return answer{}, &Error{Op: op, Kind: Unavailable, Err: err}
	}
	started := c.now()
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{duration: c.now().Sub(started)}, &Error{Op: op, Kind: Unavailable, MayHave: trip.maySend(), Err: bare(err)}
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below; closing it cannot tell anything new
	a := answer{status: resp.StatusCode, logID: clean(resp.Header.Get("X-Tt-Logid"), maxLogIDBytes)}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	a.duration = c.now().Sub(started)
	if a.logID == "" {
		a.logID = logIDOf(a.body)
	}
	switch {
	case len(a.body) > maxBodyBytes:
		a.body, err = a.body[:maxBodyBytes], errTooLong
		return a, &Error{Op: op, Kind: Unavailable, HTTPStatus: a.status, LogID: a.logID, MayHave: true, Err: err}
	case err != nil && a.status < 300: // a body cut short; with an error status, the status alone says enough
		return a, &Error{Op: op, Kind: Unavailable, HTTPStatus: a.status, LogID: a.logID, MayHave: true, Err: bare(err)}
	}
	v := verdict{op: op, status: a.status, retryAfter: resp.Header.Get("Retry-After"), now: c.now(), rules: c.rules, codes: c.codes, gateway: c.gateway, secrets: secrets}
	if e := v.judge(a.body); e != nil {
		e.LogID = a.logID
		return a, e
	}
	return a, nil
}

// ended is ctx.Err, and tells as well of a time that is over and whose timer has not rung yet: a
// process that was stopped for a while may go on before its timers do.
func ended(ctx context.Context) error {
	if until, ok := ctx.Deadline(); ok && !time.Now().Before(until) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

var errTooLong = errors.New("answer is longer than 1 MiB")

// bare drops the URL and whatever a proxy put around a network error; what is left names hosts and
// reasons only.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// trip sees how far a request came. A transport that does not report its steps is taken to have
// sent it.
type trip struct{ dialing, connected atomic.Bool }

func (t *trip) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.dialing.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	}
}

// maySend is false when it is known that not one byte of the request left.
func (t *trip) maySend() bool { return t.connected.Load() || !t.dialing.Load() }
