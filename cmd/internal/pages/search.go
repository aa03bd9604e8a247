package pages

import (
	"context"
	"net/http"
	"strings"

	"github.com/ordersync/ordersync/store"
)

// hit is one order that a number belongs to.
type hit struct{ OrderID, What, Link string }

var matchNames = map[store.MatchKind]string{
	store.MatchOrder: "the order's key in the shop", store.MatchOrderNo: "the order's number at Douyin", store.MatchRefund: "the number of a refund",
	store.MatchSettlement: "the number of a settlement", store.MatchDouyinOrder: "Douyin's number of the payment",
	store.MatchDouyinRefund: "Douyin's number of a refund", store.MatchDouyinSettlement: "Douyin's number of a settlement",
}

// search leads to the order, where there is just one.
func (p *pages) search(ctx context.Context, r *http.Request, l lang) (view, error) {
	matches, err := p.Store.FindOrders(ctx, strings.TrimSpace(r.URL.Query().Get("q")))
	if err != nil {
		return view{}, err
	}
	var hits []hit
	one := true
	for _, m := range matches {
		one = one && m.OrderID == matches[0].OrderID
		hits = append(hits, hit{m.OrderID, l.T(matchNames[m.What]), orderLink(m.OrderID)})
	}
	if one && len(hits) > 0 {
		return view{}, redirect(hits[0].Link)
	}
	return view{template: "search", title: "Search", content: hits}, nil
}
