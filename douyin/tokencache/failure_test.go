package tokencache

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestRefusedCredentialsStopTheStorm(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		refusal := &douyin.Error{
			Op: douyin.OpTokenFetch, Kind: douyin.Unauthorized, HTTPStatus: 200, Code: 40017, Message: "bad secret", LogID: "L1", Err: douyin.ErrCredentials,
		}
		f := &fetcher{fail: func() error { return refusal }}
		var reports atomic.Int64
		count := func(cfg *Config) { cfg.OnFetch = func(time.Duration, error) { reports.Add(1) } }
		caches := []*Cache{newCache(t, rdb, f, count), newCache(t, rdb, f, count), newCache(t, rdb, f, count)}
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				_, err := caches[i%3].Token(context.Background())
				var e *douyin.Error
				if !errors.As(err, &e) || !errors.Is(err, douyin.ErrCredentials) || e.Kind != douyin.Unauthorized || e.Code != 40017 || e.Message != "bad secret" {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		if n := f.fetches.Load(); n != 1 || reports.Load() != 1 {
			t.Errorf("%d fetches, %d reports", n, reports.Load())
		}
		_, err := caches[0].Token(context.Background())
		var e *douyin.Error
		if !errors.As(err, &e) || e.RetryAfter <= 50*time.Second || e.RetryAfter > time.Minute || !strings.Contains(err.Error(), "not asked again for") {
			t.Errorf("it does not say for how long: %v", err)
		}
		other := newCache(t, rdb, &fetcher{life: time.Hour}, func(cfg *Config) { cfg.Secret = "the corrected secret" })
		want(t, other, "token-1") // the correction is not held back by the memory of the wrong one
	})
}

func TestAPassingFailureIsEverybodysAnswerForAMoment(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		var healed atomic.Bool
		f := &fetcher{life: time.Hour, fail: func() error {
			if healed.Load() {
				return nil
			}
			return errors.New("no route")
		}}
		a, b := newCache(t, rdb, f), newCache(t, rdb, f)
		for _, c := range []*Cache{a, b, a, b} {
			var e *douyin.Error
			if _, err := c.Token(context.Background()); !errors.As(err, &e) || !strings.Contains(err.Error(), "no route") || e.Kind != douyin.Unavailable || errors.Is(err, douyin.ErrCredentials) {
				t.Errorf("%v", err)
			}
		}
		if n := f.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		healed.Store(true)
		rdb.Del(context.Background(), a.shared.failure) // a second later
		want(t, b, "token-2")
	})
}

func TestATokenOfOneHostIsNoneOfAnothers(t *testing.T) {
	rdb := servertest.Redis(t)
	f := &fetcher{life: time.Hour}
	want(t, newCache(t, rdb, f), "token-1")
	want(t, newCache(t, rdb, f, func(c *Config) { c.Host = "127.0.0.1:9090" }), "token-2")
	want(t, newCache(t, rdb, f), "token-1")
}
