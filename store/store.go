package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/gather"
)

// ErrClosed: the Store is closed.
var ErrClosed = gather.ErrClosed

// Config of a Store. The zero value reads the PHP class's schema.
type Config struct {
	Schema    Schema        // the zero value: DefaultSchema
	LogBodies LogBodies     // empty: BodiesFailed
	Trade     TradeConfig   // the zero value: every order is one of ecpay
	Gather    time.Duration // how long a call may wait at most for others to share its statement; 0: 2 ms; negative: not at all
	// ShopOnly reads the shop as if our tables were empty; they need not be there. Such a Store must write nothing.
	ShopOnly  bool
	BatchSize int // calls that share a statement at most; 0: 256
	// Now is the process's clock; nil: time.Now. One that is given is taken for the database's as
	// well where a request of money is in flight.
	Now func() time.Time
	// OnSkew is told when the process's clock turns out to be further than MostSkew from the
	// database's (ahead of it; negative: behind), and when it is not any more. It must return at
	// once and not call the Store. Nil: nobody.
	OnSkew func(ahead time.Duration)
}

// LogBodies says of which calls request and response are kept in ordersync_log, at most 64 KiB of
// each. The zero value is failed.
type LogBodies string

const (
	BodiesFailed LogBodies = "failed" // of every call that Douyin has not taken, or done
	BodiesAll    LogBodies = "all"    // of every call
)

const (
	defaultGather    = 2 * time.Millisecond
	defaultBatchSize = 256
	// batchTimeout ends a batch whose callers may all have gone. It is longer than a batch meets
	// locks: what it waits for rows and tables, and lockPatience.
	batchTimeout = 30 * time.Second
)

// Store reads the shop and keeps our tables. It is safe for concurrent use; make one per process
// and Close it.
type Store struct {
	db       *gorm.DB
	cfg      Config
	schema   Schema
	sql      dialect
	zone     *time.Location // of the shop's times
	loads    *gather.Group[string, *OrderSnapshot]
	begins   *gather.Group[*Begin, int64]
	records  *gather.Group[*Push, bool]
	shop     shopReading
	strides  strides
	clock    clock
	ownClock bool // Config.Now was set

	refusals *refusals

	cannotSkip atomic.Bool // the server does not know SKIP LOCKED

	migrating sync.Mutex // SQLite only
}

// New makes a Store over a database that Open or embedded.Open opened. It does not touch the
// database. The error is about cfg.
func New(db *gorm.DB, cfg Config) (*Store, error) {
	if err := cfg.Schema.Validate(); err != nil {
		return nil, err
	}
	switch cfg.LogBodies {
	case "":
		cfg.LogBodies = BodiesFailed
	case BodiesFailed, BodiesAll:
	default:
		return nil, fmt.Errorf("store: log bodies: %q is unknown: want failed or all", cfg.LogBodies)
	}
	ownClock := cfg.Now != nil
	if !ownClock {
		cfg.Now = time.Now
	}
	if cfg.Gather == 0 {
		cfg.Gather = defaultGather
	}
	if cfg.BatchSize <= 0 {
		cfg.BatchSize = defaultBatchSize
	}
	refusals, err := refusalsOf(db)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, cfg: cfg, refusals: refusals, schema: cfg.Schema.WithDefaults(), sql: dialectOf(db), zone: zoneOf(db), ownClock: ownClock}
	together := gather.Config{Window: cfg.Gather, Size: cfg.BatchSize, Timeout: batchTimeout}
	s.loads = gather.New(together, s.loadBatch)
	s.begins = gather.New(together, s.beginBatch)
	s.records = gather.New(together, s.recordBatch)
	return s, nil
}

// Close waits until everything that was asked for is done. Later calls of LoadOrder, BeginPush and
// RecordPush fail with ErrClosed. The database stays open: whoever opened it closes it.
func (s *Store) Close() {
	s.loads.Close()
	s.begins.Close()
	s.records.Close()
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.db.DB()
	if err != nil {
		return fmt.Errorf("store: ping: %w", err)
	}
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("store: ping: %w", err)
	}
	return nil
}
