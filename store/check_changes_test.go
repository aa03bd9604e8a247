package store_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// The bug: where shop.sql.changes says a status or a time in another way than shop.sql.order, every
// sweep asked for every order again, and nobody said so.
func TestDoctorComparesChangesWithTheOrders(t *testing.T) {
	const order = "SELECT id, 'o' AS openid, status, 1.00 AS amount, create_time, 't' AS title, '/p' AS image, updated_at FROM `order`"
	schema := func(from, to string) store.Schema {
		return store.Schema{Time: store.Unix, SQL: store.ShopSQL{
			Order:   strings.Replace(order, from, to, 1),
			Changes: "SELECT id, status, create_time, updated_at FROM `order`",
		}}
	}
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		for id := 1; id <= 3; id++ {
			addOrder(t, db, id, t0)
		}
		exec(t, db, "UPDATE `order` SET updated_at = '2026-03-01 09:00:00' WHERE id <> 2")
		for _, c := range []struct{ from, to, want string }{
			{"", "", "ok shop.sql.changes says what shop.sql.order says (the newest 3 orders"},
			{", updated_at FROM", " FROM", "ok shop.sql.changes says what"},
			{" status,", " 'paid' AS status,", "bad shop.sql.changes answers another status for order 3"},
			{
				", updated_at FROM", ", COALESCE(updated_at, '2026-03-01 08:00:00') AS updated_at FROM",
				"bad shop.sql.changes answers another updated_at for order 2",
			},
		} {
			s := newStore(t, db, store.Config{Schema: schema(c.from, c.to)})
			if lines, failures := found(t, s, "shop.sql.changes "); !strings.HasPrefix(lines, c.want) || failures > 0 {
				t.Errorf("%s: %q, %d failures; want %q", c.to, lines, failures, c.want)
			}
		}
	})
}
