package embedded

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
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
	return open(fmt.Sprintf("file:/ordersync-%d?vfs=memdb&%s", databases.Add(1), waits))
}

// OpenFile opens the database in a file, and makes it where it is not there. Several processes may
// have it open: what one has committed the others read, also after kill -9 of the first. A power
// cut may take it, so it is for tests and for trying out.
func OpenFile(path string) (*gorm.DB, error) {
	where, err := fileURI(path)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	return open(where + "?" + waits + "&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
}

// fileURI is a path as SQLite takes it. Only an absolute one has a URI: the first part of another would
// be the name of a host.
func fileURI(path string) (string, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if whole = filepath.ToSlash(whole); !strings.HasPrefix(whole, "/") {
		whole = "/" + whole // C:/shop.sqlite on Windows
	}
	return (&url.URL{Scheme: "file", Path: whole}).String(), nil
}

// waits lets a writer wait for its turn.
const waits = "_txlock=immediate&_pragma=busy_timeout(20000)"

func open(dsn string) (*gorm.DB, error) {
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
