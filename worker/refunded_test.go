package worker

import (
	"testing"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

func TestRefundsShowInTheOrdersState(t *testing.T) {
	b := testBuilder()
	for name, c := range map[string]struct {
		shop    douyin.OrderStatus
		r       store.RefundSummary
		partial bool
		want    douyin.OrderStatus
	}{
		"no refund":                      {douyin.Paid, store.RefundSummary{Paid: 100}, false, douyin.Paid},
		"all in flight":                  {douyin.Paid, store.RefundSummary{Paid: 100, InFlight: 100}, false, douyin.Refunding},
		"all refunded":                   {douyin.Paid, store.RefundSummary{Paid: 100, Succeeded: 100}, false, douyin.Refunded},
		"all failed":                     {douyin.Paid, store.RefundSummary{Paid: 100, LastFailed: 100}, false, douyin.RefundFailed},
		"a part in flight":               {douyin.Paid, store.RefundSummary{Paid: 100, InFlight: 40}, false, douyin.Paid},
		"a part in flight, shown":        {douyin.Paid, store.RefundSummary{Paid: 100, InFlight: 40}, true, douyin.Refunding},
		"a part refunded":                {douyin.Redeemed, store.RefundSummary{Paid: 100, Succeeded: 40}, false, douyin.Redeemed},
		"a part refunded, the rest runs": {douyin.Paid, store.RefundSummary{Paid: 100, Succeeded: 40, InFlight: 60}, false, douyin.Refunding},
		"a part failed":                  {douyin.Paid, store.RefundSummary{Paid: 100, LastFailed: 40}, false, douyin.Paid},
		"the rest failed":                {douyin.Paid, store.RefundSummary{Paid: 100, Succeeded: 40, LastFailed: 60}, false, douyin.RefundFailed},
		"two parts make all":             {douyin.Redeemed, store.RefundSummary{Paid: 100, Succeeded: 100}, false, douyin.Refunded},
		"failed, then redeemed":          {douyin.Redeemed, store.RefundSummary{Paid: 100, LastFailed: 100}, false, douyin.Redeemed},
		"failed, and the shop said so":   {douyin.Refunding, store.RefundSummary{Paid: 100, LastFailed: 100}, false, douyin.RefundFailed},
		"failed, asked again":            {douyin.Paid, store.RefundSummary{Paid: 100, InFlight: 100, LastFailed: 100}, false, douyin.Refunding},
		"the shop knows it is refunded":  {douyin.Refunded, store.RefundSummary{Paid: 100, InFlight: 100}, false, douyin.Refunded},
		"an order of nothing, no refund": {douyin.Paid, store.RefundSummary{}, false, douyin.Paid},
	} {
		b.ShowPartial = c.partial
		if got := b.afterRefunds(c.shop, c.r); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
