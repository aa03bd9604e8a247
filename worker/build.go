package worker

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

// IncompleteOrderError says which value of the shop Douyin would refuse, and where it is to be mended.
type IncompleteOrderError struct {
	Table, Column string // as store.Place has them
	Row           string
	Reason        string // never personal data
}

func (e *IncompleteOrderError) Error() string {
	return store.Place{Table: e.Table, Column: e.Column, Row: e.Row}.String() + ": " + e.Reason
}

// NoWordError says that the shop's status value has no word of Douyin's: the order is not Douyin's business, or not yet.
type NoWordError struct{ Status string }

func (e *NoWordError) Error() string {
	return fmt.Sprintf("status %q has no word of Douyin's in shop.status", e.Status)
}

// Builder makes what Douyin is told out of the shop's rows, as the PHP class did, money apart: that is exact.
type Builder struct {
	// Shop tells where to mend what is missing.
	Shop store.Schema
	// Statuses maps the shop's status values to Douyin's. Nil: the shop has no status column, and every order is pushed as paid.
	Statuses map[string]douyin.OrderStatus
	// DetailURL is the mini-app's page, with {order_id}, {product_id} and {course_id} filled in.
	DetailURL string
	// ImageBaseURL is put before a relative image. Empty: a relative image is sent as it is, as the class does.
	ImageBaseURL string
	// ShowPartial shows a partial refund as 退款中 and 退款失败 too.
	ShowPartial bool
	// ItemCode is item_code with the same placeholders. Empty: not sent, as the class does.
	ItemCode string
}

// BuildOrderPush makes the push of s; UpdateTime is left for whoever sends it. Errors are *NoWordError and
// *IncompleteOrderError.
func (b *Builder) BuildOrderPush(s store.OrderSnapshot) (douyin.OrderPush, error) {
	status, err := b.status(s)
	if err != nil {
		return douyin.OrderPush{}, err
	}
	if err := b.complete(s); err != nil {
		return douyin.OrderPush{}, err
	}
	o := s.Order
	p := douyin.OrderPush{
		OpenID:         s.User.OpenID,
		Status:         status,
		PaymentOrderNo: o.PaymentNo,
		Detail: douyin.OrderDetail{
			OrderID:    o.OrderNo,
			CreateTime: o.CreateTime.UnixMilli(),
			TotalPrice: int64(o.Amount),
			DetailURL:  s.DetailURL,
		},
	}
	if p.Detail.DetailURL == "" {
		p.Detail.DetailURL = fill(b.DetailURL, o, url.QueryEscape)
	}
	for n, line := range s.Lines {
		item, err := b.item(s, line, n)
		if err != nil {
			return douyin.OrderPush{}, err
		}
		p.Detail.Amount += item.Amount
		p.Detail.Items = append(p.Detail.Items, item)
	}
	return p, nil
}

// item makes a line of item_list; n is its place among the lines. The price is that of the whole line
// (ORDER-SYNC), and sub_title is the title where the shop has none, as the class sends it.
func (b *Builder) item(s store.OrderSnapshot, line store.Line, n int) (douyin.OrderItem, error) {
	missing := func(column, reason string) error {
		place := b.Shop.LinePlace(column, s.Order, n)
		return &IncompleteOrderError{Table: place.Table, Column: place.Column, Row: place.Row, Reason: reason}
	}
	img, why := b.image(line.Image)
	switch {
	case line.NoImage:
		return douyin.OrderItem{}, missing("image", "there is no such row, and Douyin needs an image")
	case line.Image == "":
		return douyin.OrderItem{}, missing("image", "is empty, and Douyin needs an image")
	case why != "":
		return douyin.OrderItem{}, missing("image", why)
	case line.NoTitle:
		return douyin.OrderItem{}, missing("title", "there is no such row, and Douyin needs a title")
	case strings.TrimSpace(line.Title) == "":
		return douyin.OrderItem{}, missing("title", "is empty, and Douyin needs a title")
	case line.Quantity < 1:
		return douyin.OrderItem{}, missing("quantity", "is less than 1")
	case line.Price < 0:
		return douyin.OrderItem{}, missing("price", "must not be negative")
	}
	title := cutTitle(line.Title)
	return douyin.OrderItem{
		ItemCode: cmp.Or(line.ItemCode, fill(b.ItemCode, s.Order, asIs)),
		Img:      img,
		Title:    title,
		SubTitle: cmp.Or(cutTitle(line.SubTitle), title),
		Amount:   int(line.Quantity),
		Price:    int64(line.Price),
	}, nil
}

func (b *Builder) status(s store.OrderSnapshot) (douyin.OrderStatus, error) {
	if b.Statuses == nil {
		return b.afterRefunds(douyin.Paid, s.Refunds), nil
	}
	status, ok := b.Statuses[s.Order.Status]
	if !ok {
		return 0, &NoWordError{s.Order.Status}
	}
	return b.afterRefunds(status, s.Refunds), nil
}

// afterRefunds lays what became of the order's refunds over the shop's word, which a shop may not change for a refund.
//
// Douyin has no state for an order refunded in part, so a partial refund leaves the order as it was; ShowPartial shows it as
// 退款中 while it runs. The shop's later word (redeemed, cancelled) outranks a failed refund.
func (b *Builder) afterRefunds(shop douyin.OrderStatus, r store.RefundSummary) douyin.OrderStatus {
	whole := func(amount store.Fen) bool { return amount > 0 && r.Succeeded+amount >= r.Paid }
	switch {
	case r.Succeeded > 0 && r.Succeeded >= r.Paid:
		return douyin.Refunded
	case r.InFlight > 0 && (whole(r.InFlight) || b.ShowPartial):
		if shop == douyin.Paid || shop == douyin.Redeemed || shop == douyin.RefundFailed {
			return douyin.Refunding
		}
	case whole(r.LastFailed) || b.ShowPartial && r.LastFailed > 0:
		if shop == douyin.Paid || shop == douyin.Refunding {
			return douyin.RefundFailed
		}
	}
	return shop
}

// complete refuses what Douyin would refuse, and names where it is to be mended. What a line lacks is
// item's.
func (b *Builder) complete(s store.OrderSnapshot) error {
	o := s.Order
	missing := func(column, reason string) error {
		place := b.Shop.Place(column, o)
		return &IncompleteOrderError{Table: place.Table, Column: place.Column, Row: place.Row, Reason: reason}
	}
	switch {
	case o.OrderNo == "":
		return missing("order_no", "is empty, and Douyin needs it as order_id")
	case o.Amount < 0:
		return missing("amount", "must not be negative")
	case !s.User.Found:
		return missing("openid", "there is no such row, and Douyin needs the buyer's open_id")
	case s.User.OpenID == "":
		return missing("openid", "is empty, and Douyin needs the buyer's open_id")
	case len(s.Lines) == 0:
		return missing("items", "the SELECT answers no line for this order, and Douyin needs one")
	}
	return nil
}

// image makes an address of what the shop has for one; why tells what is wrong with it.
func (b *Builder) image(raw string) (img, why string) {
	img = raw
	switch {
	case b.ImageBaseURL == "", strings.HasPrefix(img, "http://"), strings.HasPrefix(img, "https://"):
		return img, ""
	case strings.HasPrefix(img, "//"): // the page's own scheme, which is https in a mini-app
		return "https:" + img, ""
	}
	return strings.TrimRight(b.ImageBaseURL, "/") + "/" + strings.TrimLeft(img, "/"), ""
}

// cutTitle is what of a title fits, without a part of what the reader takes for one character.
func cutTitle(title string) string {
	fits := cut.To(title, douyin.MaxTitleBytes)
	if len(fits) == len(title) || !utf8.ValidString(title) {
		return fits
	}
	end := 0
	for rest, state := title, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > douyin.MaxTitleBytes {
			break
		}
		end += len(cluster)
	}
	if end == 0 { // one character of more than the limit
		return fits
	}
	return title[:end]
}

func asIs(s string) string { return s }

func fill(template string, o store.Order, escape func(string) string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	return strings.NewReplacer(
		"{order_id}", escape(o.OrderNo),
		"{product_id}", escape(o.ProductID),
		"{course_id}", escape(o.CourseID),
	).Replace(template)
}
