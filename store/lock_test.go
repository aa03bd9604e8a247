package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// onMySQL runs a test on MariaDB alone, for what SQLite has not: locks of rows.
func onMySQL(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	db := servertest.DB(t)
	if db.Name() == "sqlite" {
		return // only a server locks rows; ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	servertest.CreateShop(t, db)
	test(t, newStore(t, db, store.Config{}), db)
}

// onMySQLOldToo is onMySQL, and on servers that do not know SKIP LOCKED.
func onMySQLOldToo(t *testing.T, test func(t *testing.T, s *store.Store, db *gorm.DB)) {
	t.Helper()
	t.Run("as it is", func(t *testing.T) { onMySQL(t, test) })
	t.Run("without SKIP LOCKED", func(t *testing.T) { withoutSkipLocked(t, test) })
}

// lock runs a statement in a transaction that stays open until release, or the end of the test.
func lock(t *testing.T, db *gorm.DB, statement string, args ...any) (release func()) {
	t.Helper()
	tx := db.Begin()
	release = sync.OnceFunc(func() { tx.Rollback() })
	t.Cleanup(release)
	if err := tx.Exec(statement, args...).Error; err != nil {
		t.Fatal(err)
	}
	return release
}

// within is a context that ends long before InnoDB's own wait of 50 seconds does.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

const lockRow1 = "SELECT * FROM ordersync_order WHERE order_id = '1' FOR UPDATE"

// One locked row costs its own order only: the others of its batch, and those behind it, go through while it is locked.
func TestALockedRowCostsItsOwnOrderOnly(t *testing.T) {
	const orders = 60
	began := func(s *store.Store, i int) error {
		id := strconv.Itoa(i)
		snapshot, _, err := s.Order(t.Context(), id)
		if err != nil {
			return err
		}
		_, err = s.BeginPush(within(t), store.Begin{OrderID: id, Seq: snapshot.Seq, Exists: snapshot.OrderID != "", Open: snapshot.Open,
			At: t0, DueAt: t0, StaleAfter: time.Minute})
		return err
	}
	recorded := func(outcome store.Outcome) func(s *store.Store, i int) error {
		return func(s *store.Store, i int) error {
			_, err := s.RecordPush(within(t), store.Push{OrderID: strconv.Itoa(i), Seq: 1, At: t0, Outcome: outcome, Digest: "d"})
			return err
		}
	}
	for _, c := range []struct {
		name  string
		given func(s *store.Store, i int) error
		lock  string
		do    func(s *store.Store, i int) error
	}{
		{"a first attempt, announced by somebody else", nil,
			"INSERT INTO ordersync_order (order_id, outcome, created_at, updated_at) VALUES ('1', 'pending', NOW(), NOW())", began},
		{"a later attempt", recorded(store.Refused), lockRow1, began},
		{"an attempt that succeeded", began, lockRow1, recorded(store.Pushed)},
		{"an attempt that failed", began, lockRow1, recorded(store.Refused)},
		{"a row that is being deleted", began, "DELETE FROM ordersync_order WHERE order_id = '1'", recorded(store.Pushed)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onMySQLOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
				for i := range orders {
					if c.given == nil {
						break
					}
					if err := c.given(s, i); err != nil {
						t.Fatal(err)
					}
				}
				release := lock(t, db, c.lock)
				stuck := make(chan error, 1)
				var others sync.WaitGroup
				for i := range orders {
					if i == 1 {
						go func() { stuck <- c.do(s, i) }()
						continue
					}
					others.Go(func() {
						if err := c.do(s, i); err != nil {
							t.Errorf("order %d: %v", i, err)
						}
					})
				}
				others.Wait() // while the row is locked
				if err := <-stuck; !errors.Is(err, store.ErrLocked) {
					t.Errorf("the locked order: %v, want ErrLocked", err)
				}
				release()
				if err := c.do(s, 1); err != nil {
					t.Errorf("after the lock: %v", err)
				}
			})
		})
	}
}

// A lock that ends within a few seconds costs nobody an attempt, and no money its instruction.
func TestAShortLockIsWaitedFor(t *testing.T) {
	for name, do := range map[string]func(s *store.Store) error{
		"a record": func(s *store.Store) error {
			_, err := s.RecordPush(within(t), store.Push{OrderID: "1", Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d"})
			return err
		},
		"a refund": func(s *store.Store) error {
			_, _, err := s.CreateRefund(within(t), store.NewRefund{Number: "R1", OrderID: "1", Amount: 1, Reason: "r", DueAt: t0})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onMySQL(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
				addOrder(t, db, 1, t0)
				begin(t, s, "1", 0, t0)
				release := lock(t, db, lockRow1)
				done := make(chan error, 1)
				go func() { done <- do(s) }()
				waiting(t, db)
				// Who comes later and waits once has given up: so the first wait of the other is over.
				if _, err := s.MakeDue(within(t), []string{"1"}); !errors.Is(err, store.ErrLocked) {
					t.Errorf("the row is not locked: %v", err)
				}
				release()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// waiting returns when somebody waits for a lock.
func waiting(t *testing.T, db *gorm.DB) {
	t.Helper()
	ctx := within(t)
	for ctx.Err() == nil {
		var name string
		var waits int
		if err := db.Raw("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").Row().Scan(&name, &waits); err != nil {
			t.Fatal(err)
		}
		if waits > 0 {
			return
		}
	}
	t.Fatal("nobody waits for the lock")
}

// The sweep, an operator's retry and the hand-over go on beside a locked row, and say what they left out.
func TestMarksGoOnBesideALockedRow(t *testing.T) {
	onMySQLOldToo(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 4; id++ {
			addOrder(t, db, id, t0)
			record(t, s, store.Push{OrderID: strconv.Itoa(id), At: t0, Outcome: store.Ignored, ShopStatus: "0"})
		}
		addOrder(t, db, 5, t0) // never asked for
		release := lock(t, db, lockRow1)

		page, err := s.MarkUnsynced(within(t), store.Scan{DueAt: t0.Add(-time.Second)})
		if err != nil || page.Marked != 4 || page.Skipped != 1 {
			t.Errorf("sweep: %+v, %v; want 4 marked, 1 skipped", page, err)
		}
		due, err := s.DueOrders(within(t), t0, 10)
		if err != nil || len(due) != 4 {
			t.Fatalf("due: %v, %v", due, err)
		}
		stuck := store.Due{OrderID: "1", DueAt: t0}
		if err := s.PostponeDue(within(t), append(due, stuck), t0.Add(time.Hour)); err != nil {
			t.Errorf("postpone: %v", err)
		}
		if err := s.PostponeDue(within(t), []store.Due{stuck}, t0); !errors.Is(err, store.ErrLocked) {
			t.Errorf("postpone the locked one: %v, want ErrLocked: or the sweep asks for it without end", err)
		}
		if n, err := s.MakeDue(within(t), []string{"1", "2", "3", "4", "5"}); n != 4 || !errors.Is(err, store.ErrLocked) {
			t.Errorf("make due: %d, %v; want 4 and ErrLocked", n, err)
		}
		retry, err := s.RequestRetry(within(t), store.RetryFilter{OrderID: "1"})
		if err != nil || retry.Locked != 1 || len(retry.Due) != 0 {
			t.Errorf("retry: %+v, %v", retry, err)
		}
		release()
		if page, err := s.MarkUnsynced(t.Context(), store.Scan{DueAt: t0}); err != nil || page.Marked != 1 {
			t.Errorf("the next sweep: %+v, %v; want the order that was locked", page, err)
		}
	})
}

// The bug: two jobs over one filter said that they had done 34,429 of 30,001 orders. Who looked at
// its clock before it had the row took what another one made due some milliseconds later for not
// due.
func TestWhatIsMadeDueTwiceAtOnceCountsOnce(t *testing.T) {
	onMySQL(t, func(t *testing.T, _ *store.Store, db *gorm.DB) {
		other := newStore(t, db, store.Config{Now: func() time.Time { return t0.Add(5 * time.Millisecond) }})
		fail(t, other, "1", "rejected", 1, t0.Add(-time.Hour), store.Refused, nil)
		var armed atomic.Bool
		var theirs int64
		s := newStore(t, db, store.Config{Now: func() time.Time {
			if armed.CompareAndSwap(true, false) {
				var err error
				if theirs, err = other.MakeDue(within(t), []string{"1"}); err != nil && !errors.Is(err, store.ErrLocked) {
					t.Error(err)
				}
			}
			return t0
		}})
		armed.Store(true)
		ours, err := s.MakeDue(within(t), []string{"1"})
		if err != nil || armed.Load() || ours+theirs != 1 {
			t.Errorf("made due by us %d, by the other one %d, %v", ours, theirs, err)
		}
		if n, err := other.MakeDue(within(t), []string{"1"}); n != 0 || err != nil {
			t.Errorf("once more: %d, %v", n, err)
		}
	})
}

// Money of an order whose row is locked is refused for now, in seconds; money of others moves on.
func TestMoneyOfALockedOrderIsRefusedForNow(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 2; id++ {
			addOrder(t, db, id, t0)
			begin(t, s, strconv.Itoa(id), 0, t0)
		}
		lock(t, db, lockRow1)
		for id, want := range map[string]error{"1": store.ErrLocked, "2": nil} {
			_, _, err := s.CreateRefund(within(t), store.NewRefund{Number: "R" + id, OrderID: id, Amount: 1, Reason: "r", DueAt: t0})
			if !errors.Is(err, want) {
				t.Errorf("refund of order %s: %v, want %v", id, err, want)
			}
		}
	})
}

// A table that somebody alters fails what needs it in seconds: by itself a session waits a day or a year.
func TestALockedTableIsNotWaitedForLong(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		if _, err := s.LoadOrder(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		err := db.Connection(func(tx *gorm.DB) error {
			exec(t, tx, "LOCK TABLES course WRITE")
			defer exec(t, tx, "UNLOCK TABLES")
			_, err := s.LoadOrder(within(t), "1")
			return err
		})
		if !errors.Is(err, store.ErrLocked) {
			t.Errorf("%v, want ErrLocked", err)
		}
		if _, err := s.LoadOrder(t.Context(), "1"); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

// A migration waits for a table longer than a session of the workers does.
func TestAMigrationIsPatient(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		downTo(t, db, 6)
		release := lock(t, db, "SELECT * FROM ordersync_outbox_bad") // as any transaction that has read it
		done := make(chan error, 1)
		go func() {
			_, err := s.Migrate(context.WithoutCancel(t.Context()))
			done <- err
		}()
		ctx := within(t)
		for waits := 0; waits == 0; {
			if waits = count(t, db, "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE '%metadata lock%'"); ctx.Err() != nil {
				t.Fatal("the migration does not wait for the table")
			}
		}
		if err := db.Exec("DROP TABLE ordersync_outbox_bad").Error; err == nil { // as long as a worker's session waits
			t.Fatal("the table is not locked")
		}
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
