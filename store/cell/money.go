package cell

import (
	"math"
	"strconv"
	"strings"
)

// maxFen bounds an amount: ten times the largest DECIMAL(15,2), far below what int64 holds.
const maxFen = 1_000_000_000_000_000_00

// Yuan reads a DECIMAL of yuan as the database prints it ("12.30", "7") and makes it fen, exactly: no
// float is involved. A reason that is not empty is NotMoney, NegativeMoney, PartOfFen or TooMuch.
func Yuan(text string) (fen int64, reason Reason) {
	negative := strings.HasPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if whole == "" || hasPoint && fraction == "" || !digits(whole) || !digits(fraction) {
		return 0, NotMoney
	}
	if len(fraction) > 2 && strings.Trim(fraction[2:], "0") != "" {
		return 0, PartOfFen
	}
	return fenOf(whole+(fraction + "00")[:2], negative)
}

// Fen reads an integer number of fen. Zeros after a point are accepted: the column may be a DECIMAL.
// Reasons as of Yuan, but NotFen for what is no number.
func Fen(text string) (fen int64, reason Reason) {
	negative := strings.HasPrefix(text, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if whole == "" || !digits(whole) || !digits(fraction) {
		return 0, NotFen
	}
	if strings.Trim(fraction, "0") != "" {
		return 0, PartOfFen
	}
	return fenOf(whole, negative)
}

// FloatYuan reads yuan out of a FLOAT (single) or DOUBLE column. v is the column's value as a float64,
// with nothing rounded before: a FLOAT that comes as text has lost its fen above 9,999.99, since
// MySQL prints six digits of it. Reasons as of Yuan, and InexactMoney: at this size the column holds
// no fen, which is from 131,072 yuan on for a FLOAT, whose neighbours lie 1/64 apart there.
func FloatYuan(v float64, single bool) (fen int64, reason Reason) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, NotMoney
	case v < 0:
		return 0, NegativeMoney
	case v*100 >= maxFen:
		return 0, TooMuch
	}
	step := math.Nextafter(v, math.Inf(1)) - v
	if single {
		step = float64(math.Nextafter32(float32(v), math.MaxFloat32)) - float64(float32(v))
	}
	if step*100 >= 1 { // rounded by half a fen
		return 0, InexactMoney
	}
	near := math.Round(v * 100)
	if math.Abs(v*100-near) > min(0.5, 2*step*100) { // a sum is off by more than one rounding
		return 0, PartOfFen
	}
	return int64(near), ""
}

// FloatText is FloatYuan of a value that came as text. A FLOAT must have been made a double by the server.
func FloatText(text string, single bool) (fen int64, reason Reason) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, NotMoney
	}
	return FloatYuan(v, single)
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func fenOf(digits string, negative bool) (int64, Reason) {
	var fen int64
	for _, d := range digits {
		fen = fen*10 + int64(d-'0')
		if fen > maxFen {
			return 0, TooMuch
		}
	}
	if negative && fen != 0 {
		return 0, NegativeMoney
	}
	return fen, ""
}
