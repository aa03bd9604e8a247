package arrows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ordersync/ordersync/"

// mayImport is the table of arrows. A row that ends in "/" holds for every package below it. "*" is everything but what only tests
// may use.
var mayImport = map[string][]string{
	"configs":               {},
	"douyin":                {"tasks/cut"},
	"douyin/simulator":      {},
	"douyin/tokencache":     {"douyin", "tasks/cut"},
	"douyin/gate":           {"douyin"},
	"douyin/trade":          {"douyin"},
	"store":                 {"store/migrations", "store/shop", "store/cell", "store/gather", "tasks/cut"},
	"store/shop":            {"store/cell"},
	"store/cell":            {"tasks/cut"},
	"store/gather":          {},
	"store/migrations":      {},
	"store/embedded":        {"store"},
	"store/servertest":      {"store", "store/embedded"},
	"tasks":                 {"tasks/cut"},
	"tasks/cut":             {}, // for every room: its doc says why
	"tasks/gateway":         {"tasks", "tasks/cut", "douyin", "douyin/trade"},
	"tasks/inbox":           {"tasks", "tasks/cut"},
	"tasks/client":          {"tasks/cut"},
	"tasks/php":             {},
	"worker":                {"tasks", "tasks/cut", "store", "store/cell", "douyin", "douyin/trade", "worker/tuning"},
	"worker/tuning":         {},
	"scheduler":             {"tasks", "store"},
	"scheduler/queuedoctor": {"tasks"},
	"cmd/internal/":         {"*"},
	"cmd/internal/desk":     {"worker", "store", "douyin", "douyin/trade", "tasks", "tasks/gateway", "tasks/inbox"},
	"cmd/internal/metrics":  {"worker", "scheduler/queuedoctor", "store", "douyin", "douyin/trade", "tasks", "tasks/gateway", "tasks/inbox"},
	"cmd/internal/traces":   {"worker", "store", "douyin", "douyin/trade", "tasks", "tasks/cut", "tasks/gateway", "tasks/inbox"},
	"cmd/ordersync":         {"*"},
}

// onlyInTests may be imported by nothing but _test files.
var onlyInTests = []string{"store/servertest"}

type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,TestImports,XTestImports"}, args...)...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaints)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// row is the row of a package: its own, or that of a folder above it.
func row(p string) (allowed []string, found bool) {
	if allowed, found = mayImport[p]; found {
		return allowed, true
	}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if allowed, found = mayImport[dir+"/"]; found {
			return allowed, true
		}
	}
	return nil, false
}

// ours are the imports that are packages of this module, without its name.
func ours(imports []string) []string {
	var out []string
	for _, i := range imports {
		if p, ok := strings.CutPrefix(i, module); ok {
			out = append(out, p)
		}
	}
	return out
}

func TestArrowsGoOnlyWhereTheTableSays(t *testing.T) {
	all := list(t, module+"...")
	if len(all) < len(mayImport)-1 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	for _, p := range all {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, found := row(name)
		if !found {
			t.Errorf("%s has no row in the table of arrows", name)
			continue
		}
		for _, i := range ours(p.Imports) {
			switch {
			case slices.Contains(onlyInTests, i):
				t.Errorf("%s imports %s, which is for tests only", name, i)
			case slices.Contains(allowed, i):
			case slices.Contains(allowed, "*") && i != "cmd/ordersync":
			default:
				t.Errorf("%s imports %s; it may import %q", name, i, allowed)
			}
		}
		if name == "douyin/simulator" { // its tests too: both sides share literal bytes and nothing else
			for _, shared := range ours(append(p.TestImports, p.XTestImports...)) {
				if shared == "douyin" || shared == "douyin/trade" {
					t.Errorf("the tests of %s import %s", name, shared)
				}
			}
		}
	}
}

func TestEveryRowHasItsPackage(t *testing.T) {
	all := list(t, module+"...")
	for name := range mayImport {
		if !slices.ContainsFunc(all, func(p pkg) bool {
			found := strings.TrimPrefix(p.ImportPath, module)
			return found == name || strings.HasSuffix(name, "/") && strings.HasPrefix(found, name)
		}) {
			t.Errorf("the table has a row for %s, and no such package exists", name)
		}
	}
}

// What only the demo and the tests need is not linked into what production runs: the Dockerfile builds with -tags slim.
func TestSlimBuildHasNoDemo(t *testing.T) {
	for _, tags := range []string{"slim", "slim,timetzdata"} {
		deps := list(t, "-deps", "-tags", tags, module+"cmd/ordersync")
		if len(deps) < 100 {
			t.Fatalf("go list -deps found %d packages only", len(deps))
		}
		for _, d := range deps {
			for _, unwanted := range []string{
				"modernc.org/sqlite", "github.com/glebarez/", "github.com/alicebob/miniredis", "github.com/gofrs/flock", module + "store/embedded",
				module + "store/servertest", "testing",
			} {
				if d.ImportPath == unwanted || strings.HasPrefix(d.ImportPath, strings.TrimSuffix(unwanted, "/")+"/") {
					t.Errorf("-tags %s links %s", tags, d.ImportPath)
				}
			}
		}
	}
}

// The other half: a full build has the demo, or the test above would prove nothing.
func TestFullBuildHasTheDemo(t *testing.T) {
	deps := list(t, "-deps", module+"cmd/ordersync")
	if !slices.ContainsFunc(deps, func(p pkg) bool { return p.ImportPath == module+"store/embedded" }) {
		t.Error("the full build does not link store/embedded: where is the demo?")
	}
}

// What makes and sends spans is a process's choice: everything else that speaks of traces uses OpenTelemetry's API alone.
func TestOnlyTracesUsesOpenTelemetrysSDK(t *testing.T) {
	const otel, owner = "go.opentelemetry.io/", "cmd/internal/traces"
	users := map[string]bool{}
	for _, p := range list(t, module+"...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			api := strings.HasPrefix(i, otel+"otel/") && !strings.HasPrefix(i, otel+"otel/sdk") && !strings.HasPrefix(i, otel+"otel/exporters")
			if strings.HasPrefix(i, otel) && !api {
				users[name] = true
				if name != owner {
					t.Errorf("%s imports %s", name, i)
				}
			}
			if api && name != owner && name != "tasks" {
				t.Errorf("%s imports %s: decorate it in %s", name, i, owner)
			}
		}
	}
	if !users[owner] {
		t.Errorf("%s imports no SDK: the test looks at nothing", owner)
	}
}

var arrowRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| (.*) \\|$")

// ARCHITECTURE.md draws the same arrows.
func TestTheBookDrawsTheseArrows(t *testing.T) {
	text, err := os.ReadFile("../../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## The arrows\n")
	table, _, _ = strings.Cut(table, "\n## ")
	drawn := map[string]string{}
	for _, m := range arrowRow.FindAllStringSubmatch(table, -1) {
		drawn[m[1]] = m[2]
	}
	for name, allowed := range mayImport {
		want := "`" + strings.Join(allowed, "` `") + "`"
		switch {
		case len(allowed) == 0:
			want = "nothing"
		case allowed[0] == "*":
			want = "everything"
		}
		if drawn[name] != want {
			t.Errorf("ARCHITECTURE.md says that %s may import %s; the table has %s", name, drawn[name], want)
		}
	}
	if len(drawn) != len(mayImport) {
		t.Errorf("ARCHITECTURE.md has %d rows, the table %d", len(drawn), len(mayImport))
	}
}
