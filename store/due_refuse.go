package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// RefuseDue ends d as refused before anything was asked of Douyin for it, where its due time is still the one given. kind and
// message are recorded as those of a push are. So is what the sweep has read of it, or the next one
// takes it for an order that has changed, and so on at every tick.
func (s *Store) RefuseDue(ctx context.Context, d Due, kind, message string, now time.Time) error {
	at := s.sql.time(now)
	seen := s.asSwept(ctx, d.OrderID)
	_, err := s.exec(ctx, "UPDATE `ordersync_order`"+s.sql.byKey+" SET `outcome` = ?, `kind` = ?, `code` = 0, `message` = ?, `due_at` = NULL, `failed_at` = ?, `updated_at` = ?, `untold_at` = COALESCE(`untold_at`, ?),"+
		" `shop_status` = ?, `shop_updated` = ?"+
		" WHERE `order_id` = ? AND `due_at` = ?",
		string(Refused), cut.To(kind, maxKind), words(message), at, at, at, cut.To(seen.Status, maxStatus), seen.Updated, d.OrderID, s.sql.time(d.DueAt))
	if err != nil {
		return fmt.Errorf("store: refuse a due order: %w", err)
	}
	return nil
}
