package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

const (
	utcFile    = "0010_utc.sql"
	beforeUTC  = 9
	oldEast    = "2026-03-01 16:00:00" // as a process with loc=Asia/Shanghai wrote eight o'clock
	oldUTC     = "2026-03-01 08:00:00"
	oldVersion = "2026-01-01 00:00:00" // the server's clock when the first migration ran
)

// writeEast fills every time column of the old schema as a process with loc=Asia/Shanghai did, and
// returns the columns.
func writeEast(t *testing.T, db *gorm.DB) []timeColumn {
	t.Helper()
	downTo(t, db, beforeUTC)
	exec(t, db, "ALTER TABLE ordersync_migration MODIFY tstamp DATETIME NULL DEFAULT CURRENT_TIMESTAMP")
	exec(t, db, "UPDATE ordersync_migration SET tstamp = ?", oldVersion)
	for _, row := range []string{
		"ordersync_order (order_id, outcome, created_at, updated_at) VALUES ('1', 'pushed', NOW(), NOW())",
		"ordersync_log (at, call_name, outcome) VALUES (NOW(), 'order.push', 'pushed')",
		"ordersync_outbox (kind, order_id) VALUES ('push', '1')",
		"ordersync_outbox_bad (id, kind, order_id, created_at, reason) VALUES (1, 'push', '1', NOW(), '')",
		"ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, created_at, updated_at) VALUES ('R', '1', '1', 1, '', 'new', NOW(), NOW())",
		"ordersync_settlement (out_settle_no, order_id, out_order_no, fingerprint, state, created_at, updated_at) VALUES ('S', '1', '1', '', 'new', NOW(), NOW())",
		"ordersync_payment (out_order_no, total_fen, paid_at, created_at) VALUES ('1', 1, NOW(), NOW())",
		"ordersync_callback (dedup_key, type, number, received_at) VALUES ('k', 'payment', '1', NOW())",
		"ordersync_backfill (name, run, place, started_at, updated_at) VALUES ('b', 1, '', NOW(), NOW())",
		"ordersync_payment_ask (out_order_no, total_fen, valid_until, created_at) VALUES ('1', 1, NOW(), NOW())",
	} {
		exec(t, db, "INSERT INTO "+row)
	}
	all := slices.DeleteFunc(timeColumns(t, db), func(c timeColumn) bool { return c.Table == "ordersync_migration" })
	for _, c := range all {
		exec(t, db, "UPDATE "+c.Table+" SET "+c.Name+" = ?", oldEast)
		if count(t, db, "SELECT COUNT("+c.Name+") FROM "+c.Table) != 1 {
			t.Fatalf("%s has no row to convert", c.Table)
		}
	}
	return all
}

// wantTimes fails the test unless every column of writeEast's says a time. What a session of the
// shop's stamped has the server's zone, and is looked at elsewhere.
func wantTimes(t *testing.T, db *gorm.DB, columns []timeColumn, want string) {
	t.Helper()
	for _, c := range columns {
		var got string
		err := db.Raw("SELECT COALESCE(CAST(" + c.Name + " AS CHAR(19)), '') FROM " + c.Table).Row().Scan(&got)
		if c.Table == "ordersync_outbox" && c.Name == "created_at" {
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s.%s: %s, %v; want %s", c.Table, c.Name, got, err, want)
		}
	}
}

// wantStamped fails the test unless the outbox and the version table say the moments at which a
// clock in the server's zone showed what stood there.
func wantStamped(t *testing.T, s *store.Store, db *gorm.DB) {
	t.Helper()
	var outbox, version string
	var began int64 // of the version table, by a clock in the server's zone
	err := db.Connection(func(db *gorm.DB) error {
		if err := db.Exec("SET time_zone = @@global.time_zone").Error; err != nil {
			return err
		}
		defer db.Exec("SET time_zone = '+08:00'") // the connection goes back to the pool
		if err := db.Raw("SELECT CAST(created_at AS CHAR(19)) FROM ordersync_outbox").Row().Scan(&outbox); err != nil {
			return err
		}
		return db.Raw("SELECT CAST(MIN(tstamp) AS CHAR(19)), UNIX_TIMESTAMP(?) FROM ordersync_migration", oldVersion).Row().Scan(&version, &began)
	})
	if err != nil || outbox != oldEast || version != oldVersion {
		t.Errorf("outbox %s, version table %s, %v", outbox, version, err)
	}
	all, err := s.MigrationStatus(t.Context())
	if err != nil || all[0].AppliedAt.Unix() != began {
		t.Errorf("status %+v, %v", all[0], err)
	}
}

// What stands in our tables is converted from loc, once.
func TestMigrateConvertsWhatAnOldLocWrote(t *testing.T) {
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		for name, migrate := range map[string]func(t *testing.T, s *store.Store, dsn string){
			"migrate": func(t *testing.T, s *store.Store, _ string) {
				applied, err := s.Migrate(t.Context())
				if err != nil || !slices.Contains(applied, utcFile) {
					t.Fatalf("applied %v, %v", applied, err)
				}
			},
			"print": func(t *testing.T, s *store.Store, dsn string) {
				script, names, err := s.PendingSQL(t.Context())
				if err != nil || !slices.Contains(names, utcFile) || !strings.Contains(script, "SET time_zone = '+08:00';") {
					t.Fatalf("%v, %v:\n%s", names, err, script)
				}
				if err := throughDriver(t, dsn+"?time_zone=%27-11%3A00%27", script); err != nil { // a DBA's own zone
					t.Fatal(err)
				}
				if err := throughDriver(t, dsn, script); err == nil {
					t.Error("the script runs twice")
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				dsn := newDSN(t)
				s, db := openIn(t, dsn, "Asia/Shanghai")
				servertest.CreateShop(t, db)
				columns := writeEast(t, db)
				migrate(t, s, dsn)
				wantTimes(t, db, columns, oldUTC)
				wantStamped(t, s, db)
				if applied, err := s.Migrate(t.Context()); err != nil || len(applied) != 0 {
					t.Errorf("again: %v, %v", applied, err)
				}
				wantTimes(t, db, columns, oldUTC)
				if st := state(t, s, "1"); !st.DueAt.Equal(t0) {
					t.Errorf("due at %v, want %v", st.DueAt, t0)
				}
				downTo(t, db, beforeUTC)
				wantTimes(t, db, columns, oldEast)
			})
		}
	})
}

// A conversion that breaks off has converted nothing, and the next one begins where it began.
func TestAConversionThatBreaksOffHasConvertedNothing(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
		s, db := openIn(t, dsn, "Asia/Shanghai")
		servertest.CreateShop(t, db)
		columns := writeEast(t, db)
		exec(t, db, "RENAME TABLE ordersync_payment_ask TO aside")
		if _, err := s.Migrate(t.Context()); err == nil {
			t.Fatal("it did not break off")
		}
		exec(t, db, "RENAME TABLE aside TO ordersync_payment_ask")
		wantTimes(t, db, columns, oldEast)
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTimes(t, db, columns, oldUTC)
		wantStamped(t, s, db)
	})
}

// A transaction of the shop's that stays open holds the outbox's ALTER TABLE up, and behind that
// every other transaction of the shop's: the migration gives way.
func TestMigrateDoesNotHoldTheShopUp(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
		s, db := openIn(t, dsn, "Asia/Shanghai")
		servertest.CreateShop(t, db)
		columns := writeEast(t, db)
		shop := rawDB(t, dsn).Begin()
		exec(t, shop, "INSERT INTO ordersync_outbox (kind, order_id) VALUES ('push', '2')")
		began := time.Now()
		_, err := s.Migrate(t.Context())
		if waited := time.Since(began); err == nil || waited > 30*time.Second {
			t.Errorf("after %v: %v", waited, err)
		}
		wantTimes(t, db, columns, oldEast)
		if err := shop.Rollback().Error; err != nil {
			t.Fatal(err)
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTimes(t, db, columns, oldUTC)
	})
}
