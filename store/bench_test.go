package store_test

import (
	"context"
	"fmt"
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

// BenchmarkPushCycle is what one order costs the database: load, begin, record, and the second look, by 200 handlers at
// once. It reports statements per order, those of its transactions included, beside the time.
func BenchmarkPushCycle(b *testing.B) {
	b.Run("the key is the number", func(b *testing.B) { pushCycle(b, store.Config{Schema: store.DefaultSchema()}) })
	// Here each announcement is followed by a look for other orders of the number.
	b.Run("a number of its own", func(b *testing.B) {
		schema := store.DefaultSchema()
		schema.Columns.OrderNo = "sn"
		pushCycle(b, store.Config{Schema: schema})
	})
	// Here the system of each order is decided, by a column and by the payment that it has not.
	b.Run("with trade", func(b *testing.B) {
		schema := store.DefaultSchema()
		schema.Trade = map[string]store.Values{"sn": {Texts: []string{"none"}}}
		pushCycle(b, store.Config{Schema: schema, Trade: store.TradeConfig{On: true}})
	})
}

func pushCycle(b *testing.B, cfg store.Config) {
	db := servertest.DB(b)
	servertest.CreateShop(b, db)
	const orders = 20_000
	fill(b, db, orders)
	s := newStore(b, db, cfg)
	ctx := context.Background()
	var next atomic.Int64
	b.ResetTimer()
	before := questions(b, db)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				cycle(ctx, b, s, strconv.FormatInt(n%orders+1, 10))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(questions(b, db)-before)/float64(b.N), "statements/order")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

func cycle(ctx context.Context, b *testing.B, s *store.Store, id string) {
	snapshot, err := s.LoadOrder(ctx, id)
	if err != nil {
		b.Error(err)
		return
	}
	at := time.Now()
	seq, err := s.BeginPush(ctx, store.Begin{OrderID: id, OrderNo: snapshot.Order.OrderNo, Seq: snapshot.State.Seq,
		System: snapshot.System, Decided: snapshot.State.System != "", Exists: snapshot.State.OrderID != "", Open: snapshot.State.Open, UpdateTime: at.UnixMilli(), At: at, DueAt: at.Add(time.Minute), StaleAfter: time.Minute})
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := s.RecordPush(ctx, store.Push{
		OrderID: id, OrderNo: snapshot.Order.OrderNo, Seq: seq, Cause: "paid", TaskID: "push:" + id + ":" + id, Attempt: 1, At: time.Now(), Outcome: store.Pushed, ShopStatus: "1", Status: 1,
		Digest: "0123456789abcdef0123456789abcdef", LogID: "20260301080000010000000000000000AB", HTTPStatus: 200, Duration: 50 * time.Millisecond,
		Seen: &snapshot.Order,
	}); err != nil {
		b.Error(err)
	}
}

func fill(tb testing.TB, db *gorm.DB, orders int) {
	tb.Helper()
	for first := 1; first <= orders; first += 500 {
		var o, u, p, c []string
		for id := first; id < first+500; id++ {
			o = append(o, fmt.Sprintf("(%d, %d, %d, %d, '12.30', '12.30', 1772352000, 'SN%d', 1)", id, id, id, id, id))
			u = append(u, fmt.Sprintf("(%d, 'openid-%d')", id, id))
			p = append(p, fmt.Sprintf("(%d, 'https://img.example/%d.png')", id, id))
			c = append(c, fmt.Sprintf("(%d, '课程 %d')", id, id))
		}
		exec(tb, db, "INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES "+strings.Join(o, ","))
		exec(tb, db, "INSERT INTO dy_user VALUES "+strings.Join(u, ","))
		exec(tb, db, "INSERT INTO product VALUES "+strings.Join(p, ","))
		exec(tb, db, "INSERT INTO course VALUES "+strings.Join(c, ","))
	}
}

// questions is how many statements the server has been sent so far, those that begin and end transactions included; always 0
// on SQLite, where nothing is sent.
func questions(tb testing.TB, db *gorm.DB) (n int64) {
	tb.Helper()
	if db.Name() == "sqlite" {
		return 0
	}
	var name string
	if err := db.Raw("SHOW GLOBAL STATUS LIKE 'Questions'").Row().Scan(&name, &n); err != nil {
		tb.Fatal(err)
	}
	return n
}
