package servertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	sentinels = 3
	// downAfter, in milliseconds, is how long a master may be silent before the sentinels make its replica the master.
	downAfter = 1000
)

// SentinelGroup is a master, its replica and three sentinels over both. Redis and the sentinels have a password each.
type SentinelGroup struct {
	Addrs                      []string // host:port of each sentinel
	Master                     string   // the group's name
	Password, SentinelPassword string

	master, replica *RedisServer
	watchers        []*process
}

// StartSentinels starts a group for this test alone. When it returns every sentinel knows the others and the replica, and
// the replica has what the master has. It is nil where redis-server is not installed.
func StartSentinels(t testing.TB) *SentinelGroup {
	t.Helper()
	path, ok := need(t, redisServer)
	if !ok {
		return nil
	}
	g := &SentinelGroup{Master: "orders", Password: "password-of-redis", SentinelPassword: "password-of-sentinel"}
	auth := []string{"--requirepass", g.Password, "--masterauth", g.Password, "--repl-diskless-sync-delay", "0"}
	g.master = startRedis(t, path, plainPort, keepsKeys, auth)
	g.replica = startRedis(t, path, plainPort, keepsKeys, auth, []string{"--replicaof", strings.Replace(g.master.Addr, ":", " ", 1)})
	if err := g.startSentinels(t, path); err != nil {
		t.Fatalf("private sentinels: %v", err)
	}
	if err := g.waitWatched(t); err != nil {
		t.Fatalf("private sentinels: %v", err)
	}
	return g
}

// startSentinels writes into each file what its sentinel would otherwise need some seconds to find out: who the others are.
func (g *SentinelGroup) startSentinels(t testing.TB, path string) error {
	ports := make([]uint16, sentinels)
	for i := range ports {
		port, err := freePort()
		if err != nil {
			return err
		}
		ports[i] = port
		g.Addrs = append(g.Addrs, loopback(port))
	}
	for i, port := range ports {
		p, err := newProcess(path)
		if err != nil {
			return err
		}
		t.Cleanup(p.close)
		conf := []string{
			fmt.Sprintf("port %d", port), "bind 127.0.0.1", "unixsocket " + p.socket, "dir " + p.dir, "requirepass " + g.SentinelPassword,
			"sentinel myid " + sentinelID(i),
			fmt.Sprintf("sentinel monitor %s %s 2", g.Master, strings.Replace(g.master.Addr, ":", " ", 1)),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", g.Master, downAfter),
			fmt.Sprintf("sentinel failover-timeout %s 10000", g.Master),
			fmt.Sprintf("sentinel auth-pass %s %s", g.Master, g.Password), "sentinel sentinel-pass " + g.SentinelPassword,
			fmt.Sprintf("sentinel known-replica %s %s", g.Master, strings.Replace(g.replica.Addr, ":", " ", 1)),
		}
		for other, otherPort := range ports {
			if other != i {
				conf = append(conf, fmt.Sprintf("sentinel known-sentinel %s 127.0.0.1 %d %s", g.Master, otherPort, sentinelID(other)))
			}
		}
		file := filepath.Join(p.dir, "sentinel.conf")
		if err := os.WriteFile(file, []byte(strings.Join(conf, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		p.args = []string{file, "--sentinel"}
		if err := p.start(); err != nil {
			return err
		}
		g.watchers = append(g.watchers, p)
	}
	return nil
}

func sentinelID(i int) string { return fmt.Sprintf("%040x", i+1) }

// waitWatched waits until a failover would work: the replica is in step, and every sentinel has seen so and can reach the others.
func (g *SentinelGroup) waitWatched(t testing.TB) error {
	for _, addr := range g.Addrs {
		sentinel := redis.NewSentinelClient(&redis.Options{Addr: addr, Password: g.SentinelPassword})
		t.Cleanup(func() { _ = sentinel.Close() })
		err := eventually(func(ctx context.Context) error {
			if err := sentinel.CkQuorum(ctx, g.Master).Err(); err != nil {
				return err
			}
			replicas, err := sentinel.Replicas(ctx, g.Master).Result()
			if err == nil && (len(replicas) != 1 || replicas[0]["flags"] != "slave" || replicas[0]["master-link-status"] != "ok") {
				err = fmt.Errorf("the replica is not in step: %v", replicas)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Client is a client of whoever is the master, closed when the test ends.
func (g *SentinelGroup) Client(t testing.TB, db int) *redis.Client {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: g.Master, SentinelAddrs: g.Addrs, Password: g.Password, SentinelPassword: g.SentinelPassword, DB: db,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// KillMaster ends the first master as kill -9 does. The sentinels put the replica in its place in about three seconds.
func (g *SentinelGroup) KillMaster() { g.master.p.kill() }
