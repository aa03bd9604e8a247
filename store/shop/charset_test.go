package shop

import "testing"

func TestWhatACharacterSetHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  charset
		text string
		want bool
	}{
		{"utf8mb4", "订单😀", true}, {"", "订单😀", true}, {"binary", "订单😀", true}, {"utf8mb4", "a\xff", false}, {"", "\xff", false},
		{"utf8mb3", "订单", true}, {"utf8mb3", "订单😀", false}, {"utf8", "😀", false}, {"gbk", "订单", true}, {"gbk", "😀", false},
		{"latin1", "A-1", true}, {"latin1", "é€", true}, {"latin1", "\u0081", true}, {"latin1", "订", false}, {"ascii", "é", false}, {"ascii", "A-1", true},
	} {
		if got := c.set.holds(c.text); got != c.want {
			t.Errorf("%s holds %q: %v", c.set, c.text, got)
		}
	}
}
