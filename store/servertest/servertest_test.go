package servertest_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db) // would fail on the second run in a shared one
		if err := db.Exec("INSERT INTO course (id, name) VALUES (1, ?)", "抖音课程 😀").Error; err != nil {
			t.Fatal(err)
		}
		var name string
		if err := db.Raw("SELECT name FROM course").Row().Scan(&name); err != nil || name != "抖音课程 😀" {
			t.Fatalf("read %q, %v", name, err)
		}
	})
}

func TestEachTestHasARedisOfItsOwn(t *testing.T) {
	for range 2 {
		servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
			if n := rdb.DBSize(t.Context()).Val(); n != 0 {
				t.Fatalf("%d keys in a fresh database", n)
			}
			if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestWhatRedisAcknowledgedSurvivesKill(t *testing.T) {
	r := servertest.StartRedis(t)
	rdb := r.Client(t)
	if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Kill()
	if err := rdb.Get(t.Context(), "k").Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	r.Restart(t)
	if v, err := rdb.Get(t.Context(), "k").Result(); err != nil || v != "v" {
		t.Fatalf("after restart: %q, %v", v, err)
	}
}

func TestWhatMariaDBCommittedSurvivesKill(t *testing.T) {
	m := servertest.StartMySQL(t)
	if m == nil {
		return // EachDB and ORDERSYNC_TEST_SERVERS=required say so
	}
	db, err := store.Open(m.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLE a (n INT PRIMARY KEY)", "INSERT INTO a VALUES (7)"} {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	m.Kill()
	m.Restart(t)
	var n int
	if err := db.Raw("SELECT n FROM a").Row().Scan(&n); err != nil || n != 7 {
		t.Fatalf("after restart: %d, %v", n, err)
	}
}

// The child is this test binary again: it starts a server, prints its process id and ends without any clean-up.
func TestAServerDiesWithItsTestProcess(t *testing.T) {
	if os.Getenv("SERVERTEST_CHILD") == "1" {
		if m := servertest.StartMySQL(t); m != nil {
			_, _ = os.Stdout.WriteString("pid=" + strconv.Itoa(m.Pid()) + "\n")
		}
		os.Exit(3)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestAServerDiesWithItsTestProcess$")
	child.Env = append(os.Environ(), "SERVERTEST_CHILD=1")
	out, _ := child.Output()
	_, after, ok := strings.Cut(string(out), "pid=")
	if !ok {
		return // no mariadbd here
	}
	pid := strings.TrimSpace(strings.SplitN(after, "\n", 2)[0])
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err != nil || len(status) == 0 { // gone, or a zombie that nobody reads
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("server %s outlived its test process", pid)
		}
	}
}
