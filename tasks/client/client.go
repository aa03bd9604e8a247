package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Timeout is what Config.Timeout is by default: longer than the gateway's own 15 s, so that a
	// call ends with its answer.
	Timeout = 20 * time.Second
	// MaxWait is what Config.MaxWait is by default; the gateway asks for 5 s in general.
	MaxWait = 10 * time.Second
	// Retries is what Config.Retries is by default.
	Retries = 2

	defaultURL = "http://127.0.0.1:8080"
	maxRetries = 10
)

// Config is what New needs. The zero value reaches a gateway on this machine that has no tokens.
type Config struct {
	URL   string // of the gateway, without /v1; empty: http://127.0.0.1:8080
	Token string // one of gateway.tokens; empty: none is sent

	// HTTP sends requests; its redirects are never followed, for they would carry the token
	// elsewhere. nil: a client of its own with Timeout.
	HTTP    *http.Client
	Timeout time.Duration // of one try; 0: the constant Timeout
	Retries int           // beyond the first try, at most 10; 0: the constant Retries; below 0: none
	MaxWait time.Duration // longest wait before a try; 0: the constant MaxWait
}

// String shows where the client asks, and no token.
func (c Config) String() string { return "gateway at " + cmp.Or(c.URL, defaultURL) }

// GoString is String: %#v must not print what %v hides.
func (c Config) GoString() string { return c.String() }

// Client makes calls to one gateway. It may be used by many goroutines at once.
type Client struct {
	base    string
	token   string
	http    *http.Client
	retries int
	maxWait time.Duration
	wait    func(ctx context.Context, d time.Duration) error
}

// String shows where the client asks, and no token.
func (c *Client) String() string { return "gateway at " + c.base }

// GoString is String: %#v must not print what %v hides.
func (c *Client) GoString() string { return c.String() }

// New checks cfg. Nothing is sent.
func New(cfg Config) (*Client, error) {
	base := strings.TrimRight(cmp.Or(cfg.URL, defaultURL), "/")
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("client: URL: want the gateway's address, such as http://127.0.0.1:8080") // it may hold a password
	}
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("client: Token: has something else than visible ASCII characters: a line break?")
	}
	if cfg.Timeout < 0 || cfg.MaxWait < 0 || cfg.Retries > maxRetries {
		return nil, fmt.Errorf("client: want Timeout and MaxWait of 0 and more, and Retries of at most %d", maxRetries)
	}
	retries := max(0, cmp.Or(cfg.Retries, Retries))
	own := http.Client{}
	if cfg.HTTP != nil {
		own = *cfg.HTTP
	}
	if cfg.HTTP == nil || cfg.Timeout > 0 {
		own.Timeout = cmp.Or(cfg.Timeout, Timeout)
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base: base, token: cfg.Token, http: &own, retries: retries, maxWait: cmp.Or(cfg.MaxWait, MaxWait), wait: wait,
	}, nil
}

// ask makes one call and answers what it was answered.
func ask[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	var out T
	if err := c.call(ctx, method, path, in, &out); err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// call makes one call, again where that may help, and reads the answer into out.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	body, err := encode(in)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := c.once(ctx, method, path, body, out)
		var p *Problem
		if err == nil || !errors.As(err, &p) || !p.passing() || try >= c.retries || ctx.Err() != nil {
			return err
		}
		pause, ok := c.pause(ctx, try, p.RetryAfter)
		if !ok || c.wait(ctx, pause) != nil {
			return err
		}
	}
}

func encode(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(in); err != nil {
		return nil, fmt.Errorf("client: the request cannot be JSON: %w", err)
	}
	return b.Bytes(), nil
}

// once makes one try. The error is a *Problem, or the context's.
func (c *Client) once(ctx context.Context, method, path string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "ordersync-go")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("client: %s %s: %w", method, path, ctx.Err())
		}
		return noAnswer(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read to its end, or is given up
	return c.read(answer, out)
}
