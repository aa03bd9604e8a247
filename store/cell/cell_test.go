package cell

import (
	"strings"
	"testing"
	"time"
)

func TestMoneyIsExact(t *testing.T) {
	for _, c := range []struct {
		read   func(string) (int64, Reason)
		text   string
		fen    int64
		reason Reason
	}{
		{Yuan, "19.99", 1999, ""},
		{Yuan, "7", 700, ""},
		{Yuan, "0.10", 10, ""},
		{Yuan, "12.3000", 1230, ""},
		{Yuan, "-0.00", 0, ""},
		{Yuan, "12.305", 0, PartOfFen},
		{Yuan, "-1.00", 0, NegativeMoney},
		{Yuan, "1e3", 0, NotMoney},
		{Yuan, "", 0, NotMoney},
		{Yuan, "1.", 0, NotMoney},
		{Yuan, "99999999999999999999", 0, TooMuch},
		{Fen, "1999", 1999, ""},
		{Fen, "1999.00", 1999, ""},
		{Fen, "19.99", 0, PartOfFen},
		{Fen, "x", 0, NotFen},
	} {
		if fen, reason := c.read(c.text); fen != c.fen || reason != c.reason {
			t.Errorf("%q: %d, %q; want %d, %q", c.text, fen, reason, c.fen, c.reason)
		}
	}
}

func TestAFloatIsReadToTheFenOrRefused(t *testing.T) {
	for fen := int64(0); fen < 13_107_200; fen += 7 {
		v := float64(float32(float64(fen) / 100)) // as a FLOAT column keeps it
		if got, reason := FloatYuan(v, true); got != fen || reason != "" {
			t.Fatalf("FLOAT %v: %d, %q; want %d", v, got, reason, fen)
		}
	}
	for fen := int64(1); fen < 1<<45; fen *= 3 {
		if got, reason := FloatYuan(float64(fen)/100, false); got != fen || reason != "" {
			t.Fatalf("DOUBLE %v: %d, %q", float64(fen)/100, got, reason)
		}
	}
	tenth, fifth := 0.1, 0.2
	for _, c := range []struct {
		v      float64
		single bool
		fen    int64
		reason Reason
	}{
		{tenth + fifth, false, 30, ""},
		{19.99 * 100 / 100, false, 1999, ""},
		{131_072, true, 0, InexactMoney},
		{1_234_567.89, true, 0, InexactMoney},
		{1_234_567.89, false, 123_456_789, ""},
		{1e14, false, 0, InexactMoney},
		{1e300, false, 0, TooMuch},
		{12.305, false, 0, PartOfFen},
		{-1, false, 0, NegativeMoney},
	} {
		if fen, reason := FloatYuan(c.v, c.single); fen != c.fen || reason != c.reason {
			t.Errorf("%v: %d, %q; want %d, %q", c.v, fen, reason, c.fen, c.reason)
		}
	}
	// What MySQL and MariaDB print of a FLOAT that was made a double.
	for text, want := range map[string]struct {
		fen    int64
		reason Reason
	}{
		"12345.669921875": {1_234_567, ""}, "20000": {2_000_000, ""}, "9999.990234375": {999_999, ""}, "1234567.875": {0, InexactMoney},
		"1.5e3": {150_000, ""}, "x": {0, NotMoney},
	} {
		if fen, reason := FloatText(text, true); fen != want.fen || reason != want.reason {
			t.Errorf("FLOAT as %q: %d, %q; want %d, %q", text, fen, reason, want.fen, want.reason)
		}
	}
}

func TestTime(t *testing.T) {
	shanghai := time.FixedZone("", 8*3600)
	const second = 1_768_634_594 // 2026-01-17 15:23:14 in Shanghai
	for _, c := range []struct {
		v      any
		format Format
		want   int64
		reason Reason
	}{
		{int64(second), Unix, second, ""},
		{[]byte("1768634594"), Unix, second, ""},
		{[]byte("1768634594.00"), Unix, second, ""},
		{uint64(second), Unix, second, ""},
		{int64(second * 1000), UnixMS, second, ""},
		{"2026-01-17 15:23:14", Datetime, second, ""},
		{[]byte(" 2026-01-17 15:23:14.000000 "), Datetime, second, ""},
		{"2026-01-17T07:23:14Z", Datetime, second, ""},
		{"2026/1/17 15:23:14", Datetime, second, ""},
		{"2026-01-17", Datetime, second - second%86400 + 16*3600 - 86400, ""},
		{"20260117", Datetime, second - second%86400 + 16*3600 - 86400, ""},
		{"2026/01/17 15:23", Datetime, second - 14, ""},
		{"2026-01-17T15:23", Datetime, second - 14, ""},
		{"2026-1-17 15:23:14", Datetime, second, ""},
		{"2026-01-17T15:23:14+08:00", Datetime, second, ""},
		{"2026-01-17T15:23:14+0800", Datetime, second, ""},
		{"2026-01-17T15:23:14+08", Datetime, second, ""},
		{"2026-01-17 07:23:14 +0000", Datetime, second, ""},
		{"2026-01-17T07:23:14.000Z", Datetime, second, ""},
		{"20260117152314", Datetime, second, ""},
		{"20260117T072314Z", Datetime, second, ""},
		{"17/1/2026 15:23", Datetime, 0, NotTime}, // or of the first month?
		{"1768634594", Datetime, 0, NotTime},
		{time.Date(2026, 1, 17, 15, 23, 14, 0, time.UTC), Datetime, second, ""},

		{nil, Unix, 0, NullTime},
		{int64(0), Unix, 0, ZeroTime},
		{"0000-00-00", Datetime, 0, ZeroTime},
		{"0000-00-00 00:00:00.000000", Datetime, 0, ZeroTime},
		{"", Datetime, 0, ZeroTime},
		{time.Time{}, Datetime, 0, ZeroTime},
		{"2026-00-00", Datetime, 0, NotTime},
		{"2026-02-30 00:00:00", Datetime, 0, NotTime},
		{int64(second), Datetime, 0, NotTime},
		{int64(second * 1000), Unix, 0, YearOutside},
		{int64(second), UnixMS, 0, YearOutside},
		{"1999-12-31 00:00:00", Datetime, 0, YearOutside},
		{"2101-01-02 00:00:00", Datetime, 0, YearOutside},
		{"2026-01-17 15:23:14", Unix, 0, NotSeconds},
		{time.Unix(second, 0), UnixMS, 0, NotMilliseconds},
	} {
		got, reason := Time(c.v, c.format, shanghai)
		if reason != c.reason || reason == "" && got.Unix() != c.want {
			t.Errorf("Time(%v, %s) = %v (%d), %q; want %d, %q", c.v, c.format, got, got.Unix(), reason, c.want, c.reason)
		}
	}
}

// Whatever sorts is found by the sweep among texts; a T, a slash, a zone and a month of one digit are not where their times are.
func TestWhichTextsCompareAsTheirTimes(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-01-17 15:23:14": true, "2026-01-17 15:23:14.000": true, "2026-01-17 15:23": true, "2026-01-17": true,
		"2026-01-17T15:23:14": false, "2026-01-17 15:23:14+08:00": false, "2026/01/17 15:23:14": false, "2026-1-17 15:23:14": false,
		"20260117152314": false, "2026-01-17 5:23:14": false, "": false, "soon": false, "2026-02-30 00:00:00": false,
	} {
		if got := Sorts(text); got != want {
			t.Errorf("Sorts(%q) = %t", text, got)
		}
	}
}

func TestALineIsNamedWhereThereAreSeveral(t *testing.T) {
	for _, p := range []*Error{EmptyTitle.At("", "title", "K-7", "").OfLine(2, 3), TwoRows.At("", "title", "K-7", "a and b").OfLine(12, 12)} {
		if back, ok := Parse(p.Error()); !ok || *back != *p || !strings.Contains(p.Chinese(), "行商品的 title") {
			t.Errorf("%q read back: %+v, %t; in Chinese %q", p.Error(), back, ok, p.Chinese())
		}
	}
	if text := EmptyTitle.At("", "title", "K-7", "").OfLine(2, 3).Error(); !strings.HasPrefix(text, `title of order "K-7", line 2: is empty`) {
		t.Error(text)
	}
	for _, p := range []*Error{EmptyTitle.At("", "title", "K-7", "").OfLine(1, 1), EmptyTitle.At("course", "name", "7", "").OfLine(1, 2), TextTooLong.At("", "shop.item_code", "7", "").OfLine(1, 2)} {
		if p.Line != 0 {
			t.Errorf("%q names a line", p.Error())
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]struct {
		n      int64
		reason Reason
	}{"3": {3, ""}, " 3.00 ": {3, ""}, "-1": {-1, ""}, "3.5": {0, NotNumber}, "x": {0, NotNumber}, "": {0, NotNumber}, "\x01": {0, NotNumber}} {
		if n, reason := Number(text); n != want.n || reason != want.reason {
			t.Errorf("Number(%q) = %d, %q", text, n, reason)
		}
	}
}

// The bug: what there are two of, and the database's words, were cut within a name.
func TestWordsAreReadBackWholeAndFitTheColumn(t *testing.T) {
	const kept = 400 // bytes of an error, in the worker; the column of the message takes 512
	for reason, found := range map[Reason]string{
		TwoRows:   "they differ in order_no, openid, payment_no, amount, create_time, updated_at, title, image",
		TwoOrders: strings.Repeat("1", 64) + " and " + strings.Repeat("2", 64),
		Statement: "Error 4038 (HY000): Syntax error in JSON text in argument 1 to function 'JSON_TABLE' at position 2",
	} {
		p := reason.At("", "create_time", strings.Repeat("3", 64), found)
		back, ok := Parse(p.Error())
		if !ok || *back != *p || p.Found != found {
			t.Errorf("%q read back: %+v, %t; want %q", p.Error(), back, ok, found)
		}
		longest := reason.At("", "create_time", strings.Repeat("3", 64), strings.Repeat("订", 200))
		if n := len(longest.Error()); n > kept {
			t.Errorf("%s: %d bytes, of which %d are kept", reason, n, kept)
		}
		if back, ok := Parse(longest.Error()); !ok || *back != *longest {
			t.Errorf("%q read back: %+v, %t", longest.Error(), back, ok)
		}
	}
	if p := PictureNumber.At("", "image", "1", strings.Repeat("x", 300)); len(p.Found) != maxFound {
		t.Errorf("%d bytes of a cell are repeated, want %d", len(p.Found), maxFound)
	}
}

func TestAProblemIsReadBack(t *testing.T) {
	for reason, text := range texts {
		if strings.Count(text[0], "%s") != strings.Count(text[1], "%s") || text[1] == "" {
			t.Errorf("%s: the texts differ in what they repeat", reason)
		}
		for _, stands := range [][2]string{{"tp_goods", "image"}, {"shop.tp_goods", "image"}, {"", "image"}, {"", "shop.detail_url"}} {
			found := ""
			if strings.Contains(text[0], "%s") {
				found = "a, \"b\":\n\"c\""
			}
			p := reason.At(stands[0], stands[1], `1"2`, found)
			back, ok := Parse(p.Error())
			if !ok || *back != *p {
				t.Errorf("%q read back: %+v, %t; want %+v", p.Error(), back, ok, p)
			}
			if strings.ContainsAny(p.Chinese(), "%!") {
				t.Errorf("%q", p.Chinese())
			}
		}
	}
	for _, other := range []string{"", "no such order", `a.b of row "1": is odd`, `image of row "1": is empty, and Douyin needs an image: write a picture's address`} {
		if p, ok := Parse(other); ok {
			t.Errorf("%q read as %+v", other, p)
		}
	}
}
