package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// oldServer is a pool whose server answers SKIP LOCKED as MySQL 5.7 and MariaDB 10.5 do.
type oldServer struct {
	*sql.DB
	asked *atomic.Int64
}

func (o oldServer) GetDBConn() (*sql.DB, error) { return o.DB, nil }

func (o oldServer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := o.refuse(query); err != nil {
		return nil, err
	}
	return o.DB.QueryContext(ctx, query, args...)
}

func (o oldServer) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := o.DB.BeginTx(ctx, opts)
	return &oldTx{tx, o}, err
}

func (o oldServer) refuse(query string) error {
	if !strings.Contains(query, "SKIP LOCKED") {
		return nil
	}
	o.asked.Add(1)
	return &mysql.MySQLError{Number: 1064, Message: "You have an error in your SQL syntax"}
}

type oldTx struct {
	*sql.Tx
	server oldServer
}

func (o *oldTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := o.server.refuse(query); err != nil {
		return nil, err
	}
	return o.Tx.QueryContext(ctx, query, args...)
}

// relays is how many a test runs at once.
const relays = 4

// withoutSkipLocked runs a test on each server as on one that does not know SKIP LOCKED.
func withoutSkipLocked(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		newStore(t, db, store.Config{})
		old, asked := oldDB(t, db)
		test(t, newStore(t, old, store.Config{}), old)
		if n := asked.Load(); n > relays {
			t.Errorf("SKIP LOCKED was tried %d times, want once by each that began before the first answer", n)
		}
	})
}

func oldDB(t *testing.T, db *gorm.DB) (*gorm.DB, *atomic.Int64) {
	t.Helper()
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	server := oldServer{pool, new(atomic.Int64)}
	old, err := gorm.Open(gormmysql.New(gormmysql.Config{
		Conn: server, SkipInitializeWithVersion: true, DisableWithReturning: true,
	}), store.GormConfig())
	if err != nil {
		t.Fatal(err)
	}
	return old, server.asked
}

// A process that dies between its claim and the end leaves its rows to the others, a minute later.
func TestAClaimOfTheOutboxEnds(t *testing.T) {
	withoutSkipLocked(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		now := t0
		s := newStore(t, db, store.Config{Now: func() time.Time { return now }})
		for id := 1; id <= 3; id++ {
			toOutbox(t, db, id, "push", "good-"+strconv.Itoa(id))
		}
		ctx, die := context.WithCancel(t.Context())
		n, err := s.RelayOutbox(ctx, 10, func(_ context.Context, rows []store.OutboxRow) []error {
			if handed, err := relay(t, s, good); len(handed) > 0 || err != nil {
				t.Errorf("another relay takes %v, %v; want nothing that is claimed", handed, err)
			}
			die()
			return make([]error, len(rows))
		})
		if n != 0 || !errors.Is(err, context.Canceled) {
			t.Fatalf("%d, %v; want that the end is not written", n, err)
		}
		if handed, err := relay(t, s, good); len(handed) > 0 || err != nil {
			t.Errorf("at once: %v, %v; want nothing", handed, err)
		}
		now = now.Add(time.Minute)
		if handed, err := relay(t, s, good); len(handed) != 3 || err != nil {
			t.Errorf("a minute later: %v, %v; want all of them", handed, err)
		}
	})
}

// A row that stays for the next time is not claimed meanwhile.
func TestWhatWasNotHandedOverIsNobodys(t *testing.T) {
	withoutSkipLocked(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		down := errors.New("redis is down")
		toOutbox(t, db, 1, "push", "good")
		for range 2 {
			if handed, err := relay(t, s, func(store.OutboxRow) error { return down }); handed != nil || !errors.Is(err, down) {
				t.Fatalf("%v, %v", handed, err)
			}
		}
		if handed, err := relay(t, s, good); len(handed) != 1 || err != nil {
			t.Errorf("%v, %v; want that it goes with the next batch", handed, err)
		}
	})
}

// A row that somebody has locked holds up nothing of the outbox.
func TestALockedRowOfTheOutboxIsPassedOver(t *testing.T) {
	withoutSkipLocked(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 3; id++ {
			toOutbox(t, db, id, "push", "good-"+strconv.Itoa(id))
		}
		release := lock(t, db, "SELECT * FROM ordersync_outbox WHERE id = 2 FOR UPDATE")
		if handed, err := relay(t, s, good); len(handed) != 2 || err != nil {
			t.Errorf("beside the lock: %v, %v; want two rows", handed, err)
		}
		release()
		if handed, err := relay(t, s, good); len(handed) != 1 || err != nil {
			t.Errorf("after the lock: %v, %v; want the third", handed, err)
		}
	})
}
