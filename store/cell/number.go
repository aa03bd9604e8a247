package cell

import (
	"strconv"
	"strings"
)

// Number reads a whole number. Zeros after a point are accepted: the column may be a DECIMAL. reason is NotNumber or empty.
func Number(text string) (n int64, reason Reason) {
	whole, fraction, _ := strings.Cut(strings.TrimFunc(text, blank), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return 0, NotNumber
	}
	return n, ""
}
