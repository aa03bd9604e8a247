package store

import (
	"strings"

	"github.com/ordersync/ordersync/tasks/cut"
)

// maxCause bounds a cause, in bytes: it travels in addresses.
const maxCause = 96

// CauseOf is what failures have in common that a person mends at once: for an order that lacks
// something the cell's table and column ("product.cover_img"; "title" of a SELECT), for everything
// else the words, without what is different each time. Kind and code are not in it.
func CauseOf(kind, message string) string {
	if kind == "incomplete" {
		for _, end := range []string{` of row "`, ` of order "`} {
			if column, _, found := strings.Cut(message, end); found && !strings.ContainsAny(column, " \"") {
				return cut.To(column, maxCause)
			}
		}
	}
	return cut.To(withoutNumbers(message), maxCause)
}

// longNumber is how many digits or hexadecimal digits in a row are taken for a number of one order
// or one call. A year, a limit and a code are shorter.
const longNumber = 6

// withoutNumbers puts "…" in place of long numbers: ids, log ids, digests.
func withoutNumbers(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n, digits := 0, false
		for n < len(text) && isHex(text[n]) {
			digits = digits || text[n] >= '0' && text[n] <= '9'
			n++
		}
		switch {
		case n >= longNumber && digits:
			b.WriteString("…")
		case n > 0:
			b.WriteString(text[:n])
		default:
			n = 1
			b.WriteByte(text[0])
		}
		text = text[n:]
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
