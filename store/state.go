package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// stateColumns are the columns of ordersync_order, in the order in which stateRow scans and
// stateArgs writes them. The key is the first.
var stateColumns = []string{
	"order_id", "order_no", "seq", "open_attempts", "started_at", "update_time", "status", "digest", "shop_status", "outcome", "kind", "code",
	"message", "log_id", "attempts", "pushed_at", "due_at", "created_at", "updated_at", "failed_at", "shop_updated",
	"system", "fulfil_status", "fulfil_sent", "untold_at",
}

// pushStateColumns are those that decide about a push; intoForPush scans them. Every load carries
// them, so they are few.
var pushStateColumns = []string{
	"order_id", "seq", "open_attempts", "started_at", "update_time", "digest", "shop_status", "outcome", "due_at", "shop_updated",
	"system", "fulfil_status", "fulfil_sent",
}

// The widths of our columns in bytes; a VARCHAR(n) holds n characters, so n bytes always fit.
const (
	maxID      = 64
	maxDigest  = 128
	maxStatus  = 64
	maxKind    = 32
	maxMessage = 512
	maxLogID   = 128
	maxBody    = 64 << 10
)

// words is what a message column keeps of a reason. A shop or Douyin may have written a part of it,
// and whoever shows it later, in a terminal or a log, must have nothing to obey.
func words(reason string) string { return cut.To(cut.Plain(reason), maxMessage) }

// stateRow scans a row of ordersync_order that may be absent (all NULL, from a LEFT JOIN).
type stateRow struct {
	orderID, orderNo, digest, shopStatus, outcome, kind, message, logID, shopUpdated sql.NullString

	system, fulfilStatus, fulfilSent sql.NullString

	seq, open, updateTime, status, code, attempts                        sql.NullInt64
	startedAt, pushedAt, dueAt, createdAt, updatedAt, failedAt, untoldAt timestamp
}

func (r *stateRow) into() []any {
	return []any{
		&r.orderID, &r.orderNo, &r.seq, &r.open, &r.startedAt, &r.updateTime, &r.status, &r.digest, &r.shopStatus, &r.outcome, &r.kind, &r.code,
		&r.message, &r.logID, &r.attempts, &r.pushedAt, &r.dueAt, &r.createdAt, &r.updatedAt, &r.failedAt, &r.shopUpdated,
		&r.system, &r.fulfilStatus, &r.fulfilSent, &r.untoldAt,
	}
}

func (r *stateRow) intoForPush() []any {
	return []any{
		&r.orderID, &r.seq, &r.open, &r.startedAt, &r.updateTime, &r.digest, &r.shopStatus, &r.outcome, &r.dueAt, &r.shopUpdated,
		&r.system, &r.fulfilStatus, &r.fulfilSent,
	}
}

// state is the zero value for an absent row.
func (r *stateRow) state() OrderState {
	if !r.orderID.Valid {
		return OrderState{}
	}
	return OrderState{
		OrderID: r.orderID.String, OrderNo: r.orderNo.String, Seq: r.seq.Int64, Open: int(r.open.Int64), StartedAt: r.startedAt.Time,
		UpdateTime: r.updateTime.Int64, Status: int(r.status.Int64), Digest: r.digest.String, ShopStatus: r.shopStatus.String,
		Outcome: Outcome(r.outcome.String), Kind: r.kind.String, Code: int(r.code.Int64), Message: r.message.String, LogID: r.logID.String,
		Attempts: int(r.attempts.Int64), PushedAt: r.pushedAt.ptr(), DueAt: r.dueAt.ptr(), CreatedAt: r.createdAt.Time, UpdatedAt: r.updatedAt.Time,
		ShopUpdated: r.shopUpdated.String, System: System(r.system.String), Fulfilled: r.fulfilStatus.String, FulfilSent: r.fulfilSent.String,
		UntoldAt: r.untoldAt.ptr(),
	}
}

func (d dialect) stateArgs(args []any, o *OrderState) []any {
	return append(args,
		o.OrderID, cut.To(o.OrderNo, maxID), o.Seq, o.Open, d.time(o.StartedAt), o.UpdateTime, o.Status, cut.To(o.Digest, maxDigest),
		cut.To(o.ShopStatus, maxStatus), string(o.Outcome), cut.To(o.Kind, maxKind), o.Code, words(o.Message), cut.To(o.LogID, maxLogID),
		o.Attempts, d.timePtr(o.PushedAt), d.timePtr(o.DueAt), d.time(o.CreatedAt), d.time(o.UpdatedAt), d.failedAt(o), cut.To(o.ShopUpdated, maxKind),
		string(o.System), cut.To(o.Fulfilled, maxID), cut.To(o.FulfilSent, maxID), d.timePtr(o.UntoldAt),
	)
}

// failedAt keeps the index on failures small: an ordinary push leaves it NULL from begin to end.
func (d dialect) failedAt(o *OrderState) any {
	if o.Outcome == Refused || o.Outcome == GaveUp {
		return d.time(o.UpdatedAt)
	}
	return nil
}

// columnList is the columns quoted, each behind prefix.
func columnList(prefix string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = prefix + quote(c)
	}
	return strings.Join(quoted, ", ")
}

// places is "?, ?, ?" for n arguments.
func places(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// tuples is "(?, ?), (?, ?)" for rows rows of columns columns.
func tuples(rows, columns int) string {
	return strings.TrimSuffix(strings.Repeat("("+places(columns)+"), ", rows), ", ")
}

// Order is what we know of Douyin's side of one order; found is false when nothing ever was asked
// for it.
func (s *Store) Order(ctx context.Context, orderID string) (state OrderState, found bool, err error) {
	rows, err := s.states(ctx, []string{orderID})
	if err != nil {
		return OrderState{}, false, err
	}
	state, found = rows[orderID]
	return state, found, nil
}

// states reads the rows of ordersync_order for ids; absent ones are missing in the map.
func (s *Store) states(ctx context.Context, ids []string) (map[string]OrderState, error) {
	return readStates(s.db.WithContext(ctx), ids, "", "")
}

// readStates reads rows of ordersync_order. hint and lock are what a locking SELECT has behind its
// table and at its end.
func readStates(db *gorm.DB, ids []string, hint, lock string) (states map[string]OrderState, err error) {
	args := anys(ids)
	rows, err := queryIn(db, "SELECT "+columnList("", stateColumns)+" FROM `ordersync_order`"+hint+" WHERE `order_id` IN ("+places(len(ids))+")"+lock, args)
	if err != nil {
		return nil, fmt.Errorf("store: read order state: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	states = make(map[string]OrderState, len(ids))
	var r stateRow
	into := r.into()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("store: read order state: %w", err)
		}
		states[r.orderID.String] = r.state()
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: read order state: %w", err)
	}
	return states, nil
}

// insertStates is the statement that inserts rows; end says what happens where the key is there
// already.
func (d dialect) insertStates(states []*OrderState, end string) (statement string, args []any) {
	args = make([]any, 0, len(states)*len(stateColumns))
	for _, o := range states {
		args = d.stateArgs(args, o)
	}
	return "INSERT INTO `ordersync_order` (" + columnList("", stateColumns) + ") VALUES " + tuples(len(states), len(stateColumns)) + end, args
}
