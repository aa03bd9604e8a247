package doctor

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

// Placeholders finds credentials that still hold an example's placeholder.
func Placeholders(cfg *configs.Config) []Result {
	var out []Result
	for _, p := range cfg.Placeholders() {
		out = append(out, fail("config", p.String(), "Douyin's console shows app_id, secret, salt and token; `openssl rand -hex 32` makes a token of the gateway"))
	}
	return out
}

// NeededShop is what Servers needs of the database: a *store.Store.
type NeededShop interface {
	CheckNeeded(ctx context.Context) []store.Finding
}

// Servers looks at what a process needs of MySQL and of Redis, side by side, before it begins to
// work. What it finds doctor finds too, with the same words. Whoever does not answer before ctx ends
// is a Failure that Waits.
func Servers(ctx context.Context, shop NeededShop, rdb redis.UniversalClient) []Result {
	looks := map[string]func() []Result{
		"mysql": func() (out []Result) {
			for _, f := range shop.CheckNeeded(ctx) {
				out = append(out, result("mysql", f))
			}
			return out
		},
		"redis": func() []Result { return RedisNeeded(ctx, rdb) },
	}
	var mu sync.Mutex
	found := map[string][]Result{}
	var all sync.WaitGroup
	for check, look := range looks {
		all.Go(func() {
			results := look()
			mu.Lock()
			defer mu.Unlock()
			found[check] = results
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done(): // neither driver heeds a context everywhere
	}
	mu.Lock()
	defer mu.Unlock()
	var out []Result
	for _, check := range []string{"mysql", "redis"} {
		results, answered := found[check]
		if !answered {
			late := fail(check, "does not answer in time", "start it, and see that it can be reached from here")
			late.Waits = true
			results = []Result{late}
		}
		out = append(out, results...)
	}
	return out
}

// Failures are those of the results that are failures.
func Failures(results []Result) []Result {
	var out []Result
	for _, r := range results {
		if r.Level == Failure {
			out = append(out, r)
		}
	}
	return out
}
