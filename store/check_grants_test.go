package store_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// The bug: a process whose account may read our tables and not write them began, and each of its writes failed from then on.
func TestAnAccountThatMayNotWriteOneOfOurTablesIsNamed(t *testing.T) {
	servertest.EachTLSMySQL(t, func(t *testing.T, server *servertest.TLSMySQL) {
		cfg := store.Config{Schema: store.Schema{SQL: store.ShopSQL{
			Order: "SELECT 1 AS id, 'x' AS openid, 'paid' AS status, '1.00' AS amount, 1772352000 AS create_time, 't' AS title, 'i' AS image",
		}}}
		open := func(dsn string) *gorm.DB {
			db, err := store.Open(dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if pool, err := db.DB(); err == nil {
					_ = pool.Close()
				}
			})
			return db
		}
		dsn := server.NewDatabase(t)
		root := open(dsn)
		newStore(t, root, cfg) // which migrates
		_, database, _ := strings.Cut(dsn, ")/")
		exec(t, root, "CREATE USER narrow@localhost")
		t.Cleanup(func() { exec(t, root, "DROP USER narrow@localhost") })
		exec(t, root, "GRANT ALL ON "+database+".* TO narrow@localhost")
		denied := func() (what string) {
			s, err := store.New(open(strings.Replace(dsn, "root@", "narrow@", 1)), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, f := range s.CheckNeeded(t.Context()) {
				if !f.OK && !f.Waits && strings.HasPrefix(f.Cure, "GRANT SELECT, INSERT") {
					what = f.What
				}
			}
			return what
		}
		if what := denied(); what != "" {
			t.Fatalf("all rights: %s", what)
		}
		exec(t, root, "REVOKE ALL ON "+database+".* FROM narrow@localhost")
		exec(t, root, "GRANT SELECT ON "+database+".* TO narrow@localhost")
		if what := denied(); !strings.Contains(what, "INSERT command denied") || !strings.Contains(what, "ordersync_") {
			t.Errorf("rights to read alone: %q", what)
		}
	})
}
