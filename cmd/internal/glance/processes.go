package glance

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/alive"
)

// gone is how old a sign of life may be of a process that is listed.
const gone = time.Minute

// Process is one process of ordersync.
type Process struct {
	Host       string            `json:"host"`
	PID        int               `json:"pid"`
	Roles      []string          `json:"roles"`             // gateway, worker, scheduler
	Version    string            `json:"version,omitempty"` // empty: it gives no sign of life of its own
	Started    time.Time         `json:"started"`
	AgeSeconds float64           `json:"age_seconds"` // of its last sign of life
	Alive      bool              `json:"alive"`       // that sign is young; else it is taken for gone
	Breakers   map[string]string `json:"breakers,omitempty"`
	Active     int               `json:"active_tasks"`
}

// processes are those that gave a sign of life, and workers of which asynq knows only.
func processes(ctx context.Context, rdb redis.UniversalClient, inspector *asynq.Inspector) ([]Process, error) {
	all := []Process{}
	signs, err := alive.Read(ctx, rdb)
	for i := range signs {
		s := &signs[i]
		if s.Age < gone {
			all = append(all, Process{
				Host: s.Host, PID: s.PID, Roles: s.Roles, Version: s.Version, Started: s.Started, AgeSeconds: s.Age.Seconds(), Alive: s.Alive(), Breakers: s.Breakers,
			})
		}
	}
	servers, serversErr := inspector.Servers()
	for _, s := range servers {
		i := slices.IndexFunc(all, func(p Process) bool {
			return p.Host == s.Host && p.PID == s.PID && slices.Contains(p.Roles, alive.Worker)
		})
		if i < 0 {
			i = len(all)
			all = append(all, Process{Host: s.Host, PID: s.PID, Roles: []string{alive.Worker}, Started: s.Started, Alive: true})
		}
		all[i].Active += len(s.ActiveWorkers)
	}
	slices.SortFunc(all, func(a, b Process) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), a.Started.Compare(b.Started))
	})
	return all, errors.Join(err, serversErr)
}

// missing are the roles that no living process has.
func missing(all []Process) []string {
	return slices.DeleteFunc([]string{alive.Gateway, alive.Worker, alive.Scheduler}, func(role string) bool {
		return slices.ContainsFunc(all, func(p Process) bool { return p.Alive && slices.Contains(p.Roles, role) })
	})
}

// breaker is the worst state that any living process tells; empty: none tells.
func breaker(all []Process) string {
	worst := ""
	for _, p := range all {
		if !p.Alive {
			continue
		}
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
