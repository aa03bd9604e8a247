package store

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// refusalHolds is how long a refused write speaks for the database. Where nothing is written,
// nothing is known of it.
const refusalHolds = 15 * time.Second

// refusalNumbers are MySQL's and MariaDB's answers to a write that say nothing of its row: no room
// (1021 disk full, 1114 table full, 3 and 1026 while writing a file, 1030 from the storage engine),
// read only (1290 by an option, 1792 the transaction, 1836 the server), and what is missing (1142 a
// right, 1146 a table).
var refusalNumbers = map[uint16]bool{
	3:    true,
	1021: true,
	1026: true,
	1030: true,
	1114: true,
	1142: true,
	1146: true,
	1290: true,
	1792: true,
	1836: true,
}

// RefusedError is a write that the database refused a moment ago, whatever was in it.
type RefusedError struct {
	Ago time.Duration // at most 15 seconds
	Err error         // the database's
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("store: a write was refused %v ago: %v", e.Ago.Round(time.Second), e.Err)
}

func (e *RefusedError) Unwrap() error { return e.Err }

// refusals remembers the last refused write of all statements that go through a gorm.DB.
type refusals struct {
	now func() time.Time

	mu  sync.Mutex
	at  time.Time
	err error
}

// registering keeps two stores over one database from registering the plugin at once.
var registering sync.Mutex

var _ gorm.Plugin = (*refusals)(nil)

// refusalsOf is the memory of db, which all stores over it share.
func refusalsOf(db *gorm.DB) (*refusals, error) {
	registering.Lock()
	defer registering.Unlock()
	mine := &refusals{now: time.Now}
	switch err := db.Use(mine); {
	case err == nil:
		return mine, nil
	case !errors.Is(err, gorm.ErrRegistered):
		return nil, fmt.Errorf("store: %w", err)
	}
	if there, ok := db.Plugins[mine.Name()].(*refusals); ok {
		return there, nil
	}
	return nil, fmt.Errorf("store: gorm has another plugin under the name %s", mine.Name())
}

// Name implements gorm.Plugin.
func (*refusals) Name() string { return "ordersync:refusals" }

// Initialize implements gorm.Plugin: statements of ours are raw ones, rows are made by Create.
func (r *refusals) Initialize(db *gorm.DB) error {
	c := db.Callback()
	return errors.Join(
		c.Raw().After(
			"gorm:raw",
		).Register(
			r.Name(),
			r.note,
		),
		c.Create().After("gorm:create").Register(r.Name(), r.note),
		c.Update().After(
			"gorm:update",
		).Register(
			r.Name(),
			r.note,
		),
		c.Delete().After("gorm:delete").Register(r.Name(), r.note),
	)
}

func (r *refusals) note(db *gorm.DB) {
	var my *mysql.MySQLError
	if db.Error == nil || !errors.As(db.Error, &my) || !refusalNumbers[my.Number] {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.err = r.now(), my
}

// recent is the last refused write, nil where it is long ago.
func (r *refusals) recent() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ago := r.now().Sub(r.at); r.err != nil && ago < refusalHolds {
		return &RefusedError{Ago: ago, Err: r.err}
	}
	return nil
}
