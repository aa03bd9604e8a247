package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/store/servertest"
)

// Two shops that were given one Redis database took each other's tasks, and nobody said so.
func TestAnotherDeploymentInTheSameRedisIsAFailure(t *testing.T) {
	for name, p := range map[string]struct {
		app, database string
		fails         bool
	}{
		"the same":         {"tt1", "shop", false},
		"an older version": {"", "", false},
		"another app":      {"tt2", "shop", true},
		"another database": {"tt1", "shop2", true},
	} {
		rdb := servertest.Redis(t)
		living := alive.Process{ID: "host-7-1", Host: "host", PID: 7, Roles: []string{alive.Worker}, App: p.app, Database: p.database, Started: time.Now()}
		if err := alive.GiveSign(t.Context(), rdb, living); err != nil {
			t.Fatal(err)
		}
		got := Neighbours(t.Context(), rdb, "tt1", "shop")
		if (len(got) == 1) != p.fails || p.fails && (got[0].Level != Failure || got[0].Waits || !strings.Contains(got[0].Found, "process 7 on host")) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Neighbours(t.Context(), servertest.Redis(t), "tt1", "shop"); got != nil {
		t.Errorf("alone: %+v", got)
	}
}
