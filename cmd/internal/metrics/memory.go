package metrics

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

var (
	memoryUsed  = describe("redis_memory_used_bytes", "What Redis uses.")
	memoryMax   = describe("redis_memory_max_bytes", "What Redis may use (maxmemory); 0: no limit but the machine's.")
	memoryKeeps = describe("redis_keeps_keys", "1: maxmemory-policy is noeviction, as a queue needs it.")
)

// memory is what one node's INFO tells of it.
type memory struct {
	used, limit float64 // bytes; limit 0: none
	keeps       bool    // noeviction
}

// readMemory asks INFO memory. Of a cluster it tells of the node that is fullest, and of all whether they keep their keys: a
// queue lies on one node, and is stuck when that one is full.
func (s *shared) readMemory(ctx context.Context, out chan<- prometheus.Metric) error {
	m, err := s.fullest(ctx)
	if err != nil {
		return err
	}
	keeps := 0.0
	if m.keeps {
		keeps = 1
	}
	out <- gauge(memoryUsed, m.used)
	out <- gauge(memoryMax, m.limit)
	out <- gauge(memoryKeeps, keeps)
	return nil
}

func (s *shared) fullest(ctx context.Context) (memory, error) {
	cluster, ok := s.Redis.(*redis.ClusterClient)
	if !ok {
		return memoryOf(ctx, s.Redis)
	}
	var mu sync.Mutex // the nodes are asked side by side
	var all []memory
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		m, err := memoryOf(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, m)
		return err
	})
	if err == nil && len(all) == 0 {
		err = errors.New("metrics: the cluster names no master")
	}
	if err != nil {
		return memory{}, err
	}
	fullest := slices.MaxFunc(all, func(a, b memory) int {
		return cmp.Or(cmp.Compare(a.share(), b.share()), cmp.Compare(a.used, b.used))
	})
	fullest.keeps = !slices.ContainsFunc(all, func(m memory) bool { return !m.keeps })
	return fullest, nil
}

// share is how much of its limit is used; 0 without one.
func (m memory) share() float64 {
	if m.limit == 0 {
		return 0
	}
	return m.used / m.limit
}

func memoryOf(ctx context.Context, node redis.Cmdable) (memory, error) {
	text, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return memory{}, err
	}
	info := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		info[name] = strings.TrimSpace(value)
	}
	m := memory{keeps: info["maxmemory_policy"] == "noeviction"}
	if m.used, err = strconv.ParseFloat(info["used_memory"], 64); err != nil {
		return memory{}, fmt.Errorf("metrics: INFO memory tells no used_memory: %w", err)
	}
	if m.limit, err = strconv.ParseFloat(info["maxmemory"], 64); err != nil {
		return memory{}, fmt.Errorf("metrics: INFO memory tells no maxmemory: %w", err)
	}
	return m, nil
}
