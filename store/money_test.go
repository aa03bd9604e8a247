package store

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestParseYuan(t *testing.T) {
	for text, want := range map[string]Fen{
		"0": 0, "0.00": 0, "-0.00": 0, "0.07": 7, "0.7": 70, "7": 700, "007.10": 710, "1.230": 123, "12.30": 1230, "99999999.99": 9999999999, "1.00000": 100,
	} {
		if got, err := ParseYuan(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": errNoNumber, "-": errNoNumber, ".": errNoNumber, "1.": errNoNumber, ".5": errNoNumber, "1e3": errNoNumber, "1,5": errNoNumber, "１": errNoNumber,
		" 1": errNoNumber, "+1": errNoNumber, "--1": errNoNumber, "1.2.3": errNoNumber, "0x1": errNoNumber, "NaN": errNoNumber,
		"0.001": errPartOfFen, "1.239": errPartOfFen, "7.000000000000001": errPartOfFen, "-0.01": errNegative, "-5": errNegative,
		"99999999999999999999": errTooMuch,
	} {
		if got, err := ParseYuan(text); !errors.Is(err, want) {
			t.Errorf("%q: %d, %v; want %v", text, got, err, want)
		}
	}
}

// Every DECIMAL(10,2), as text, is 100 times its rational value: the edges and a million at random.
func TestParseYuanIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(fen int64) {
		text := fmt.Sprintf("%d.%02d", fen/100, fen%100)
		got, err := ParseYuan(text)
		if err != nil || int64(got) != fen {
			t.Fatalf("%s: %d, %v; want %d", text, got, err, fen)
		}
		if got.String() != text {
			t.Fatalf("%d prints as %s, want %s", got, got, text)
		}
	}
	for _, edge := range []int64{0, 1, 99, 100, 101, 999, 1000, 1 << 31, 1<<32 + 1, 9999999998, 9999999999} {
		check(edge)
	}
	for range 1_000_000 {
		check(random.Int64N(10_000_000_000))
	}
}

func FuzzParseYuan(f *testing.F) {
	f.Add("12.30")
	f.Add("-0.001")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseYuan(text)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || want.Mul(want, big.NewRat(100, 1)).Cmp(new(big.Rat).SetInt64(int64(got))) != 0 {
			t.Errorf("%q became %d", text, got)
		}
	})
}

func TestParseFen(t *testing.T) {
	for text, want := range map[string]Fen{"0": 0, "7": 7, "7.00": 7, "9999999999": 9999999999} {
		if got, err := parseFen(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7.5", "-1", "x", "1e2"} {
		if got, err := parseFen(text); err == nil {
			t.Errorf("%q became %d", text, got)
		}
	}
}
