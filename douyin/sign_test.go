package douyin

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

type signVector struct {
	Name   string         `json:"name"`
	Salt   string         `json:"salt"`
	Params map[string]any `json:"params"`
	Sign   string         `json:"sign"`
}

// readVectors keeps numbers as they stand.
func readVectors(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestSignVectors(t *testing.T) {
	var vectors []signVector
	readVectors(t, "testdata/sign_vectors.json", &vectors)
	if len(vectors) != 17 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, v := range vectors {
		if got, err := Sign(v.Params, v.Salt); got != v.Sign || err != nil {
			t.Errorf("%s: %s, %v; want %s", v.Name, got, err, v.Sign)
		}
	}
	r1 := vectors[0]
	delete(r1.Params, "disable_msg") // the number 0 is signed: without it another signature
	if got, err := Sign(r1.Params, r1.Salt); got != "063fc4b15627f2ab0efb60c179253a6a" || err != nil {
		t.Errorf("R1 without disable_msg: %s, %v", got, err)
	}
}

func TestSignPrintsIntegersOfEverySizeInFull(t *testing.T) {
	type fen int64
	for want, values := range map[string][]any{
		"1000000":              {int(1000000), int32(1000000), int64(1000000), uint(1000000), fen(1000000), json.Number("1000000"), "1000000"},
		"9223372036854775807":  {int64(math.MaxInt64), json.Number("9223372036854775807")},
		"18446744073709551615": {uint64(math.MaxUint64), json.Number("18446744073709551615")},
		"-5":                   {int8(-5), json.Number("-5")},
		"0":                    {0, uint8(0), json.Number("0")},
		"true":                 {true, "true", ` "true" `},
	} {
		for _, v := range values {
			list, err := SignedList(map[string]any{"k": v}, "salt")
			if err != nil || !reflect.DeepEqual(list, []string{want, SaltPlaceholder}) && !reflect.DeepEqual(list, []string{SaltPlaceholder, want}) {
				t.Errorf("%T %v: %q, %v; want %s", v, v, list, err, want)
			}
		}
	}
}

func TestSignRefusesWhatCannotBeSignedAndNamesTheKey(t *testing.T) {
	number := 1
	for _, v := range []any{
		nil, 1.0, float32(1), math.NaN(), map[string]any{"a": 1}, []int{1}, []byte("a"), struct{}{}, &number, json.RawMessage("1"),
		json.Number("1e6"), json.Number("1.0"), json.Number("01"), json.Number("-"), json.Number(""), json.Number("0x1"),
		"\xff", make(chan int), func() {}, complex(1, 1),
	} {
		_, err := Sign(map[string]any{"a": "fine", "the_key": v}, "salt")
		var f *FieldError
		if !errors.As(err, &f) || f.Field != "the_key" {
			t.Errorf("%T: %v", v, err)
		}
	}
	if _, err := Sign(map[string]any{"a": 1}, ""); !errors.Is(err, ErrNoSalt) {
		t.Errorf("without a salt: %v", err)
	}
	if _, err := Sign(map[string]any{"sign": nil, "app_id": 1.5, "other_settle_params": []int{1}}, "salt"); err != nil {
		t.Errorf("what is not signed need not be signable: %v", err)
	}
}

func TestTheSaltIsNeverShown(t *testing.T) {
	list, err := SignedList(map[string]any{"a": "x salt-77c y", "b": "salt-77c", "c": "zzz", "d": 5}, "salt-77c")
	if err != nil || strings.Contains(strings.Join(list, "&"), "salt-77c") || len(list) != 5 || list[0] != "5" {
		t.Errorf("%q, %v", list, err)
	}
	_, err = SignedList(map[string]any{"a": nil}, "salt-77c")
	if err == nil || strings.Contains(err.Error(), "salt-77c") {
		t.Error(err)
	}
}

func TestNormalTextIsSignedAsItIsSent(t *testing.T) {
	for in, want := range map[string]string{
		"abc": "abc", " abc\n": "abc", "\u3000全角\u3000": "全角", `"abc"`: "abc", ` "" abc "" `: "abc", "null": "", `"null"`: "",
		`"`: `"`, `""`: "", `a"b"`: `a"b"`, "\x00abc\x1f": "abc", `"a" and "b"`: `a" and "b`,
	} {
		if got := normal(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzSign: signing never panics, has the one shape of an MD5, and what normal makes is signed as
// it stands, by an implementation that trims and one that does not.
func FuzzSign(f *testing.F) {
	f.Add("out_order_no", "T1", "\u3000\" a \"", "salt")
	f.Add("a", "null", `""`, "")
	f.Fuzz(func(t *testing.T, key, a, b, salt string) {
		sign, err := Sign(map[string]any{key: a, "other": b}, salt)
		if err == nil && (len(sign) != 32 || strings.Trim(sign, "0123456789abcdef") != "") {
			t.Fatalf("%q", sign)
		}
		n := normal(a)
		if normal(n) != n {
			t.Fatalf("%q becomes %q, and that becomes %q", a, n, normal(n))
		}
		if n == "" || salt != "s" && salt != "" {
			return
		}
		if list, err := SignedList(map[string]any{"k": n}, "\x00"); err == nil && !strings.Contains(n, "\x00") && list[1] != n {
			t.Fatalf("%q is sent, %q is signed", n, list)
		}
	})
}
