package journeys

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
)

// road is one way of running Redis.
type road struct {
	yaml   string                // of redis: in the configuration
	admin  redis.UniversalClient // may do everything
	shop   redis.UniversalClient // writes into the inbox
	fail   func()                // kills the master in the middle; nil: nothing breaks
	denied func() []string       // what Redis refused somebody; nil: there are no users
}

// tlsRoad wants TLS, and certificates on both sides.
func tlsRoad(t *testing.T) *road {
	s, certs := servertest.StartTLSRedis(t)
	if s == nil {
		return nil
	}
	rdb := s.Client(t)
	return &road{
		yaml:  fmt.Sprintf(`{ uri: "rediss://%s/0", ca_file: %q, cert_file: %q, key_file: %q }`, s.Addr, certs.CA, certs.Cert, certs.Key),
		admin: rdb, shop: rdb,
	}
}

// sentinelRoad has a password at Redis, another one at the sentinels, and a database number.
func sentinelRoad(t *testing.T) *road {
	g := servertest.StartSentinels(t)
	if g == nil {
		return nil
	}
	const db = 3
	rdb := g.Client(t, db)
	return &road{
		yaml: fmt.Sprintf(`{ uri: "redis-sentinel://:%s@%s/%d?master=%s&sentinel_password=%s" }`,
			g.Password, strings.Join(g.Addrs, ","), db, g.Master, g.SentinelPassword),
		admin: rdb, shop: rdb, fail: g.KillMaster,
	}
}

// clusterRoad has the users of configs/redis/users.conf on every node.
func clusterRoad(t *testing.T) *road {
	c := servertest.StartCluster(t)
	if c == nil {
		return nil
	}
	_, rules := redisUsers(t)
	nodes := c.Nodes(t)
	for _, node := range nodes {
		for _, rule := range rules {
			switch rule[1] {
			case "default": // stays as it is, as the tests' own administrator
				continue
			case "shop": // as the file says for a cluster
				rule = append(rule, "+cluster|slots", "+command")
			}
			if err := node.Do(t.Context(), append([]any{"ACL", "SETUSER"}, rule[1:]...)...).Err(); err != nil {
				t.Fatalf("ACL SETUSER %v: %v", rule[1], err)
			}
		}
	}
	shop := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs, Username: "shop", Password: shopsPassword, DisableIdentity: true})
	t.Cleanup(func() { _ = shop.Close() })
	return &road{
		yaml:  fmt.Sprintf(`{ cluster_addrs: [%s], username: ordersync, password: %q }`, strings.Join(c.Addrs, ", "), ownPassword),
		admin: c.Client(t), shop: shop, denied: denials(t, nodes...),
	}
}

// aclRoad reads configs/redis/users.conf as it stands.
func aclRoad(t *testing.T) *road {
	s := redisWithUsers(t)
	if s == nil {
		return nil
	}
	admin := as(t, s.Addr, "admin", adminsPassword)
	return &road{
		yaml:  fmt.Sprintf(`{ uri: "redis://ordersync:%s@%s/0" }`, ownPassword, s.Addr),
		admin: admin, shop: as(t, s.Addr, "shop", shopsPassword), denied: denials(t, admin),
	}
}

// The passwords of the tests, which stand in the file's places.
const (
	ownPassword    = canary + "-redis"
	shopsPassword  = canary + "-shop"
	adminsPassword = canary + "-admin"
)

// redisUsers is configs/redis/users.conf with passwords: as a file to include, and rule by rule.
func redisUsers(t *testing.T) (file string, rules [][]any) {
	t.Helper()
	text, err := os.ReadFile("../../../configs/redis/users.conf")
	if err != nil {
		t.Fatal(err)
	}
	// The longer ones first: one begins like the other.
	filled := strings.NewReplacer("# user admin", "user admin", ">change-me-too", ">"+adminsPassword,
		">change-me-as-well", ">"+shopsPassword, ">change-me", ">"+ownPassword).Replace(string(text))
	for line := range strings.Lines(filled) {
		if !strings.HasPrefix(line, "user ") {
			continue
		}
		var rule []any
		for _, word := range strings.Fields(line) {
			rule = append(rule, word)
		}
		rules = append(rules, rule)
	}
	file = filepath.Join(t.TempDir(), "users.conf")
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, rules
}

// redisWithUsers is nil where redis-server is not installed: miniredis knows no users.
func redisWithUsers(t *testing.T) *servertest.RedisServer {
	t.Helper()
	file, _ := redisUsers(t)
	s := servertest.StartRedis(t, "--include", file)
	if s.IsMiniredis() {
		return nil
	}
	return s
}

func as(t *testing.T, addr, user, password string) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: addr, Username: user, Password: password, DisableIdentity: true})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// denials reads ACL LOG.
func denials(t *testing.T, nodes ...*redis.Client) func() []string {
	return func() (lines []string) {
		t.Helper()
		for _, node := range nodes {
			log, err := node.ACLLog(context.WithoutCancel(t.Context()), 100).Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range log {
				lines = append(lines, fmt.Sprintf("%s: %s %s (%s)", l.Username, l.Reason, l.Object, l.Context))
			}
		}
		return lines
	}
}
