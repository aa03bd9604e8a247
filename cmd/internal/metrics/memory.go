package metrics

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

var (
	memoryUsed  = describe("redis_memory_used_bytes", "What Redis uses.")
	memoryMax   = describe("redis_memory_max_bytes", "What Redis may use (maxmemory); 0: no limit but the machine's.")
	memoryKeeps = describe("redis_keeps_keys", "1: maxmemory-policy is noeviction, as a queue needs it.")
)

// readMemory asks INFO memory. In a cluster every node has memory of its own, which is for an exporter of Redis: nothing is
// read then.
func (s *shared) readMemory(ctx context.Context, out chan<- prometheus.Metric) error {
	if _, isCluster := s.Redis.(*redis.ClusterClient); isCluster {
		return nil
	}
	text, err := s.Redis.Info(ctx, "memory").Result()
	if err != nil {
		return err
	}
	info := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		info[name] = strings.TrimSpace(value)
	}
	used, err := strconv.ParseFloat(info["used_memory"], 64)
	if err != nil {
		return fmt.Errorf("metrics: INFO memory tells no used_memory: %w", err)
	}
	limit, err := strconv.ParseFloat(info["maxmemory"], 64)
	if err != nil {
		return fmt.Errorf("metrics: INFO memory tells no maxmemory: %w", err)
	}
	keeps := 0.0
	if info["maxmemory_policy"] == "noeviction" {
		keeps = 1
	}
	out <- gauge(memoryUsed, used)
	out <- gauge(memoryMax, limit)
	out <- gauge(memoryKeeps, keeps)
	return nil
}
