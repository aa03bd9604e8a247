package douyin

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of the order push in bytes (ORDER-SYNC).
const (
	MaxOrderIDBytes   = 64
	MaxItemCodeBytes  = 64
	MaxDetailURLBytes = 1024
	MaxImgBytes       = 512
	MaxTitleBytes     = 256 // title and sub_title each
)

// Validate checks what Douyin's documentation asks of a push. The error is a *FieldError. Nothing
// is cut here: who knows the row can cut a title and say so.
func (o OrderPush) Validate() error {
	d := o.Detail
	f := first(
		text("open_id", o.OpenID, 1, 0),
		text("payment_order_no", o.PaymentOrderNo, 0, 0),
		text("order_detail.order_id", d.OrderID, 1, MaxOrderIDBytes),
		text("order_detail.detail_url", d.DetailURL, 1, MaxDetailURLBytes),
		least("order_detail.amount", int64(d.Amount), 1),
		least("order_detail.total_price", d.TotalPrice, 0),
	)
	switch {
	case f != nil:
		return f
	case !o.Status.Valid():
		return &FieldError{"order_status", fmt.Sprintf("%d is none of Douyin's numbers", int(o.Status))}
	case digits(o.UpdateTime) != 10 && digits(o.UpdateTime) != 13:
		return &FieldError{"update_time", fmt.Sprintf("want 10 digits (seconds) or 13 (milliseconds), found %d", o.UpdateTime)}
	case digits(d.CreateTime) != 13:
		return &FieldError{"order_detail.create_time", fmt.Sprintf("want 13 digits (milliseconds), found %d", d.CreateTime)}
	case WebAddress(d.DetailURL):
		return &FieldError{"order_detail.detail_url", "want a page of the mini-app such as pages/course/course, found a web address"}
	case len(d.Items) == 0:
		return &FieldError{"order_detail.item_list", "is empty"}
	}
	for i, item := range d.Items {
		if f := item.fault(); f != nil {
			f.Field = fmt.Sprintf("order_detail.item_list[%d].%s", i, f.Field)
			return f
		}
	}
	return nil
}

// WebAddress tells whether a page is an address of the web, which Douyin does not open as one of the mini-app. One that a page
// carries behind its "?" is none.
func WebAddress(page string) bool {
	before, _, there := strings.Cut(page, "://")
	return there && !strings.Contains(before, "?")
}

func (i OrderItem) fault() *FieldError {
	f := first(
		text("item_code", i.ItemCode, 0, MaxItemCodeBytes),
		text("img", i.Img, 1, MaxImgBytes),
		text("title", i.Title, 1, MaxTitleBytes),
		text("sub_title", i.SubTitle, 0, MaxTitleBytes),
		least("amount", int64(i.Amount), 1),
		least("price", i.Price, 0),
	)
	if f == nil && !strings.HasPrefix(i.Img, "http://") && !strings.HasPrefix(i.Img, "https://") {
		f = &FieldError{"img", "want an absolute http(s) address"}
	}
	return f
}

// first returns the first fault, nil when there is none.
func first(faults ...*FieldError) *FieldError {
	for _, f := range faults {
		if f != nil {
			return f
		}
	}
	return nil
}

// text wants valid UTF-8 of at least low and at most high bytes; high 0 is no bound. The reason
// never shows the value.
func text(field, value string, low, high int) *FieldError {
	switch {
	case len(value) < low:
		return &FieldError{field, "is missing"}
	case high > 0 && len(value) > high:
		return &FieldError{field, fmt.Sprintf("has %d bytes, at most %d are allowed", len(value), high)}
	case !utf8.ValidString(value):
		return &FieldError{field, "is not valid UTF-8"}
	}
	return nil
}

func least(field string, value, low int64) *FieldError {
	if value < low {
		return &FieldError{field, fmt.Sprintf("want at least %d, found %d", low, value)}
	}
	return nil
}

// digits counts the decimal digits of a positive number; 0 for any other.
func digits(n int64) (count int) {
	for ; n > 0; n /= 10 {
		count++
	}
	return count
}
