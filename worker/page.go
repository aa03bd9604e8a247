package worker

import (
	"encoding/json"
	"strings"

	"github.com/ordersync/ordersync/douyin/trade"
)

// Page is a page of the mini-app whose parameters may hold {order_id} (Douyin's number of the order),
// {out_order_no} and {out_refund_no}.
type Page struct {
	Path   string            // empty: there is none
	Params map[string]string // nil: none
}

// Fill makes the page of one refund. Params become the JSON text that Douyin wants, their names in
// order: always the same bytes for the same refund.
func (p Page) Fill(orderID, outOrderNo, outRefundNo string) trade.Page {
	if len(p.Params) == 0 {
		return trade.Page{Path: p.Path}
	}
	fill := strings.NewReplacer("{order_id}", orderID, "{out_order_no}", outOrderNo, "{out_refund_no}", outRefundNo)
	params := make(map[string]string, len(p.Params))
	for name, value := range p.Params {
		params[name] = fill.Replace(value)
	}
	text, err := json.Marshal(params)
	if err != nil {
		panic(err) // texts always encode
	}
	return trade.Page{Path: p.Path, Params: string(text)}
}
