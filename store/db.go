package store

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/shop"
)

// quote quotes an identifier of ours, or one of the shop's that was checked.
func quote(name string) string { return shop.Quote(name) }

// transaction runs f in READ COMMITTED, which Open sets for every session. On SQLite the
// transaction has the whole database to itself.
func (s *Store) transaction(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.db.WithContext(ctx).Transaction(f)
}

// tries says how often work runs at most, and after which loss it runs again.
type tries struct {
	most int
	lost func(err error) bool
}

// The losses that are tried again. What was lost was rolled back, so it runs from its begin, and
// reads everything once more.
var (
	// afterDeadlock is for one statement of its own.
	afterDeadlock = tries{8, again}
	// afterRace is for what looks first and inserts then: somebody else may have inserted the key
	// meanwhile.
	afterRace = tries{8, func(err error) bool { return again(err) || duplicate(err) }}
	// afterLock is for one order alone, or for what is left of a batch. Each try waits for rowWait.
	afterLock = tries{4, func(err error) bool { return locked(err) || errors.Is(err, ErrLocked) }}
)

// do runs f until it succeeds, fails for another reason than a loss, or has lost t.most times. It
// returns the last error.
func (t tries) do(ctx context.Context, f func() error) (err error) {
	for range t.most {
		if err = f(); err == nil || ctx.Err() != nil || !t.lost(err) {
			break
		}
	}
	return err
}

// exec runs one statement of its own, again when it lost a deadlock. ErrLocked when a row stays
// locked.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (affected int64, err error) {
	err = afterDeadlock.do(ctx, func() error {
		done := s.db.WithContext(ctx).Exec(statement, args...)
		affected = done.RowsAffected
		return done.Error
	})
	return affected, lockedError(err)
}

// execIn runs a statement on the connection behind db. GORM's own Exec takes a statement apart and
// builds it again, which for one with a thousand arguments costs as much as sending it.
func execIn(db *gorm.DB, statement string, args []any) (affected int64, err error) {
	done, err := db.Statement.ConnPool.ExecContext(db.Statement.Context, statement, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// queryIn is execIn for a SELECT.
func queryIn(db *gorm.DB, query string, args []any) (*sql.Rows, error) {
	return db.Statement.ConnPool.QueryContext(db.Statement.Context, query, args...)
}

// collect runs a query and scans each of its rows.
func collect[T any](db *gorm.DB, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := db.Raw(query, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// scanID scans a row that is one key.
func scanID(rows *sql.Rows) (id string, err error) {
	err = rows.Scan(&id)
	return id, err
}
