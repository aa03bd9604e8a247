package scheduler

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// Two schedulers at once, and then again: every order has one task.
func TestTwoSchedulersEnqueueEachOrderOnce(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		const orders = 60
		for id := 1; id <= orders; id++ {
			e.addOrder(id, noon.Add(-time.Duration(id)*time.Hour))
		}
		a, b := e.sweeper(), e.sweeper()
		var wg sync.WaitGroup
		for _, s := range []*Sweep{a, b, a, b} {
			if s == a {
				wg.Wait() // each alone is not for concurrent use
			}
			wg.Go(func() {
				if _, err := s.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		ids := e.tasks(tasks.QueueSweep)
		slices.Sort(ids)
		if n := len(ids); n != orders || len(slices.Compact(ids)) != orders {
			t.Errorf("%d tasks for %d orders", n, orders)
		}
	})
}

// Whatever Douyin does not know is asked for; what it knows, what has no word and what is in a
// worker's hands is not.
func TestTheSweepAsksForWhatDouyinDoesNotKnow(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		created := noon.Add(-2 * time.Hour)
		for id := 1; id <= 9; id++ {
			e.addOrder(id, created)
		}
		e.addOrder(10, noon.Add(-30*time.Second))             // younger than After: its own task is on its way
		e.addOrder(11, noon.Add(-31*24*time.Hour))            // older than Lookback
		e.exec("UPDATE `order` SET status = 99 WHERE id = 9") // no word
		record := func(id int, o store.Outcome, shopStatus string, due time.Duration) {
			p := store.Push{OrderID: strconv.Itoa(id), At: created, Outcome: o, ShopStatus: shopStatus}
			if due != 0 {
				at := noon.Add(due)
				p.DueAt = &at
			}
			if err := recordPush(t, e.store, p); err != nil {
				t.Fatal(err)
			}
		}
		// 1 was never asked for.
		record(2, store.Pushed, "1", 0)                // in step
		record(3, store.Pushed, "5", 0)                // the shop has another status by now
		record(4, store.GaveUp, "1", -time.Second)     // given up, and its time has come
		record(5, store.GaveUp, "1", time.Hour)        // given up, later
		record(6, store.Retrying, "1", -5*time.Second) // its retry is lost
		record(7, store.Retrying, "1", 3*time.Minute)  // its retry is to come
		record(8, store.Refused, "1", 0)               // for a person
		s := e.sweeper()
		tick(t, s.Tick)
		want := []string{"1", "3", "4", "6"}
		if got := orderIDs(t, e); !slices.Equal(got, want) {
			t.Errorf("asked for %v, want %v", got, want)
		}
		tick(t, s.Tick)
		if got := orderIDs(t, e); !slices.Equal(got, want) {
			t.Errorf("a second tick made it %v", got)
		}
		// Nobody came for them: after a while they are asked for again, with the others whose time
		// has come.
		if _, err := e.inspector.DeleteAllPendingTasks(tasks.QueueSweep); err != nil {
			t.Fatal(err)
		}
		e.pass(handOverAgain)
		tick(t, s.Tick)
		if got := orderIDs(t, e); !slices.Equal(got, []string{"1", "10", "3", "4", "6", "7"}) {
			t.Errorf("after a quarter of an hour: %v", got)
		}
	})
}

// TestTheSweepSeesWhatLiesAhead: with a wrong loc of mysql.dsn every order of the last eight hours
// was ahead of the clock, and none of them was found.
func TestTheSweepSeesWhatLiesAhead(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		for id := 1; id <= 3; id++ {
			e.addOrder(id, noon.Add(8*time.Hour-time.Duration(id)*time.Minute))
		}
		e.addOrder(4, noon.Add(-time.Second)) // new: its own task is on its way
		if ahead, err := e.store.Ahead(t.Context()); err != nil || ahead.Orders != 3 || ahead.By != 8*time.Hour-time.Minute {
			t.Errorf("doctor is told %+v, %v", ahead, err)
		}
		var told []int
		s := e.sweeper()
		s.Ahead = func(orders int) { told = append(told, orders) }
		tick(t, s.Tick)
		if got := e.tasks(tasks.QueueSweep); len(got) != 0 {
			t.Errorf("asked for %v at once: these orders may be new", got)
		}
		e.pass(s.After)
		tick(t, s.Tick)
		if got := orderIDs(t, e); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("asked for %v, want all", got)
		}
		if !slices.Equal(told, []int{3, 3}) {
			t.Errorf("told of %v orders ahead", told)
		}
	})
}

// The bug: an order that lies ahead and was not changed yet (updated_at is NULL) was found by
// nobody until the clock had reached it.
func TestTheSweepSeesWhatLiesAheadWithoutAChange(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.UpdatedAt = "updated_at"
	onBoth(t, schema, func(t *testing.T, e *env) {
		at := noon.Add(8 * time.Hour)
		e.addOrder(1, at)
		e.addOrder(2, at)
		e.exec("UPDATE `order` SET updated_at = NULL WHERE id = 1")
		e.exec("UPDATE `order` SET updated_at = ? WHERE id = 2", at.Format(time.DateTime))
		var told []int
		s := e.sweeper()
		s.Changes = e.store.Changes
		s.Ahead = func(orders int) { told = append(told, orders) }
		tick(t, s.Tick)
		e.pass(s.After)
		tick(t, s.Tick)
		if got := orderIDs(t, e); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("asked for %v, want both", got)
		}
		if !slices.Equal(told, []int{2, 2}) {
			t.Errorf("told of %v orders ahead", told)
		}
	})
}

func TestTheSweepFindsWhatChanged(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.UpdatedAt = "updated_at"
	onBoth(t, schema, func(t *testing.T, e *env) {
		touch := func(id int, at time.Time) {
			e.exec("UPDATE `order` SET updated_at = ? WHERE id = ?", at.Format(time.DateTime), id)
		}
		for id := 1; id <= 3; id++ {
			e.addOrder(id, noon.Add(-200*24*time.Hour))
			touch(id, noon.Add(-time.Hour))
		}
		s := e.sweeper()
		s.Changes = e.store.Changes
		tick(t, s.Tick)
		if got := orderIDs(t, e); len(got) != 3 {
			t.Fatalf("asked for %v", got)
		}
		for id := 1; id <= 3; id++ {
			if err := recordPush(t, e.store, store.Push{OrderID: strconv.Itoa(id), At: e.clock(), Outcome: store.Pushed, ShopStatus: "1"}); err != nil {
				t.Fatal(err)
			}
		}
		e.pass(10 * time.Minute)
		touch(2, e.clock().Add(-2*time.Minute))
		tick(t, s.Tick)
		if ids := e.tasks(tasks.QueueSweep); len(ids) != 4 {
			t.Errorf("tasks %v; want one more, for order 2", ids)
		}
	})
}

func TestTheSweepFindsAChangeThatIsSaidToBeOld(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.UpdatedAt = "updated_at"
	onBoth(t, schema, func(t *testing.T, e *env) {
		s := e.sweeper()
		s.Changes = e.store.Changes
		tick(t, s.Tick)
		e.pass(10 * time.Minute)
		tick(t, s.Tick)
		e.addOrder(1, noon)
		// by a clock 8 hours behind
		e.exec("UPDATE `order` SET updated_at = ? WHERE id = 1", noon.Add(-8*time.Hour).Format(time.DateTime))
		tick(t, s.Tick)
		if got := orderIDs(t, e); !slices.Equal(got, []string{"1"}) {
			t.Errorf("asked for %v", got)
		}
	})
}

// Thousands of orders in one second: pages are resumed by time and key, so none is left out and
// none comes twice.
func TestAFullSecondIsReadToItsEnd(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		const orders = pageSize + 500
		at := noon.Add(-3 * time.Hour).Unix()
		for from := 1; from <= orders; from += 500 {
			values := ""
			for id := from; id < from+500; id++ {
				values += fmt.Sprintf(",(%d, 1, 1, 1, '1', '1', %d, '', 1)", id, at)
			}
			e.exec("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES " + values[1:])
		}
		tick(t, e.sweeper().Tick)
		if n, err := e.redis.LLen(t.Context(), "asynq:{sweep}:pending").Result(); err != nil || n != orders {
			t.Errorf("%d tasks, %v; want %d", n, err, orders)
		}
	})
}
