package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// MySQL works out a SELECT in the list of columns before it looks at anything else. One that fails for a single order hid that
// order's neighbours from the sweep, and the order with them, where keys are texts.
func TestASubqueryThatFailsHidesNoNeighbour(t *testing.T) {
	schema := store.Schema{Time: store.Datetime, SQL: store.ShopSQL{Order: "SELECT o.order_key AS id, o.num AS order_no," +
		" (SELECT m.open_id FROM text_member m WHERE m.uid = o.uid) AS openid, 'paid' AS status, '1.00' AS amount, o.made AS create_time," +
		" 't' AS title, 'https://img.example/1.png' AS image FROM text_order o"}}
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		exec(t, db, "CREATE TABLE text_order (order_key VARCHAR(64) COLLATE utf8mb4_bin PRIMARY KEY, num VARCHAR(64), uid INT, made DATETIME, KEY (made))")
		exec(t, db, "CREATE TABLE text_member (uid INT, open_id VARCHAR(64), KEY (uid))")
		exec(t, db, "INSERT INTO text_member VALUES (1, 'one'), (2, 'two'), (2, 'twin')")
		for i := range 30 {
			uid := 1
			if i%10 == 7 {
				uid = 2
			}
			exec(t, db, "INSERT INTO text_order VALUES (?, ?, ?, ?)", fmt.Sprintf("K-%d", i), fmt.Sprintf("N-%d", i), uid, t0.Add(time.Duration(i/10-31)*time.Second))
		}
		s := newStore(t, db, store.Config{Schema: schema})
		page := sweep(t, s, store.Scan{From: t0.Add(-time.Hour), To: t0, Limit: 100, DueAt: t0})
		if page.Marked != 30 || page.Unreadable != 0 || !page.Done {
			t.Errorf("page %+v, want all 30 orders", page)
		}
		newest, err := s.NewestOrders(t.Context(), time.Time{}, 100)
		if err != nil || len(newest.Orders) != 30 {
			t.Errorf("newest: %d orders, %v", len(newest.Orders), err)
		}
		if o, err := s.ShopOrderByNo(t.Context(), "N-6"); err != nil || o.Order.ID != "K-6" {
			t.Errorf("by number: %+v, %v", o.Order, err)
		}
		left, _, err := s.CountBackfill(t.Context(), store.Backfill{From: t0.Add(-time.Hour), To: t0})
		if err != nil || left != 30 {
			t.Errorf("backfill: %d left, %v", left, err)
		}
		if slices.ContainsFunc(s.CheckTimes(t.Context()), func(f store.Finding) bool { return f.Cure == "mend the shop's order table first" }) {
			t.Errorf("doctor: %+v", s.CheckTimes(t.Context()))
		}
	})
}
