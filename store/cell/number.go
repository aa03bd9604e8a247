package cell

import (
	"math"
	"strconv"
	"strings"
)

// Number reads a whole number that may stand in a BIT column, whose value comes as bytes, the most
// significant first: BIT(1) 1 is "\x01". bit says that the column is one. Zeros after a point are
// accepted. reason is NotNumber or empty.
func Number(v []byte, bit bool) (n int64, reason Reason) {
	if bit {
		if len(v) == 0 || len(v) > 8 || len(v) == 8 && v[0] > math.MaxInt8 {
			return 0, NotNumber
		}
		for _, b := range v {
			n = n<<8 | int64(b)
		}
		return n, ""
	}
	whole, fraction, _ := strings.Cut(strings.TrimFunc(string(v), blank), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return 0, NotNumber
	}
	return n, ""
}

// Text is a value as text; that of a BIT column is its number.
func Text(v []byte, bit bool) string {
	if bit {
		if n, reason := Number(v, true); reason == "" {
			return strconv.FormatInt(n, 10)
		}
	}
	return string(v)
}
