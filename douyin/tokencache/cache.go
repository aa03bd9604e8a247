package tokencache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"github.com/ordersync/ordersync/douyin"
)

const (
	copyFor          = time.Second            // how long a process trusts its copy
	patience         = 250 * time.Millisecond // how long Redis is waited for while the copy would do
	pollEvery        = 50 * time.Millisecond  // how often one waiter per process looks whether another has fetched
	lockSpare        = 3 * time.Second        // the lock outlives the longest fetch by this
	failedFor        = time.Second            // how long a passing failure is everybody's answer
	refreshPause     = 30 * time.Second       // between failed refreshes of one process while the old token is good
	longestThrottled = time.Minute
)

// ClientToken is the Purpose of the client_token, which the calls of open.douyin.com carry.
const ClientToken = "trade:clt"

// Fetcher asks Douyin for a new token: a *douyin.TokenFetcher, or a *trade.TokenFetcher for a
// client_token.
type Fetcher interface {
	FetchToken(ctx context.Context) (douyin.Token, error)
}

// Config is what a Cache needs. Redis, AppID, Secret and Fetcher are required.
type Config struct {
	Redis  redis.UniversalClient
	AppID  string
	Secret string // of the app: seals the token in Redis
	// Host is where Fetcher asks, without scheme. A token of one host is none of another's, such as the simulator's. Empty:
	// Douyin's own.
	Host string
	// Purpose names which of the app's tokens this is, where it has several, such as ClientToken. Tokens of another purpose
	// have other keys and another seal. Empty: the access_token of the order push.
	Purpose string
	Fetcher Fetcher

	FetchTimeout time.Duration // bounds one fetch; 0: 12 s. Longer than the Fetcher's own HTTP timeout
	ForceEvery   time.Duration // at most one refused token is thrown away in this time, over all processes; 0: 10 s
	RefusedFor   time.Duration // how long refused credentials are remembered; 0: 60 s
	// OnFetch is told of every real fetch this process made, for logs and metrics; nil: nobody. err
	// is nil or an *Error.
	OnFetch func(took time.Duration, err error)
	Now     func() time.Time // nil: time.Now
}

// String shows whose token it is, and no secret.
func (c Config) String() string { return fmt.Sprintf("tokencache.Config{AppID: %q}", c.AppID) }

// GoString is String: %#v must not print what %v hides.
func (c Config) GoString() string { return c.String() }

// Cache hands out the token that all processes share. It is safe for concurrent use.
type Cache struct {
	cfg    Config
	shared shared

	held   atomic.Pointer[held]
	drops  atomic.Uint64 // counts Invalidate: a load that began before one must not bring the stale token back
	flight singleflight.Group
	ahead  background
}

// held is the process's own copy.
type held struct {
	token      string
	freshUntil time.Time // until then nobody asks Redis
	aliveUntil time.Time // until then it serves while Redis cannot be asked
}

var _ douyin.Tokens = (*Cache)(nil)

// New makes a Cache. Close ends what it does in the background.
func New(cfg Config) (*Cache, error) {
	if cfg.Redis == nil || cfg.Fetcher == nil || cfg.AppID == "" || cfg.Secret == "" {
		return nil, errors.New("tokencache: Redis, Fetcher, AppID and Secret are required")
	}
	orDefault := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	orDefault(&cfg.FetchTimeout, 12*time.Second)
	orDefault(&cfg.ForceEvery, 10*time.Second)
	orDefault(&cfg.RefusedFor, time.Minute)
	if cfg.OnFetch == nil {
		cfg.OnFetch = func(time.Duration, error) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s, err := newSealer(cfg.AppID, cfg.Secret, cfg.Purpose)
	if err != nil {
		return nil, err
	}
	return &Cache{cfg: cfg, shared: newShared(cfg.Redis, cfg, s), ahead: background{quit: make(chan struct{})}}, nil
}

// String never shows a token.
func (c *Cache) String() string { return "tokencache.Cache{" + c.cfg.AppID + "}" }

// GoString is String.
func (c *Cache) GoString() string { return c.String() }

// Close stops a refresh that is under way and waits for it. The cache still answers afterwards,
// without refreshing ahead.
func (c *Cache) Close() { c.ahead.close() }

// Token returns the shared token and fetches one when there is none. It waits while somebody else
// fetches, heeding ctx. Errors are *douyin.Error: Op token.fetch when Douyin failed (now or a
// moment ago for somebody else), token.cache when Redis did or ctx ended.
func (c *Cache) Token(ctx context.Context) (string, error) {
	if h := c.held.Load(); h != nil && c.cfg.Now().Before(h.freshUntil) {
		return h.token, nil
	}
	// The flight serves every caller of this process, so it must not end because the first of them
	// goes away.
	flight := c.flight.DoChan("token", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.longest())
		defer cancel()
		return c.load(ctx)
	})
	select {
	case r := <-flight:
		token, _ := r.Val.(string)
		return token, r.Err
	case <-ctx.Done():
		return "", fault(ctx.Err())
	}
}

// Life tells how long the shared token has been in place and how long it still serves; both are 0
// when there is none. It asks Redis.
func (c *Cache) Life(ctx context.Context) (age, left time.Duration, err error) {
	v, err := c.shared.read(ctx)
	if err != nil || v.token == "" {
		return 0, 0, err
	}
	return v.whole - v.left, v.left, nil
}

// longest is how long a load may take: it waits for a holder of the lock that died, and then
// fetches itself.
func (c *Cache) longest() time.Duration { return c.lockFor() + c.cfg.FetchTimeout + lockSpare }

func (c *Cache) lockFor() time.Duration { return c.cfg.FetchTimeout + lockSpare }

// Invalidate throws the token away if it is still the stale one and none was thrown away in the
// last ForceEvery. Otherwise it changes nothing but this process's copy. The next Token asks Redis.
func (c *Cache) Invalidate(ctx context.Context, stale string) error {
	if h := c.held.Load(); h != nil && h.token == stale {
		c.held.CompareAndSwap(h, nil)
	}
	err := c.shared.drop(ctx, stale, c.cfg.ForceEvery)
	c.drops.Add(1)
	c.flight.Forget("token") // a load that read Redis before must not answer those who ask after
	return err
}

// load answers from Redis, or fetches. While Redis cannot be asked, a copy that is still alive
// serves.
func (c *Cache) load(ctx context.Context) (string, error) {
	drops := c.drops.Load()
	h := c.held.Load()
	alive := h != nil && c.cfg.Now().Before(h.aliveUntil)
	reading, cancel := ctx, context.CancelFunc(func() {})
	if alive {
		reading, cancel = context.WithTimeout(ctx, patience)
	}
	v, err := c.shared.read(reading)
	cancel()
	if err != nil && alive {
		c.held.CompareAndSwap(h, &held{h.token, c.cfg.Now().Add(copyFor), h.aliveUntil})
		return h.token, nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case v.token != "":
		if v.aged() && v.failure == nil {
			c.ahead.start(ctx, c.cfg.Now(), c.refresh)
		}
		return c.hold(v.token, v.left, drops), nil
	case v.failure != nil:
		return "", v.failure
	}
	return c.fetchOrWait(ctx)
}

// hold keeps a copy, unless something was thrown away since the load began.
func (c *Cache) hold(token string, left time.Duration, drops uint64) string {
	if c.drops.Load() == drops {
		now := c.cfg.Now()
		c.held.Store(&held{token, now.Add(min(copyFor, left)), now.Add(left)})
	}
	return token
}

// background runs at most one refresh at a time and can be stopped.
type background struct {
	mu      sync.Mutex
	running bool
	closed  bool
	after   time.Time // not before
	done    sync.WaitGroup
	quit    chan struct{}
}

// start runs work unless it runs already. Work outlives the call that found the token old, and ends
// with close.
func (b *background) start(ctx context.Context, now time.Time, work func(context.Context) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running || b.closed || now.Before(b.after) {
		return
	}
	b.running = true
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b.done.Add(2)
	go func() {
		defer b.done.Done()
		select {
		case <-b.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	go func() {
		defer b.done.Done()
		defer cancel()
		ok := work(ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running = false
		if !ok {
			b.after = now.Add(refreshPause)
		}
	}()
}

func (b *background) close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.quit)
	}
	b.mu.Unlock()
	b.done.Wait()
}
