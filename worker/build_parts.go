package worker

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

const (
	// maxPieces bounds the goods of an order: Douyin's int, taken for one of 32 bits.
	maxPieces = math.MaxInt32
	// leastMilliseconds is the first time that has the 13 digits of Douyin's create_time.
	leastMilliseconds = 1_000_000_000_000
)

// Keys of the configuration, as a refusal names them where no cell of the shop's is to blame.
const (
	keyDetailURL = "shop.detail_url"
	keyItemCode  = "shop.item_code"
)

// complete refuses what Douyin would refuse of the order itself, and names where it is to be
// mended. What a line lacks is item's.
func (b *Builder) complete(s store.OrderSnapshot) error {
	o := s.Order
	return b.first(o, []fault{
		{"order_no", cell.EmptyOrderNo, "", o.OrderNo == ""},
		{"order_no", cell.TextTooLong, over(o.OrderNo, douyin.MaxOrderIDBytes), len(o.OrderNo) > douyin.MaxOrderIDBytes},
		{"order_no", cell.NotUTF8, "", !utf8.ValidString(o.OrderNo)},
		{"payment_no", cell.NotUTF8, "", !utf8.ValidString(o.PaymentNo)},
		{"amount", cell.NegativeMoney, "", o.Amount < 0},
		{"create_time", cell.TooEarly, "", o.CreateTime.UnixMilli() < leastMilliseconds},
		{"create_time", cell.YearOutside, "", o.CreateTime.UnixMilli() >= 10*leastMilliseconds},
		{"user_id", cell.EmptyKey, b.Shop.Place("openid", o).Table, !s.User.Found && blank(o.UserID)},
		{"openid", cell.NoOpenIDRow, "", !s.User.Found},
		{"openid", cell.EmptyOpenID, "", strings.TrimSpace(s.User.OpenID) == ""},
		{"openid", cell.NotUTF8, "", !utf8.ValidString(s.User.OpenID)},
		{"items", cell.NoLine, "", len(s.Lines) == 0},
	})
}

// fault is what may be wrong with a value of the shop's, and whether it is.
type fault struct {
	column string
	reason cell.Reason
	found  string
	is     bool
}

// first is the first fault that an order has, nil where it has none.
func (b *Builder) first(o store.Order, faults []fault) error {
	for _, f := range faults {
		if f.is {
			return b.Shop.Place(f.column, o).Refused(f.reason, f.found)
		}
	}
	return nil
}

// item makes a line of item_list. The price is that of the whole line
// (ORDER-SYNC), and sub_title is the title where the shop has none, as the class sends it.
func (b *Builder) item(s store.OrderSnapshot, line store.Line) (douyin.OrderItem, error) {
	img, found, why := cell.Picture(line.Image, b.ImageBaseURL)
	if err := b.first(s.Order, []fault{
		{"course_id", cell.EmptyKey, b.Shop.Place("title", s.Order).Table, line.NoTitle && blank(s.Order.CourseID)},
		{"title", cell.NoTitleRow, "", line.NoTitle},
		{"title", cell.EmptyTitle, "", strings.TrimSpace(line.Title) == ""},
		{"title", cell.NotUTF8, "", !utf8.ValidString(line.Title)},
		{"sub_title", cell.NotUTF8, "", !utf8.ValidString(line.SubTitle)},
		{"product_id", cell.EmptyKey, b.Shop.Place("image", s.Order).Table, line.NoImage && blank(s.Order.ProductID)},
		{"image", cell.NoPictureRow, "", line.NoImage},
		{"image", why, found, why != ""},
		{"quantity", cell.NotPositive, "", line.Quantity < 1},
		{"quantity", cell.TooMany, "", line.Quantity > maxPieces},
		{"price", cell.NegativeMoney, "", line.Price < 0},
	}); err != nil {
		return douyin.OrderItem{}, err
	}
	code, err := b.itemCode(s, line)
	if err != nil {
		return douyin.OrderItem{}, err
	}
	title := cutTitle(line.Title)
	return douyin.OrderItem{
		ItemCode: code,
		Img:      img,
		Title:    title,
		SubTitle: cmp.Or(cutTitle(line.SubTitle), title),
		Amount:   int(line.Quantity),
		Price:    int64(line.Price),
	}, nil
}

// itemCode is the line's own, or that of the configuration; empty: none is sent.
func (b *Builder) itemCode(s store.OrderSnapshot, line store.Line) (string, error) {
	code, place := line.ItemCode, b.Shop.Place("item_code", s.Order)
	if code == "" {
		code, place = fill(b.ItemCode, s.Order, asIs), ofConfiguration(keyItemCode, s.Order)
	}
	switch {
	case len(code) > douyin.MaxItemCodeBytes:
		return "", place.Refused(cell.TextTooLong, over(code, douyin.MaxItemCodeBytes))
	case !utf8.ValidString(code):
		return "", place.Refused(cell.NotUTF8, "")
	}
	return code, nil
}

// page is the order's page in the mini-app: the shop's own, or that of the configuration.
func (b *Builder) page(s store.OrderSnapshot) (string, error) {
	page, place := s.DetailURL, b.Shop.Place("detail_url", s.Order)
	if page == "" {
		page, place = fill(b.DetailURL, s.Order, url.QueryEscape), ofConfiguration(keyDetailURL, s.Order)
	}
	switch {
	case page == "":
		return "", place.Refused(cell.EmptyPage, "")
	case len(page) > douyin.MaxDetailURLBytes:
		return "", place.Refused(cell.TextTooLong, over(page, douyin.MaxDetailURLBytes))
	case !utf8.ValidString(page):
		return "", place.Refused(cell.NotUTF8, "")
	case douyin.WebAddress(page):
		return "", place.Refused(cell.WebAddress, "")
	}
	return page, nil
}

// ofConfiguration is the place of a value that the configuration made for an order.
func ofConfiguration(key string, o store.Order) store.Place {
	return store.Place{Column: key, Row: o.ID}
}

// blank tells whether a key is none: a shop leaves it NULL, empty or 0.
func blank(key string) bool { return strings.Trim(key, " 0") == "" }

// over says how much longer a text is than its limit; empty: it fits.
func over(text string, limit int) string {
	if len(text) <= limit {
		return ""
	}
	return fmt.Sprintf("%d > %d", len(text), limit)
}

func asIs(s string) string { return s }

// fill puts the order's own numbers into a template of the configuration.
func fill(template string, o store.Order, escape func(string) string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	return strings.NewReplacer(
		"{id}", escape(o.ID),
		"{sn}", escape(o.SN),
		"{order_id}", escape(o.OrderNo),
		"{product_id}", escape(o.ProductID),
		"{course_id}", escape(o.CourseID),
	).Replace(template)
}
