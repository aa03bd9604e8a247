package store_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// aside is a store of a process whose clock is that far ahead of this machine's, on which the database runs.
func aside(t *testing.T, db *gorm.DB, ahead time.Duration, told *[]time.Duration) *store.Store {
	t.Helper()
	s, err := store.New(db, store.Config{
		Now:    func() time.Time { return time.Now().Add(ahead) },
		OnSkew: func(by time.Duration) { *told = append(*told, by) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func near(a, b time.Duration) bool { return (a - b).Abs() < 500*time.Millisecond }

func TestProcessesGoByTheDatabasesClock(t *testing.T) {
	db := servertest.DB(t)
	if db.Name() == "sqlite" {
		return // it has no clock of its own; ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	servertest.CreateShop(t, db)
	for _, ahead := range []time.Duration{20 * time.Minute, -20 * time.Minute, 0} {
		var told []time.Duration
		s := aside(t, db, ahead, &told)
		if _, ok := s.LastSkew(); ok {
			t.Errorf("%v: the clocks were not compared yet", ahead)
		}
		if by, err := s.Skew(t.Context()); err != nil || !near(by, ahead) {
			t.Errorf("%v: found %v, %v", ahead, by, err)
		}
		if by, ok := s.LastSkew(); !ok || !near(by, ahead) {
			t.Errorf("%v: the last comparison is %v, %v", ahead, by, ok)
		}
		if off := time.Until(s.Clock()); !near(off, 0) {
			t.Errorf("%v: the database's time is said to be %v from now", ahead, off)
		}
		if far := ahead != 0; far != (len(told) == 1) {
			t.Errorf("%v: told %v", ahead, told)
		}
	}
}

func TestReadingAnOrderBringsTheDatabasesTimeAlong(t *testing.T) {
	db := servertest.DB(t)
	if db.Name() == "sqlite" {
		return // it has no clock of its own; ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	servertest.CreateShop(t, db)
	var told []time.Duration
	s := aside(t, db, 3*time.Minute, &told)
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Exec("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, status) VALUES (1,1,1,1,1,1,1772352000,1)").Error; err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadOrder(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if by, ok := s.LastSkew(); !ok || !near(by, 3*time.Minute) {
		t.Errorf("after a load: %v, %v", by, ok)
	}
}
