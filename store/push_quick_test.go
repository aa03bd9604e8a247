package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// The quick way of writing is a shortcut: whatever comes in whatever order, with true hints or false
// ones, alone or gathered, the books must read as if every row had been locked and looked at. SQLite
// always goes by the row, so it is the measure.
func TestTheQuickWayWritesWhatTheRowWayWrites(t *testing.T) {
	lite, db := servertest.SQLite(t), servertest.DB(t)
	byRow := newStore(t, lite, store.Config{})
	quick := newStore(t, db, store.Config{})
	const orders, rounds = 24, 60
	const seed = 20261123
	random := rand.New(rand.NewPCG(seed, seed))
	for round := range rounds {
		at := t0.Add(time.Duration(round) * time.Minute)
		var wg sync.WaitGroup
		for n := range orders {
			id := fmt.Sprint(n)
			known := state(t, byRow, id)
			switch random.IntN(30) { // the row is not any more as the worker has read it
			case 0: // a refund wants another push
				for _, db := range []*gorm.DB{lite, db} {
					exec(t, db, "UPDATE ordersync_order SET outcome = 'pending', due_at = ? WHERE order_id = ?", at.Format("2006-01-02 15:04:05.000"), id)
				}
			case 1: // somebody cleared the table
				for _, db := range []*gorm.DB{lite, db} {
					exec(t, db, "DELETE FROM ordersync_order WHERE order_id = ?", id)
				}
			}
			step := randomStep(random, known, id, at)
			wg.Go(func() {
				want, wantErr := step(t, byRow)
				got, err := step(t, quick)
				if got != want || !errors.Is(err, wantErr) && !errors.Is(wantErr, err) {
					t.Errorf("round %d, order %s: answered %v, %v; by the row %v, %v", round, id, got, err, want, wantErr)
				}
			})
		}
		wg.Wait()
		for n := range orders {
			id := fmt.Sprint(n)
			if got, want := state(t, quick, id), state(t, byRow, id); !sameState(got, want) {
				t.Fatalf("round %d, order %s:\n got %+v\nwant %+v", round, id, got, want)
			}
		}
	}
	for n := range orders {
		id := fmt.Sprint(n)
		got, err := quick.Log(t.Context(), id, rounds)
		if err != nil {
			t.Fatal(err)
		}
		want, err := byRow.Log(t.Context(), id, rounds)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i].ID, got[i].At = 0, got[i].At.UTC()
		}
		for i := range want {
			want[i].ID, want[i].At = 0, want[i].At.UTC()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("log of order %s:\n got %+v\nwant %+v", id, got, want)
		}
	}
}

// randomStep is one write for an order whose state is now, with what a worker would know of it, or with what it knew before.
func randomStep(random *rand.Rand, now store.OrderState, id string, at time.Time) func(*testing.T, *store.Store) (int64, error) {
	if random.IntN(2) == 0 {
		b := store.Begin{
			OrderID: id, OrderNo: "no-" + id, Seq: now.Seq, Exists: now.OrderID != "", Open: now.Open,
			UpdateTime: at.UnixMilli(), At: at, DueAt: at.Add(2 * time.Minute), StaleAfter: 90 * time.Second,
		}
		switch random.IntN(8) {
		case 0:
			b.Exists, b.Open = false, 0 // nothing is known
		case 1:
			b.Seq = max(0, b.Seq-1) // an old snapshot
		case 2:
			b.Exists = true
		}
		return func(t *testing.T, s *store.Store) (int64, error) { return s.BeginPush(t.Context(), b) }
	}
	due := at.Add(time.Hour)
	p := store.Push{
		OrderID: id, OrderNo: "no-" + id, Seq: now.Seq, Cause: "paid", TaskID: "push:" + id, Attempt: 1 + random.IntN(3), At: at, Outcome: store.Pushed,
		ShopStatus: fmt.Sprint(random.IntN(9)), Status: random.IntN(7), Digest: fmt.Sprint("digest-", random.IntN(5)), LogID: fmt.Sprint("L", random.Int64()),
		HTTPStatus: 200, Duration: time.Duration(random.IntN(1e6)) * time.Microsecond,
	}
	switch random.IntN(8) {
	case 0:
		p.Outcome, p.Kind, p.Code, p.Message, p.DueAt, p.Response = store.Retrying, "throttled", 1001, "繁忙", &due, `{"err_no":1001}`
	case 1:
		p.Outcome, p.Kind, p.Message = store.Refused, "incomplete", "title"
	case 2:
		p.Seq = max(0, p.Seq-1) // an attempt that was overtaken, or a pass that sent nothing
	case 3:
		p.Outcome = store.Settled
	case 4:
		p.DueAt = &due
	}
	return func(t *testing.T, s *store.Store) (int64, error) {
		_, err := s.RecordPush(t.Context(), p)
		return 0, err
	}
}

func sameState(a, b store.OrderState) bool {
	utc := func(o store.OrderState) store.OrderState {
		for _, at := range []*time.Time{&o.StartedAt, &o.CreatedAt, &o.UpdatedAt} {
			*at = at.UTC()
		}
		for _, at := range []**time.Time{&o.PushedAt, &o.DueAt} {
			if *at != nil {
				in := (**at).UTC()
				*at = &in
			}
		}
		return o
	}
	return reflect.DeepEqual(utc(a), utc(b))
}
