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
