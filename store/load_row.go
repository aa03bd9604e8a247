package store

import (
	"database/sql"

	"github.com/ordersync/ordersync/store/shop"
)

// loadRow is a row of the load statement as it comes.
type loadRow struct {
	*shop.Row
	state stateRow

	refunded, refunding, refundFailed, paid sql.NullInt64

	same  sql.NullString // another order that was known by this number
	clock sql.NullInt64  // of the database

	// Read with TradeConfig.On only.
	pushedAt timestamp
	payment  sql.NullString // its system
	byShop   sql.NullBool   // Schema.Trade's word
}

// refundColumns are the columns of ordersync_order that sum its refunds up. Only a change of a refund writes them.
var refundColumns = []string{"refunded_fen", "refunding_fen", "refund_failed_fen"}

func (r *loadRow) into(trade bool) []any {
	columns := append(r.Into(), r.state.intoForPush()...)
	columns = append(columns, &r.refunded, &r.refunding, &r.refundFailed, &r.paid, &r.same, &r.clock)
	if trade {
		columns = append(columns, &r.pushedAt, &r.payment, &r.byShop)
	}
	return columns
}

// signs are what the system of the row's order is decided by.
func (r *loadRow) signs(o Order) systemSigns {
	return systemSigns{
		stored: System(r.state.system.String), pushed: r.pushedAt.ptr() != nil, payment: System(r.payment.String), byShop: r.byShop, created: o.CreateTime,
		refunds: r.refunded.Int64 > 0 || r.refunding.Int64 > 0 || r.refundFailed.Int64 > 0,
	}
}

// snapshot is a whole row. The error is that of its order.
func (s *Store) snapshot(r *loadRow) (OrderSnapshot, error) {
	found, err := r.Found()
	paid := found.Order.Amount
	if r.paid.Valid {
		paid = Fen(r.paid.Int64)
	}
	return OrderSnapshot{
		System: s.cfg.Trade.decide(s.schema, r.signs(found.Order)), Order: found.Order, User: found.User, Lines: found.Lines, DetailURL: found.DetailURL, State: r.state.state(),
		Refunds: RefundSummary{
			Paid: paid, Succeeded: Fen(r.refunded.Int64), InFlight: Fen(r.refunding.Int64), LastFailed: Fen(r.refundFailed.Int64),
		},
	}, err
}
