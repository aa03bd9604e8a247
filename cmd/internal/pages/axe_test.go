package pages_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// axeSource is axe-core, as its publisher packs it (Mozilla Public License 2.0): it looks at a page as somebody would who
// has no mouse, or sees little or nothing.
var axeSource = sync.OnceValues(func() (string, error) {
	packed, err := os.Open("testdata/axe-4.14.1.min.js.gz")
	if err != nil {
		return "", err
	}
	defer packed.Close() //nolint:errcheck // it was read
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return "", err
	}
	source, err := io.ReadAll(plain)
	return string(source), err
})

// violation is a rule of the WCAG that a page breaks.
type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// axeRun puts what is wrong by the levels A and AA into the page's own axeFound.
const axeRun = `window.axeFound = ""; axe.run(%s, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
	r => { window.axeFound = JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary)}))) },
	e => { window.axeFound = JSON.stringify([{id: "axe", help: String(e), nodes: []}]) }); true`

// accessible fails the test where the page breaks a rule of level A or AA.
func (c *chromium) accessible(name string) {
	c.t.Helper()
	c.accessibleIn(name, "document")
}

// accessibleIn looks at a part of the page, which is a context of axe-core's.
func (c *chromium) accessibleIn(name, part string) {
	c.t.Helper()
	source, err := axeSource()
	if err != nil {
		c.t.Fatal(err)
	}
	if !evaluate[bool](c, `typeof axe === "object"`) {
		evaluate[bool](c, source+"\n;true")
	}
	evaluate[bool](c, fmt.Sprintf(axeRun, part))
	var found []violation
	until(c.t, "axe has looked at "+name, func() bool {
		text := evaluate[string](c, "window.axeFound")
		return text != "" && json.Unmarshal([]byte(text), &found) == nil
	})
	for _, v := range found {
		c.t.Errorf("%s: %s (%s): %d times, first %s", name, v.ID, v.Help, len(v.Nodes), strings.Join(v.Nodes[:min(len(v.Nodes), 2)], " | "))
	}
}
