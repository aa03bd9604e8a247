package demo

import (
	"fmt"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
)

// way is how an order comes to ordersync.
type way string

const (
	byHTTP   way = "http"   // the shop calls the gateway
	byOutbox way = "outbox" // the shop writes ordersync_outbox in its own transaction
	byNobody way = "sweep"  // the shop forgot: the sweep finds it
	// the payment itself: ordersync makes it in the general trade system, and hears of its end
	byPayment way = "payment"
)

// story is what happens to one order in the shop, and what must have become of it in the end.
type story struct {
	order  sampleshop.Order
	way    way
	later  []int  // status values that the shop sets afterwards, in turn
	told   way    // how ordersync hears of the last change
	broken string // why Douyin cannot be told; empty: it can

	refunded bool // money is paid back in full, and the shop's row is left as it was
	trade    bool // paid in the general trade system, where Douyin keeps the order by itself
	byShop   bool // the shop makes the change itself, when Douyin's callback is handed on to it
}

func (s *story) id() string { return fmt.Sprint(s.order.ID) }

// wanted is the shop's last word, or what became of the money.
func (s *story) wanted() int {
	if s.refunded {
		return sampleshop.Refunded
	}
	if n := len(s.later); n > 0 {
		return s.later[n-1]
	}
	return s.order.Status
}

// Rows of the sample shop that are spoilt for the demo.
const (
	userOfAnotherApp    = 49
	userWithoutOpenID   = 50
	productWithoutImage = 10
)

// spoiltFrom is how many orders the demo needs before some are spoilt.
const spoiltFrom = 20

// atDouyin is the place in the story of the order that Douyin itself refuses; the others that cannot be told are found before.
const atDouyin = 14

// stories makes n orders: most are paid and stay so; some are redeemed, cancelled or refunded while they travel; from 20 orders on
// four cannot be told.
func stories(n int, now time.Time) []*story {
	all := make([]*story, n)
	for i := range all {
		s := &story{way: byHTTP, told: byHTTP, order: sampleshop.Order{
			ID: int64(1001 + i), UserID: int64(1 + i%48), ProductID: int64(1 + i%9), CourseID: int64(1 + i%10),
			Amount: fmt.Sprintf("%d.%02d", 9+i%90, (i*7)%100), Status: sampleshop.Paid, CreateTime: now.Add(-time.Duration(n-i) * time.Second),
		}}
		switch i % 10 {
		case 7, 8:
			s.way = byOutbox
		case 9:
			s.way = byNobody
		}
		switch i % 8 {
		case 1:
			s.later = []int{sampleshop.Redeemed}
		case 3:
			s.later = []int{sampleshop.Refunding, sampleshop.Refunded}
		case 5:
			s.order.Status, s.later = sampleshop.Unpaid, []int{sampleshop.Paid}
		}
		if i%3 == 0 {
			s.told = byNobody
		}
		all[i] = s
	}
	chooseMoney(all)
	if n >= spoiltFrom {
		spoil(all[6], "no openid", func(o *sampleshop.Order) { o.UserID = userWithoutOpenID })
		spoil(all[12], "no image", func(o *sampleshop.Order) { o.ProductID = productWithoutImage })
		spoil(all[atDouyin], "another app's open_id", func(o *sampleshop.Order) { o.UserID = userOfAnotherApp })
		spoil(all[16], "a fraction of a fen", func(o *sampleshop.Order) { o.Amount = "19.999" })
	}
	return all
}

func spoil(s *story, why string, with func(*sampleshop.Order)) {
	s.broken, s.later = why, nil
	s.order.Status = sampleshop.Paid
	with(&s.order)
}
