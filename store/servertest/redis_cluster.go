package servertest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
)

// RedisCluster is three masters without replicas that share the slots evenly.
type RedisCluster struct {
	Addrs []string // host:port of each

	nodes []*RedisServer
}

// StartCluster starts a cluster for this test alone. It is nil where redis-server is not installed.
func StartCluster(t testing.TB) *RedisCluster {
	t.Helper()
	path, ok := need(t, redisServer)
	if !ok {
		return nil
	}
	c, err := newCluster(path, keepsKeys...)
	if err != nil {
		t.Fatalf("private cluster: %v", err)
	}
	t.Cleanup(c.close)
	return c
}

func newCluster(path string, args ...string) (_ *RedisCluster, err error) {
	c := &RedisCluster{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for range clusterNodes {
		node, err := newRedis(path, plainPort, append([]string{"--databases", "1", "--cluster-enabled", "yes", "--cluster-node-timeout", "5000"}, args...)...)
		if err != nil {
			return nil, err
		}
		c.nodes, c.Addrs = append(c.nodes, node), append(c.Addrs, node.Addr)
	}
	return c, c.join()
}

// join gives every node its slots, lets the nodes meet, and waits until each of them says that the cluster is whole.
func (c *RedisCluster) join() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	firstHost, firstPort, err := net.SplitHostPort(c.Addrs[0])
	if err != nil {
		return err
	}
	for i, node := range c.nodes {
		admin := node.admin()
		defer admin.Close() //nolint:errcheck // what it was told was answered
		if err := admin.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("CLUSTER SET-CONFIG-EPOCH: %w", err)
		}
		if err := admin.ClusterAddSlotsRange(ctx, i*clusterSlots/clusterNodes, (i+1)*clusterSlots/clusterNodes-1).Err(); err != nil {
			return fmt.Errorf("CLUSTER ADDSLOTS: %w", err)
		}
		if i > 0 {
			if err := admin.ClusterMeet(ctx, firstHost, firstPort).Err(); err != nil {
				return fmt.Errorf("CLUSTER MEET: %w", err)
			}
		}
	}
	for _, node := range c.nodes {
		admin := node.admin()
		defer admin.Close() //nolint:errcheck // it only asked
		err := eventually(func(ctx context.Context) error {
			info, err := admin.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_size:%d", clusterNodes))) {
				err = fmt.Errorf("the cluster is not whole: %s", info)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Client is a client of the cluster, closed when the test ends.
func (c *RedisCluster) Client(t testing.TB) *redis.ClusterClient {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Nodes are clients of each node, through the user default, closed when the test ends.
func (c *RedisCluster) Nodes(t testing.TB) []*redis.Client {
	var clients []*redis.Client
	for _, node := range c.nodes {
		clients = append(clients, node.Client(t))
	}
	return clients
}

func (c *RedisCluster) close() {
	for _, node := range c.nodes {
		node.p.close()
	}
}

// sharedCluster is one cluster for all tests of the process, one after the other: a cluster has no numbered databases.
var sharedCluster = struct {
	get  func() (*RedisCluster, error)
	mine sync.Mutex
}{get: sync.OnceValues(func() (*RedisCluster, error) { return newCluster(redisProgram, "--appendonly", "no") })}

// emptyCluster is a client of the shared cluster, which belongs to this test until its end.
func emptyCluster(t testing.TB) *redis.ClusterClient {
	t.Helper()
	sharedCluster.mine.Lock()
	t.Cleanup(sharedCluster.mine.Unlock)
	c, err := sharedCluster.get()
	if err != nil {
		t.Fatalf("private cluster: %v", err)
	}
	client := c.Client(t)
	t.Cleanup(func() {
		err := client.ForEachMaster(context.Background(), func(ctx context.Context, node *redis.Client) error { return node.FlushAll(ctx).Err() })
		if err != nil {
			t.Errorf("empty the cluster for the next test: %v", err)
		}
	})
	return client
}
