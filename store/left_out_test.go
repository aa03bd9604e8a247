package store_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// An order of another channel is no unknown order.
func TestOrdersThatAreLeftOutAreKnown(t *testing.T) {
	named := store.DefaultSchema()
	named.Filter = map[string]store.Values{"status": {Texts: []string{"2"}}}
	bySelect := selects()
	bySelect.SQL.Order += " WHERE o.status = 2"
	grouped := selects()
	grouped.SQL.Order = strings.Replace(grouped.SQL.Order, "u.openid,", "(SELECT MAX(x.openid) FROM dy_user x WHERE x.id = o.uid) AS openid,", 1) + " WHERE o.status = 2"
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		addOrder(t, db, 1, t0)
		for name, schema := range map[string]store.Schema{"names": named, "SELECT": bySelect, "a SELECT that is not merged": grouped} {
			s := newStore(t, db, store.Config{Schema: schema})
			if table, there, err := s.LeftOut(t.Context(), "1"); err != nil || !there || table != "order" {
				t.Errorf("%s: %q, %v, %v", name, table, there, err)
			}
			for _, nobody := range []string{"2", "x", ""} {
				if _, there, err := s.LeftOut(t.Context(), nobody); err != nil || there {
					t.Errorf("%s: %q is there: %v", name, nobody, err)
				}
			}
		}
	})
}

// The bug: of a key in other letters it was said that the table has it and the SELECT leaves it out.
func TestAKeyInOtherLettersIsNotLeftOut(t *testing.T) {
	schema := store.Schema{Time: store.Unix, SQL: store.ShopSQL{
		Order: "SELECT id, 'o' AS openid, 1 AS status, 1 AS amount, 1772352000 AS create_time, 't' AS title, '/p' AS image FROM o WHERE kept = 1",
	}}
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		exec(t, db, "CREATE TABLE o (id VARCHAR(64) PRIMARY KEY, kept INT) COLLATE utf8mb4_general_ci")
		exec(t, db, "INSERT INTO o VALUES ('A-1', 1), ('A-2', 0)")
		s := newStore(t, db, store.Config{Schema: schema})
		for id, want := range map[string]bool{"a-1": false, "a-2": false, "A-2": true} {
			if _, there, err := s.LeftOut(t.Context(), id); err != nil || there != want {
				t.Errorf("order %s is left out: %v, %v; want %v", id, there, err, want)
			}
		}
	})
}
