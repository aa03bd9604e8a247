package pages_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

const (
	// liveFor is how long each number of open pages is watched, and liveEvery how often pages.js
	// fetches one again.
	liveFor   = time.Minute
	liveEvery = 5 * time.Second
	// livePushes is how many orders are pushed a second meanwhile.
	livePushes = 20
	// mostOfACore is what the database may spend on one live page.
	mostOfACore = 0.01
)

// A live page costs the database less than a hundredth of a core, while orders are pushed. What it
// costs is the processor time of those threads of the server that the pages' connections have; all
// of the server's, pushes included, stands beside it in the log.
func TestALivePageCostsLittle(t *testing.T) {
	dsn, _, asked := manyOrders(t)
	if !asked {
		t.Logf("only where %s asks for a number of orders: three minutes for each page", listsVariable)
		return
	}
	db := openDSN(t, dsn)
	s := siteOver(t, db, servertest.Redis(t))
	v := s.as(t, "vera")
	st, err := store.New(openDSN(t, dsn), store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	threads := threadsOf(t, db, pageConnections) // behind the migrations, which close connections
	server := databaseTime(t, db)
	for _, path := range []string{"/load?span=hour", "/health"} {
		for _, open := range []int{0, 1, 5} {
			v.sees(path) // whatever the first look at all costs is not a minute's
			ctx, stop := context.WithTimeout(t.Context(), liveFor)
			all, pages, began := server(), threads(), time.Now()
			var running sync.WaitGroup
			running.Go(func() { pushSteadily(ctx, t, st) })
			for i := range open {
				running.Go(func() { keepOpen(ctx, t, v, path, time.Duration(i)*liveEvery/time.Duration(open)) })
			}
			running.Wait()
			stop()
			took := time.Since(began)
			share := func(spent time.Duration) float64 { return 100 * float64(spent) / float64(took) }
			spent := threads() - pages
			t.Logf("| %s | %d open | pages %.2f %% of a core | all of the database %.1f %% |", path, open, share(spent), share(server()-all))
			if open > 0 && float64(spent) > mostOfACore*float64(took)*float64(open) {
				t.Errorf("%d of %s: %v in %v, want a hundredth for each at most", open, path, spent, took)
			}
		}
	}
}

// keepOpen fetches a page as pages.js does.
func keepOpen(ctx context.Context, t *testing.T, v *visitor, path string, after time.Duration) {
	first := time.NewTimer(after)
	defer first.Stop()
	select {
	case <-first.C:
	case <-ctx.Done():
		return
	}
	again := time.NewTicker(liveEvery)
	defer again.Stop()
	for {
		if _, status := v.get(path); status != http.StatusOK {
			t.Errorf("GET %s: %d", path, status)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// pushSteadily announces and records pushes of orders that are known.
func pushSteadily(ctx context.Context, t *testing.T, st *store.Store) {
	ticker := time.NewTicker(time.Second / livePushes)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		err := pushOnce(ctx, st, strconv.Itoa(20000000000+1+i%100_000))
		if err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
			return
		}
	}
}

func pushOnce(ctx context.Context, st *store.Store, id string) error {
	order, err := st.LoadOrder(ctx, id)
	if err != nil {
		return err
	}
	now := st.Clock()
	seq, err := st.BeginPush(ctx, store.Begin{
		OrderID: id, OrderNo: order.Order.OrderNo, Seq: order.State.Seq, System: order.System, Decided: order.State.System != "",
		Exists: order.State.OrderID != "", Open: order.State.Open, UpdateTime: now.UnixMilli(), At: now, DueAt: now.Add(time.Minute), StaleAfter: time.Minute,
	})
	if err != nil {
		return err
	}
	_, err = st.RecordPush(ctx, store.Push{
		OrderID: id, OrderNo: order.Order.OrderNo, Seq: seq, Cause: "paid", TaskID: "push:" + id + ":1", Attempt: 1, At: now, Outcome: store.Pushed,
		ShopStatus: "1", Status: 1, Digest: "0123456789abcdef0123456789abcdef", LogID: "20260301080000010000000000000000AB", HTTPStatus: 200, Duration: 50 * time.Millisecond,
	})
	return err
}

// pageConnections is how many connections the pages have.
const pageConnections = 8

// threadsOf tells the processor time of the server's threads that the connections of a pool have. It
// keeps n connections open, and no others: each has one thread. The server is a MariaDB.
func threadsOf(t *testing.T, db *gorm.DB, n int) func() time.Duration {
	t.Helper()
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxLifetime(0)
	pool.SetConnMaxIdleTime(0)
	ids, open := make([]string, n), make([]*sql.Conn, n)
	for i := range ids {
		if open[i], err = pool.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := open[i].QueryRowContext(t.Context(), "SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()").Scan(&ids[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range open {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	server := serverPID(t, db)
	return func() (sum time.Duration) {
		for _, id := range ids {
			spent, alive := threadTime(t, "/proc/"+server+"/task/"+id+"/schedstat")
			if !alive {
				t.Fatal("a connection of the pages was closed meanwhile")
			}
			sum += spent
		}
		return sum
	}
}
