package shop

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Every DECIMAL(10,2), as text, is 100 times its rational value: the edges and a million at random.
func TestParseYuanIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(fen int64) {
		text := fmt.Sprintf("%d.%02d", fen/100, fen%100)
		want, _ := new(big.Rat).SetString(text)
		want.Mul(want, big.NewRat(100, 1))
		got, err := ParseYuan(text)
		if err != nil || want.Cmp(new(big.Rat).SetInt64(int64(got))) != 0 {
			t.Fatalf("%s: %d, %v; want %s", text, got, err, want)
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
