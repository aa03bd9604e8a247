package servertest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

func TestALongTestRunsWhereItIsAskedFor(t *testing.T) {
	named := flag.Lookup("test.run")
	before := named.Value.String()
	defer func() { _ = named.Value.Set(before) }() // it was set to this already
	for _, tt := range []struct {
		variable, run string
		want          bool
	}{
		{"", "", false}, {"1", "", true}, {"", "TestOrders", true}, {"0", "", false},
	} {
		t.Setenv("ORDERSYNC_TEST_LONG", tt.variable)
		if err := named.Value.Set(tt.run); err != nil {
			t.Fatal(err)
		}
		if got := Long(t); got != tt.want {
			t.Errorf("ORDERSYNC_TEST_LONG=%q and -run %q: %v, want %v", tt.variable, tt.run, got, tt.want)
		}
	}
}

// A long test that CI leaves out is one that nobody runs.
func TestCIRunsTheLongTests(t *testing.T) {
	for file, line := range map[string]string{
		"../../.ci/run":  "\nexport ORDERSYNC_TEST_LONG=1\n",
		"../../Makefile": "\n\tORDERSYNC_TEST_LONG=1 go test ",
	} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), line) {
			t.Errorf("%s does not set ORDERSYNC_TEST_LONG=1 (%v)", file, err)
		}
	}
}
