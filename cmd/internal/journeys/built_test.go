package journeys

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/ordersync/ordersync/configs"
)

// The exit codes of ordersync.
const (
	exitDone   = 0
	exitFailed = 1
)

// room is where the program is built from.
const room = "../../ordersync"

// programs is the folder of what is built. It goes when the tests have ended.
var programs string

func TestMain(m *testing.M) { os.Exit(inFolder(m)) }

func inFolder(m *testing.M) int {
	err := os.Setenv(configs.LangVariable, "en") // what processes say is compared in English
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if programs, err = os.MkdirTemp("", "ordersync-journeys-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs) //nolint:errcheck // programs of processes that have ended
	return m.Run()
}

var (
	compileProduct = sync.OnceValues(func() (string, error) { return compile("ordersync", "build") })
	compileStandIn = sync.OnceValues(func() (string, error) {
		how := []string{"test", "-c"}
		if withRaceDetector() {
			how = append(how, "-race")
		}
		return compile("standin", how...)
	})
)

func compile(name string, how ...string) (path string, err error) {
	path = filepath.Join(programs, name)
	build := exec.Command("go", append(slices.Clone(how), "-o", path, ".")...) //nolint:gosec,noctx // our own arguments; all tests wait for it
	build.Dir = room
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %v: %w\n%s", how, err, out)
	}
	return path, nil
}

func withRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// product is ordersync as it is built for production, but for its build tags.
func product(t *testing.T) *binary {
	t.Helper()
	path, err := compileProduct()
	if err != nil {
		t.Fatal(err)
	}
	return &binary{path: path, reaper: newReaper(t)}
}

// standIn is ordersync with parts that tests hand in (cmd/ordersync/standin_test.go): usual or
// short waits, and SQLite in a file where sqlite is not empty.
func standIn(t *testing.T, waits, sqlite string) *binary {
	t.Helper()
	path, err := compileStandIn()
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"STANDIN_WAITS=" + waits}
	if sqlite != "" {
		environ = append(environ, "STANDIN_SQLITE="+sqlite)
	}
	return &binary{path: path, environ: environ, reaper: newReaper(t)}
}
