package probe_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/probe"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// A Redis that answers every ping and takes nothing looked well.
func TestARedisThatRefusesWritesIsNotReady(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	server := servertest.StartRedis(t, "--dir", dir)
	if server.IsMiniredis() {
		return // it has neither memory's limit nor replicas; ORDERSYNC_TEST_SERVERS=required says so
	}
	rdb := server.Client(t)
	set := func(parameter, value string) {
		t.Helper()
		if err := rdb.ConfigSet(t.Context(), parameter, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	well := func() {
		t.Helper()
		if err := probe.Redis(t.Context(), rdb); err != nil {
			t.Fatalf("a well Redis: %v", err)
		}
	}
	refuses := func(why string) {
		t.Helper()
		if err := rdb.Ping(
			t.Context(),
		).Err(); err != nil &&
			why != "MISCONF" { // since Redis 7 it refuses a ping then, too
			t.Fatalf("the ping fails: %v", err)
		}
		if err := probe.Redis(
			t.Context(),
			rdb,
		); err == nil ||
			!strings.HasPrefix(err.Error(), why) {
			t.Errorf("the probe says %v, want %s", err, why)
		}
	}
	well()
	set("maxmemory", "1")
	refuses("OOM")
	set("maxmemory", "0")
	well()

	// A save that fails makes Redis refuse writes: its folder is gone.
	set("save", "3600 1")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	_ = rdb.Do(t.Context(), "BGSAVE").Err()
	for rdb.InfoMap(t.Context(), "persistence").Val()["Persistence"]["rdb_last_bgsave_status"] != "err" {
		if t.Context().Err() != nil {
			t.Fatal("the save does not fail")
		}
	}
	refuses("MISCONF")
	set("save", "")
	well()

	if err := rdb.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	refuses("READONLY")
}

// In a cluster each queue lies on one node.
func TestEachQueuesNodeIsAsked(t *testing.T) {
	t.Parallel()
	c := servertest.StartCluster(t)
	if c == nil {
		return // likewise
	}
	rdb := c.Client(t)
	if err := probe.Redis(t.Context(), rdb); err != nil {
		t.Fatal(err)
	}
	full := 0
	for _, node := range c.Nodes(t) {
		if node.DBSize(t.Context()).Val() == 0 {
			continue // no queue lies there
		}
		full++
		set := func(bytes string) {
			if err := node.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set("1")
		if err := probe.Redis(t.Context(), rdb); !redis.HasErrorPrefix(err, "OOM") {
			t.Errorf("with %s full the probe says %v", node.Options().Addr, err)
		}
		set("0")
	}
	if full < 2 {
		t.Errorf("the probe wrote to %d nodes", full)
	}
}

func TestReadyNamesTheServerAndAsksSeldom(t *testing.T) {
	t.Parallel()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		st, err := store.New(db, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		var asked atomic.Int32
		now := time.Now()
		ready := &probe.Ready{
			Redis: func(context.Context) error { return nil }, Now: func() time.Time { return now },
			MySQL: func(ctx context.Context) error { asked.Add(1); return st.ProbeWrite(ctx) },
		}
		want := func(text string, questions int32) {
			t.Helper()
			for range 50 {
				err := ready.Check(t.Context())
				if text == "" && err != nil ||
					text != "" && (err == nil || !strings.HasPrefix(err.Error(), text)) {
					t.Fatalf("Check says %v, want %q", err, text)
				}
			}
			if n := asked.Load(); n != questions {
				t.Errorf("MySQL was asked %d times, want %d", n, questions)
			}
		}
		want("mysql: lacks our tables", 1)
		if _, err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("mysql: lacks our tables", 1)
		now = now.Add(time.Second)
		want("", 2)
		if err := db.Exec("DROP TABLE ordersync_refund").Error; err != nil {
			t.Fatal(err)
		}
		now = now.Add(4 * time.Second)
		want("", 2)
		now = now.Add(time.Second)
		want("mysql: lacks our tables: our tables are not there: ordersync_refund", 3)
	})
}

// A frozen server answers nothing, whatever its driver makes of a context.
func TestAServerThatAnswersNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	defer close(never)
	stuck := func(context.Context) error { <-never; return nil }
	ready := &probe.Ready{
		Redis: stuck,
		MySQL: func(context.Context) error { return nil },
		Now:   time.Now,
	}
	var bad *probe.Error
	if err := ready.Check(
		t.Context(),
	); !errors.As(err, &bad) || bad.What != "redis" ||
		bad.Says != "does not answer" {
		t.Errorf("Check says %v", err)
	}
}

// Whoever reads /readyz mends both at once.
func TestAllThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	ready := &probe.Ready{
		Redis: func(context.Context) error { return errors.New("dial tcp: connection refused") },
		MySQL: func(context.Context) error { return &store.TablesError{Pending: []string{"0001_orders.sql"}} },
		Now:   time.Now,
	}
	var bad *probe.NotReadyError
	if err := ready.Check(t.Context()); !errors.As(err, &bad) {
		t.Fatalf("Check says %v", err)
	}
	if got, want := strings.Join(bad.Missing(), "; "), "mysql lacks our tables; redis does not answer"; got != want {
		t.Errorf("missing %q, want %q", got, want)
	}
	const text = "mysql: lacks our tables: our tables (ordersync_…) are not up to date: 0001_orders.sql waits; redis: does not answer: dial tcp: connection refused"
	if bad.Error() != text {
		t.Errorf("the log reads %q, want %q", bad.Error(), text)
	}
}
