package embedded

import (
	"fmt"
	"sync/atomic"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// databases gives every Open a database of its own.
var databases atomic.Int64

// conns bounds the pool. SQLite has one writer at a time, more connections would only wait.
const conns = 4

// Open makes a new, empty database in memory. It lives until the pool of the *gorm.DB is closed.
func Open() (*gorm.DB, error) {
	dsn := fmt.Sprintf("file:/ordersync-%d?vfs=memdb&_txlock=immediate&_pragma=busy_timeout(20000)", databases.Add(1))
	db, err := gorm.Open(sqlite.Open(dsn), store.GormConfig())
	if err != nil {
		return nil, fmt.Errorf("embedded: open: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("embedded: pool: %w", err)
	}
	// Idle connections are never closed: with the last one the database would vanish.
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxLifetime(0)
	pool.SetConnMaxIdleTime(0)
	return db, nil
}
