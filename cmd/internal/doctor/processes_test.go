package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/alive"
)

func TestAPartThatDoesNotRunAndAnOpenBreakerAreTold(t *testing.T) {
	t.Parallel()
	process := func(age time.Duration, breaker string, roles ...string) alive.Process {
		return alive.Process{Roles: roles, Age: age, Breakers: map[string]string{"pushes": breaker}}
	}
	for name, c := range map[string]struct {
		all   []alive.Process
		level Level
		says  string
	}{
		"none yet":    {},
		"all gone":    {all: []alive.Process{process(time.Hour, "open", alive.Worker)}},
		"whole":       {all: []alive.Process{process(0, "closed", alive.Gateway, alive.Worker, alive.Scheduler)}, says: "every circuit breaker is closed"},
		"no worker":   {all: []alive.Process{process(0, "closed", alive.Gateway, alive.Scheduler), process(time.Minute, "open", alive.Worker)}, level: Warning, says: "no worker runs"},
		"an open one": {all: []alive.Process{process(0, "open", alive.Gateway, alive.Worker, alive.Scheduler)}, level: Warning, says: "not closed for: pushes"},
	} {
		worst, said := OK, ""
		for _, r := range processes(c.all) {
			worst, said = max(worst, r.Level), said+r.String()+"\n"
		}
		if worst != c.level || !strings.Contains(said, c.says) || c.says == "" && said != "" || name == "no worker" && strings.Contains(said, "breaker") {
			t.Errorf("%s: level %v, want %v and %q:\n%s", name, worst, c.level, c.says, said)
		}
	}
}
