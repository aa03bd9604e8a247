package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// A row that the shop writes is stamped alike, whatever zone the shop's session has.
func TestTheOutboxIsStampedAlikeByAnySession(t *testing.T) {
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		s, db := openIn(t, dsn, "Asia/Shanghai")
		if n := count(t, db, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND extra LIKE '%on update%'"); n != 0 {
			t.Errorf("%d columns change whenever their row does", n)
		}
		for i, zone := range []string{"SYSTEM", "+00:00", "+08:00", "-11:00"} {
			raw := rawDB(t, dsn)
			began := time.Now().Add(-time.Second)
			err := raw.Connection(func(db *gorm.DB) error {
				if err := db.Exec("SET time_zone = ?", zone).Error; err != nil {
					return err
				}
				return db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', ?, NULL)", i).Error
			})
			if err != nil {
				t.Fatal(err)
			}
			counts, err := s.Counts(t.Context(), time.Now())
			if err != nil || counts.Outbox.Count != 1 || !within10s(counts.Outbox.Oldest, began) {
				t.Errorf("session in %s: waits since %v, %v; now is %v", zone, counts.Outbox, err, began)
			}
			var at time.Time
			handed, err := relay(t, s, func(r store.OutboxRow) error { at = r.CreatedAt; return nil })
			if err != nil || len(handed) != 1 || handed[0] != fmt.Sprint(i) || !within10s(at, began) {
				t.Errorf("session in %s: handed over %v of %v, %v; now is %v", zone, handed, at, err, began)
			}
		}
	})
}

func within10s(at, begin time.Time) bool {
	return at.Sub(begin) >= 0 && at.Sub(begin) < 10*time.Second
}

// rawDB is a database without anything that Open sets.
func rawDB(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	t.Cleanup(func() { _ = pool.Close() })
	db, err := gorm.Open(gormmysql.New(gormmysql.Config{Conn: pool, DSNConfig: cfg, SkipInitializeWithVersion: true}), store.GormConfig())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// A shop's column is read in loc, a TIMESTAMP right whatever zone the server has, a text as loc's clock.
func TestTheShopsTimesAreReadInLoc(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	schema := store.DefaultSchema()
	schema.Time = store.Datetime
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		_, admin := openIn(t, dsn, "UTC")
		servertest.CreateShop(t, admin)
		addOrder(t, admin, 1, at)
		for _, kind := range []string{"DATETIME", "TIMESTAMP", "VARCHAR(32)"} {
			exec(t, admin, "ALTER TABLE `order` DROP COLUMN create_time")
			exec(t, admin, "ALTER TABLE `order` ADD COLUMN create_time "+kind+" NULL, ADD KEY create_time (create_time)")
			for _, loc := range []string{"UTC", "Asia/Shanghai", "America/New_York"} {
				zone, err := time.LoadLocation(loc)
				if err != nil {
					t.Fatal(err)
				}
				shows := at.In(zone).Format(time.DateTime)
				if kind == "TIMESTAMP" { // whatever zone its writer has
					shows = at.Format(time.DateTime)
				}
				exec(t, admin, "UPDATE `order` SET create_time = ?", shows) // in a session in UTC
				_, db := openIn(t, dsn, loc)
				s := newStore(t, db, store.Config{Schema: schema, Now: time.Now})
				snapshot, err := s.LoadOrder(t.Context(), "1")
				if err != nil || !snapshot.Order.CreateTime.Equal(at) {
					t.Errorf("%s in %s: read as %v, %v; want %v", kind, loc, snapshot.Order.CreateTime, err, at)
				}
				for shift, want := range map[time.Duration]int{-time.Second: 0, 0: 1} {
					page, err := s.ReadOrders(t.Context(), store.Scan{From: at.Add(-time.Hour), To: at.Add(shift), Limit: 10})
					if err != nil || page.Read != want || want == 1 && !page.Next.Time.Equal(at) {
						t.Errorf("%s in %s: up to %v from it: %+v, %v", kind, loc, shift, page, err)
					}
				}
			}
		}
	})
}

// A clock in New York never shows what our tables hold for half past seven in the morning of this
// day, in UTC 02:30 to 03:30: read as New York's it became another time.
func TestOurTimesSurviveAnHourThatLocDoesNotHave(t *testing.T) {
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		s, db := openIn(t, dsn, "America/New_York")
		servertest.CreateShop(t, db)
		due := time.Date(2026, 3, 8, 2, 30, 0, 0, time.UTC)
		record(t, s, store.Push{OrderID: "1", At: due, Outcome: store.Retrying, DueAt: &due})
		if got := state(t, s, "1"); !got.DueAt.Equal(due) || !got.UpdatedAt.Equal(due) {
			t.Errorf("due at %v, updated at %v; want %v", got.DueAt, got.UpdatedAt, due)
		}
		var text string
		err := db.Raw("SELECT CAST(due_at AS CHAR) FROM ordersync_order").Row().Scan(&text)
		if err != nil || text != "2026-03-08 02:30:00.000" {
			t.Errorf("stands as %s, %v", text, err)
		}
	})
}

func TestASessionHasTheZoneOfLoc(t *testing.T) {
	eachZoneServer(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		for loc, want := range map[string]string{
			"": "+00:00", "UTC": "+00:00", "Asia%2FShanghai": "+08:00", "Asia%2FKolkata": "+05:30",
			"Asia%2FShanghai&time_zone=%27%2B08%3A00%27": "+08:00", "Asia%2FShanghai&time_zone=%27Asia%2FShanghai%27": "+08:00",
			"UTC&time_zone=%27%2B00%3A00%27": "+00:00", "America%2FNew_York": newYork(),
		} {
			db, err := store.Open(dsn + "?loc=" + loc)
			if loc == "" {
				db, err = store.Open(dsn)
			}
			if err != nil {
				t.Fatalf("%s: %v", loc, err)
			}
			var zone string
			if err := db.Raw("SELECT @@session.time_zone").Row().Scan(&zone); err != nil || zone != want {
				t.Errorf("loc %s: session's zone %s, %v; want %s", loc, zone, err, want)
			}
			if pool, err := db.DB(); err == nil {
				_ = pool.Close()
			}
		}
	})
	for _, other := range []string{"SYSTEM", "+08:00", "-05:00", "Asia/Shanghai"} {
		_, err := store.Open("shop:secret@tcp(127.0.0.1:1)/shop?loc=America%2FNew_York&time_zone=%27" + strings.NewReplacer("/", "%2F", "+", "%2B").Replace(other) + "%27")
		if err == nil || !strings.Contains(err.Error(), "time_zone") || strings.Contains(err.Error(), "secret") {
			t.Errorf("time_zone %s beside loc of New York: %v", other, err)
		}
	}
}

// newYork is its offset of now: no test server knows zones by name.
func newYork() string {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return err.Error()
	}
	return time.Now().In(zone).Format("-07:00")
}

// A server with its time zone tables shows a TIMESTAMP of summer right in winter.
func TestASessionHasTheNameOfAZoneWithSummerTime(t *testing.T) {
	server := servertest.StartMySQL(t)
	if server == nil {
		return // ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	dsn := server.NewDatabase(t)
	admin := rawDB(t, strings.ReplaceAll(dsn, dsn[strings.LastIndex(dsn, "/"):], "/information_schema"))
	for _, statement := range []string{ // New York of 2026 alone
		"CREATE DATABASE IF NOT EXISTS mysql",
		"CREATE TABLE mysql.time_zone (Time_zone_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, Use_leap_seconds ENUM('Y','N') NOT NULL DEFAULT 'N')",
		"CREATE TABLE mysql.time_zone_name (Name CHAR(64) NOT NULL PRIMARY KEY, Time_zone_id INT UNSIGNED NOT NULL)",
		"CREATE TABLE mysql.time_zone_leap_second (Transition_time BIGINT SIGNED NOT NULL PRIMARY KEY, Correction INT SIGNED NOT NULL)",
		"CREATE TABLE mysql.time_zone_transition (Time_zone_id INT UNSIGNED NOT NULL, Transition_time BIGINT SIGNED NOT NULL, Transition_type_id INT UNSIGNED NOT NULL, PRIMARY KEY (Time_zone_id, Transition_time))",
		"CREATE TABLE mysql.time_zone_transition_type (Time_zone_id INT UNSIGNED NOT NULL, Transition_type_id INT UNSIGNED NOT NULL, `Offset` INT SIGNED NOT NULL DEFAULT 0, Is_DST TINYINT UNSIGNED NOT NULL DEFAULT 0, Abbreviation CHAR(8) NOT NULL DEFAULT '', PRIMARY KEY (Time_zone_id, Transition_type_id))",
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N')",
		"INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('America/New_York', 1)",
		"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (1, 0, -18000, 0, 'EST'), (1, 1, -14400, 1, 'EDT')",
		"INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (1, -2147483648, 0), (1, 1772953200, 1), (1, 1793512800, 0)",
	} {
		exec(t, admin, statement)
	}
	server.Restart(t) // it looks for the tables once
	schema := store.DefaultSchema()
	schema.Time = store.Datetime
	_, db := openIn(t, dsn, "America/New_York")
	servertest.CreateShop(t, db)
	s := newStore(t, db, store.Config{Schema: schema, Now: time.Now})
	exec(t, db, "ALTER TABLE `order` MODIFY create_time TIMESTAMP NULL")
	for id, at := range []time.Time{time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)} {
		exec(t, db, "INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, 1, 1, 1, 1, 1, FROM_UNIXTIME(?), '', 1)", id+1, at.Unix())
		snapshot, err := s.LoadOrder(context.Background(), fmt.Sprint(id+1))
		if err != nil || !snapshot.Order.CreateTime.Equal(at) {
			t.Errorf("read as %v, %v; want %v", snapshot.Order.CreateTime, err, at)
		}
	}
	for _, f := range s.CheckTimes(t.Context()) {
		if strings.Contains(f.What, "summer time") {
			t.Errorf("the server knows the zone: %+v", f)
		}
	}
}

// loc=Asia/Shanghai before a shop that writes UTC: new orders are read eight hours old, and no
// sweep sees a change.
func TestCheckTimesNamesTheKey(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
		s, db := openIn(t, dsn, "Asia/Shanghai")
		servertest.CreateShop(t, db)
		addOrder(t, db, 1, time.Now())
		wantTimesCure(t, s, "")
		exec(t, db, "UPDATE `order` SET create_time = create_time + 36000")
		wantTimesCure(t, s, "look at the clock of whoever writes create_time")
		exec(t, db, "ALTER TABLE `order` MODIFY create_time BIGINT")
		exec(t, db, "UPDATE `order` SET create_time = ?", time.Now().UnixMilli())
		wantTimesCure(t, s, "set shop.time to unix_ms")
		exec(t, db, "UPDATE `order` SET create_time = ?", time.Now().Unix())

		schema := store.DefaultSchema()
		schema.Columns.UpdatedAt = "updated_at"
		s = newStore(t, db, store.Config{Schema: schema, Now: time.Now})
		wantTimesCure(t, s, "")
		exec(t, db, "UPDATE `order` SET updated_at = UTC_TIMESTAMP()")
		wantTimesCure(t, s, "seems to be UTC")
		exec(t, db, "UPDATE `order` SET updated_at = NOW()") // of a session in loc
		wantTimesCure(t, s, "")
		exec(t, db, "ALTER TABLE `order` MODIFY updated_at TIMESTAMP NULL")
		exec(t, db, "UPDATE `order` SET updated_at = UTC_TIMESTAMP()") // eight hours ago
		wantTimesCure(t, s, "")
		exec(t, db, "ALTER TABLE `order` DROP KEY updated_at")
		found := false
		for _, f := range s.CheckTimes(t.Context()) {
			found = found || f.OK && strings.Contains(f.What, "updated_at: its newest was not compared")
		}
		if !found {
			t.Error("a column without an index is passed over without a word")
		}
	})
}

// wantTimesCure fails the test unless CheckTimes has the one cure, or for "" nothing to say.
func wantTimesCure(t *testing.T, s *store.Store, part string) {
	t.Helper()
	wrong := 0
	for _, f := range s.CheckTimes(t.Context()) {
		if f.OK {
			continue
		}
		if wrong++; part == "" || !f.Minor || !strings.Contains(f.Cure, part) {
			t.Errorf("%+v; want %q", f, part)
		}
	}
	if wrong == 0 && part != "" {
		t.Errorf("nothing is wrong; want %q", part)
	}
}

// An embedded database has one zone, and the same judgement.
func TestCheckTimesOfAnEmbeddedShop(t *testing.T) {
	db := servertest.SQLite(t)
	servertest.CreateShop(t, db)
	s := newStore(t, db, store.Config{Now: time.Now})
	wantTimesCure(t, s, "")
	addOrder(t, db, 1, time.Now().Add(8*time.Hour))
	wantTimesCure(t, s, "look at the clock of whoever writes create_time")
}
