package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/ordersync/ordersync/store/shop"
)

// mostApart bounds the statements of apart: some 130 find one row among all keys of 63 bits.
const mostApart = 600

// apart reads a stride whose keys cannot be read because of a row that fails: MySQL makes a SELECT with a
// subquery in its list row by row before it looks at what is asked of it. The range of keys is halved until
// the row is alone. ok is false where that leads nowhere: keys that are no whole numbers, a server that makes
// the rows outside of the range, too, or more rows than a page may have.
func (p *pageRead) apart(ctx context.Context, q shop.Range, limit int) (seen []shopOrder, ok bool) {
	if !p.reading.KeyIsInteger() {
		return nil, false
	}
	h := &halving{pageRead: p, q: q, limit: limit, left: mostApart}
	// Nobody has keys below zero: what fails there fails everywhere.
	if _, err := h.read(ctx, math.MinInt64, -1); err != nil || !h.halve(ctx, 0, math.MaxInt64) || len(h.seen) >= limit {
		return nil, false
	}
	slices.SortStableFunc(h.seen, func(a, b shopOrder) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return h.seen, true
}

// halving is the work of apart.
type halving struct {
	*pageRead
	q           shop.Range
	limit, left int
	seen        []shopOrder
}

// halve adds the orders with keys from low to high, both included, to seen.
func (h *halving) halve(ctx context.Context, low, high int64) (ok bool) {
	if h.left--; h.left < 0 {
		return false
	}
	orders, err := h.read(ctx, low, high)
	switch {
	case err == nil:
		h.seen = append(h.seen, orders...)
		return len(h.seen) < h.limit
	case !oneOrder(err):
		return false
	case low == high:
		h.seen = append(h.seen, shopOrder{Seen: shop.Seen{ID: strconv.FormatInt(low, 10), Douyins: true}, failed: true})
		return true
	}
	middle := low + (high-low)/2
	return h.halve(ctx, low, middle) && h.halve(ctx, middle+1, high)
}

func (h *halving) read(ctx context.Context, low, high int64) (orders []shopOrder, err error) {
	q := h.q
	q.Keys = &shop.Keys{Low: low, High: high}
	statement, err := h.reading.Page(q, h.limit, false)
	if err != nil {
		return nil, err
	}
	err = h.reading.ReadPage(ctx, h.querier(ctx), statement, func(o shop.Seen) { orders = append(orders, shopOrder{Seen: o}) })
	return orders, err
}
