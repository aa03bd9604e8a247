package servertest_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
)

func TestAClusterSpreadsKeysOverItsNodes(t *testing.T) {
	c := servertest.StartCluster(t)
	if c == nil {
		return // EachRedis and ORDERSYNC_TEST_SERVERS=required say so
	}
	rdb := c.Client(t)
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := rdb.Set(t.Context(), key, "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range c.Nodes(t) {
		if n, err := node.DBSize(t.Context()).Result(); err != nil || n == 0 {
			t.Errorf("%s holds %d keys, %v; want some on each", node.Options().Addr, n, err)
		}
	}
	if err := rdb.MSet(t.Context(), "a", "1", "b", "2").Err(); err == nil {
		t.Error("one command changed keys of two nodes")
	}
}

func TestSentinelsPutTheReplicaInAKilledMastersPlace(t *testing.T) {
	g := servertest.StartSentinels(t)
	if g == nil {
		return // likewise
	}
	rdb := g.Client(t, 2)
	conn := rdb.Conn() // WAIT speaks of its own connection's writes
	if err := conn.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Wait(t.Context(), 1, 10*time.Second).Result(); err != nil || n < 1 {
		t.Fatalf("%d replicas have the key, %v; want one", n, err)
	}
	_ = conn.Close()
	told := redis.NewSentinelClient(&redis.Options{Addr: g.Addrs[0], Password: g.SentinelPassword}).Subscribe(t.Context(), "+switch-master")
	t.Cleanup(func() { _ = told.Close() })
	if _, err := told.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.KillMaster()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := told.ReceiveMessage(ctx); err != nil {
		t.Fatal(err)
	}
	if v, err := rdb.Get(t.Context(), "k").Result(); err != nil || v != "v" {
		t.Errorf("after the failover: %q, %v", v, err)
	}
}

func TestTLSRedisWantsACertificate(t *testing.T) {
	s, _ := servertest.StartTLSRedis(t)
	if s == nil {
		return // likewise
	}
	if err := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1}).Ping(t.Context()).Err(); err == nil {
		t.Error("it answers without TLS")
	}
	stranger := &tls.Config{InsecureSkipVerify: true} // it trusts the server, and shows nothing
	if err := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, TLSConfig: stranger}).Ping(t.Context()).Err(); err == nil {
		t.Error("it answers without a certificate")
	}
	if v, err := s.Client(t).Ping(t.Context()).Result(); err != nil || v != "PONG" {
		t.Errorf("with a certificate: %q, %v", v, err)
	}
}
