package worker

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
)

// Limits of order_detail (ORDER-SYNC) that are mended here instead of refused.
const maxTitleBytes = 256

// IncompleteOrderError says which value of the shop Douyin would refuse, and where it is to be
// mended.
type IncompleteOrderError struct {
	Table, Column string // as the shop names them
	Row           string // primary key; empty when there is no such row to name
	Reason        string // never personal data
}

func (e *IncompleteOrderError) Error() string {
	return fmt.Sprintf("%s.%s of row %q: %s", e.Table, e.Column, e.Row, e.Reason)
}

// NoWordError says that the shop's status value has no word of Douyin's: the order is not Douyin's
// business, or not yet.
type NoWordError struct{ Status string }

func (e *NoWordError) Error() string {
	return fmt.Sprintf("status %q has no word of Douyin's in shop.status", e.Status)
}

// Column names a column of the shop in error texts.
type Column struct{ Table, Column string }

// Builder makes what Douyin is told out of the shop's rows, as the PHP class did, money apart: that
// is exact.
type Builder struct {
	// Statuses maps the shop's status values to Douyin's. Nil: the shop has no status column, and
	// every order is pushed as paid.
	Statuses map[string]douyin.OrderStatus
	// DetailURL is the mini-app's page, with {order_id}, {product_id} and {course_id} filled in.
	DetailURL string
	// ImageBaseURL is put before a relative image. Empty: a relative image is sent as it is, as the
	// class does.
	ImageBaseURL string
	// ShowPartial shows a partial refund as 退款中 and 退款失败 too.
	ShowPartial bool
	// ItemCode is item_code with the same placeholders. Empty: not sent, as the class does.
	ItemCode string

	OpenID, CoverImg, CourseName, OrderNo, Amount Column // where to mend what is missing
}

// BuildOrderPush makes the push of s; UpdateTime is left for whoever sends it. Errors are
// *NoWordError and *IncompleteOrderError.
func (b *Builder) BuildOrderPush(s store.OrderSnapshot) (douyin.OrderPush, error) {
	status, err := b.status(s)
	if err != nil {
		return douyin.OrderPush{}, err
	}
	if err := b.complete(s); err != nil {
		return douyin.OrderPush{}, err
	}
	o := s.Order
	title := cut.To(s.Course.Name, maxTitleBytes)
	p := douyin.OrderPush{
		OpenID:         s.User.OpenID,
		Status:         status,
		PaymentOrderNo: o.ThirdOrderNum,
		Detail: douyin.OrderDetail{
			OrderID:    o.OrderNo,
			CreateTime: o.CreateTime.UnixMilli(),
			Amount:     1, // the class sells one course an order
			TotalPrice: int64(o.Amount),
			DetailURL:  fill(b.DetailURL, o, url.QueryEscape),
			Items: []douyin.OrderItem{{
				ItemCode: fill(b.ItemCode, o, asIs),
				Img:      b.image(s.Product.CoverImg),
				Title:    title,
				SubTitle: title,
				Amount:   1,
				Price:    int64(o.Price),
			}},
		},
	}
	if phpEmpty(p.PaymentOrderNo) {
		p.PaymentOrderNo = o.SN
	}
	return p, nil
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

// afterRefunds lays what became of the order's refunds over the shop's word, which a shop may not
// change for a refund.
//
// Douyin has no state for an order refunded in part, so a partial refund leaves the order as it
// was; ShowPartial shows it as 退款中 while it runs. The shop's later word (redeemed, cancelled)
// outranks a failed refund.
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

// complete refuses what Douyin would refuse, and names where it is to be mended.
func (b *Builder) complete(s store.OrderSnapshot) error {
	o := s.Order
	missing := func(c Column, row, reason string) error {
		return &IncompleteOrderError{Table: c.Table, Column: c.Column, Row: row, Reason: reason}
	}
	switch {
	case o.OrderNo == "":
		return missing(b.OrderNo, o.ID, "is empty, and Douyin needs it as order_id")
	case o.Amount < 0 || o.Price < 0:
		return missing(b.Amount, o.ID, "price and amount must not be negative")
	case !s.User.Found:
		return missing(b.OpenID, o.UserID, "there is no such row, and Douyin needs the buyer's open_id")
	case s.User.OpenID == "":
		return missing(b.OpenID, o.UserID, "is empty, and Douyin needs the buyer's open_id")
	case !s.Product.Found:
		return missing(b.CoverImg, o.ProductID, "there is no such row, and Douyin needs an image")
	case s.Product.CoverImg == "":
		return missing(b.CoverImg, o.ProductID, "is empty, and Douyin needs an image")
	case !s.Course.Found:
		return missing(b.CourseName, o.CourseID, "there is no such row, and Douyin needs a title")
	case strings.TrimSpace(s.Course.Name) == "":
		return missing(b.CourseName, o.CourseID, "is empty, and Douyin needs a title")
	}
	return nil
}

func (b *Builder) image(img string) string {
	switch {
	case b.ImageBaseURL == "", strings.HasPrefix(img, "http://"), strings.HasPrefix(img, "https://"):
		return img
	case strings.HasPrefix(img, "//"): // the page's own scheme, which is https in a mini-app
		return "https:" + img
	}
	return strings.TrimRight(b.ImageBaseURL, "/") + "/" + strings.TrimLeft(img, "/")
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

// phpEmpty is PHP's empty() for text: the class falls back to sn for "0" too.
func phpEmpty(s string) bool { return s == "" || s == "0" }
