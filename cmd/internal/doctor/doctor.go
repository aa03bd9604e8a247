// Package doctor looks at everything a process of ours stands on and says what to do where something is wrong.
//
// # Why a warning is not a failure
//
// A failure means that orders would not travel, or could get lost. A warning is a choice that somebody may have made on
// purpose: Redis without persistence costs a sweep after its restart, no salt means no refunds. Scripts read the exit code.
package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

// Level is how bad a result is. The zero value is OK.
type Level int

// From good to bad.
const (
	OK Level = iota
	Warning
	Failure
)

// String is the first word of a result's line.
func (l Level) String() string { return [...]string{"ok", "warn", "FAIL"}[l] }

// Result is one line. It never holds a secret.
type Result struct {
	Level Level
	Check string // "redis", "mysql", "douyin", "config"
	Found string
	Cure  string // what to do; empty when OK
}

// String is "ok    redis: version 7.0.15", with the cure behind it where there is one.
func (r Result) String() string {
	s := fmt.Sprintf("%-5s %s: %s", r.Level, r.Check, strings.Join(strings.Fields(r.Found), " "))
	if r.Cure != "" {
		s += ". Cure: " + r.Cure
	}
	return s
}

func ok(check, format string, args ...any) Result {
	return Result{Check: check, Found: fmt.Sprintf(format, args...)}
}

func warn(check, found, cure string) Result { return Result{Warning, check, found, cure} }

func fail(check, found, cure string) Result { return Result{Failure, check, found, cure} }

// Config turns the problems of a configuration into results.
func Config(problems []configs.Problem) []Result {
	var out []Result
	for _, p := range problems {
		out = append(out, fail("config", p.String(), "see configs/ordersync.example.yaml"))
	}
	return out
}

// Shop is what Database needs: a *store.Store.
type Shop interface {
	CheckShop(ctx context.Context) []store.Finding
}

// Database checks the server, the shop's tables and ours.
func Database(ctx context.Context, shop Shop) []Result {
	var out []Result
	for _, f := range shop.CheckShop(ctx) {
		r := Result{Check: "mysql", Found: f.What, Cure: f.Cure}
		switch {
		case !f.OK && f.Minor:
			r.Level = Warning
		case !f.OK:
			r.Level = Failure
		}
		out = append(out, r)
	}
	return out
}

// leastRedis is the oldest Redis that asynq's and our scripts are run on.
var leastRedis = [2]int{6, 2}

// Infoer is what Redis needs: any client of go-redis.
type Infoer interface {
	Info(ctx context.Context, section ...string) *redis.StringCmd
}

// Redis checks version, persistence and eviction from INFO alone: managed services forbid CONFIG.
func Redis(ctx context.Context, rdb Infoer) []Result {
	const check = "redis"
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return []Result{fail(check, "does not answer: "+err.Error(), "start it, and compare redis.uri, user and password")}
	}
	info := parseInfo(text)
	return []Result{redisVersion(check, info["redis_version"]), persistence(check, info), eviction(check, info)}
}

func redisVersion(check, version string) Result {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) >= 2 {
		major, err1 := strconv.Atoi(parts[0])
		minor, err2 := strconv.Atoi(parts[1])
		if err1 == nil && err2 == nil && (major > leastRedis[0] || major == leastRedis[0] && minor >= leastRedis[1]) {
			return ok(check, "version %s", version)
		}
	}
	return fail(check, fmt.Sprintf("version %q", version), fmt.Sprintf("use Redis %d.%d or newer", leastRedis[0], leastRedis[1]))
}

func persistence(check string, info map[string]string) Result {
	if info["aof_enabled"] == "1" {
		return ok(check, "append-only file is on")
	}
	return warn(check, "append-only file is off: a restart loses what is queued, until the sweep finds it again",
		"CONFIG SET appendonly yes, and in redis.conf: appendonly yes, appendfsync everysec")
}

func eviction(check string, info map[string]string) Result {
	const cure = "CONFIG SET maxmemory-policy noeviction, and in redis.conf: maxmemory-policy noeviction"
	policy := info["maxmemory_policy"]
	switch {
	case policy == "noeviction":
		return ok(check, "nothing is evicted (noeviction)")
	case policy == "":
		return warn(check, "says nothing of its eviction policy", "make sure that it is noeviction")
	case info["maxmemory"] == "0":
		return warn(check, "evicts ("+policy+") as soon as somebody sets maxmemory", cure)
	}
	return fail(check, "evicts ("+policy+") when memory is full, and tasks with it", cure)
}

// parseInfo reads INFO's lines of name:value.
func parseInfo(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			out[name] = value
		}
	}
	return out
}

// Tokens is what Douyin needs: the shared token cache, so that looking costs no token.
type Tokens interface {
	Token(ctx context.Context) (string, error)
}

// Douyin checks that a token can be had, and what cannot work without salt and callback token.
func Douyin(ctx context.Context, cfg configs.Douyin, tokens Tokens) []Result {
	const check = "douyin"
	host := cfg.BaseURL
	if u, err := url.Parse(cfg.BaseURL); err == nil {
		host = u.Host
	}
	var out []Result
	if _, err := tokens.Token(ctx); err != nil {
		out = append(out, fail(check, "no token from "+host+": "+err.Error(),
			"compare douyin.app_id and douyin.secret with Douyin's console, and see that "+host+" can be reached from here"))
	} else {
		out = append(out, ok(check, "token from %s for %s", host, cfg.AppID))
	}
	if cfg.Salt == "" {
		out = append(out, warn(check, "no salt: payments, refunds and settlements cannot be signed", "set douyin.salt if the shop needs them"))
	}
	if cfg.CallbackToken == "" {
		out = append(out, warn(check, "no callback token: Douyin's callbacks are refused", "set douyin.callback_token if Douyin calls back"))
	}
	return out
}
