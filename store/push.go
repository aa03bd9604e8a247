package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// maxTries bounds how often a batch runs that lost a deadlock or a race for a new key.
const maxTries = 8

// BeginPush announces an attempt, durably, before anything is sent, and returns its number. ErrSuperseded: the order's state
// is not that of b.Seq any more; nothing was written. When ctx ends first, the attempt may have been announced; then it stays
// open until StaleAfter, which makes the next one push again.
func (s *Store) BeginPush(ctx context.Context, b Begin) (seq int64, err error) {
	if err := checkOrderID(b.OrderID); err != nil {
		return 0, err
	}
	return s.begins.do(ctx, &b)
}

// RecordPush writes how an attempt or a pass ended. It is durable when it returns. changed tells, with Outcome Pushed and
// p.Seen, that the shop's row is not p.Seen any more (or that this cannot be told), read after Douyin has answered: whoever
// pushed has to push again.
func (s *Store) RecordPush(ctx context.Context, p Push) (changed bool, err error) {
	if err := checkOrderID(p.OrderID); err != nil {
		return false, err
	}
	return s.records.do(ctx, &p)
}

func checkOrderID(id string) error {
	if id == "" || len(id) > maxID || cut.To(id, maxID) != id {
		return fmt.Errorf("store: an order id has 1 to %d bytes of UTF-8", maxID)
	}
	return nil
}

// beginBatch announces many attempts at once.
func (s *Store) beginBatch(ctx context.Context, calls []*call[*Begin, int64]) (rest func()) {
	write := func(calls []*call[*Begin, int64]) error { return s.writeBegins(ctx, calls) }
	order := func(b *Begin) string { return b.OrderID }
	stuck := writeAll(ctx, s, calls, order, write)
	if len(stuck) == 0 {
		return nil
	}
	answerOthers(calls, stuck)
	return func() { writeStuck(ctx, s, stuck, order, write) }
}

// recordBatch writes many records at once. Meanwhile their calls are logged, and the orders that were pushed are read once more;
// who waits for that is answered in the rest.
func (s *Store) recordBatch(ctx context.Context, calls []*call[*Push, bool]) (rest func()) {
	orders := s.lookAgain(ctx, calls)
	logged := s.logCalls(ctx, calls)
	write := func(calls []*call[*Push, bool]) error { return s.writePushes(ctx, calls) }
	order := func(p *Push) string { return p.OrderID }
	stuck := writeAll(ctx, s, calls, order, write)
	for i, entry := range <-logged {
		if calls[i].err == nil {
			calls[i].err = entry.err
		}
	}
	if orders == nil && len(stuck) == 0 {
		return nil
	}
	var pushed []*call[*Push, bool]
	for _, c := range calls {
		switch {
		case slices.Contains(stuck, c):
		case c.err == nil && c.key.looksAgain():
			pushed = append(pushed, c)
		default:
			c.answer() // it is durable
		}
	}
	return func() {
		var now map[string]Order
		if orders != nil {
			now = <-orders
		}
		for _, c := range pushed {
			c.value = c.key.changed(now)
			if len(stuck) > 0 {
				c.answer()
			}
		}
		for _, c := range stuck {
			c.value = c.key.looksAgain() && c.key.changed(now)
		}
		writeStuck(ctx, s, stuck, order, write)
	}
}

// changed tells whether the shop's row, as it is now, is another one than before the push; one that was not read may be.
func (p *Push) changed(now map[string]Order) bool {
	order, found := now[p.OrderID]
	return !found || order != *p.Seen
}

// logCalls writes what the calls leave in the log, and sends an entry with an error for each of them, in their order.
func (s *Store) logCalls(ctx context.Context, calls []*call[*Push, bool]) <-chan []*call[*Push, struct{}] {
	entries := make([]*call[*Push, struct{}], len(calls))
	for i, c := range calls {
		entries[i] = &call[*Push, struct{}]{key: c.key}
	}
	logged := make(chan []*call[*Push, struct{}], 1)
	write := func() {
		insertAll(entries, func(entries []*call[*Push, struct{}]) error { return s.writeLog(ctx, entries) })
		logged <- entries
	}
	if s.sql.sqlite { // one writer at a time
		write()
	} else {
		go write()
	}
	return logged
}

// writeLog writes entries of the log in one statement.
func (s *Store) writeLog(ctx context.Context, entries []*call[*Push, struct{}]) error {
	rows := make([]LogRow, 0, len(entries))
	for _, e := range entries {
		if e.key.Outcome != Settled {
			rows = append(rows, s.logRow(e.key))
		}
	}
	if err := tryAgain(ctx, func() error { return s.sql.insertLog(s.db.WithContext(ctx), rows) }); err != nil {
		return fmt.Errorf("store: write log: %w", err)
	}
	return nil
}

func (p *Push) looksAgain() bool { return p.Outcome == Pushed && p.Seen != nil }

// lookAgain reads the orders that were pushed once more, in one statement, and sends what it finds, nothing when it fails. Nil:
// nobody asks.
func (s *Store) lookAgain(ctx context.Context, calls []*call[*Push, bool]) <-chan map[string]Order {
	var ids []string
	for _, c := range calls {
		if c.key.looksAgain() {
			ids = append(ids, c.key.OrderID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	orders := make(chan map[string]Order, 1)
	go func() {
		orders <- s.readOwn(ctx, ids)
	}()
	return orders
}

// persist runs a batch the ordinary way, or carefully where a row was not as expected; again when it lost a deadlock or a race.
// Without an error every call has its answer.
func (s *Store) persist(ctx context.Context, ordinary func() error, careful func(tx *gorm.DB) error) error {
	err := tryAgain(ctx, func() error {
		err := ordinary()
		if errors.Is(err, errExtraordinary) {
			err = s.transaction(ctx, careful)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: write order state: %w", err)
	}
	return nil
}

// tryAgain runs f, again when it lost a deadlock or a race for a new key.
func tryAgain(ctx context.Context, f func() error) (err error) {
	for range maxTries {
		if err = f(); err == nil || ctx.Err() != nil || !again(err) && !duplicate(err) {
			break
		}
	}
	return err
}

// exec runs one statement of its own, again when it lost a deadlock. ErrLocked when a row stays locked.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (affected int64, err error) {
	for range maxTries {
		done := s.db.WithContext(ctx).Exec(statement, args...)
		if affected, err = done.RowsAffected, done.Error; err == nil || ctx.Err() != nil || !again(err) {
			break
		}
	}
	return affected, lockedError(err)
}

// untilWon runs f in a transaction about one order, again when it lost a deadlock or a race for a new key, and for a few seconds
// while a row is locked; then it is ErrLocked.
func (s *Store) untilWon(ctx context.Context, f func(tx *gorm.DB) error) (err error) {
	for range lockTries {
		err = tryAgain(ctx, func() error { return s.transaction(ctx, f) })
		if !locked(err) || ctx.Err() != nil {
			break
		}
	}
	return lockedError(err)
}

// transaction runs f in READ COMMITTED (Open; SQLite: alone).
func (s *Store) transaction(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.db.WithContext(ctx).Transaction(f)
}

// beginCarefully locks the rows and decides in memory.
func (s *Store) beginCarefully(tx *gorm.DB, calls []*call[*Begin, int64]) error {
	rows, err := lockRows(tx, s.sql, calls, func(b *Begin) string { return b.OrderID })
	if err != nil {
		return err
	}
	for _, c := range calls {
		c.value, c.err = rows[c.key.OrderID].begin(c.key)
	}
	return s.sql.saveRows(tx, rows)
}

// recordCarefully locks the rows, decides in memory, and writes what changed.
func (s *Store) recordCarefully(tx *gorm.DB, calls []*call[*Push, bool]) error {
	rows, err := lockRows(tx, s.sql, calls, func(p *Push) string { return p.OrderID })
	if err != nil {
		return err
	}
	for _, c := range calls {
		rows[c.key.OrderID].record(c.key)
	}
	return s.sql.saveRows(tx, rows)
}

// readStates reads rows of ordersync_order. hint and lock are what a locking SELECT has behind its table and at its end.
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

// insertStates is the statement that inserts rows; end says what happens where the key is there already.
func (d dialect) insertStates(states []*OrderState, end string) (statement string, args []any) {
	args = make([]any, 0, len(states)*len(stateColumns))
	for _, o := range states {
		args = d.stateArgs(args, o)
	}
	return "INSERT INTO `ordersync_order` (" + columnList("", stateColumns) + ") VALUES " + tuples(len(states), len(stateColumns)) + end, args
}
