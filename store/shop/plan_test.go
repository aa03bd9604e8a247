package shop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/store/shop"
)

// The short form makes the statements that were there before SELECTs were: the servers go the same way, table by table, through the
// same keys, and make no table of a SELECT first.
func TestTheShortFormIsPlannedAsItWas(t *testing.T) {
	const (
		own  = "SELECT o.`id`, o.`uid`, o.`price`, o.`amount`, o.`create_time`, o.`status` FROM `order` o WHERE 1 = 1 AND o.`id` IN (?, ?)"
		load = "SELECT o.`id`, o.`uid`, o.`price`, o.`amount`, o.`create_time`, o.`status`, u.`id`, u.`openid`, p.`id`, p.`cover_img`, c.`id`, c.`name`" +
			" FROM `order` o LEFT JOIN `dy_user` u ON u.`id` = o.`uid` LEFT JOIN `product` p ON p.`id` = o.`product_id`" +
			" LEFT JOIN `course` c ON c.`id` = o.`course_id` WHERE 1 = 1 AND o.`id` IN (?, ?)"
		page = "SELECT o.`id`, o.`status`, o.`create_time`, NULL, CASE WHEN 1 = 1 THEN 1 ELSE 0 END FROM `order` o" +
			" WHERE o.`create_time` IS NOT NULL AND o.`create_time` >= ? AND o.`create_time` <= ?" +
			" AND (o.`create_time` > ? OR (o.`create_time` = ? AND o.`id` > ?)) ORDER BY o.`create_time`, o.`id` LIMIT ?"
	)
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		var rows []string
		for i := range 2000 {
			rows = append(rows, fmt.Sprintf("(%d, 1, 1, 1, '1', '1', %d, 1)", i+1, 1_772_352_000+i))
		}
		for _, statement := range []string{
			"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, status) VALUES " + strings.Join(rows, ","),
			"INSERT INTO dy_user (id, openid) SELECT id, 'x' FROM `order`",
			"INSERT INTO product (id, cover_img) SELECT id, 'x' FROM `order`",
			"INSERT INTO course (id, name) SELECT id, 'x' FROM `order`",
			"ANALYZE TABLE `order`, dy_user, product, course",
		} {
			if err := db.Exec(statement).Error; err != nil {
				t.Fatal(err)
			}
		}
		pool, err := db.DB()
		if err != nil {
			t.Fatal(err)
		}
		r, err := shop.Open(t.Context(), pool, shop.DefaultSchema(), shop.Database{})
		if err != nil {
			t.Fatal(err)
		}
		ids := []any{7, 8}
		from := time.Unix(1_772_352_000, 0)
		next, err := r.Page(shop.Range{From: from.Add(90 * time.Second), To: from.Add(150 * time.Second), After: shop.Key{Time: from.Add(100 * time.Second), ID: "101"}}, 100, false)
		if err != nil {
			t.Fatal(err)
		}
		at := from.Unix() + 100
		for what, c := range map[string]struct {
			now, before shop.Statement
			keys        string
		}{
			"an order's own row": {r.Own().In(ids), shop.Statement{SQL: own, Args: ids}, "o PRIMARY"},
			"an order":           {r.Orders("", "").In(ids), shop.Statement{SQL: load, Args: ids}, "o PRIMARY, u PRIMARY, p PRIMARY, c PRIMARY"},
			"a page":             {next, shop.Statement{SQL: page, Args: []any{at, at + 50, at, at, 101, 100}}, "o create_time"},
		} {
			now, keys := plan(t, db, c.now)
			before, _ := plan(t, db, c.before)
			if now != before || keys != c.keys || strings.Contains(now, "DERIVED") {
				t.Errorf("%s goes through %s, want %s:\n%s\nit was\n%s", what, keys, c.keys, now, before)
			}
		}
	})
}

// plan is what EXPLAIN says of each table, and its keys alone. The estimates are left out.
func plan(t *testing.T, db *gorm.DB, q shop.Statement) (whole, keys string) {
	t.Helper()
	var lines []map[string]any
	err := db.Transaction(func(tx *gorm.DB) error {
		_ = tx.Exec("SET SESSION explain_format = 'TRADITIONAL'").Error // MariaDB has no other
		return tx.Raw("EXPLAIN "+q.SQL, q.Args...).Scan(&lines).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	var all, short []string
	for _, l := range lines {
		all = append(all, fmt.Sprintf("%s %s %s %s", l["select_type"], l["table"], l["type"], l["key"]))
		short = append(short, fmt.Sprintf("%s %s", l["table"], l["key"]))
	}
	return strings.Join(all, "\n"), strings.Join(short, ", ")
}
