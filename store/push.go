package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// maxTries bounds how often a batch runs that lost a deadlock or a race for a new key.
const maxTries = 8

// write is one BeginPush or RecordPush: exactly one field is set.
type write struct {
	begin *Begin
	push  *Push
}

func (w write) orderID() string {
	if w.begin != nil {
		return w.begin.OrderID
	}
	return w.push.OrderID
}

// BeginPush announces an attempt, durably, before anything is sent, and returns its number. ErrSuperseded: the order's state
// is not that of b.Seq any more; nothing was written. When ctx ends first, the attempt may have been announced; then it stays
// open until StaleAfter, which makes the next one push again.
func (s *Store) BeginPush(ctx context.Context, b Begin) (seq int64, err error) {
	if err := checkOrderID(b.OrderID); err != nil {
		return 0, err
	}
	return s.writes.do(ctx, write{begin: &b})
}

// RecordPush writes how an attempt or a pass ended. It is durable when it returns. changed tells, with Outcome Pushed and
// p.Seen, that the shop's row is not p.Seen any more (or that this cannot be told), read after Douyin has answered: whoever
// pushed has to push again.
func (s *Store) RecordPush(ctx context.Context, p Push) (changed bool, err error) {
	if err := checkOrderID(p.OrderID); err != nil {
		return false, err
	}
	answer, err := s.writes.do(ctx, write{push: &p})
	return answer == rowChanged, err
}

// rowChanged is the answer to a push whose order is another one by now.
const rowChanged = 1

func checkOrderID(id string) error {
	if id == "" || len(id) > maxID || clip(id, maxID) != id {
		return fmt.Errorf("store: an order id has 1 to %d bytes of UTF-8", maxID)
	}
	return nil
}

// writeBatch commits many writes in one transaction. A row that the database refuses fails alone.
func (s *Store) writeBatch(ctx context.Context, calls []*call[write, int64]) (rest func()) {
	if err := s.commit(ctx, calls); err != nil {
		if !badRow(err) || len(calls) == 1 {
			for _, c := range calls {
				c.value, c.err = 0, err
			}
			return nil
		}
		for _, c := range calls {
			if err := s.commit(ctx, []*call[write, int64]{c}); err != nil {
				c.value, c.err = 0, err
			}
		}
	}
	var pushed []*call[write, int64]
	for _, c := range calls {
		if p := c.key.push; p != nil && p.Outcome == Pushed && p.Seen != nil && c.err == nil {
			pushed = append(pushed, c)
		} else {
			c.answer() // it is durable
		}
	}
	if len(pushed) == 0 {
		return nil
	}
	return func() { s.lookAgain(ctx, pushed) }
}

// lookAgain reads the orders that were pushed once more, in one statement, and tells each call whether its order has changed.
func (s *Store) lookAgain(ctx context.Context, pushed []*call[write, int64]) {
	ids := make([]string, len(pushed))
	for i, c := range pushed {
		ids[i] = c.key.push.OrderID
	}
	now, err := s.readOrders(ctx, ids)
	for _, c := range pushed {
		if order, ok := now[c.key.push.OrderID]; err != nil || !ok || order != *c.key.push.Seen {
			c.value = rowChanged
		}
	}
}

// readOrders reads the shop's orders alone. One whose values cannot be used is left out.
func (s *Store) readOrders(ctx context.Context, ids []string) (map[string]Order, error) {
	numeric, _, err := s.types(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.selectOrders(ctx, s.orderSQL, ids, numeric)
	if err != nil || rows == nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	orders := make(map[string]Order, len(ids))
	var r orderRow
	into := r.intoOrder()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("store: read orders: %w", err)
		}
		if o, err := s.order(&r); err == nil {
			orders[o.ID] = o
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: read orders: %w", err)
	}
	return orders, nil
}

// commit runs the transaction, again when it lost a deadlock or a race. Without an error every call has its answer.
func (s *Store) commit(ctx context.Context, calls []*call[write, int64]) (err error) {
	for range maxTries {
		err = s.transaction(ctx, func(tx *gorm.DB) error { return s.apply(tx, calls) })
		if errors.Is(err, errExtraordinary) {
			err = s.transaction(ctx, func(tx *gorm.DB) error { return s.applyCarefully(tx, calls, nil) })
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !again(err) && !duplicate(err) {
			break
		}
	}
	return fmt.Errorf("store: write order state: %w", err)
}

// exec runs one statement of its own, again when it lost a deadlock.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (affected int64, err error) {
	for range maxTries {
		done := s.db.WithContext(ctx).Exec(statement, args...)
		if affected, err = done.RowsAffected, done.Error; err == nil || ctx.Err() != nil || !again(err) {
			break
		}
	}
	return affected, err
}

// transaction runs f in READ COMMITTED (Open; SQLite: alone).
func (s *Store) transaction(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.db.WithContext(ctx).Transaction(f)
}

// apply writes a batch: what is ordinary without reading, the rest with care.
func (s *Store) apply(tx *gorm.DB, calls []*call[write, int64]) error {
	o, careful := s.partition(calls)
	if err := s.applyOrdinary(tx, o); err != nil {
		return err
	}
	var log []LogRow
	for _, p := range o.pushed {
		log = append(log, s.logRow(p))
	}
	if len(careful) == 0 {
		return s.sql.insertLog(tx, log)
	}
	return s.applyCarefully(tx, careful, log)
}

// applyCarefully locks the rows, decides in memory, and writes what changed, together with the log so far.
func (s *Store) applyCarefully(tx *gorm.DB, calls []*call[write, int64], log []LogRow) error {
	ids := make([]string, 0, len(calls))
	for _, c := range calls {
		ids = append(ids, c.key.orderID())
	}
	slices.Sort(ids) // everybody locks in the same order
	ids = slices.Compact(ids)
	states, err := readStates(tx, ids, s.sql.byKey, s.sql.forUpdate)
	if err != nil {
		return err
	}
	rows := make(map[string]*row, len(ids))
	for _, id := range ids {
		state, found := states[id]
		rows[id] = &row{OrderState: state, stored: found}
	}
	for _, c := range calls {
		r := rows[c.key.orderID()]
		if b := c.key.begin; b != nil {
			c.value, c.err = r.begin(b)
			continue
		}
		r.record(c.key.push)
		if c.key.push.Outcome != Settled {
			log = append(log, s.logRow(c.key.push))
		}
	}
	var fresh, changed []*OrderState
	for _, id := range ids {
		switch r := rows[id]; {
		case r.dirty && r.stored:
			changed = append(changed, &r.OrderState)
		case r.dirty:
			fresh = append(fresh, &r.OrderState)
		}
	}
	if len(fresh) > 0 {
		statement, args := s.sql.insertStates(fresh, "")
		if _, err := execIn(tx, statement, args); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		statement, args := s.sql.insertStates(changed, s.sql.upsert("order_id", stateColumns[1:]))
		if _, err := execIn(tx, statement, args); err != nil {
			return err
		}
	}
	return s.sql.insertLog(tx, log)
}

// readStates reads rows of ordersync_order. hint and lock are what a locking SELECT has behind its table and at its end.
func readStates(db *gorm.DB, ids []string, hint, lock string) (states map[string]OrderState, err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
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

// insertStates is the statement that inserts rows; end says what happens where the key is there already.
func (d dialect) insertStates(states []*OrderState, end string) (statement string, args []any) {
	args = make([]any, 0, len(states)*len(stateColumns))
	for _, o := range states {
		args = d.stateArgs(args, o)
	}
	return "INSERT INTO `ordersync_order` (" + columnList("", stateColumns) + ") VALUES " + tuples(len(states), len(stateColumns)) + end, args
}
