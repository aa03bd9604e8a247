package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// cures are those of the findings that are not OK, one a line; a failure begins with FAIL.
func cures(t *testing.T, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	for _, f := range s.CheckShop(t.Context()) {
		switch {
		case f.OK:
		case f.Minor:
			fmt.Fprintf(&b, "%s -> %s\n", f.What, f.Cure)
		default:
			fmt.Fprintf(&b, "FAIL %s -> %s\n", f.What, f.Cure)
		}
	}
	return b.String()
}

// helped wants one finding with a cure, runs it as the statement that it is, and wants it gone.
func helped(t *testing.T, s *store.Store, db *gorm.DB, cure string) {
	t.Helper()
	if got := cures(t, s); !strings.Contains(got, "-> "+cure) || strings.Contains(got, "FAIL") {
		t.Errorf("no cure %q, or a failure:\n%s", cure, got)
		return
	}
	exec(t, db, cure)
	if got := cures(t, s); strings.Contains(got, cure) {
		t.Errorf("%s did not help:\n%s", cure, got)
	}
}

// A server says what it makes of a statement, and the index that helps is named on the base table, whatever a SELECT or a view
// calls it. Both servers are asked, for each has an EXPLAIN of its own.
func TestTheIndexThatHelpsIsNamed(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		exec(t, db, "CREATE TABLE bare_line (nr INT, the_order BIGINT, what VARCHAR(100), pic VARCHAR(100), n INT, p DECIMAL(10,2))")
		exec(t, db, "CREATE TABLE bare_user (no INT, who BIGINT, openid VARCHAR(64))")
		exec(t, db, "ALTER TABLE `order` RENAME TO raw_order, DROP INDEX create_time")
		exec(t, db, "CREATE VIEW v_order AS SELECT r.id AS k, r.uid, r.status AS s, r.amount, r.create_time AS made, r.sn FROM raw_order r")
		for id := 1; id <= 200; id++ {
			exec(t, db, "INSERT INTO raw_order (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, ?, 1, 1, 1, 1, ?, ?, 1)", id, id, t0.Unix()+int64(id), fmt.Sprint("SN", id))
			exec(t, db, "INSERT INTO bare_line VALUES (?, ?, 'a', '/a.png', 1, 1)", id, id)
			exec(t, db, "INSERT INTO bare_user VALUES (?, ?, 'someone')", id, id)
		}
		for name, from := range map[string]string{"view": "v_order", "table": "(SELECT r.id AS k, r.uid, r.status AS s, r.amount, r.create_time AS made, r.sn FROM raw_order r)"} {
			s := newStore(t, db, store.Config{Schema: store.Schema{SQL: store.ShopSQL{
				Order: "SELECT v.k AS id, u.openid, v.s AS status, v.amount, v.made AS create_time, v.sn AS order_no FROM " + from + " v LEFT JOIN bare_user u ON u.who = v.uid",
				Items: "SELECT l.the_order AS order_id, l.what AS title, l.pic AS image, l.n AS quantity, l.p AS price FROM bare_line l",
			}}})
			exec(t, db, "ANALYZE TABLE raw_order, bare_line, bare_user")
			t.Run(name, func(t *testing.T) {
				helped(t, s, db, "CREATE INDEX who ON `bare_user` (`who`)")
				helped(t, s, db, "CREATE INDEX the_order ON `bare_line` (`the_order`)")
				helped(t, s, db, "CREATE INDEX create_time ON `raw_order` (`create_time`)")
				helped(t, s, db, "CREATE INDEX sn ON `raw_order` (`sn`)")
				if got := cures(t, s); got != "" {
					t.Errorf("with all indexes:\n%s", got)
				}
			})
			exec(t, db, "ALTER TABLE raw_order DROP INDEX create_time, DROP INDEX sn")
			exec(t, db, "ALTER TABLE bare_line DROP INDEX the_order")
			exec(t, db, "ALTER TABLE bare_user DROP INDEX who")
		}
	})
}

// A user's row that no index finds costs every order the whole table.
func TestTheKeysOfTheOtherTablesWantAnIndex(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		for id := 1; id <= 50; id++ {
			addOrder(t, db, id, t0)
		}
		s := newStore(t, db, store.Config{})
		if got := cures(t, s); got != "" {
			t.Errorf("the class's schema: %s", got)
		}
		exec(t, db, "ALTER TABLE dy_user MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY")
		helped(t, s, db, "CREATE INDEX id ON `dy_user` (`id`)")
		exec(t, db, "ALTER TABLE course RENAME TO raw_course")
		exec(t, db, "ALTER TABLE raw_course MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY")
		exec(t, db, "CREATE VIEW course AS SELECT id, name FROM raw_course")
		helped(t, s, db, "CREATE INDEX id ON `raw_course` (`id`)")
	})
}

// What no index helps is told to be so.
func TestSELECTsThatNoIndexHelpsAreTold(t *testing.T) {
	const plain = "SELECT o.id, 'x' AS openid, o.status, o.amount, o.create_time, 'a' AS title, '/a.png' AS image FROM `order` o"
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		servertest.CreateShop(t, db)
		for id := 1; id <= 50; id++ {
			addOrder(t, db, id, t0)
		}
		for name, tt := range map[string]struct{ order, changes, want string }{
			"plain":                {order: plain},
			"a scalar subquery":    {order: strings.Replace(plain, "'a' AS title", "(SELECT MAX(c.name) FROM course c WHERE c.id = o.course_id) AS title", 1)},
			"a time of a function": {order: strings.Replace(plain, "o.create_time,", "o.create_time + 0 AS create_time,", 1), want: "create_time is worked out by the SELECT"},
			"a key of a function":  {order: strings.Replace(plain, "o.id,", "CONCAT('A', o.id) AS id,", 1), want: "an order by its key reads table order whole"},
			"changes beside it": {
				order:   strings.Replace(plain, "o.create_time,", "o.create_time + 0 AS create_time,", 1),
				changes: "SELECT o.id, o.status, o.create_time FROM `order` o",
			},
		} {
			s := newStore(t, db, store.Config{Schema: store.Schema{SQL: store.ShopSQL{Order: tt.order, Changes: tt.changes}}})
			got := cures(t, s)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || strings.Contains(got, "FAIL") {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
	})
}

// The three layouts lack indexes on their times, as the originals do: that is a warning, and the cures are statements that help.
func TestTheLayoutsAreExplained(t *testing.T) {
	for name, want := range map[string][]string{
		"shopxo":  {"CREATE INDEX upd_time ON `sxo_order` (`upd_time`)", "CREATE INDEX add_time ON `sxo_order` (`add_time`)"},
		"courses": {"CREATE INDEX add_time ON `eb_store_order` (`add_time`)"},
		"java":    nil, // it has both
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../configs/shops/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			script, err := os.ReadFile("../configs/shops/testdata/" + name + ".sql")
			if err != nil {
				t.Fatal(err)
			}
			schema := store.Schema{Time: store.Unix, Money: store.Yuan}
			if name == "java" {
				schema.Time, schema.Money = store.Datetime, store.InFen
			}
			_, rest, _ := strings.Cut(string(text), "    order: |\n")
			order, rest, _ := strings.Cut(rest, "    items: |\n")
			items, _, _ := strings.Cut(rest, "\n  time:")
			schema.SQL.Order, schema.SQL.Items = order, items
			servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, dsn string) {
				many, err := mysql.ParseDSN(dsn)
				if err != nil {
					t.Fatal(err)
				}
				many.MultiStatements = true
				loader, err := store.Open(many.FormatDSN())
				if err != nil {
					t.Fatal(err)
				}
				exec(t, loader, string(script))
				if pool, err := loader.DB(); err == nil {
					_ = pool.Close()
				}
				s := newStore(t, db, store.Config{Schema: schema})
				t.Log(cures(t, s))
				for _, cure := range want {
					helped(t, s, db, cure)
				}
			})
		})
	}
}
