package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// orderIDs are the orders with a task of the sweep's, sorted.
func orderIDs(t testing.TB, e *env) []string {
	t.Helper()
	infos, err := e.inspector.ListPendingTasks(tasks.QueueSweep)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, info := range infos {
		var p tasks.PushOrder
		if p, err = tasks.ParsePushOrder(asTask(info)); err != nil || p.Cause != tasks.CauseSweep {
			t.Fatalf("%+v, %v", p, err)
		}
		ids = append(ids, p.OrderID)
	}
	slices.Sort(ids)
	return ids
}

// hand enqueues what rows say, as the scheduler of production does for pushes.
func (e *env) hand(ctx context.Context, rows []store.OutboxRow) []error {
	answers := make([]error, len(rows))
	for i, r := range rows {
		asked, err := tasks.FromOutbox(r.Kind, r.OrderID, r.Payload, tasks.RowName(r.ID, r.CreatedAt))
		if err == nil {
			_, err = tasks.Enqueue(ctx, e.client, *asked.Push)
		} else {
			err = &store.BadRow{Err: err}
		}
		answers[i] = err
	}
	return answers
}

// Two relays at once, one of which dies before its commit: every row is one task.
func TestTwoRelaysHandEachRowOverOnce(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		const rows = 2*relayBatch + 50
		for id := 1; id <= rows; id++ {
			e.exec("INSERT INTO `ordersync_outbox` (`kind`, `order_id`, `payload`) VALUES ('push', ?, NULL)", strconv.Itoa(id))
		}
		dying := &Relay{Outbox: e.store, Hand: func(ctx context.Context, rows []store.OutboxRow) []error {
			e.hand(ctx, rows)
			return nil // no answers: nothing is committed
		}}
		if _, err := dying.Tick(t.Context()); err == nil {
			t.Error("a batch without answers was committed")
		}
		var wg sync.WaitGroup
		for range 2 {
			r := &Relay{Outbox: e.newStore(), Hand: e.hand}
			wg.Go(func() {
				for more := true; more; {
					var err error
					if more, err = r.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		tick(t, (&Relay{Outbox: e.store, Hand: e.hand}).Tick)
		var left int64
		if err := e.db.Raw("SELECT COUNT(*) FROM ordersync_outbox").Row().Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows are left, %v", left, err)
		}
		ids := e.tasks(tasks.QueuePush)
		slices.Sort(ids)
		if n := len(ids); n != rows || len(slices.Compact(ids)) != rows {
			t.Errorf("%d tasks for %d rows", n, rows)
		}
	})
}

// outbox says what it was told to say.
type outbox struct {
	n     int
	err   error
	limit int
}

func (o *outbox) RelayOutbox(_ context.Context, limit int, _ func(context.Context, []store.OutboxRow) []error) (int, error) {
	o.limit = limit
	return o.n, o.err
}

func TestARelayAsksForMoreWhileBatchesAreFull(t *testing.T) {
	for _, c := range []struct {
		n    int
		err  error
		more bool
	}{{0, nil, false}, {relayBatch - 1, nil, false}, {relayBatch, nil, true}} {
		o := &outbox{n: c.n, err: c.err}
		if more, err := (&Relay{Outbox: o}).Tick(t.Context()); more != c.more || err != nil || o.limit != relayBatch {
			t.Errorf("%d rows: more %v, %v, limit %d", c.n, more, err, o.limit)
		}
	}
	if _, err := (&Relay{Outbox: &outbox{err: errGone}}).Tick(t.Context()); !errors.Is(err, errGone) {
		t.Error(err)
	}
}

// old counts rows and remembers the bound.
type old struct {
	n      int64
	before time.Time
}

func (o *old) PurgeLog(_ context.Context, before time.Time, limit int) (int64, error) {
	o.before = before
	return min(o.n, int64(limit)), nil
}

func (o *old) PurgeCallbacks(ctx context.Context, before time.Time, limit int) (int64, error) {
	return o.PurgeLog(ctx, before, limit)
}

func TestOldRowsAreDeletedInBatches(t *testing.T) {
	now := func() time.Time { return noon }
	for n, more := range map[int64]bool{0: false, purgeBatch - 1: false, purgeBatch: true} {
		logs, callbacks := &old{n: n}, &old{n: n}
		keep := 90 * 24 * time.Hour
		if got := tick(t, (&Purge{Rows: logs, Keep: keep, Now: now}).Tick); got != more || !logs.before.Equal(noon.Add(-keep)) {
			t.Errorf("%d old log rows: more %v, before %v", n, got, logs.before)
		}
		if got := tick(t, (&PurgeCallbacks{Rows: callbacks, Keep: keep, Now: now}).Tick); got != more || !callbacks.before.Equal(noon.Add(-keep)) {
			t.Errorf("%d old callbacks: more %v, before %v", n, got, callbacks.before)
		}
	}
}

// The bug: with log.keep of two days, callbacks were deleted that the shop's handler had not taken
// yet and was still to get.
func TestACallbackThatIsStillTriedIsNotPurged(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		for n := range 2 {
			c := store.Callback{Type: "other", Number: fmt.Sprint(n), Raw: []byte("{}"), At: noon, Forward: true}
			if _, err := e.store.AcceptCallback(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		p := &PurgeCallbacks{Rows: e.store, Keep: time.Hour, Now: e.clock}
		e.pass(forwardFor + 6*time.Hour)
		tick(t, p.Tick)
		if due, err := e.store.ClaimForwards(t.Context(), e.clock(), e.clock(), 10); err != nil || len(due) != 2 {
			t.Errorf("%d callbacks are left to be forwarded, %v", len(due), err)
		}
		e.pass(48 * time.Hour)
		tick(t, p.Tick)
		if due, err := e.store.ClaimForwards(t.Context(), e.clock(), e.clock(), 10); err != nil || len(due) != 0 {
			t.Errorf("%d callbacks stay for ever, %v", len(due), err)
		}
	})
}
