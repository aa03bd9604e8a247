package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// The script is what waits, and Down is no part of it.
func TestPrintedIsWhatIsPending(t *testing.T) {
	options := shop(t)
	mysql := mysqlOnly(t, options)
	step := func(want string, args ...string) string {
		t.Helper()
		code, out, errOut := command(t, secrets, options, append([]string{"migrate"}, args...)...)
		if code != exitDone || !strings.Contains(out, want) {
			t.Errorf(
				"migrate %v: code %d, stdout %q, stderr %q; want %q",
				args,
				code,
				out,
				errOut,
				want,
			)
		}
		return out
	}
	if mysql {
		if out := step("-- 0001_orders.sql", "--print"); strings.Contains(out, "DROP TABLE") {
			t.Errorf("the script drops tables:\n%s", out)
		}
		step("not applied", "--status") // printing changes nothing
	}
	step("applied 0001")
	if mysql {
		step("-- nothing to do", "--print")
	}
}

func TestDownAsksFirst(t *testing.T) {
	options := shop(t)
	down := func(typed string) (code int, out, errOut string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		p := &process{
			environ: secrets,
			in:      strings.NewReader(typed),
			out:     &stdout,
			errOut:  &stderr,
			options: options,
		}
		code = p.run(t.Context(), []string{"migrate", "--down"})
		return code, stdout.String(), stderr.String()
	}
	if code, out, _ := down(
		"",
	); code != exitDone ||
		!strings.Contains(out, "nothing to take back") {
		t.Errorf("before any migration: code %d, %q", code, out)
	}
	if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	for _, typed := range []string{"", "y\n", "yes\n"} {
		code, _, errOut := down(typed)
		if code != exitFailed || !strings.Contains(errOut, "nothing was changed") {
			t.Errorf("typed %q: code %d, %q; want that nothing is changed", typed, code, errOut)
		}
	}
	_, out, _ := down("")
	_, name, _ := strings.Cut(out, "in the database ")
	name, _, _ = strings.Cut(name, ",")
	code, out, errOut := down(name + "\n")
	if code != exitDone || !strings.Contains(out, "taken back 0") {
		t.Errorf("typed the database's name %q: code %d, %q, %q", name, code, out, errOut)
	}
	if _, out, _ := command(t, secrets, options, "migrate"); strings.Count(out, "applied 0") != 1 {
		t.Errorf("migrate after --down says %q, want the one file again", out)
	}
}

// mysqlOnly tells whether the database of options is MySQL or MariaDB: no client reaches an
// embedded one.
func mysqlOnly(t *testing.T, options []assembly.Option) bool {
	t.Helper()
	db, err := assembly.New(&configs.Config{}, zerolog.Nop(), options...).DB()
	if err != nil {
		t.Fatal(err)
	}
	return db.Name() != "sqlite"
}
