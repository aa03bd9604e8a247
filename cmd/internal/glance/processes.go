package glance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// signs is the hash in which processes give signs of life: a field for each, of the time in ms, a
// space, and its description in JSON.
const signs = "ordersync:alive"

// gone is how old a sign of life may be.
const gone = time.Minute

// Process is one process of ordersync.
type Process struct {
	Host       string            `json:"host"`
	PID        int               `json:"pid"`
	Roles      []string          `json:"roles"`             // gateway, worker, scheduler
	Version    string            `json:"version,omitempty"` // empty: it gives no sign of life of its own
	Started    time.Time         `json:"started"`
	AgeSeconds float64           `json:"age_seconds"` // of its last sign of life
	Breakers   map[string]string `json:"breakers,omitempty"`
	Active     int               `json:"active_tasks"`
}

// processes are those that gave a sign of life, and workers of which asynq knows only.
func processes(ctx context.Context, rdb redis.UniversalClient, inspector *asynq.Inspector) ([]Process, error) {
	all, err := signed(ctx, rdb)
	servers, serversErr := inspector.Servers()
	for _, s := range servers {
		i := slices.IndexFunc(all, func(p Process) bool { return p.Host == s.Host && p.PID == s.PID && slices.Contains(p.Roles, "worker") })
		if i < 0 {
			i = len(all)
			all = append(all, Process{Host: s.Host, PID: s.PID, Roles: []string{"worker"}, Started: s.Started})
		}
		all[i].Active += len(s.ActiveWorkers)
	}
	slices.SortFunc(all, func(a, b Process) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), a.Started.Compare(b.Started))
	})
	return all, errors.Join(err, serversErr)
}

func signed(ctx context.Context, rdb redis.UniversalClient) ([]Process, error) {
	all := []Process{}
	pipe := rdb.Pipeline()
	clock, fields := pipe.Time(ctx), pipe.HGetAll(ctx, signs)
	if _, err := pipe.Exec(ctx); err != nil {
		return all, fmt.Errorf("signs of life: %w", err)
	}
	for _, value := range fields.Val() {
		at, text, _ := strings.Cut(value, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		var p Process
		if err != nil || json.Unmarshal([]byte(text), &p) != nil {
			continue // of a newer version
		}
		age := max(clock.Val().Sub(time.UnixMilli(ms)), 0)
		if p.AgeSeconds, p.Active = age.Seconds(), 0; age < gone {
			all = append(all, p)
		}
	}
	return all, nil
}

// breaker is the worst state that any process tells; empty: none tells.
func breaker(all []Process) string {
	worst := ""
	for _, p := range all {
		for _, state := range p.Breakers {
			if slices.Index(breakerStates, state) > slices.Index(breakerStates, worst) {
				worst = state
			}
		}
	}
	return worst
}

// breakerStates begin with the best one.
var breakerStates = []string{"closed", "half-open", "open"}
