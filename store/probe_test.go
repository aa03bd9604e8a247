package store_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func migrated(t *testing.T, db *gorm.DB) *store.Store {
	t.Helper()
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}

// The probe leaves nothing behind, and is seen by nobody.
func TestAProbeLeavesNothing(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		st := migrated(t, db)
		var rows int
		if err := errors.Join(
			st.ProbeWrite(t.Context()),
			db.Raw("SELECT COUNT(*) FROM ordersync_outbox").Row().Scan(&rows),
		); err != nil ||
			rows != 0 {
			t.Errorf("%d rows, %v", rows, err)
		}
	})
}

// A database that takes no writes answers every ping, and doctor found nothing wrong with some of
// them.
func TestADatabaseThatTakesNoWritesIsFound(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, dsn string) {
		servertest.CreateShop(t, db)
		migrated(t, db)
		variable := "tx_read_only"
		if strings.HasSuffix(t.Name(), "/mysql") {
			variable = "transaction_read_only"
		}
		readOnly, err := store.Open(dsn + "?" + variable + "=1")
		if err != nil {
			t.Fatal(err)
		}
		pool, err := readOnly.DB()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pool.Close() })
		st, err := store.New(readOnly, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		if err := st.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.ProbeWrite(t.Context()); err == nil || !strings.Contains(err.Error(), "1792") {
			t.Errorf("read only: the probe says %v", err)
		}
		checkFinds(t, st, "READ ONLY", "read only")
	})
}

// On a full disk a small row still finds room in its page: doctor writes more, and the probe
// remembers what real writes met.
func TestADatabaseWithoutRoomIsFound(t *testing.T) {
	server := servertest.StartMySQL(
		t,
		"--innodb-file-per-table=0",
		"--innodb-data-file-path=ibdata1:12M:autoextend:max:20M",
	)
	if server == nil {
		return // ORDERSYNC_TEST_SERVERS=required says so
	}
	dsn := server.NewDatabase(t)
	t.Cleanup(server.Kill) // a full server cannot drop a database
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	servertest.CreateShop(t, db)
	st := migrated(t, db)
	others, err := store.Open(dsn) // what other processes write
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = others.Exec(
			"INSERT INTO ordersync_log (at, call_name, outcome, request) VALUES (NOW(), 'x', '', REPEAT('x', 100000))",
		).Error
	}
	if !strings.Contains(err.Error(), "is full") {
		t.Fatal(err)
	}
	if err := st.ProbeWrite(t.Context()); err != nil {
		t.Logf("the small row finds no room either: %v", err)
	}
	checkFinds(t, st, "is full", "make room")
	var refused *store.RefusedError
	var gone *net.OpError // a server that has no room for its own undo logs ends itself
	if err := st.ProbeWrite(t.Context()); !errors.As(err, &refused) && !errors.As(err, &gone) {
		t.Errorf("after a refused write the probe says %v", err)
	}
}

// checkFinds fails the test unless doctor's lines about our tables have one that is not OK, with
// these words.
func checkFinds(t *testing.T, st *store.Store, what, cure string) {
	t.Helper()
	findings := st.CheckShop(t.Context())
	for _, f := range findings {
		if !f.OK && strings.Contains(f.What, what) && strings.Contains(f.Cure, cure) {
			return
		}
	}
	t.Errorf("doctor finds %+v, want %q with the cure %q", findings, what, cure)
}
