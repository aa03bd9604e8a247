package book

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeBlock = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")
	// A comment stands at the beginning of a line or behind a space: an address has slashes too.
	codeComment = regexp.MustCompile(`(?m)(^|\s+)(#|//|/\*).*$`)
	// Figures that a reader would take home: of four characters and more, so that no year's month and no small count in words is among them.
	figure = regexp.MustCompile(`\d[\d.,]{2,}\d`)
)

// inBothLanguages are the English texts that a Chinese one stands beside.
var inBothLanguages = []string{
	"../../../README.md", "../../../configs/UPGRADING.md", "../../../configs/SHOP.md", "../../../configs/OPERATIONS.md", "../../../configs/TROUBLESHOOTING.md", "../../../configs/TRADE.md",
	"../../../tasks/php/README.md",
}

// Whoever reads one of the two languages is told to type the same commands, to write the same configuration, and hears the same figures.
func TestTheREADMEsSayTheSameInBothLanguages(t *testing.T) {
	compared := 0
	for _, english := range inBothLanguages {
		chinese := strings.TrimSuffix(english, ".md") + ".zh-CN.md"
		a, b := readDoc(t, english), readDoc(t, chinese)
		inA, inB := blocks(a), blocks(b)
		compared += len(inA)
		if len(inA) != len(inB) {
			t.Errorf("%s has %d blocks of code, %s %d", english, len(inA), chinese, len(inB))
			continue
		}
		for i := range inA {
			if inA[i] != inB[i] {
				t.Errorf("%s and %s differ in a block of code:\n%s\n---\n%s", english, chinese, inA[i], inB[i])
			}
		}
		if x, y := figures(a), figures(b); !slices.Equal(x, y) {
			t.Errorf("%s and %s differ in figures:\n%q\n%q", english, chinese, x, y)
		}
		if x, y := chapters(a), chapters(b); x != y {
			t.Errorf("%s has %d chapters, %s %d", english, x, chinese, y)
		}
	}
	if compared < 30 {
		t.Errorf("%d blocks of code are compared: does the pattern still fit?", compared)
	}
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the blocks of code without comments and without drawings, whose words are the reader's.
func blocks(text string) (out []string) {
	for _, m := range codeBlock.FindAllStringSubmatch(text, -1) {
		if m[1] != "" || !strings.ContainsAny(m[2], "▶└") {
			out = append(out, codeComment.ReplaceAllString(m[2], ""))
		}
	}
	return out
}

func chapters(text string) int { return strings.Count(codeBlock.ReplaceAllString(text, ""), "\n## ") }

// figures are those of the prose, each once.
func figures(text string) []string {
	found := figure.FindAllString(codeBlock.ReplaceAllString(text, ""), -1)
	slices.Sort(found)
	return slices.Compact(found)
}
