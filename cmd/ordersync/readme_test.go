package main

import (
	"os"
	"regexp"
	"testing"
)

var (
	shellBlock = regexp.MustCompile("(?s)```\\w*\n(.*?)```")
	// called is a command line of ours in a block of shell.
	called = regexp.MustCompile(`(?m)^(?:echo .* \| )?(?:ordersync|go run \./cmd/ordersync)(?: --config \S+)? ([a-z-]+)`)
)

// Every command that a README calls is there, so that nobody types one that was renamed.
func TestTheREADMEsCallCommandsThatAreThere(t *testing.T) {
	root := (&process{}).root()
	n := 0
	for _, name := range []string{
		"../../README.md", "../../README.zh-CN.md", "../../configs/SHOP.md", "../../configs/OPERATIONS.md", "../../configs/TROUBLESHOOTING.md", "../../configs/TRADE.md",
		"../../tasks/php/README.md",
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			for _, m := range called.FindAllStringSubmatch(block[1], -1) {
				n++
				if cmd, _, err := root.Find([]string{m[1]}); err != nil || cmd == root {
					t.Errorf("%s calls ordersync %s, which is not there", name, m[1])
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("the READMEs call %d commands only: does the pattern still fit?", n)
	}
}
