package servertest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store/servertest"
)

// lame are programs that are there and cannot be used, and what the one line about each says. Each
// has its own folder before the PATH of a child process, for a verdict holds for a process.
var lame = map[string]struct {
	program, script string
	ask             func(t *testing.T) bool
	want            []string
}{
	"mariadbd that does not start": {
		"mariadbd",
		"echo 'mariadbd: error while loading shared libraries: liburing.so.2' >&2; exit 127",
		func(t *testing.T) bool { return servertest.HasMySQL(t) },
		[]string{"does not start", "liburing.so.2", "mariadb-server-core"},
	},
	"redis-server that is older than 6": {
		"redis-server",
		`echo "*** FATAL CONFIG FILE ERROR (Redis 5.0.14) *** >>> 'tls-port \"0\"' Bad directive"; exit 1`,
		func(t *testing.T) bool { return !servertest.IsMiniredis(servertest.Redis(t)) },
		[]string{"does not start", "Redis 5.0.14", "redis-server"},
	},
	"mysql that does not run": {
		"mysql",
		"echo 'libmysqlclient.so.21: cannot open shared object file' >&2; exit 127",
		func(t *testing.T) bool { _, ok := servertest.SQLClient(t, "mysql"); return ok },
		[]string{"does not run", "libmysqlclient.so.21", "mariadb-client-core"},
	},
	"php that does not run": {
		"php",
		"exit 1",
		func(t *testing.T) bool { _, ok := servertest.PHP(t); return ok },
		[]string{"does not run", "php-cli"},
	},
	"php that is too old": {
		"php",
		"echo 7.2.34",
		func(t *testing.T) bool { _, ok := servertest.PHP(t); return ok },
		[]string{"PHP 7.2.34 is too old", "php-cli"},
	},
	"php without an extension": {
		"php", `case $2 in *VERSION*) echo 8.2.1;; *) echo core json;; esac`,
		func(t *testing.T) bool { _, ok := servertest.PHP(t, "json", "pdo_sqlite"); return ok },
		[]string{"without pdo_sqlite:", "php-sqlite3"},
	},
	"chromium that does not start": {
		"chromium",
		"echo 'libnss3.so: cannot open shared object file' >&2; exit 127",
		func(t *testing.T) bool { _, ok := servertest.Chromium(t); return ok },
		[]string{"does not start", "libnss3.so", "fonts-noto-cjk"},
	},
	"chromium that shows nothing": {
		"chromium",
		"exit 0",
		func(t *testing.T) bool { _, ok := servertest.Chromium(t); return ok },
		[]string{"shows no page", "chromium"},
	},
	"nothing at all": {
		"", "", func(t *testing.T) bool {
			_, php := servertest.PHP(t)
			_, chromium := servertest.Chromium(t)
			return servertest.HasMySQL(t) || php || chromium ||
				!servertest.IsMiniredis(servertest.Redis(t))
		}, []string{"php is not on the PATH"},
	},
}

// What is there but lacks something counts as not there, in one line; where servers are required,
// it is a failure.
func TestALameToolCountsAsNotThere(t *testing.T) {
	if name := os.Getenv("SERVERTEST_LAME"); name != "" {
		fmt.Printf("usable=%v\n", lame[name].ask(t)) //nolint:forbidigo // the parent reads it
		return
	}
	for name, tt := range lame {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			if tt.program != "" {
				if err := os.WriteFile(
					filepath.Join(path, tt.program),
					[]byte("#!/bin/sh\n"+tt.script+"\n"),
					0o700,
				); err != nil {
					t.Fatal(err)
				}
				path += string(os.PathListSeparator) + os.Getenv("PATH")
			}
			for required, usable := range map[string]string{"": "usable=false", "required": "--- FAIL"} {
				child := exec.Command(
					os.Args[0],
					"-test.run=^TestALameToolCountsAsNotThere$",
					"-test.v",
				)
				child.Env = append(
					os.Environ(),
					"SERVERTEST_LAME="+name,
					"ORDERSYNC_TEST_MARIADBD=", // the lame one on the PATH is meant
					"ORDERSYNC_TEST_REDIS_SERVER=",
					"PATH="+path,
					"ORDERSYNC_TEST_SERVERS="+required,
				)
				out, err := child.CombinedOutput()
				if (err != nil) != (required != "") || !strings.Contains(string(out), usable) {
					t.Errorf(
						"ORDERSYNC_TEST_SERVERS=%q: %v\n%s\nwant %s",
						required,
						err,
						out,
						usable,
					)
				}
				if line := lineWith(string(out), "apt-get install"); !all(line, tt.want) {
					t.Errorf(
						"ORDERSYNC_TEST_SERVERS=%q: the line is %q, want %q in it",
						required,
						line,
						tt.want,
					)
				}
			}
		})
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func all(line string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(line, p) {
			return false
		}
	}
	return true
}
