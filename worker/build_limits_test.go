package worker

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

// selectShop is a shop that is described by SELECTs.
var selectShop = store.Schema{SQL: store.ShopSQL{Order: "SELECT 1"}}

// Each limit of Douyin's (ORDER-SYNC) at its border: the value that just fits is sent untouched, and one more is
// refused with the cell's name, before anything is sent.
func TestLimitsAtTheirBorders(t *testing.T) {
	letters := func(n int) string { return strings.Repeat("a", n) }
	for name, c := range map[string]struct {
		set    func(b *Builder, s *store.OrderSnapshot, n int)
		sent   func(p douyin.OrderPush) int // what of n arrived
		fits   int
		names  string // where the refusal stands, of the class's schema
		shop   string // and of a shop by SELECT
		reason cell.Reason
	}{
		"order_id": {
			func(_ *Builder, s *store.OrderSnapshot, n int) { s.Order.OrderNo = letters(n) },
			func(p douyin.OrderPush) int { return len(p.Detail.OrderID) }, 64,
			`order.id of row "123"`, `order_no of order "123"`, cell.TextTooLong,
		},
		"item_code": {
			func(_ *Builder, s *store.OrderSnapshot, n int) { s.Lines[0].ItemCode = letters(n) },
			func(p douyin.OrderPush) int { return len(p.Detail.Items[0].ItemCode) }, 64,
			`order.item_code of row "123"`, `item_code of order "123"`, cell.TextTooLong,
		},
		"item_code of the configuration": {
			func(b *Builder, _ *store.OrderSnapshot, n int) { b.ItemCode = letters(n-3) + "{id}" },
			func(p douyin.OrderPush) int { return len(p.Detail.Items[0].ItemCode) }, 64,
			`shop.item_code of order "123"`, `shop.item_code of order "123"`, cell.TextTooLong,
		},
		"img": {
			func(_ *Builder, s *store.OrderSnapshot, n int) {
				s.Lines[0].Image = "https://h.example/" + letters(n-18)
			},
			func(p douyin.OrderPush) int { return len(p.Detail.Items[0].Img) }, 512,
			`product.cover_img of row "8"`, `image of order "123"`, cell.PictureTooLong,
		},
		"img with its base": {
			func(b *Builder, s *store.OrderSnapshot, n int) {
				b.ImageBaseURL, s.Lines[0].Image = "https://h.example", "/"+letters(n-18)
			},
			func(p douyin.OrderPush) int { return len(p.Detail.Items[0].Img) }, 512,
			`product.cover_img of row "8"`, `image of order "123"`, cell.PictureTooLong,
		},
		"detail_url": {
			func(_ *Builder, s *store.OrderSnapshot, n int) { s.DetailURL = letters(n) },
			func(p douyin.OrderPush) int { return len(p.Detail.DetailURL) }, 1024,
			`order.detail_url of row "123"`, `detail_url of order "123"`, cell.TextTooLong,
		},
		"detail_url of the configuration": {
			func(b *Builder, _ *store.OrderSnapshot, n int) { b.DetailURL = letters(n-3) + "{id}" },
			func(p douyin.OrderPush) int { return len(p.Detail.DetailURL) }, 1024,
			`shop.detail_url of order "123"`, `shop.detail_url of order "123"`, cell.TextTooLong,
		},
		"amount of a line": {
			func(_ *Builder, s *store.OrderSnapshot, n int) { s.Lines[0].Quantity = int64(n) },
			func(p douyin.OrderPush) int { return p.Detail.Items[0].Amount }, math.MaxInt32,
			`order.quantity of row "123"`, `quantity of order "123"`, cell.TooMany,
		},
		"amount of all lines": {
			func(_ *Builder, s *store.OrderSnapshot, n int) {
				s.Lines = append(s.Lines, s.Lines[0])
				s.Lines[0].Quantity = int64(n) - 1
			},
			func(p douyin.OrderPush) int { return p.Detail.Amount }, math.MaxInt32,
			`order.quantity of row "123"`, `quantity of order "123"`, cell.TooMany,
		},
	} {
		for shop, where := range map[string]string{"": c.names, "select": c.shop} {
			for _, n := range []int{c.fits, c.fits + 1} {
				b, s := testBuilder(), testSnapshot()
				if shop != "" {
					b.Shop = selectShop
				}
				c.set(b, &s, n)
				p, err := b.BuildOrderPush(s)
				p.UpdateTime = 1768634595
				if n == c.fits {
					if err == nil {
						err = p.Validate()
					}
					if err != nil || c.sent(p) != n {
						t.Errorf("%s: %d fits, got %d, %v", name, n, c.sent(p), err)
					}
					continue
				}
				var refused *cell.Error
				if !errors.As(err, &refused) || refused.Reason != c.reason || !strings.HasPrefix(err.Error(), where+": ") {
					t.Errorf("%s: %d is refused with %v; want %s: %s", name, n, err, where, c.reason)
				}
			}
		}
	}
}

// The least of each number, and what may not be missing.
func TestLeastValuesAtTheirBorders(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(s *store.OrderSnapshot)
		reason cell.Reason // empty: it is sent
	}{
		"no line":                 {func(s *store.OrderSnapshot) { s.Lines = nil }, cell.NoLine},
		"one piece":               {func(s *store.OrderSnapshot) { s.Lines[0].Quantity = 1 }, ""},
		"no piece":                {func(s *store.OrderSnapshot) { s.Lines[0].Quantity = 0 }, cell.NotPositive},
		"price 0":                 {func(s *store.OrderSnapshot) { s.Lines[0].Price = 0 }, ""},
		"price below 0":           {func(s *store.OrderSnapshot) { s.Lines[0].Price = -1 }, cell.NegativeMoney},
		"total 0":                 {func(s *store.OrderSnapshot) { s.Order.Amount = 0 }, ""},
		"total below 0":           {func(s *store.OrderSnapshot) { s.Order.Amount = -1 }, cell.NegativeMoney},
		"the first of 13 digits":  {func(s *store.OrderSnapshot) { s.Order.CreateTime = time.UnixMilli(1_000_000_000_000) }, ""},
		"the last of 12 digits":   {func(s *store.OrderSnapshot) { s.Order.CreateTime = time.UnixMilli(999_999_999_999) }, cell.TooEarly},
		"14 digits":               {func(s *store.OrderSnapshot) { s.Order.CreateTime = time.UnixMilli(10_000_000_000_000) }, cell.YearOutside},
		"an address as page":      {func(s *store.OrderSnapshot) { s.DetailURL = "https://h.example/1" }, cell.WebAddress},
		"an address in a page":    {func(s *store.OrderSnapshot) { s.DetailURL = "pages/web?u=https://h.example/1" }, ""},
		"title not UTF-8":         {func(s *store.OrderSnapshot) { s.Lines[0].Title = "\xff" }, cell.NotUTF8},
		"sub_title not UTF-8":     {func(s *store.OrderSnapshot) { s.Lines[0].SubTitle = "\xff" }, cell.NotUTF8},
		"item_code not UTF-8":     {func(s *store.OrderSnapshot) { s.Lines[0].ItemCode = "\xff" }, cell.NotUTF8},
		"open_id not UTF-8":       {func(s *store.OrderSnapshot) { s.User.OpenID = "\xff" }, cell.NotUTF8},
		"payment number no UTF-8": {func(s *store.OrderSnapshot) { s.Order.PaymentNo = "\xff" }, cell.NotUTF8},
	} {
		s := testSnapshot()
		c.set(&s)
		p, err := testBuilder().BuildOrderPush(s)
		p.UpdateTime = 1768634595
		if c.reason == "" {
			if err == nil {
				err = p.Validate()
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var refused *cell.Error
		if !errors.As(err, &refused) || refused.Reason != c.reason {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
	}
}

// Titles are cut, not refused: at 256 bytes, and never within what a reader takes for one character.
func TestTitlesAreCutAtAGrapheme(t *testing.T) {
	const family = "👨‍👩‍👧‍👦" // 25 bytes
	const accent = "e\u0301" // 3 bytes
	for _, c := range []struct{ title, want string }{
		{strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{strings.Repeat("a", 257), strings.Repeat("a", 256)},
		{strings.Repeat("课", 85) + "a", strings.Repeat("课", 85) + "a"},
		{strings.Repeat("课", 86), strings.Repeat("课", 85)},
		{strings.Repeat("a", 231) + family, strings.Repeat("a", 231) + family},
		{strings.Repeat("a", 232) + family, strings.Repeat("a", 232)},
		{strings.Repeat("a", 253) + accent, strings.Repeat("a", 253) + accent},
		{strings.Repeat("a", 254) + accent, strings.Repeat("a", 254)},
	} {
		s := testSnapshot()
		s.Lines[0].Title, s.Lines[0].SubTitle = "课程", c.title
		p, err := testBuilder().BuildOrderPush(s)
		if err != nil || p.Detail.Items[0].SubTitle != c.want || p.Detail.Items[0].Title != "课程" {
			t.Errorf("sub_title of %d bytes: %d bytes, %v", len(c.title), len(p.Detail.Items[0].SubTitle), err)
		}
		s.Lines[0].Title, s.Lines[0].SubTitle = c.title, ""
		p, err = testBuilder().BuildOrderPush(s)
		if err != nil || p.Detail.Items[0].Title != c.want || p.Detail.Items[0].SubTitle != c.want {
			t.Errorf("title of %d bytes: %d bytes, %v", len(c.title), len(p.Detail.Items[0].Title), err)
		}
	}
}
