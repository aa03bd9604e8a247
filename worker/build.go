package worker

import (
	"errors"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/tasks/cut"
)

// NoWordError says that the shop's status value has no word of Douyin's: the order is not Douyin's
// business, or not yet.
type NoWordError struct {
	Status string      // the shop's value
	Place  store.Place // where it stands
}

func (e *NoWordError) Error() string { return e.Place.Refused(cell.NoWord, e.Status).Error() }

// Builder makes what Douyin is told out of the shop's rows, as the PHP class did, money apart: that
// is exact.
type Builder struct {
	// Shop tells where to mend what is missing.
	Shop store.Schema
	// Statuses maps the shop's status values to Douyin's. Nil: the shop has no status column, and
	// every order is pushed as paid.
	Statuses map[string]douyin.OrderStatus
	// DetailURL is the mini-app's page, with {id}, {sn}, {order_id}, {product_id} and {course_id}
	// filled in.
	DetailURL string
	// ImageBaseURL is put before a relative image. Empty: a relative image is refused, as Douyin
	// would refuse it.
	ImageBaseURL string
	// ShowPartial shows a partial refund as 退款中 and 退款失败 too.
	ShowPartial bool
	// ItemCode is item_code with the same placeholders. Empty: not sent, as the class does.
	ItemCode string
}

// BuildOrderPush makes the push of s; UpdateTime is left for whoever sends it. Errors are
// *NoWordError and *cell.Error: what Validate would refuse is refused here, in the shop's words.
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
		},
	}
	if p.Detail.DetailURL, err = b.page(s); err != nil {
		return douyin.OrderPush{}, err
	}
	for i, line := range s.Lines {
		item, err := b.item(s, line)
		if err != nil {
			return douyin.OrderPush{}, ofLine(err, i+1, len(s.Lines))
		}
		if p.Detail.Amount += item.Amount; p.Detail.Amount > maxPieces {
			return douyin.OrderPush{}, b.Shop.Place("quantity", o).Refused(cell.TooMany, "")
		}
		p.Detail.Items = append(p.Detail.Items, item)
	}
	return p, nil
}

// ofLine says of what is wrong with a line which one it is.
func ofLine(err error, n, lines int) error {
	var bad *cell.Error
	if errors.As(err, &bad) {
		return bad.OfLine(n, lines)
	}
	return err
}

func (b *Builder) status(s store.OrderSnapshot) (douyin.OrderStatus, error) {
	status, ok := b.ShopStatus(s.Order.Status)
	if !ok {
		return 0, &NoWordError{s.Order.Status, b.Shop.Place("status", s.Order)}
	}
	return b.afterRefunds(status, s.Refunds), nil
}

// ShopStatus is Douyin's word for a status of the shop's. Where the shop has none every order is
// paid.
func (b *Builder) ShopStatus(value string) (status douyin.OrderStatus, known bool) {
	if b.Statuses == nil {
		return douyin.Paid, true
	}
	status, known = b.Statuses[value]
	return status, known
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
