package store_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// A text that does not compare as its time does is read right, and lost by the sweep: doctor says so, with the cure, and the cure helps.
func TestTextsThatAreNoTimesToTheSweepAreNamed(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		exec(t, db, "CREATE TABLE text_order (id INT PRIMARY KEY, made VARCHAR(40), KEY (made))")
		schema := func(made string) store.Schema {
			return store.Schema{Time: store.Datetime, SQL: store.ShopSQL{Order: "SELECT o.id, 'open' AS openid, 'paid' AS status, '1.00' AS amount, " +
				made + " AS create_time, 't' AS title, 'https://img.example/1.png' AS image FROM text_order o"}}
		}
		named := func(made string) (what string) {
			for _, f := range newStore(t, db, store.Config{Schema: schema(made)}).CheckTimes(t.Context()) {
				if strings.Contains(f.What, "create_time is text") && !f.OK && !f.Minor && strings.Contains(f.Cure, "STR_TO_DATE") {
					what = f.What
				}
			}
			return what
		}
		swept := func(made string) int {
			s := newStore(t, db, store.Config{Schema: schema(made)})
			page, err := s.ReadOrders(t.Context(), store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Minute), ByCreateTime: true, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return page.Read
		}
		exec(t, db, "INSERT INTO text_order VALUES (1, ?)", t0.Format("2006-01-02 15:04:05"))
		if what := named("o.made"); what != "" || swept("o.made") != 1 {
			t.Errorf("a text that sorts: %q, %d found", what, swept("o.made"))
		}
		exec(t, db, "UPDATE text_order SET made = ?", t0.Format("2006/01/02 15:04"))
		if what := named("o.made"); !strings.Contains(what, "1 of") || swept("o.made") != 0 {
			t.Errorf("slashes: %q, %d found", what, swept("o.made"))
		}
		cured := "STR_TO_DATE(o.made, '%Y/%m/%d %H:%i')"
		if what := named(cured); what != "" || swept(cured) != 1 {
			t.Errorf("the cure: %q, %d found", what, swept(cured))
		}
	})
}
