package tokencache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

// fetcher hands out token-1, token-2, ... and counts.
type fetcher struct {
	fetches atomic.Int64
	life    time.Duration
	fail    func() error // nil: never
	began   chan struct{}
	release chan struct{} // nil: at once
}

func (f *fetcher) FetchToken(ctx context.Context) (douyin.Token, error) {
	n := f.fetches.Add(1)
	if f.began != nil {
		f.began <- struct{}{}
	}
	if f.release != nil {
		select {
		case <-f.release:
		case <-ctx.Done():
			return douyin.Token{}, ctx.Err()
		}
	}
	if f.fail != nil {
		if err := f.fail(); err != nil {
			return douyin.Token{}, err
		}
	}
	return douyin.Token{Value: fmt.Sprintf("token-%d", n), ExpiresIn: max(f.life, time.Second)}, nil
}

func newCache(t *testing.T, rdb redis.UniversalClient, f Fetcher, change ...func(*Config)) *Cache {
	t.Helper()
	cfg := Config{Redis: rdb, AppID: "tt1", Secret: "app-secret-5e1", Fetcher: f}
	for _, g := range change {
		g(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func want(t *testing.T, c *Cache, token string) {
	t.Helper()
	if got, err := c.Token(context.Background()); got != token || err != nil {
		t.Fatalf("token %q, %v; want %q", got, err, token)
	}
}

// old makes an hour-long token look as if most of its life were over, and lets the copies go.
func old(t *testing.T, rdb redis.UniversalClient, left time.Duration, caches ...*Cache) {
	t.Helper()
	if err := rdb.PExpire(context.Background(), caches[0].shared.current, left).Err(); err != nil {
		t.Fatal(err)
	}
	for _, c := range caches {
		c.held.Store(nil)
	}
}

func TestFiftyCallersOverSeveralCachesFetchOnce(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		f := &fetcher{life: time.Hour}
		var caches []*Cache
		for range 5 {
			caches = append(caches, newCache(t, rdb, f))
		}
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				<-start
				if token, err := caches[i%5].Token(context.Background()); token != "token-1" || err != nil {
					t.Errorf("%q, %v", token, err)
				}
			})
		}
		close(start)
		all.Wait()
		if n := f.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestItIsRefreshedAheadAndNobodyWaits(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		f := &fetcher{life: time.Hour}
		a, b := newCache(t, rdb, f), newCache(t, rdb, f)
		want(t, a, "token-1")
		old(t, rdb, 31*time.Minute, a)
		want(t, a, "token-1")
		if n := f.fetches.Load(); n != 1 {
			t.Fatalf("refreshed in the first half of its life: %d fetches", n)
		}
		f.began, f.release = make(chan struct{}), make(chan struct{})
		old(t, rdb, 25*time.Minute, a, b)
		want(t, a, "token-1") // while the fetch below hangs
		<-f.began
		want(t, b, "token-1")
		close(f.release)
		a.ahead.done.Wait()
		b.ahead.done.Wait()
		old(t, rdb, 50*time.Minute, a, b)
		want(t, a, "token-2")
		want(t, b, "token-2")
		if n := f.fetches.Load(); n != 2 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestAFailedRefreshLeavesTheOldTokenAndPauses(t *testing.T) {
	rdb := servertest.Redis(t)
	f := &fetcher{life: time.Hour}
	c := newCache(t, rdb, f)
	want(t, c, "token-1")
	f.fail = func() error { return &douyin.Error{Op: douyin.OpTokenFetch, Kind: douyin.Unavailable} }
	for range 3 {
		old(t, rdb, 25*time.Minute, c)
		want(t, c, "token-1")
		c.ahead.done.Wait()
		rdb.Del(context.Background(), c.shared.failure)
	}
	if n := f.fetches.Load(); n != 2 {
		t.Errorf("%d fetches, want the first and one refresh", n)
	}
}

func TestCloseEndsARefresh(t *testing.T) {
	rdb := servertest.Redis(t)
	f := &fetcher{life: time.Hour}
	c := newCache(t, rdb, f)
	want(t, c, "token-1")
	f.began, f.release = make(chan struct{}, 1), make(chan struct{}) // never released
	old(t, rdb, 25*time.Minute, c)
	want(t, c, "token-1")
	<-f.began
	c.Close()
	if n := rdb.Exists(context.Background(), c.shared.lock, c.shared.failure).Val(); n != 0 {
		t.Errorf("%d keys left: our own stop is no failure, and the lock is free", n)
	}
}

func TestOnlyTheRefusedTokenIsThrownAwayAndNotTooOften(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		f := &fetcher{life: time.Hour}
		a, b := newCache(t, rdb, f), newCache(t, rdb, f)
		want(t, a, "token-1")
		want(t, b, "token-1")
		invalidate := func(c *Cache, stale string) {
			t.Helper()
			if err := c.Invalidate(ctx, stale); err != nil {
				t.Fatal(err)
			}
			c.held.Store(nil) // what counts is Redis
		}
		invalidate(a, "token-0")
		want(t, a, "token-1")
		invalidate(a, "token-1")
		want(t, a, "token-2")
		invalidate(b, "token-1") // b did not know yet: it gets the new one without a fetch
		want(t, b, "token-2")
		invalidate(b, "token-2") // too soon
		want(t, b, "token-2")
		if n := f.fetches.Load(); n != 2 {
			t.Fatalf("%d fetches", n)
		}
		rdb.Del(ctx, a.shared.forced) // ten seconds later
		invalidate(b, "token-2")
		want(t, b, "token-3")
	})
}

func TestADeadHolderOfTheLockDoesNotBlockTheOthers(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		f := &fetcher{life: time.Hour}
		c := newCache(t, rdb, f)
		if err := rdb.Set(context.Background(), c.shared.lock, "dead", 150*time.Millisecond).Err(); err != nil {
			t.Fatal(err)
		}
		want(t, c, "token-1")
	})
}

func TestAWaiterHeedsItsContext(t *testing.T) {
	rdb := servertest.Redis(t)
	f := &fetcher{life: time.Hour, began: make(chan struct{}, 1), release: make(chan struct{})}
	c := newCache(t, rdb, f)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() { _, err := c.Token(ctx); gone <- err }()
	<-f.began
	cancel()
	var e *douyin.Error
	if err := <-gone; !errors.As(err, &e) || !errors.Is(err, context.Canceled) || e.Outage() {
		t.Fatalf("%v", err)
	}
	close(f.release)
	want(t, c, "token-1") // the fetch went on for the others
	if n := f.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestASlowFetchThatLostItsLockDoesNotOverwrite(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		slow := &fetcher{life: time.Hour, began: make(chan struct{}), release: make(chan struct{})}
		quick := &fetcher{life: time.Hour}
		quick.fetches.Add(100)
		a, b := newCache(t, rdb, slow), newCache(t, rdb, quick)
		got := make(chan string)
		go func() { token, _ := a.Token(ctx); got <- token }()
		<-slow.began
		rdb.Del(ctx, a.shared.lock) // its time is over
		want(t, b, "token-101")
		close(slow.release)
		if token := <-got; token != "token-1" {
			t.Errorf("the slow one's caller got %q", token)
		}
		want(t, a, "token-101")
	})
}

// pausing lets a test stop one read between Redis' answer and its use.
type pausing struct {
	commands
	next chan chan struct{} // a pause waits here for the read that takes it
}

func (p *pausing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		select {
		case pause := <-p.next:
			pause <- struct{}{}
			<-pause
		default:
		}
		return err
	}
}

func TestALoadThatBeganBeforeDoesNotBringTheStaleTokenBack(t *testing.T) {
	rdb := servertest.Redis(t)
	c := newCache(t, rdb, &fetcher{life: time.Hour})
	want(t, c, "token-1")
	hook := &pausing{next: make(chan chan struct{}, 1)}
	rdb.AddHook(hook)
	pause := make(chan struct{})
	hook.next <- pause
	c.held.Store(nil)
	early := make(chan string)
	go func() { token, _ := c.Token(context.Background()); early <- token }()
	<-pause // it has read token-1
	if err := c.Invalidate(context.Background(), "token-1"); err != nil {
		t.Fatal(err)
	}
	late := make(chan string)
	go func() { token, _ := c.Token(context.Background()); late <- token }()
	select {
	case token := <-late:
		if token != "token-2" {
			t.Errorf("who asked afterwards got %q", token)
		}
	case <-time.After(5 * time.Second):
		t.Error("who asked afterwards waits for the load that began before")
	}
	pause <- struct{}{}
	if token := <-early; token != "token-1" {
		t.Errorf("who asked before got %q", token)
	}
	want(t, c, "token-2")
}
