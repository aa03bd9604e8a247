package main

import (
	"os/exec"
	"strings"
	"testing"
)

// A binary is given to others, and the licences of what is in it want to go along. CI compares the
// whole text; here no module may be without one.
func TestEveryModuleHasItsLicence(t *testing.T) {
	code, out, errOut := command(t, nil, nil, "licenses")
	if code != exitDone || errOut != "" {
		t.Fatalf("code %d, %q", code, errOut)
	}
	const format = "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}"
	list, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(list))
	if len(modules) < 20 {
		t.Fatalf("go list found %d modules only", len(modules))
	}
	for _, m := range modules {
		if !strings.Contains(out, "\n"+m+" v") {
			t.Errorf("%s has no licence in the text: .ci/notices >cmd/ordersync/licenses.txt", m)
		}
	}
	for _, ours := range []string{"MIT licence", "Go and its standard library: LICENSE"} {
		if !strings.Contains(out, ours) {
			t.Errorf("the text lacks %q", ours)
		}
	}
}
