package cut

import "testing"

func TestTextIsCutAtTheBorderOfACharacter(t *testing.T) {
	for _, c := range []struct {
		in                string
		most              int
		cut, short, clean string
	}{
		{"", 0, "", "", ""},
		{"abc", 3, "abc", "abc", "abc"},
		{"abc", 2, "ab", "ab…", "ab"},
		{"abc", 0, "", "…", ""},
		{"订单", 6, "订单", "订单", "订单"},
		{"订单", 5, "订", "订…", "订"},
		{"订单", 2, "", "…", ""},
		{"a\xffb", 10, "a\uFFFDb", "a\uFFFDb", "ab"},
		{"a\xffb", 4, "a\uFFFD", "a\uFFFD…", "ab"},
		{"a\xffb", 2, "a", "a…", "a"},
		{"\xe8\xae", 9, "\uFFFD", "\uFFFD", ""},
	} {
		if got := To(c.in, c.most); got != c.cut {
			t.Errorf("To(%q, %d) = %q, want %q", c.in, c.most, got, c.cut)
		}
		if got := Marked(c.in, c.most); got != c.short {
			t.Errorf("Marked(%q, %d) = %q, want %q", c.in, c.most, got, c.short)
		}
		if got := Clean(c.in, c.most); got != c.clean {
			t.Errorf("Clean(%q, %d) = %q, want %q", c.in, c.most, got, c.clean)
		}
	}
}
