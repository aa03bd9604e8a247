package cut

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain is s as one line that a terminal, a log and a page show as text: valid UTF-8 with a space
// for each character that they would obey: control characters (escape and line feed among them),
// U+2028, U+2029, and those that turn the direction of writing round. U+FFFD stands for what is not
// UTF-8.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if obeyed(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Line is Plain with single spaces, and none at the ends.
func Line(s string) string { return strings.Join(strings.Fields(Plain(s)), " ") }

// PlainJSON is a JSON text, with \u in its strings for the characters of which Plain makes spaces:
// the values stay as they are. JSON forbids bare ones below U+0020 in strings, so those are layout,
// and stay too.
func PlainJSON(text []byte) []byte {
	var out []byte
	for rest := text; ; {
		i := bytes.IndexFunc(rest, func(r rune) bool { return r > '~' && obeyed(r) })
		if i < 0 && out == nil {
			return text
		}
		if i < 0 {
			return append(out, rest...)
		}
		r, size := utf8.DecodeRune(rest[i:])
		out = fmt.Appendf(append(out, rest[:i]...), `\u%04x`, r)
		rest = rest[i+size:]
	}
}

// obeyed are characters that a reader's program obeys in place of showing them. All are below
// U+10000.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
