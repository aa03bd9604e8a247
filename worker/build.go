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
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/tasks/cut"
)

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
	// ImageBaseURL is put before a relative image. Empty: a relative image is refused, as Douyin would refuse it.
	ImageBaseURL string
	// ShowPartial shows a partial refund as 退款中 and 退款失败 too.
	ShowPartial bool
	// ItemCode is item_code with the same placeholders. Empty: not sent, as the class does.
	ItemCode string
}

// BuildOrderPush makes the push of s; UpdateTime is left for whoever sends it. Errors are *NoWordError and
// *cell.Error.
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
	for _, line := range s.Lines {
		item, err := b.item(s, line)
		if err != nil {
			return douyin.OrderPush{}, err
		}
		p.Detail.Amount += item.Amount
		p.Detail.Items = append(p.Detail.Items, item)
	}
	return p, nil
}

// item makes a line of item_list. The price is that of the whole line
// (ORDER-SYNC), and sub_title is the title where the shop has none, as the class sends it.
func (b *Builder) item(s store.OrderSnapshot, line store.Line) (douyin.OrderItem, error) {
	missing := func(column string, reason cell.Reason, found string) error {
		return b.Shop.Place(column, s.Order).Refused(reason, found)
	}
	img, found, why := b.image(line.Image)
	switch {
	case line.NoTitle:
		return douyin.OrderItem{}, missing("title", cell.NoTitleRow, "")
	case strings.TrimSpace(line.Title) == "":
		return douyin.OrderItem{}, missing("title", cell.EmptyTitle, "")
	case line.NoImage:
		return douyin.OrderItem{}, missing("image", cell.NoPictureRow, "")
	case why != "":
		return douyin.OrderItem{}, missing("image", why, found)
	case line.Quantity < 1:
		return douyin.OrderItem{}, missing("quantity", cell.NotPositive, "")
	case line.Price < 0:
		return douyin.OrderItem{}, missing("price", cell.NegativeMoney, "")
	case len(line.ItemCode) > douyin.MaxItemCodeBytes:
		return douyin.OrderItem{}, missing("item_code", cell.TextTooLong, "")
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
	missing := func(column string, reason cell.Reason, found string) error {
		return b.Shop.Place(column, o).Refused(reason, found)
	}
	switch {
	case o.OrderNo == "":
		return missing("order_no", cell.EmptyOrderNo, "")
	case len(o.OrderNo) > douyin.MaxOrderIDBytes:
		return missing("order_no", cell.TextTooLong, o.OrderNo)
	case o.Amount < 0:
		return missing("amount", cell.NegativeMoney, "")
	case !s.User.Found:
		return missing("openid", cell.NoOpenIDRow, "")
	case s.User.OpenID == "":
		return missing("openid", cell.EmptyOpenID, "")
	case len(s.Lines) == 0:
		return missing("items", cell.NoLine, "")
	}
	return nil
}

// image makes the address that Douyin gets; found is what is wrong with it, for the reason.
func (b *Builder) image(raw string) (address, found string, reason cell.Reason) {
	return cell.Picture(raw, b.ImageBaseURL)
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
