package store_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// An attempt that ends as it should: what Douyin holds is known afterwards, and not before.
func TestAnAttemptThatSucceeds(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		seq := begin(t, s, "1", 0, t0)
		during := state(t, s, "1")
		if seq != 1 || during.Seq != 1 || during.Open != 1 || during.Outcome != store.Sending || during.Holds("d1") || during.DueAt == nil {
			t.Fatalf("during: seq %d, %+v", seq, during)
		}
		record(t, s, store.Push{
			OrderID: "1", OrderNo: "no-1", Seq: seq, At: t0.Add(time.Second), Outcome: store.Pushed, ShopStatus: "1", Status: 1, Digest: "d1",
			LogID: "log", HTTPStatus: 200, Duration: 1234567 * time.Nanosecond, Cause: "paid", TaskID: "push:1:x", Attempt: 1, Request: "{}", Response: "{}",
		})
		got := state(t, s, "1")
		if !got.Holds("d1") || got.Holds("d2") || got.Open != 0 || got.DueAt != nil || got.Outcome != store.Pushed || got.Status != 1 ||
			got.UpdateTime != t0.UnixMilli() || got.OrderNo != "no-1" || !got.PushedAt.Equal(t0.Add(time.Second)) || got.ShopStatus != "1" {
			t.Errorf("after: %+v", got)
		}
		log, err := s.Log(t.Context(), "1", 10)
		if err != nil || len(log) != 1 {
			t.Fatalf("log: %v, %v", log, err)
		}
		r := log[0]
		if r.Call != store.CallPush || r.Outcome != store.Pushed || r.Cause != "paid" || r.TaskID != "push:1:x" || r.Duration != 1234*time.Microsecond ||
			r.HTTPStatus != 200 || !r.At.Equal(t0.Add(time.Second)) || r.Request != "" || r.Response != "" {
			t.Errorf("log row %+v", r)
		}
	})
}

func TestWhatARecordLeavesBehind(t *testing.T) {
	due := t0.Add(time.Hour)
	for _, c := range []struct {
		name  string
		given func(t *testing.T, s *store.Store) // for order 1
		push  store.Push
		want  func(o store.OrderState) bool
		logs  int
	}{
		{
			name: "a failed attempt keeps Douyin's words and waits",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
			},
			push: store.Push{Seq: 1, Outcome: store.Retrying, Kind: "throttled", Code: 1001, Message: "繁忙", LogID: "L", DueAt: &due, ShopStatus: "1"},
			want: func(o store.OrderState) bool {
				return o.Outcome == store.Retrying && o.Kind == "throttled" && o.Code == 1001 && o.Message == "繁忙" && o.LogID == "L" && o.Attempts == 1 &&
					o.DueAt.Equal(due) && o.Open == 0 && o.Digest == "" && o.ShopStatus == "1"
			},
			logs: 1,
		},
		{
			name: "a failed attempt makes what Douyin holds unknown",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				record(t, s, store.Push{OrderID: "1", Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d", Status: 1})
				begin(t, s, "1", 1, t0)
			},
			push: store.Push{Seq: 2, Outcome: store.Retrying, Kind: "unavailable", DueAt: &due},
			want: func(o store.OrderState) bool { return !o.Holds("d") && o.Open == 0 && o.Status == 1 },
			logs: 2,
		},
		{
			name:  "a pass that sent nothing makes a row",
			given: func(*testing.T, *store.Store) {},
			push:  store.Push{Outcome: store.Retrying, Kind: "not_found", DueAt: &due},
			want: func(o store.OrderState) bool {
				return o.Seq == 0 && o.Outcome == store.Retrying && o.Attempts == 1 && o.DueAt.Equal(due)
			},
			logs: 1,
		},
		{
			name: "a pass that sent nothing leaves what Douyin holds",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				record(t, s, store.Push{OrderID: "1", Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d", Status: 1})
			},
			push: store.Push{Outcome: store.Ignored, ShopStatus: "9", DueAt: &due},
			want: func(o store.OrderState) bool {
				return o.Holds("d") && o.Outcome == store.Ignored && o.ShopStatus == "9" && o.DueAt == nil
			},
			logs: 2,
		},
		{
			name: "settled closes the books",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				record(t, s, store.Push{OrderID: "1", Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d", Status: 1})
				record(t, s, store.Push{OrderID: "1", At: t0, Outcome: store.Retrying, Kind: "database", DueAt: &due})
			},
			push: store.Push{Seq: 1, Outcome: store.Settled, ShopStatus: "1"},
			want: func(o store.OrderState) bool {
				return o.Holds("d") && o.Outcome == store.Pushed && o.DueAt == nil && o.Kind == "" && o.Attempts == 0
			},
			logs: 2,
		},
		{
			name: "settled keeps the log id of the call that told Douyin",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				record(t, s, store.Push{OrderID: "1", Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d", Status: 1, LogID: "told"})
			},
			push: store.Push{Seq: 1, Outcome: store.Settled, ShopStatus: "1"},
			want: func(o store.OrderState) bool { return o.LogID == "told" && o.ShopStatus == "1" },
			logs: 1,
		},
		{
			name: "settled changes nothing while an attempt is open",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
			},
			push: store.Push{Seq: 1, Outcome: store.Settled},
			want: func(o store.OrderState) bool { return o.Outcome == store.Sending && o.Open == 1 && o.DueAt != nil },
		},
		{
			name: "an overtaken attempt makes what Douyin holds unknown, and the order due",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				begin(t, s, "1", 1, t0)
				record(t, s, store.Push{OrderID: "1", Seq: 2, At: t0, Outcome: store.Pushed, Digest: "newer", Status: 6})
			},
			push: store.Push{Seq: 1, Outcome: store.Pushed, Digest: "older", Status: 1},
			want: func(o store.OrderState) bool {
				return o.Open == 0 && o.Digest == "" && o.Outcome == store.Pushed && o.Status == 6 && o.DueAt != nil && o.DueAt.Equal(t0)
			},
			logs: 2,
		},
		{
			name: "an overtaken attempt keeps the earlier due time",
			given: func(t *testing.T, s *store.Store) {
				begin(t, s, "1", 0, t0)
				begin(t, s, "1", 1, t0)
			},
			push: store.Push{Seq: 1, Outcome: store.Retrying, DueAt: &due},
			want: func(o store.OrderState) bool {
				return o.Open == 1 && o.Outcome == store.Sending && o.DueAt.Equal(t0.Add(10*time.Minute))
			},
			logs: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
				c.given(t, s)
				c.push.OrderID, c.push.At = "1", t0
				record(t, s, c.push)
				if got := state(t, s, "1"); !c.want(got) {
					t.Errorf("%+v, due %v", got, got.DueAt)
				}
				if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); n != c.logs {
					t.Errorf("%d log rows, want %d", n, c.logs)
				}
			})
		})
	}
}

func TestASecondAttemptFromTheSameSnapshotIsSuperseded(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		begin(t, s, "1", 0, t0)
		for _, seq := range []int64{0, 2, -1} {
			if _, err := s.BeginPush(t.Context(), store.Begin{OrderID: "1", Seq: seq, At: t0}); !errors.Is(err, store.ErrSuperseded) {
				t.Errorf("from seq %d: %v", seq, err)
			}
		}
		if got := state(t, s, "1"); got.Seq != 1 || got.Open != 1 {
			t.Errorf("a superseded attempt left %+v", got)
		}
	})
}

func TestAnAttemptNobodyEndedIsOverAfterItsTime(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		begin(t, s, "1", 0, t0)
		begin(t, s, "1", 1, t0.Add(4*time.Minute))
		if got := state(t, s, "1"); got.Open != 2 {
			t.Errorf("within its time: open %d, want 2", got.Open)
		}
		begin(t, s, "1", 2, t0.Add(10*time.Minute))
		if got := state(t, s, "1"); got.Open != 1 {
			t.Errorf("after its time: open %d, want 1", got.Open)
		}
	})
}

func TestBodiesAreKeptAsConfigured(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		for _, c := range []struct {
			bodies  store.LogBodies
			outcome store.Outcome
			kept    bool
		}{
			{store.BodiesFailed, store.Pushed, false}, {store.BodiesFailed, store.Refused, true},
			{store.BodiesAll, store.Pushed, true}, {store.BodiesAll, store.GaveUp, true},
		} {
			s := newStore(t, db, store.Config{LogBodies: c.bodies})
			id := string(c.bodies) + "-" + string(c.outcome)
			long := strings.Repeat("订", 60_000) // longer than a TEXT, cut at 64 KiB
			record(t, s, store.Push{OrderID: id, At: t0, Outcome: c.outcome, Request: long, Response: "\xff{}"})
			log, err := s.Log(t.Context(), id, 1)
			if err != nil || len(log) != 1 {
				t.Fatal(log, err)
			}
			if kept := log[0].Response == "\uFFFD{}" && len(log[0].Request) > 65_000; kept != c.kept {
				t.Errorf("%s: kept %v, want %v", id, kept, c.kept)
			}
		}
	})
}

// recordTogether records first attempts at orders 0 to n-1 that succeeded, all at once, and returns their errors.
func recordTogether(t *testing.T, s *store.Store, n int, change func(i int, p *store.Push)) []error {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			p := store.Push{OrderID: strconv.Itoa(i), Seq: 1, At: t0, Outcome: store.Pushed, Digest: "d", Status: 1}
			change(i, &p)
			_, errs[i] = s.RecordPush(t.Context(), p)
		})
	}
	wg.Wait()
	return errs
}

// A value that the database refuses must not take the others of its batch down.
func TestABadRowFailsAlone(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for i := range 40 {
			begin(t, s, strconv.Itoa(i), 0, t0)
		}
		for i, err := range recordTogether(t, s, 40, func(i int, p *store.Push) {
			if i == 17 {
				p.Status = 1 << 40 // INT holds no such number
			}
		}) {
			if bad := i == 17; bad != (err != nil) {
				t.Errorf("order %d: %v", i, err)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE outcome = 'pushed'"); n != 39 {
			t.Errorf("%d rows pushed, want 39", n)
		}
		if n := count(t, db, "SELECT COUNT(DISTINCT order_id) FROM ordersync_log"); n != 40 {
			t.Errorf("%d orders in the log, want 40: Douyin was called for all of them", n)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); n != 40 {
			t.Errorf("%d log rows, want 40: rows of the failed batch were written twice", n)
		}
	})
}

// The other way round: what Douyin holds is known, though the log could not take it.
func TestABadLogRowFailsAlone(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		if db.Name() == "sqlite" { // its integers have no bounds
			exec(t, db, "CREATE TRIGGER bounds BEFORE INSERT ON ordersync_log WHEN NEW.http_status > 2147483647 BEGIN SELECT RAISE(ABORT, 'out of range'); END")
		}
		for i := range 40 {
			begin(t, s, strconv.Itoa(i), 0, t0)
		}
		for i, err := range recordTogether(t, s, 40, func(i int, p *store.Push) {
			if i == 17 {
				p.HTTPStatus = 1 << 40 // INT holds no such number
			}
		}) {
			if bad := i == 17; bad != (err != nil) || bad && !strings.Contains(err.Error(), "write log") {
				t.Errorf("order %d: %v", i, err)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE outcome = 'pushed'"); n != 40 {
			t.Errorf("%d rows pushed, want 40", n)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); n != 39 {
			t.Errorf("%d log rows, want 39", n)
		}
	})
}

// Records of one batch share a statement, which stands when it finds fewer rows than it named. The batch is then written with
// care, and what stands must not be counted again: here an older attempt of each order is still open.
func TestWhatStandsIsNotRecordedAgain(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		const orders = 60
		for i := range orders {
			begin(t, s, strconv.Itoa(i), 0, t0)
		}
		exec(t, db, "UPDATE ordersync_order SET open_attempts = 2")
		exec(t, db, "UPDATE ordersync_order SET outcome = 'pending' WHERE order_id LIKE '%7'") // somebody wants another push
		for i, err := range recordTogether(t, s, orders, func(i int, p *store.Push) {
			if i%2 == 0 { // Douyin does not always tell one
				p.LogID = "L" + strconv.Itoa(i)
			}
		}) {
			if err != nil {
				t.Errorf("order %d: %v", i, err)
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE outcome = 'pushed' AND digest = 'd' AND open_attempts = 1"); n != orders {
			t.Errorf("%d orders pushed with one attempt still open, want %d", n, orders)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE due_at IS NOT NULL"); n != orders/10 {
			t.Errorf("%d orders due, want the %d that somebody wants pushed again", n, orders/10)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); n != orders {
			t.Errorf("%d log rows, want %d", n, orders)
		}
	})
}

// A hundred goroutines over two stores (two processes) push five orders as workers do. Each number of an attempt has
// exactly one winner, and the sums agree.
func TestEachSeqHasOneWinner(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		stores := []*store.Store{newStore(t, db, store.Config{}), newStore(t, db, store.Config{})}
		var mu sync.Mutex
		winners := map[string]map[int64]int{}
		var won, lost, logged atomic.Int64
		var wg sync.WaitGroup
		for g := range 100 {
			wg.Go(func() {
				s, id := stores[g%2], strconv.Itoa(g%5)
				for range 10 {
					current, _, err := s.Order(context.Background(), id)
					if err != nil {
						t.Error(err)
						return
					}
					seq, err := s.BeginPush(context.Background(), store.Begin{OrderID: id, Seq: current.Seq, At: t0, DueAt: t0, StaleAfter: time.Hour})
					if errors.Is(err, store.ErrSuperseded) {
						lost.Add(1)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					won.Add(1)
					mu.Lock()
					if winners[id] == nil {
						winners[id] = map[int64]int{}
					}
					winners[id][seq]++
					mu.Unlock()
					if _, err := s.RecordPush(context.Background(), store.Push{OrderID: id, Seq: seq, At: t0, Outcome: store.Pushed, Digest: "d"}); err != nil {
						t.Error(err)
						return
					}
					logged.Add(1)
				}
			})
		}
		wg.Wait()
		var sum int64
		for id, seqs := range winners {
			for seq, n := range seqs {
				if n != 1 {
					t.Errorf("order %s: seq %d was won %d times", id, seq, n)
				}
			}
			got := state(t, stores[0], id)
			if got.Seq != int64(len(seqs)) || got.Open != 0 {
				t.Errorf("order %s: seq %d, open %d after %d attempts that all ended", id, got.Seq, got.Open, len(seqs))
			}
			sum += got.Seq
		}
		if sum != won.Load() || lost.Load()+won.Load() != 1000 {
			t.Errorf("won %d, lost %d, rows say %d", won.Load(), lost.Load(), sum)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_log"); int64(n) != logged.Load() {
			t.Errorf("%d log rows for %d records", n, logged.Load())
		}
	})
}

func TestARecordThatReturnedSurvivesKillOfTheServer(t *testing.T) {
	m := servertest.StartMySQL(t)
	if m == nil {
		return // ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	db, err := store.Open(m.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t, db, store.Config{})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			record(t, s, store.Push{OrderID: strconv.Itoa(i), At: t0, Outcome: store.Refused, Kind: "incomplete"})
		})
	}
	wg.Wait()
	m.Kill()
	m.Restart(t)
	if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order WHERE outcome = 'refused'"); n != 100 {
		t.Errorf("%d of 100 records left", n)
	}
}

func TestAnOrderIDThatFitsNowhereIsRefused(t *testing.T) {
	s := newStore(t, servertest.SQLite(t), store.Config{})
	for _, id := range []string{"", strings.Repeat("x", 65), "\xff"} {
		if _, err := s.RecordPush(t.Context(), store.Push{OrderID: id, At: t0, Outcome: store.Refused}); err == nil {
			t.Errorf("record of id %q was accepted", id)
		}
		if _, err := s.BeginPush(t.Context(), store.Begin{OrderID: id, At: t0}); err == nil {
			t.Errorf("begin of id %q was accepted", id)
		}
	}
}

func TestRecordPushTellsWhetherTheShopHasChangedTheOrderSince(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		addOrder(t, db, 2, t0)
		for _, c := range []struct {
			name    string
			change  string
			outcome store.Outcome
			unasked bool
			want    bool
		}{
			{"as it was", "", store.Pushed, false, false},
			{"another status", "UPDATE `order` SET status = 6 WHERE id = 1", store.Pushed, false, true},
			{"another amount", "UPDATE `order` SET amount = '12.31' WHERE id = 1", store.Pushed, false, true},
			{"another order's status", "UPDATE `order` SET status = 6 WHERE id = 2", store.Pushed, false, false},
			{"an amount that cannot be used", "UPDATE `order` SET amount = '-1.00' WHERE id = 1", store.Pushed, false, true},
			{"changed, and nobody asks", "UPDATE `order` SET status = 5 WHERE id = 1", store.Pushed, true, false},
			{"changed, and the push failed", "UPDATE `order` SET status = 4 WHERE id = 1", store.Retrying, false, false},
			{"gone", "DELETE FROM `order` WHERE id = 1", store.Pushed, false, true},
		} {
			snapshot, err := s.LoadOrder(t.Context(), "1")
			var column *store.ColumnError
			if err != nil && !errors.As(err, &column) {
				t.Fatal(err)
			}
			seq := begin(t, s, "1", snapshot.State.Seq, t0)
			if c.change != "" {
				exec(t, db, c.change)
			}
			p := store.Push{OrderID: "1", Seq: seq, At: t0, Outcome: c.outcome, Digest: "d", Seen: &snapshot.Order}
			if c.unasked {
				p.Seen = nil
			}
			changed, err := s.RecordPush(t.Context(), p)
			if err != nil || changed != c.want {
				t.Errorf("%s: changed %v, %v; want %v", c.name, changed, err, c.want)
			}
		}
	})
}
