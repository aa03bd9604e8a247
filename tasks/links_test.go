package tasks_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A Go shop imports this package alone: what it links is what the shop's build, licence list and
// scanner see.
func TestPackageTasksLinksOnlyWhatEnqueueingNeeds(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	// tasks/cut, which links the standard library alone; asynq and what asynq v0.26 and go-redis
	// bring themselves, uuid, and OpenTelemetry's API: what makes and sends spans (its SDK, the
	// exporters) is the shop's to choose.
	allowed := []string{
		"github.com/ordersync/ordersync/tasks", "github.com/ordersync/ordersync/tasks/cut", "github.com/hibiken/asynq", "github.com/google/uuid", "github.com/redis/go-redis/v9",
		"github.com/cespare/xxhash/v2", "github.com/robfig/cron/v3", "github.com/spf13/cast", "go.uber.org/atomic",
		"golang.org/x/time/rate", "golang.org/x/sys", "google.golang.org/protobuf",
		"go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/propagation", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
		"go.opentelemetry.io/otel/baggage", "go.opentelemetry.io/otel/semconv", "go.opentelemetry.io/otel/internal",
	}
	var seen int
	for _, pkg := range strings.Fields(string(out)) {
		ok := false
		for _, a := range allowed {
			ok = ok || pkg == a || strings.HasPrefix(pkg, a+"/") && a != allowed[0]
		}
		if !ok {
			t.Errorf("links %s", pkg)
		}
		seen++
	}
	if seen < 5 {
		t.Errorf("go list named %d packages only: the test looks at nothing", seen)
	}
}
