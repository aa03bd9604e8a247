package cut

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

func TestNothingOfAPlainTextIsObeyed(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"订单 7: “不想要了” 👩‍👩‍👧 é": "订单 7: “不想要了” 👩‍👩‍👧 é",
		"1\x1b[31mX\n<b>":        "1 [31mX <b>",
		"a\tb\r\nc\x00d\x7fe":    "a b  c d e",
		"a\u0085b\u009b2Jc":      "a b 2Jc",
		"a\u2028b\u2029c":        "a b c",
		"a\u202eb\u2066c\u200fd": "a b c d",
		"a\u061cb\u200ec\u2069":  "a b c ",
		"\xb6\xa9a\x9b":          "\uFFFDa\uFFFD",
		"\uFFFD":                 "\uFFFD",
	} {
		if got := Plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if again := Plain(want); again != want {
			t.Errorf("%q changes once more: %q", want, again)
		}
	}
}

func TestPlainJSONHasTheSameValues(t *testing.T) {
	for in, want := range map[string]string{
		"{\n\t\"a\": \"订单\"\n}\n":            "{\n\t\"a\": \"订单\"\n}\n",
		"\"\u007f\u009b2J\u202e订\u2066单\"\n": `"\u007f\u009b2J\u202e订\u2066单"` + "\n",
		"[\"\u2028\",\"\u200f\"]":            `["\u2028","\u200f"]`,
	} {
		got := PlainJSON([]byte(in))
		if string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		var was, is any
		if json.Unmarshal([]byte(in), &was) != nil || json.Unmarshal(got, &is) != nil {
			t.Fatalf("%q is no JSON any more: %q", in, got)
		}
		if !reflect.DeepEqual(was, is) {
			t.Errorf("%q has other values: %q", in, got)
		}
	}
}

// FuzzPlain: one line of valid UTF-8, and no character more than before.
func FuzzPlain(f *testing.F) {
	f.Add("1\x1b[31mX\n<b>")
	f.Add("\xb6\xa9\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := Plain(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > utf8.RuneCountInString(s) {
			t.Fatalf("%q: %q", s, got)
		}
		for _, r := range got {
			if obeyed(r) {
				t.Fatalf("%q: %q has %U", s, got, r)
			}
		}
	})
}

func TestALineHasSingleSpaces(t *testing.T) {
	if s := Line(" a\x1b[31m\n\n b\u2028\tc "); s != "a [31m b c" {
		t.Errorf("%q", s)
	}
}
