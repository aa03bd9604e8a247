package lang

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Table lines up cells with tabs behind them, two spaces between columns, as a person of the
// language reads them: in Chinese, a character that a terminal shows two columns wide counts twice.
// What a shop or Douyin wrote goes into it by Row alone. Flush ends it.
type Table struct {
	cells *tabwriter.Writer
	wide  bool
	err   error // the first one
}

// Table writes to out.
func (l Lang) Table(out io.Writer) *Table {
	if l.chinese {
		out = unfilled{out}
	}
	return &Table{cells: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), wide: l.chinese}
}

// Row is a line of cells, each as fmt.Sprint has it. A value fills its cell and no more: it is made
// plain.
func (t *Table) Row(cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = cut.Plain(fmt.Sprint(cell))
	}
	t.Text(strings.Join(texts, "\t"))
}

// Text is a line of our own, with tabs and line breaks of its own, as Lang.T returns it.
func (t *Table) Text(text string) {
	if err := t.write(text + "\n"); t.err == nil {
		t.err = err
	}
}

// filler stands behind a wide character on its way through tabwriter, which counts characters. It is
// a noncharacter: no text has it.
const filler = "\uFFFE"

func (t *Table) write(text string) error {
	if t.wide {
		var b strings.Builder
		for rest := text; rest != ""; {
			_, size := utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:size])
			if props, _ := width.LookupString(rest); props.Kind() == width.EastAsianWide || props.Kind() == width.EastAsianFullwidth {
				b.WriteString(filler)
			}
			rest = rest[size:]
		}
		text = b.String()
	}
	_, err := io.WriteString(t.cells, text)
	return err
}

// Flush writes what is held back. Its error is the first of all.
func (t *Table) Flush() error {
	return cmp.Or(t.err, t.cells.Flush())
}

// unfilled takes the fillers out again. tabwriter writes a cell as one piece.
type unfilled struct{ out io.Writer }

func (u unfilled) Write(p []byte) (int, error) {
	if _, err := io.WriteString(u.out, strings.ReplaceAll(string(p), filler, "")); err != nil {
		return 0, err
	}
	return len(p), nil
}
