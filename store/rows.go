package store

import (
	"database/sql"
	"errors"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/shop"
)

// quote quotes an identifier of ours, or one of the shop's that was checked.
func quote(name string) string { return shop.Quote(name) }

// execIn runs a statement on the connection behind db. GORM's own Exec takes a statement apart and builds it again, which
// for one with a thousand arguments costs as much as sending it.
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
