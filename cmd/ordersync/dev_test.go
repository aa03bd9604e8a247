//go:build !slim

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What dev cannot work with ends it with code 2 and one line that says what to do; it makes nothing.
func TestDevSaysWhatItCannotWorkWith(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	for wanted, args := range map[string][]string{
		l.Addr().String() + " is taken": {"--addr", l.Addr().String()},
		"--addr":                        {"--addr", "127.0.0.1"},
		"--payments":                    {"--payments", "cash"},
		"--traffic":                     {"--traffic", "rush"},
		"--forward":                     {"--forward", "localhost:8000/notify"},
	} {
		home := t.TempDir()
		var said bytes.Buffer
		p := &process{environ: []string{"XDG_STATE_HOME=" + home}, in: strings.NewReader(""), out: io.Discard, errOut: &said}
		if code := p.run(t.Context(), append([]string{"dev"}, args...)); code != exitUsage {
			t.Errorf("%q ends with %d", args, code)
		}
		if !strings.Contains(said.String(), wanted) {
			t.Errorf("%q: lacks %q:\n%s", args, wanted, &said)
		}
		if made, _ := os.ReadDir(filepath.Join(home, "ordersync")); len(made) > 0 {
			t.Errorf("%q: something was made", args)
		}
	}
}
