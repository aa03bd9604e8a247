package worker

import (
	"encoding/json"

	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
)

// allItems in Instruction.Items: the refund is of all that was paid (refund_all).
const allItems = "[]"

// shares tells how a refund falls on the items of its payment, as the text of Instruction.Items.
// others are the payment's other refunds.
//
// What is all that was paid, of a payment that never had a refund at Douyin, is asked for as a whole:
// with a discount nobody but Douyin knows what was paid for an item. Else items are emptied in
// Douyin's order, each down to what the other refunds have left of it; a rest falls on the last one,
// and Douyin decides. A payment of one item has nothing to share out. Empty: the payment's items are
// not known, and it takes them.
func shares(i store.Instruction, p store.Payment, others []store.Instruction) (string, error) {
	if whole(i, p, others) {
		return allItems, nil
	}
	if len(p.Items) == 0 {
		return "", nil
	}
	left := leftOf(p, others)
	var parts []trade.RefundItem
	rest := i.Amount
	for n, item := range p.Items {
		take := min(rest, left[n])
		if n == len(p.Items)-1 {
			take = rest
		}
		if take > 0 {
			parts = append(parts, trade.RefundItem{ItemOrderID: item.ItemOrderID, Amount: int64(take)})
			rest -= take
		}
	}
	text, err := json.Marshal(parts)
	return string(text), err
}

// whole tells whether refund_all is allowed (TRADE-REFUND in package trade): all that was paid, and
// the order's first refund.
func whole(i store.Instruction, p store.Payment, others []store.Instruction) bool {
	for _, o := range others {
		if o.Attempts > 0 || o.Origin != store.OriginOurs && o.Origin != "" {
			return false
		}
	}
	return i.Amount == p.Total-p.Discount
}

// leftOf is what each item has left for a refund. A refund whose items are not known has emptied
// them in order.
func leftOf(p store.Payment, others []store.Instruction) []store.Fen {
	left := make([]store.Fen, len(p.Items))
	for n, item := range p.Items {
		left[n] = item.Amount
	}
	for _, o := range others {
		if o.State == store.MoneyFailed || o.State == store.MoneyNew && o.Items == "" {
			continue
		}
		parts, err := parts(o.Items)
		if err != nil || len(parts) == 0 {
			rest := o.Amount
			for n := range left {
				take := min(rest, left[n])
				left[n], rest = left[n]-take, rest-take
			}
			continue
		}
		for _, part := range parts {
			for n, item := range p.Items {
				if item.ItemOrderID == part.ItemOrderID {
					left[n] = max(0, left[n]-store.Fen(part.Amount))
				}
			}
		}
	}
	return left
}

// parts reads the text of Instruction.Items; none: all items, or not known.
func parts(text string) (all []trade.RefundItem, err error) {
	if text == "" {
		return nil, nil
	}
	return all, json.Unmarshal([]byte(text), &all)
}
