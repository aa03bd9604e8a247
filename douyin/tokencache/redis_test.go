package tokencache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestADumpOfRedisShowsNoToken(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		c := newCache(t, rdb, &fetcher{life: time.Hour})
		want(t, c, "token-1")
		if err := c.Invalidate(ctx, "token-0"); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex // nodes are asked side by side
		var keys []string
		list := func(ctx context.Context, node *redis.Client) error {
			some, err := node.Keys(ctx, "*").Result()
			mu.Lock()
			defer mu.Unlock()
			keys = append(keys, some...)
			return err
		}
		var err error
		if cluster, ok := rdb.(*redis.ClusterClient); ok {
			err = cluster.ForEachMaster(ctx, list)
		} else {
			err = list(ctx, rdb.(*redis.Client))
		}
		if err != nil || len(keys) == 0 {
			t.Fatal(keys, err)
		}
		for _, key := range keys {
			for field, value := range rdb.HGetAll(ctx, key).Val() {
				if text := key + field + value; strings.Contains(text, "token-1") || strings.Contains(text, "app-secret") {
					t.Errorf("%s shows %s", key, text)
				}
			}
		}
		if text := fmt.Sprintf("%v %+v %#v %v %#v", c, c, c, c.cfg, c.cfg); strings.Contains(text, "token-1") || strings.Contains(text, "app-secret") {
			t.Error(text)
		}
	})
}

func TestWhatNobodySealedIsNoToken(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := context.Background()
		f := &fetcher{life: time.Hour}
		c := newCache(t, rdb, f)
		rdb.HSet(ctx, c.shared.current, "name", "x", "sealed", "c29tZXRoaW5nIHRoYXQgaXMgbG9uZyBlbm91Z2g", "whole_ms", "100000")
		rdb.PExpire(ctx, c.shared.current, time.Minute)
		rdb.Set(ctx, c.shared.failure, "{not json", time.Minute)
		want(t, c, "token-1")
	})
}

// commands counts what a client sends.
type commands struct{ n atomic.Int64 }

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}
func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.n.Add(1); return next(ctx, cmds) }
}

func TestTheHotPathDoesNotAskRedis(t *testing.T) {
	rdb := servertest.Redis(t)
	now := atomic.Int64{}
	c := newCache(t, rdb, &fetcher{life: time.Hour}, func(cfg *Config) {
		cfg.Now = func() time.Time { return time.Unix(0, now.Load()) }
	})
	want(t, c, "token-1")
	seen := &commands{}
	rdb.AddHook(seen)
	for range 1000 {
		want(t, c, "token-1")
	}
	if n := seen.n.Load(); n != 0 {
		t.Errorf("%d round trips for 1000 tokens within a second", n)
	}
	now.Add(int64(copyFor))
	want(t, c, "token-1")
	if n := seen.n.Load(); n != 1 {
		t.Errorf("%d round trips after a second, want 1", n)
	}
}

func TestWithoutRedisAKnownTokenServesAndNoneIsFetched(t *testing.T) {
	ctx := context.Background()
	srv := servertest.StartRedis(t)
	f := &fetcher{life: time.Hour}
	quick := func() redis.UniversalClient {
		rdb := redis.NewClient(&redis.Options{Addr: srv.Addr, MaxRetries: -1, DialerRetries: 1})
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	c := newCache(t, quick(), f)
	want(t, c, "token-1")
	srv.Kill()
	h := *c.held.Load()
	h.freshUntil = time.Time{}
	c.held.Store(&h)
	want(t, c, "token-1")

	blank := newCache(t, quick(), f)
	_, err := blank.Token(ctx)
	var e *douyin.Error
	if !errors.As(err, &e) || e.Op != douyin.OpTokenCache || e.Kind != douyin.Unavailable || e.Outage() {
		t.Errorf("%v", err)
	}
	var network *net.OpError
	if err := c.Invalidate(ctx, "token-1"); !errors.As(err, &network) {
		t.Errorf("Invalidate: %v", err)
	}
	if n := f.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestLifetimesLeaveAMargin(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{
		2 * time.Hour: 2*time.Hour - time.Minute, time.Minute: 54 * time.Second, time.Second: 900 * time.Millisecond,
	} {
		if got := usable(life); got != want {
			t.Errorf("%s: %s, want %s", life, got, want)
		}
	}
}

func TestNewNamesWhatItNeeds(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an empty Config is accepted")
	}
}
