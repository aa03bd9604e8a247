package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheVersionFlagSaysWhatTheCommandSays(t *testing.T) {
	_, want, _ := command(t, nil, nil, "version")
	if code, out, errOut := command(t, nil, nil, "--version"); code != exitDone || out != want || errOut != "" {
		t.Errorf("code %d, %q, %q; want %q", code, out, errOut, want)
	}
}

func TestTheHelpSaysTheExitCodes(t *testing.T) {
	_, out, _ := command(t, nil, nil, "--help")
	if !strings.Contains(out, "Exit codes: 0 done; 1 failed; 2 wrong usage or configuration") {
		t.Errorf("the help is\n%s", out)
	}
}

// Packages ship them: one for each command that a person may call.
func TestManPagesAndCompletionAreOfTheCommandTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if code, out, errOut := command(t, nil, nil, "man", dir); code != exitDone || out != "man pages written to "+dir+"\n" {
		t.Fatalf("man: code %d, %q, %q", code, out, errOut)
	}
	for _, page := range []string{"ordersync.1", "ordersync-run.1", "ordersync-enqueue-refund.1", "ordersync-status.1"} {
		text, err := os.ReadFile(filepath.Join(dir, page)) //nolint:gosec // of the test
		if err != nil || !strings.Contains(string(text), ".SH NAME") {
			t.Errorf("%s: %v", page, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "ordersync.1")) //nolint:gosec // of the test
	if err != nil || !strings.Contains(string(text), "Exit codes") {
		t.Errorf("the first page lacks the exit codes: %v", err)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, _ := command(t, nil, nil, "completion", shell); code != exitDone || !strings.Contains(out, "ordersync") {
			t.Errorf("completion %s: code %d, %d bytes", shell, code, len(out))
		}
	}
}
