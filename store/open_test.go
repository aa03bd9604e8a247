package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// Whatever is wrong with a DSN, what is printed must not hold its password.
func TestThePasswordOfADSNNeverPrints(t *testing.T) {
	const secret = "s3cr3t-hunter2"
	for _, dsn := range []string{
		"shop:" + secret + "@tcp(127.0.0.1:1)/shop", "shop:" + secret + "@127.0.0.1/shop", "shop:" + secret + "@tcp(127.0.0.1:1)",
		"shop:" + secret + "@tcp(127.0.0.1:1)/", "shop:" + secret, secret, "mysql://shop:" + secret + "@h/shop", "shop:" + secret + "@tcp(h:1)/shop?tls=nonsense",
		"shop:" + secret + "@nonet(h:1)/shop", "shop@tcp(" + secret + ":1)/shop?loc=Nowhere/Land", "shop:" + secret + "@tcp(127.0.0.1:1)/shop?charset=" + secret,
	} {
		db, err := store.Open(dsn)
		if err == nil {
			s, newErr := store.New(db, store.Config{})
			if newErr != nil {
				t.Fatal(newErr)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if strings.Contains(dsn, "@tcp("+secret) {
				cancel() // a password in the place of the host is resolved by nobody
			}
			err = s.Ping(ctx)
			cancel()
			s.Close()
		}
		if err == nil {
			t.Errorf("a DSN that leads nowhere works")
			continue
		}
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("the password prints: %s", text)
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		s, err := store.New(db, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		first, err := s.Migrate(t.Context())
		if err != nil || len(first) == 0 {
			t.Fatalf("first: %v, %v", first, err)
		}
		if second, err := s.Migrate(t.Context()); err != nil || len(second) != 0 {
			t.Fatalf("second: %v, %v", second, err)
		}
		status, err := s.MigrationStatus(t.Context())
		if err != nil || len(status) != len(first) {
			t.Fatalf("status: %v, %v", status, err)
		}
		for _, m := range status {
			if m.AppliedAt == nil {
				t.Errorf("%s is not applied", m.Name)
			}
		}
	})
}

// Eight processes start at once, each with a pool and a store of its own.
func TestMigrateByManyAtOnce(t *testing.T) {
	open := func() (*gorm.DB, error) { return servertest.SQLite(t), nil } // an embedded database is one process's alone
	if dsn := servertest.MySQLDSN(t); dsn != "" {
		open = func() (*gorm.DB, error) { return store.Open(dsn) }
	}
	applied := make(chan string, 100)
	var wg sync.WaitGroup
	for range 8 {
		db, err := open()
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			s, err := store.New(db, store.Config{})
			if err != nil {
				t.Error(err)
				return
			}
			names, err := s.Migrate(context.Background())
			if err != nil {
				t.Error(err)
			}
			for _, name := range names {
				applied <- db.Name() + name
			}
		})
	}
	wg.Wait()
	close(applied)
	times := map[string]int{}
	for name := range applied {
		times[name]++
	}
	for name, n := range times {
		if strings.HasPrefix(name, "mysql") && n != 1 {
			t.Errorf("%s was applied %d times", name, n)
		}
	}
	if len(times) == 0 {
		t.Error("nothing was applied")
	}
}

func TestCheckShop(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		s, err := store.New(db, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wantCure(t, s, "shop.tables.order")
		servertest.CreateShop(t, db)
		wantCure(t, s, "ordersync migrate")
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, f := range s.CheckShop(t.Context()) {
			if !f.OK || f.Cure != "" {
				t.Errorf("a good shop: %+v", f)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order"); n != 0 {
			t.Errorf("the check left %d rows", n)
		}
		exec(t, db, "ALTER TABLE dy_user RENAME COLUMN openid TO open_id")
		wantCure(t, s, "names openid")
		if db.Name() == "sqlite" {
			exec(t, db, "DROP INDEX order_create_time")
		} else {
			exec(t, db, "ALTER TABLE `order` DROP INDEX create_time")
		}
		wantCure(t, s, "CREATE INDEX create_time")
		fen := store.DefaultSchema()
		fen.Time = store.Datetime
		other, err := store.New(db, store.Config{Schema: fen})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		wantCure(t, other, "shop.time")
		if info, err := s.ServerInfo(t.Context()); err != nil || !info.Enough || info.Version == "" {
			t.Errorf("server %+v, %v", info, err)
		}
	})
}

// Without it a callback of Douyin's reads the whole order table, which no test shop is large enough to show.
func TestCheckShopNamesTheIndexForTheOrderNumber(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		schema := store.DefaultSchema()
		schema.Columns.OrderNo = "sn"
		s, err := store.New(db, store.Config{Schema: schema})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		const cure = "CREATE INDEX sn ON `order` (`sn`);"
		found := false
		for _, f := range s.CheckShop(t.Context()) {
			if strings.HasPrefix(f.Cure, cure) {
				found = true
				if f.OK || !f.Minor {
					t.Errorf("orders travel without it, and it is not there: %+v", f)
				}
			} else if !f.OK {
				t.Errorf("a good shop else: %+v", f)
			}
		}
		if !found {
			t.Errorf("no cure begins with %s", cure)
		}
		exec(t, db, "CREATE INDEX status_sn ON `order` (`status`, `sn`)") // cannot be used without the status
		wantCure(t, s, cure)
		exec(t, db, strings.TrimSuffix(cure, ";"))
		for _, f := range s.CheckShop(t.Context()) {
			if !f.OK {
				t.Errorf("with the index: %+v", f)
			}
		}
	})
}

func wantCure(t testing.TB, s *store.Store, part string) {
	t.Helper()
	var cures []string
	for _, f := range s.CheckShop(context.Background()) {
		if f.OK == (f.Cure != "") {
			t.Errorf("finding %+v: a cure belongs to what is wrong, and only to that", f)
		}
		cures = append(cures, f.Cure)
	}
	if !strings.Contains(strings.Join(cures, "\n"), part) {
		t.Errorf("no cure names %q:\n%s", part, strings.Join(cures, "\n"))
	}
}

func TestEverySessionIsReadCommitted(t *testing.T) {
	t.Parallel()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		if db.Name() == "sqlite" {
			return // a transaction has the whole database to itself
		}
		tx := db.Begin()
		defer tx.Rollback()
		var level string
		if tx.Raw("SELECT @@transaction_isolation").Row().Scan(&level) != nil { // MariaDB before 11.1
			if err := tx.Raw("SELECT @@tx_isolation").Row().Scan(&level); err != nil {
				t.Fatal(err)
			}
		}
		if level != "READ-COMMITTED" {
			t.Errorf("a transaction is %s", level)
		}
	})
}

func TestADatabaseThatDoesNotAnswerIsOneFinding(t *testing.T) {
	t.Parallel()
	db, err := store.Open("shop:x@tcp(127.0.0.1:1)/shop")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if all := s.CheckShop(t.Context()); len(all) != 1 || all[0].OK || !strings.Contains(all[0].Cure, "mysql.dsn") {
		t.Errorf("%+v; want the one thing that is wrong", all)
	}
}
