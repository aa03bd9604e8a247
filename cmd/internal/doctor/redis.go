package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/probe"
)

// leastRedis is the oldest Redis that asynq's and our scripts are run on.
var leastRedis = [2]int{6, 2}

// Infoer is what Redis needs: any client of go-redis.
type Infoer interface {
	Info(ctx context.Context, section ...string) *redis.StringCmd
}

// manyMasters is a client of a cluster: each of its masters holds queues of its own.
type manyMasters interface {
	ForEachMaster(ctx context.Context, look func(ctx context.Context, node *redis.Client) error) error
}

// Redis checks version, persistence and eviction from INFO alone: managed services forbid CONFIG. Of a cluster it asks every
// master, and says which one it means.
func Redis(ctx context.Context, rdb Infoer) []Result {
	cluster, ok := rdb.(manyMasters)
	if !ok {
		return oneRedis(ctx, rdb)
	}
	var mu sync.Mutex // the nodes are asked side by side
	byNode := map[string][]Result{}
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		results, addr := oneRedis(ctx, node), node.Options().Addr
		for i := range results {
			results[i].Found += " (" + addr + ")"
		}
		mu.Lock()
		defer mu.Unlock()
		byNode[addr] = results
		return nil
	})
	if err != nil {
		return []Result{silent(err)}
	}
	var all []Result
	for _, addr := range slices.Sorted(maps.Keys(byNode)) {
		all = append(all, byNode[addr]...)
	}
	return all
}

func oneRedis(ctx context.Context, rdb Infoer) []Result {
	const check = "redis"
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return []Result{silent(err)}
	}
	info := parseInfo(text)
	return []Result{redisVersion(check, info["redis_version"]), persistence(check, info), eviction(check, info)}
}

// RedisWrites writes a small key beside each queue. What Redis does not answer at all is Redis's line.
func RedisWrites(ctx context.Context, rdb redis.UniversalClient) []Result {
	const check = "redis"
	err := probe.Redis(ctx, rdb)
	var said redis.Error
	var cure string
	switch {
	case err == nil:
		return []Result{ok(check, "takes what is written")}
	case redis.HasErrorPrefix(err, "OOM"):
		cure = "its memory is full: raise maxmemory, or see what fills it (the page /load, asynqmon)"
	case redis.HasErrorPrefix(err, "MISCONF"):
		cure = "it cannot save its data: make room on its disk and see its log"
	case redis.HasErrorPrefix(err, "READONLY"):
		cure = "it is a replica: let redis.uri name the master, or Sentinel"
	case redis.HasErrorPrefix(err, "NOPERM"):
		cure = "give the user the rights of configs/redis/users.conf"
	case errors.As(err, &said):
		cure = "see the error"
	default:
		return nil
	}
	refused := fail(check, "refuses what is written: "+err.Error(), cure)
	refused.Waits = passing(err)
	return []Result{refused}
}

// RedisNeeded is the part of Redis and RedisWrites that a process looks at before it begins to work:
// that it answers, is new enough where it says its version, and takes what is written.
func RedisNeeded(ctx context.Context, rdb redis.UniversalClient) []Result {
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return []Result{silent(err)}
	}
	var out []Result
	if version := parseInfo(text)["redis_version"]; version != "" {
		out = append(out, redisVersion("redis", version))
	}
	return append(out, RedisWrites(ctx, rdb)...)
}

// passing tells whether a Redis that failed with err may work in a moment, without a change: nobody
// answered, it is loading, full, or about to have another master.
func passing(err error) bool {
	var untrusted *tls.CertificateVerificationError
	var said redis.Error
	switch {
	case errors.As(err, &untrusted):
		return false
	case !errors.As(err, &said):
		return true
	}
	for _, prefix := range []string{"LOADING", "OOM", "MISCONF", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "max number of clients"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// noSuchDatabase is Redis's answer to SELECT of a number that it does not have, behind "ERR".
var noSuchDatabase = []string{"DB index is out of range", "invalid DB index", "SELECT is not allowed in cluster mode"}

// silent is a Redis that gives no answer to work with.
func silent(err error) Result {
	var untrusted *tls.CertificateVerificationError
	cure := "start it, and compare redis.uri (rediss:// where it speaks TLS; for Sentinel the group's name too), user and password"
	switch {
	case redis.HasErrorPrefix(err, "NOPERM"):
		return fail("redis", "its user may not do what is needed: "+err.Error(), "give the user the rights of configs/redis/users.conf")
	case redis.HasErrorPrefix(err, "NOAUTH"), redis.HasErrorPrefix(err, "WRONGPASS"):
		cure = "compare user and password of redis.uri, or redis.username and redis.password, with its users"
	case errors.As(err, &untrusted):
		cure = "name the authority that signed its certificate in redis.ca_file, and call it by a name that the certificate has"
	case slices.ContainsFunc(noSuchDatabase, func(says string) bool { return redis.HasErrorPrefix(err, says) }):
		return fail("redis", "does not have the database that redis.uri names: "+err.Error(),
			"let redis.uri end in the number of a database that it has: /0 to /15 unless its `databases` says more, /0 in a cluster")
	}
	r := fail("redis", "does not answer: "+err.Error(), cure)
	if r.Waits = passing(err); !r.Waits {
		r.Found = "does not let us in: " + err.Error()
	}
	return r
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
