package store_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// found are the findings that speak of something, one a line.
func found(t *testing.T, s *store.Store, of string) (lines string, failures int) {
	t.Helper()
	for _, f := range s.CheckShop(t.Context()) {
		if !f.OK && !f.Minor {
			failures++
			t.Logf("failure: %s. Cure: %s", f.What, f.Cure)
		}
		if strings.Contains(f.What+f.Cure, of) {
			level := "ok "
			if !f.OK {
				level = "bad "
			}
			lines += level + f.What + " | " + f.Cure + "\n"
		}
	}
	return lines, failures
}

// Who has a unique index is trusted; who has none is looked at, and both rows are named.
func TestWhatMustBeUniqueIsLookedAt(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		s := newStore(t, db, store.Config{Schema: schema})
		for id := 1; id <= 3; id++ {
			addOrder(t, db, id, t0)
		}
		for _, key := range []string{"order.id", "dy_user.id", "product.id", "course.id"} {
			if lines, failures := found(t, s, key+" is unique"); !strings.HasPrefix(lines, "ok ") || failures > 0 {
				t.Errorf("%s: %q, %d failures", key, lines, failures)
			}
		}
		if lines, _ := found(t, s, "order.sn"); !strings.Contains(lines, "ok order.sn is unique in its 3 rows, and no index says so") {
			t.Errorf("numbers without an index: %q", lines)
		}
		exec(t, db, "UPDATE `order` SET sn = 'SN1' WHERE id = 3")
		lines, failures := found(t, s, "rows 1 and 3 of order have one sn, SN1")
		if !strings.Contains(lines, "CREATE UNIQUE INDEX sn ON `order` (`sn`)") || failures > 0 {
			t.Errorf("two orders of one number: %q, %d failures", lines, failures)
		}
		exec(t, db, "UPDATE `order` SET sn = '' WHERE id > 1") // no number is none
		if lines, _ := found(t, s, "have one sn"); lines != "" {
			t.Errorf("two orders without a number: %q", lines)
		}
		exec(t, db, "UPDATE `order` SET sn = CONCAT('SN', id)")
		exec(t, db, "CREATE UNIQUE INDEX one_sn ON `order` (sn)")
		if lines, _ := found(t, s, "order.sn is unique"); !strings.HasPrefix(lines, "ok ") {
			t.Errorf("numbers with an index: %q", lines)
		}
	})
}

// An index over two columns says nothing of the first.
func TestTwoUsersWithOneKeyAreNamed(t *testing.T) {
	onMariaDB(t, store.DefaultSchema(), func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 4, t0)
		exec(t, db, "ALTER TABLE dy_user MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY, ADD UNIQUE KEY two (id, openid), ADD KEY one (id)")
		if lines, _ := found(t, s, "dy_user.id is unique in its 1 rows"); !strings.HasPrefix(lines, "ok ") {
			t.Errorf("an index over two columns: %q", lines)
		}
		exec(t, db, "INSERT INTO dy_user (id, openid) VALUES (4, 'another')")
		if lines, _ := found(t, s, "two rows of dy_user have id 4"); lines == "" {
			t.Error("two rows of dy_user were not found")
		}
		exec(t, db, "RENAME TABLE dy_user TO all_users")
		exec(t, db, "CREATE VIEW dy_user AS SELECT id, MIN(openid) AS openid FROM all_users GROUP BY id")
		if lines, failures := found(t, s, "dy_user.id is unique"); !strings.HasPrefix(lines, "ok ") || failures > 0 {
			t.Errorf("a view: %q, %d failures", lines, failures)
		}
	})
}

func TestSelectsThatAnswerTwoRowsAreFound(t *testing.T) {
	onMariaDB(t, selects(), func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 9; id++ {
			addOrder(t, db, id, t0.Add(-time.Duration(id)*time.Minute))
		}
		if lines, _ := found(t, s, "answers one row for each order"); !strings.HasPrefix(lines, "ok ") {
			t.Errorf("a shop in order: %q", lines)
		}
		exec(t, db, "ALTER TABLE dy_user MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY, ADD KEY (id)")
		exec(t, db, "INSERT INTO dy_user (id, openid) VALUES (4, 'another')")
		exec(t, db, "UPDATE `order` SET sn = 'SN7' WHERE id = 8")
		if lines, _ := found(t, s, "two rows for order 4"); lines == "" {
			t.Error("the order with two rows was not found")
		}
		if lines, _ := found(t, s, "have one order_no, SN7"); !strings.Contains(lines, "7") || !strings.Contains(lines, "8") {
			t.Errorf("two orders of one number: %q", lines)
		}
	})
}
