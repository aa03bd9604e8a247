package shop

import (
	"errors"
	"fmt"
	"strings"
)

// The reasons why a text is no amount of money.
var (
	errNoNumber    = errors.New("is not a decimal number of yuan")
	errNegative    = errors.New("is negative")
	errPartOfFen   = errors.New("has a fraction of a fen")
	errTooMuch     = errors.New("is too large")
	errMoneyIsNull = errors.New("is NULL")
)

// maxFen bounds an amount: ten times the largest DECIMAL(15,2), far below what int64 holds.
const maxFen = 1_000_000_000_000_000_00

// ParseYuan reads a DECIMAL of yuan as the database prints it ("12.30", "7") and makes it fen, exactly: no float is
// involved. A negative amount, a fraction of a fen other than zeros, an exponent and anything else that is not a plain
// decimal number are errors; they do not repeat the text.
func ParseYuan(s string) (Fen, error) {
	negative := strings.HasPrefix(s, "-")
	whole, fraction, hasPoint := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if whole == "" || hasPoint && fraction == "" || !digits(whole) || !digits(fraction) {
		return 0, errNoNumber
	}
	if len(fraction) > 2 && strings.Trim(fraction[2:], "0") != "" {
		return 0, errPartOfFen
	}
	return readFen(whole+(fraction + "00")[:2], negative)
}

// parseFen reads an integer number of fen. Zeros after a point are accepted: the column may be a DECIMAL.
func parseFen(s string) (Fen, error) {
	negative := strings.HasPrefix(s, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if whole == "" || !digits(whole) || !digits(fraction) {
		return 0, errors.New("is not an integer number of fen")
	}
	if strings.Trim(fraction, "0") != "" {
		return 0, errPartOfFen
	}
	return readFen(whole, negative)
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func readFen(digits string, negative bool) (Fen, error) {
	var fen Fen
	for _, d := range digits {
		fen = fen*10 + Fen(d-'0')
		if fen > maxFen {
			return 0, errTooMuch
		}
	}
	if negative && fen != 0 {
		return 0, errNegative
	}
	return fen, nil
}

// String is the amount in yuan with two decimals: "12.30".
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(f)/100, int64(f)%100)
}
