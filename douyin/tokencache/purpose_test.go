package tokencache

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
)

// An app has two tokens, and neither is ever taken for the other, not even on one host.
func TestAClientTokenStandsBesideTheAppsToken(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		apps, clients := &fetcher{life: time.Hour}, &fetcher{life: time.Hour}
		ofClient := func(cfg *Config) { cfg.Purpose = ClientToken }
		app, client := newCache(t, rdb, apps), newCache(t, rdb, clients, ofClient)
		want(t, app, "token-1")
		want(t, client, "token-1")
		if err := client.Invalidate(t.Context(), "token-1"); err != nil {
			t.Fatal(err)
		}
		want(t, client, "token-2")
		want(t, newCache(t, rdb, apps), "token-1")
		want(t, newCache(t, rdb, clients, ofClient), "token-2")
		if !strings.Contains(client.shared.current, "trade:clt:tt1") || client.shared.current == app.shared.current {
			t.Errorf("keys %s and %s", app.shared.current, client.shared.current)
		}
		// Whoever can write to Redis cannot make one out of the other.
		sealed := rdb.HGet(t.Context(), app.shared.current, "sealed").Val()
		if sealed == "" || client.shared.sealer.open(sealed) != "" {
			t.Errorf("the seal of one opens the other: %q", sealed)
		}
	})
}

// A wrong secret (10013) and Douyin's limit (10020) stop the fetches of every process for a minute,
// and every caller hears which call has failed.
func TestRefusedClientTokensAreNotFetchedAgain(t *testing.T) {
	rdb := servertest.Redis(t)
	for code, refusal := range map[int]*douyin.Error{
		10013: {Op: douyin.OpClientToken, Kind: douyin.Unauthorized, Code: 10013, Err: douyin.ErrCredentials},
		10020: {Op: douyin.OpClientToken, Kind: douyin.Throttled, Code: 10020, RetryAfter: time.Minute},
	} {
		rdb.FlushDB(t.Context())
		f := &fetcher{fail: func() error { return refusal }}
		ofClient := func(cfg *Config) { cfg.Purpose = ClientToken }
		for range 3 {
			_, err := newCache(t, rdb, f, ofClient).Token(context.Background())
			var e *douyin.Error
			if !errors.As(err, &e) || e.Op != douyin.OpClientToken || e.Code != code || errors.Is(err, douyin.ErrCredentials) != (code == 10013) || e.RetryAfter > time.Minute {
				t.Errorf("%d: %v", code, err)
			}
		}
		left := rdb.PTTL(t.Context(), newCache(t, rdb, f, ofClient).shared.failure).Val()
		if n := f.fetches.Load(); n != 1 || left < 50*time.Second {
			t.Errorf("%d: %d fetches, remembered for %s", code, n, left)
		}
	}
}

// Douyin allows 500 fetches of a client_token in 5 minutes.
func TestTheLimitOfFetchesCannotBeReached(t *testing.T) {
	c := newCache(t, servertest.Redis(t), &fetcher{})
	const window = 5 * time.Minute
	if most := window/failedFor + window/c.cfg.ForceEvery; most >= 500 {
		t.Errorf("%d fetches in %s", most, window)
	}
}
