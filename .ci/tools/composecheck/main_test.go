package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const composeFile = "../../../docker-compose.yml"

func TestTheFileOfThisRepositoryIsGood(t *testing.T) {
	if err := check(composeFile); err != nil {
		t.Error(err)
	}
}

// An image says which version and commit it is, when its builder says so, and "dev" and "unknown" else.
func TestVersionAndCommitReachTheImage(t *testing.T) {
	for _, tt := range []struct {
		environ         []string
		version, commit string
	}{
		{nil, "dev", "unknown"},
		{[]string{"VERSION=", "COMMIT="}, "dev", "unknown"},
		{[]string{"VERSION=v1.2.3", "COMMIT=abc"}, "v1.2.3", "abc"},
	} {
		project, err := load(composeFile, tt.environ...)
		if err != nil {
			t.Fatal(err)
		}
		args := project.Services["migrate"].Build.Args
		if v, c := args["VERSION"], args["COMMIT"]; v == nil || c == nil || *v != tt.version || *c != tt.commit {
			t.Errorf("%q: build arguments %v", tt.environ, args)
		}
	}
}

func TestWhatComposeWouldOnlyWarnOfIsAnError(t *testing.T) {
	const good = "services:\n  a:\n    image: a\n    build: {context: ., args: {VERSION: x}}\n    volumes: ['./seed.sql:/seed.sql:ro']\n"
	for name, tt := range map[string]struct{ from, to, want string }{
		"good":                       {"", "", ""},
		"a key that is none":         {"image:", "imagine: b\n    image:", "imagine"},
		"a variable that is not set": {"image: a", "image: ${NOBODY}", "NOBODY"},
		"a mount that is not there":  {"./seed.sql:", "./other.sql:", "mounts what is not there"},
		"an argument nobody takes":   {"{VERSION: x}", "{VERSON: x}", "no ARG of that name"},
		"a dependency that is none":  {"image: a", "image: a\n    depends_on: [b]", "undefined service"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{
				"compose.yml": strings.Replace(good, tt.from, tt.to, 1), "Dockerfile": "FROM scratch\nARG VERSION=dev\n", "seed.sql": "",
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := check(filepath.Join(dir, "compose.yml"))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
