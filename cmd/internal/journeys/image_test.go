package journeys

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store/servertest"
)

// An image whose `version` says "unknown" cannot be matched with its source. The Dockerfile's own instruction is run, since a
// linker flag that names a variable that is not there is passed over in silence.
func TestTheImageSaysItsVersionAndCommit(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	text, err := os.ReadFile(room + "/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, instruction, found := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\nRUN CGO_ENABLED=0 go build ")
	instruction, _, _ = strings.Cut(instruction, "\n")
	program := filepath.Join(t.TempDir(), "ordersync")
	line := strings.Replace(instruction, "/out/ordersync", program, 1)
	if !found || line == instruction {
		t.Fatal("the Dockerfile builds in another way now")
	}
	build := exec.CommandContext(t.Context(), "sh", "-c", "CGO_ENABLED=0 go build "+line) //nolint:gosec // our own Dockerfile
	build.Dir = "../../.."
	build.Env = append(build.Environ(), "VERSION=v1.2.3", "COMMIT=c0ffee")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "version").Output() //nolint:gosec // what was just built
	if err != nil || !strings.HasPrefix(string(out), "ordersync v1.2.3 (commit c0ffee, ") {
		t.Errorf("%q, %v", out, err)
	}
}
