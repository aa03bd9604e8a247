package worker

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// DueInstructions and PostponeInstructions are the scheduler's side of books.
func (b *books) DueInstructions(_ context.Context, _ store.Money, now time.Time, limit int) (due []store.DueInstruction, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range b.rows {
		if i.DueAt != nil && !i.DueAt.After(now) {
			due = append(due, store.DueInstruction{Number: i.Number, DueAt: *i.DueAt})
		}
	}
	slices.SortFunc(due, func(a, b store.DueInstruction) int { return cmp.Compare(a.Number, b.Number) })
	return due[:min(len(due), limit)], nil
}

func (b *books) PostponeInstructions(_ context.Context, _ store.Money, due []store.DueInstruction, until time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range due {
		if i := b.rows[d.Number]; i.DueAt != nil && i.DueAt.Equal(d.DueAt) {
			i.DueAt = &until
		}
	}
	return nil
}

func (b *books) setClock(now func() time.Time) { b.clock = now }

// sqlStore is the real store. Its clock is the database's.
type sqlStore struct {
	*store.Store
	clock *func() time.Time
}

func (s sqlStore) setClock(now func() time.Time) { *s.clock = now }

func (s sqlStore) callback(ctx context.Context, m store.Money, number string, r store.Result) error {
	c := store.Callback{Type: "refund", Number: number, Status: "SUCCESS", Amount: r.Amount, PlatformNo: r.PlatformNo, At: r.At}
	if m == store.Settlement {
		c.Type = "settle"
	}
	if r.State == store.MoneyFailed {
		c.Status = "FAIL"
	}
	_, err := s.AcceptCallback(ctx, c)
	return err
}

const instructionsOfAWorld = 4

// history lets one world happen and compares rows and Douyin's records in its end.
func history(t *testing.T, seed uint64, m store.Money, rows worldRows) {
	t.Helper()
	historyOver(t, seed, m, rows, func(w wire) map[store.System]Branch { return ecpay(w) })
}

// historyOver is history over the banks of branches.
func historyOver(t *testing.T, seed uint64, m store.Money, rows worldRows, branches func(wire) map[store.System]Branch) {
	t.Helper()
	w := newWorld(t, seed, rows, m)
	w.branches = branches
	for n := range instructionsOfAWorld {
		w.queue = append(w.queue, job{money: m, number: fmt.Sprintf("N%d", n+1), at: noon})
	}
	w.live()
	w.compare(m, "N1", "N2", "N3", "N4")
	if t.Failed() {
		t.Logf("seed %d, %s", seed, m)
	}
}

// compare holds rows against Douyin's records.
func (w *world) compare(m store.Money, numbers ...string) {
	t := w.t
	t.Helper()
	for _, fault := range w.vault.faults {
		t.Error(fault)
	}
	for _, number := range numbers {
		i, found, err := w.rows.Instruction(t.Context(), m, number)
		if err != nil || !found {
			t.Fatal(found, err)
		}
		want := store.MoneyFailed
		r := w.vault.records[number]
		if r != nil && r.result == douyin.ResultSuccess {
			want = store.MoneySucceeded
		}
		if i.State != want || i.Alarm == store.AlarmContradiction && !w.jumps || i.DueAt != nil {
			t.Errorf("%s ended as %s (%q), in Douyin's books it is %+v", number, line(i), i.Message, r)
		}
		if r != nil && r.moves > 1 {
			t.Errorf("%s moved %d times", number, r.moves)
		}
	}
}

// seeds are the histories that ORDERSYNC_SEEDS=from-to names, both included; without it there are
// few.
func seeds(t *testing.T, few uint64) (from, to uint64) {
	t.Helper()
	text := os.Getenv("ORDERSYNC_SEEDS") //nolint:forbidigo // which histories a person, or CI, wants
	if text == "" {
		return 0, few - 1
	}
	first, last, _ := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		t.Fatalf("ORDERSYNC_SEEDS=%q: want from-to, two numbers", text)
	}
	if to, err = strconv.ParseUint(last, 10, 64); err != nil || to < from {
		t.Fatalf("ORDERSYNC_SEEDS=%q: want from-to, two numbers", text)
	}
	return from, to
}

// Whatever is lost, repeated, killed or stopped for minutes, and however the workers' clocks
// differ: money moves once at most, and every row ends as Douyin's books say.
func TestMoneyMovesOnceAndRowsAgreeWithDouyin(t *testing.T) {
	from, to := seeds(t, 1000)
	for seed := from; seed <= to; seed++ {
		m := []store.Money{store.Refund, store.Settlement}[seed%2]
		b := newBooks()
		for n := range instructionsOfAWorld {
			i := newRefund()
			i.Money, i.Number = m, fmt.Sprintf("N%d", n+1)
			b.rows[i.Number] = &i
		}
		if history(t, seed, m, b); t.Failed() {
			return
		}
	}
}

// The same with the real store.
func TestMoneyMovesOnceWithTheRealStore(t *testing.T) {
	for seed := range uint64(8) {
		m := []store.Money{store.Refund, store.Settlement}[seed%2]
		if history(t, 1000+seed, m, realStore(t, m)); t.Failed() {
			return
		}
	}
}

// realStore has orders 1, 2, … of 12.30 yuan with one instruction each, N1, N2, …; without a kind
// they have none.
func realStore(t *testing.T, m store.Money) sqlStore {
	t.Helper()
	s, _ := realStoreAndDB(t, m)
	return s
}

func realStoreAndDB(t *testing.T, m store.Money) (sqlStore, *gorm.DB) {
	t.Helper()
	db := servertest.SQLite(t)
	servertest.CreateShop(t, db)
	clock := func() time.Time { return noon }
	s, err := store.New(db, store.Config{Gather: -1, Now: func() time.Time { return clock() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range instructionsOfAWorld {
		err := db.Exec("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, 1, 1, 1, '12.30', '12.30', ?, ?, 1)",
			n+1, noon.Unix(), fmt.Sprintf("SN%d", n+1)).Error
		if err != nil {
			t.Fatal(err)
		}
		number, orderID := fmt.Sprintf("N%d", n+1), fmt.Sprint(n+1)
		switch m {
		case store.Settlement:
			_, _, err = s.CreateSettlement(t.Context(), store.NewSettlement{Number: number, OrderID: orderID, Desc: "分账", Finish: true, DueAt: noon})
		case store.Refund:
			_, _, err = s.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: orderID, Amount: 700, Reason: "用户取消订单", Options: store.RefundOptions{CPExtra: "x"}, DueAt: noon})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sqlStore{s, &clock}, db
}
