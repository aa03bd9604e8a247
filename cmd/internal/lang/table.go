package lang

import (
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Table lines up cells with tabs behind them, two spaces between columns, as a person of the
// language reads them: in Chinese, a character that a terminal shows two columns wide counts twice.
// Flush ends it.
type Table struct {
	cells *tabwriter.Writer
	wide  bool
}

// Table writes to out.
func (l Lang) Table(out io.Writer) *Table {
	if l.chinese {
		out = unfilled{out}
	}
	return &Table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), l.chinese}
}

// filler stands behind a wide character on its way through tabwriter, which counts characters. It is
// a noncharacter: no text has it.
const filler = "\uFFFE"

// Write takes whole characters.
func (t *Table) Write(p []byte) (int, error) {
	text := string(p)
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
	if _, err := io.WriteString(t.cells, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is held back.
func (t *Table) Flush() error { return t.cells.Flush() }

// unfilled takes the fillers out again. tabwriter writes a cell as one piece.
type unfilled struct{ out io.Writer }

func (u unfilled) Write(p []byte) (int, error) {
	if _, err := io.WriteString(u.out, strings.ReplaceAll(string(p), filler, "")); err != nil {
		return 0, err
	}
	return len(p), nil
}
