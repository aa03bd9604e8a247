package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// t0 is the tests' now.
var t0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// on runs a test on every back end, over a store with the default shop.
func on(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		test(t, newStore(t, db, store.Config{}), db)
	})
}

// onOldToo is on, and on servers that do not know SKIP LOCKED.
func onOldToo(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	on(t, test)
	t.Run("without SKIP LOCKED", func(t *testing.T) { withoutSkipLocked(t, test) })
}

func newStore(t testing.TB, db *gorm.DB, cfg store.Config) *store.Store {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return t0 }
	}
	s, err := store.New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	servertest.Migrate(t, s, db)
	return s
}

func exec(t testing.TB, db *gorm.DB, statement string, args ...any) {
	t.Helper()
	if err := db.Exec(statement, args...).Error; err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// addOrder adds an order of 12.30 yuan, with its user, product and course.
func addOrder(t testing.TB, db *gorm.DB, id int, created time.Time) {
	t.Helper()
	exec(t, db, "INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, ?, ?, ?, '12.30', '12.30', ?, ?, 1)",
		id, id, id, id, created.Unix(), fmt.Sprintf("SN%d", id))
	exec(t, db, "INSERT INTO dy_user (id, openid) VALUES (?, ?)", id, fmt.Sprintf("openid-%d", id))
	exec(t, db, "INSERT INTO product (id, cover_img) VALUES (?, ?)", id, "https://img.example/1.png")
	exec(t, db, "INSERT INTO course (id, name) VALUES (?, ?)", id, "抖音课程 😀")
}

func state(t testing.TB, s *store.Store, id string) store.OrderState {
	t.Helper()
	st, _, err := s.Order(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func begin(t testing.TB, s *store.Store, id string, seq int64, at time.Time) int64 {
	t.Helper()
	got, err := s.BeginPush(context.Background(), store.Begin{
		OrderID: id, OrderNo: "no-" + id, Seq: seq, UpdateTime: at.UnixMilli(), At: at, DueAt: at.Add(10 * time.Minute), StaleAfter: 5 * time.Minute,
	})
	if err != nil {
		t.Fatalf("begin %s from seq %d: %v", id, seq, err)
	}
	return got
}

func record(t testing.TB, s *store.Store, p store.Push) {
	t.Helper()
	if _, err := s.RecordPush(context.Background(), p); err != nil {
		t.Fatalf("record %+v: %v", p, err)
	}
}

func count(t testing.TB, db *gorm.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Raw(query, args...).Row().Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
