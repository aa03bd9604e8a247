package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// NewOrder is one of the shop's newest orders, as the sweep sees it.
type NewOrder struct {
	ID, Status string    // the shop's key, and its own value
	CreatedAt  time.Time // zero: it cannot be read
	Failed     bool      // the database does not read its row; its status is not known

	updated string // as Order.Updated
}

// Newest are the shop's newest orders by create_time, the newest first. Those that Schema.Filter
// leaves out are not among them, and count for Read.
type Newest struct {
	Orders []NewOrder
	Read   int  // rows read
	Whole  bool // there are no others since the time that was asked for, and none was too broken to be seen
}

// NewestOrders reads at most `most` rows of the shop's newest orders, none of them created before
// since (zero: however old). It goes back in windows of time that grow until enough was found, for
// some SELECTs are made for their whole range whatever LIMIT says. Orders created in the future, as a
// wrong loc shows them, are the newest.
func (s *Store) NewestOrders(ctx context.Context, since time.Time, most int) (Newest, error) {
	var found Newest
	r, err := s.reading(ctx)
	if err != nil {
		return found, err
	}
	whole := true
	p := &pageRead{Store: s, reading: r}
	window := shop.Range{ByCreateTime: true, NewestFirst: true, From: s.Clock().Add(-firstStride)}
	for width := firstStride; ; {
		last := !window.From.After(since) || width > mostStride
		if last {
			window.From = since
		}
		began := time.Now()
		seen, err := p.see(ctx, window, most-found.Read)
		switch {
		case err == nil:
		case oneOrder(err) && !last: // a row fails the statement before its key can be read
			whole = false
		default:
			return found, fmt.Errorf("store: newest orders: %w", err)
		}
		found.take(seen)
		switch {
		case found.Read >= most:
			return found, nil
		case last:
			found.Whole = whole
			return found, nil
		}
		if width *= 4; time.Since(began) > slowPage && len(seen) == 0 {
			width = mostStride * 2 // no index: a window saves nothing, and each costs the table
		}
		window.Before, window.From = window.From, window.From.Add(-width)
	}
}

func (n *Newest) take(seen []shopOrder) {
	n.Read += len(seen)
	for _, o := range seen {
		if o.Douyins {
			n.Orders = append(n.Orders, NewOrder{ID: o.ID, Status: o.Status, CreatedAt: o.At, Failed: o.failed, updated: o.Updated})
		}
	}
}
