package servertest

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// probeTimeout bounds the look at a tool; Chromium's first start on a busy machine is slow.
const probeTimeout = time.Minute

// tool is a program that tests use where it is usable. This is the one place that decides what
// usable means: a program that is there and lacks something counts as not there.
type tool struct {
	name     string
	packages string                          // of Debian, that bring it whole
	lacks    func(path string) (what string) // empty: usable. It is asked once in a process, and may be nil

	once sync.Once
	path string
	why  string // it is not usable; empty: it is
}

// look finds the program on the PATH and tries it.
func (u *tool) look() (path, why string) {
	u.once.Do(func() {
		var err error
		switch u.path, err = exec.LookPath(u.name); {
		case err != nil:
			u.why = u.name + " is not on the PATH"
		case u.lacks != nil:
			if what := u.lacks(u.path); what != "" {
				u.why = u.path + " is there, but " + oneLine(what)
			}
		}
	})
	return u.path, u.why
}

// need tells whether the tool is usable. Where it is not, one line in the test's log says why and
// what to install, and with ORDERSYNC_TEST_SERVERS=required the test fails with that line.
func need(t testing.TB, u *tool) (path string, ok bool) {
	t.Helper()
	if runtime.GOOS == "windows" { // there is no /bin/sh to stop it there: the embedded ones serve
		return "", false
	}
	path, why := u.look()
	return path, decide(t, why, u.packages)
}

func decide(t testing.TB, why, packages string) (ok bool) {
	t.Helper()
	if why == "" {
		return true
	}
	line := why + ": apt-get install --no-install-recommends " + packages
	if os.Getenv("ORDERSYNC_TEST_SERVERS") == "required" {
		t.Fatalf("%s (ORDERSYNC_TEST_SERVERS=required)", line)
	}
	t.Logf("%s (the test does without)", line)
	return false
}

// maxWhy bounds what a tool's own words may take of a line.
const maxWhy = 300

// oneLine is text without its line breaks, and the end of it where it is long: there programs say
// what was wrong.
func oneLine(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "")
	if len(text) > maxWhy {
		return "… " + strings.ToValidUTF8(text[len(text)-maxWhy:], "")
	}
	return text
}

// says runs a program to its end and answers what it printed.
func says(path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second // a child of its own may hold the pipe
	OwnGroup(cmd)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
