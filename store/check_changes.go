package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// checkChanges compares what shop.sql.changes says of the newest orders with what shop.sql.order
// says: what was pushed is recorded by the one and compared by the other, so where they differ every
// sweep takes the order for one that has changed. Nil: the shop has no shop.sql.changes, or nobody
// can tell.
func (s *Store) checkChanges(ctx context.Context, r *shopReading) []Finding {
	if s.schema.SQL.Changes == "" {
		return nil
	}
	newest, err := s.NewestOrders(ctx, time.Time{}, newestChecked)
	if err != nil { // which others tell
		return nil
	}
	swept := map[string]shop.Seen{}
	var ids []string
	for _, o := range newest.Orders {
		if _, there := swept[o.ID]; !there && !o.Failed {
			swept[o.ID] = shop.Seen{ID: o.ID, Status: o.Status, Updated: o.updated}
			ids = append(ids, o.ID)
		}
	}
	orders := map[string]Order{}
	row := r.Row()
	if s.scanOrders(ctx, r, r.own, ids, row.IntoOwn(), func() {
		o, _ := row.Own() // its status is read whatever else cannot be used
		orders[o.ID] = o
	}) != nil {
		return nil
	}
	var differ []*shop.Seen
	for _, id := range ids {
		if o, there := orders[id]; there && saysOther(o, swept[id]) != "" {
			differ = append(differ, &shop.Seen{ID: id})
		}
	}
	// One that changed between the two is the same by now.
	if len(differ) > 0 && r.Statuses(ctx, s.querier(ctx), differ) != nil {
		return nil
	}
	for _, seen := range differ {
		if column := saysOther(orders[seen.ID], *seen); column != "" {
			return []Finding{{
				Minor: true,
				What:  fmt.Sprintf("shop.sql.changes answers another %s for order %s than shop.sql.order: every sweep asks for such orders again", column, seen.ID),
				Cure:  "let both answer " + column + " by the same expression",
			}}
		}
	}
	return []Finding{{OK: true, What: fmt.Sprintf("shop.sql.changes says what shop.sql.order says (the newest %d orders were looked at)", len(ids))}}
}

// saysOther is the column in which an order is not what the sweep has seen of it. Empty: none.
func saysOther(o Order, seen shop.Seen) string {
	switch {
	case o.Status != seen.Status:
		return "status"
	case o.Updated != seen.Updated && o.Updated != "" && seen.Updated != "":
		return "updated_at"
	}
	return ""
}
