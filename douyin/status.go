package douyin

import "fmt"

// OrderStatus is order_status of the order push: the state of an order in Douyin's order centre
// (ORDER-SYNC, table of order_status). 3 and 7 are not defined by Douyin.
type OrderStatus int

// The states that Douyin's order centre knows. The zero value is Unpaid, as on Douyin's wire.
const (
	Unpaid       OrderStatus = 0 // 待支付
	Paid         OrderStatus = 1 // 已支付
	Cancelled    OrderStatus = 2 // 已取消
	Redeemed     OrderStatus = 4 // 已核销, the whole order
	Refunding    OrderStatus = 5 // 退款中
	Refunded     OrderStatus = 6 // 已退款
	RefundFailed OrderStatus = 8 // 退款失败
)

var orderStatuses = map[OrderStatus]struct{ word, text string }{
	Unpaid:       {"unpaid", "待支付"},
	Paid:         {"paid", "已支付"},
	Cancelled:    {"cancelled", "已取消"},
	Redeemed:     {"redeemed", "已核销"},
	Refunding:    {"refunding", "退款中"},
	Refunded:     {"refunded", "已退款"},
	RefundFailed: {"refund_failed", "退款失败"},
}

// Text is order_detail.status, the Chinese text that must agree with the number. Empty for a number
// Douyin does not define.
func (s OrderStatus) Text() string { return orderStatuses[s].text }

// String is the word that ordersync's configuration uses: unpaid, paid, cancelled, redeemed,
// refunding, refunded, refund_failed.
func (s OrderStatus) String() string {
	if d, ok := orderStatuses[s]; ok {
		return d.word
	}
	return fmt.Sprintf("order_status(%d)", int(s))
}

// Valid tells whether Douyin defines s.
func (s OrderStatus) Valid() bool { _, ok := orderStatuses[s]; return ok }

// ParseOrderStatus turns a word of the configuration into Douyin's number. The error lists the
// words that are known.
func ParseOrderStatus(word string) (OrderStatus, error) {
	for s, d := range orderStatuses {
		if d.word == word {
			return s, nil
		}
	}
	return 0, fmt.Errorf("status %q: want one of unpaid, paid, cancelled, redeemed, refunding, refunded, refund_failed", word)
}
