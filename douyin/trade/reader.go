package trade

import (
	"strings"

	"github.com/ordersync/ordersync/douyin"
)

// reader reads what is acted upon, and remembers the first field that is not what it must be.
type reader struct{ field string }

func (r *reader) fault(field string) {
	if r.field == "" {
		r.field = field
	}
}

// id is a number or id that must be there.
func (r *reader) id(field string, c douyin.Cell) string {
	if !c.Plain() || strings.TrimSpace(c.Text()) == "" || len(c.Text()) > MaxNumberBytes {
		r.fault(field)
		return ""
	}
	return c.Text()
}

// number is an id that the shop has given. None ends with a space: to MySQL it would be the same as
// one without.
func (r *reader) number(field string, c douyin.Cell) string {
	if no := r.id(field, c); strings.TrimSpace(no) == no {
		return no
	}
	r.fault(field)
	return ""
}

// spareNumber is a number that may be missing. What cannot be one is none.
func spareNumber(c douyin.Cell) string {
	var r reader
	return r.number("", c)
}

// amount must be there, whole and not negative.
func (r *reader) amount(field string, c douyin.Cell) int64 {
	n, ok := c.Int()
	if !ok || n < 0 {
		r.fault(field)
		return 0
	}
	return n
}

// spare is an amount that may be missing, and is 0 then.
func (r *reader) spare(field string, c douyin.Cell) int64 {
	if c == (douyin.Cell{}) || c.Plain() && c.Text() == "" {
		return 0
	}
	return r.amount(field, c)
}

// status is one of Douyin's words: of any other nobody knows whether money has moved.
func (r *reader) status(c douyin.Cell, known ...Result) string {
	for _, k := range known {
		if c.Text() == string(k) {
			return c.Text()
		}
	}
	r.fault("status")
	return ""
}

// wireItems are item_order_detail.
type wireItems []struct {
	ItemOrderID douyin.Cell `json:"item_order_id"`
	Amount      douyin.Cell `json:"refund_amount"`
}

func (r *reader) items(field string, from wireItems) []RefundItem {
	var items []RefundItem
	for _, i := range from {
		items = append(items, RefundItem{r.id(field+"item_order_id", i.ItemOrderID), r.amount(field+"refund_amount", i.Amount)})
	}
	return items
}

func yes(c douyin.Cell) bool { return c.Text() == "true" || c.Text() == "1" }

// small is a number of one of Douyin's lists; 0 where it is none.
func small(c douyin.Cell) int {
	n, ok := c.Int()
	if !ok || n < 0 || n > 1<<15 {
		return 0
	}
	return int(n)
}
