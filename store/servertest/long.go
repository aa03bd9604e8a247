package servertest

import (
	"flag"
	"os"
	"testing"
)

// Long tells whether a test that takes its time (tens of seconds, or a core to itself) runs: where
// ORDERSYNC_TEST_LONG=1, as CI and `make test-all` have it, or where -run names tests, for whoever
// names one wants it. Else one line in the test's log says how to run it, and the test returns.
func Long(t testing.TB) bool {
	t.Helper()
	named := flag.Lookup("test.run")
	if os.Getenv("ORDERSYNC_TEST_LONG") == "1" || named != nil && named.Value.String() != "" {
		return true
	}
	t.Log("a long one, left to CI: make test-all, or go test -run " + t.Name())
	return false
}
