package journeys

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

const (
	// patience bounds every single wait. It is for machines that are busy with other things; nothing here takes a quarter of it.
	patience = 4 * time.Minute
	// often is how often the tests look.
	often = 50 * time.Millisecond
)

// stack is one shop with all that belongs to it: its database, Redis, Douyin's stand-in, and ordersync.
type stack struct {
	t        *testing.T
	launch   *binary
	environ  []string
	redis    *servertest.RedisServer
	rdb      redis.UniversalClient
	mysql    *servertest.MySQLServer // nil where mariadbd is not installed
	shop     *trades
	douyin   *running
	app      atomic.Pointer[running]
	logs     []*journal
	position time.Time // of report
}

// canary is in every secret: it must not be seen in a log.
const canary = "canary-0123456789abcdef"

const e2eConfig = `
mysql: { dsn: "%s" }
redis: { uri: "redis://%s/0" }
douyin:
  app_id: tt-e2e
  secret: "` + canary + `"
  rate_limit: 0
  timeout: %s
  base_url: "%s"
worker: { concurrency: 50, prefetch: 20 }
scheduler: { sweep_every: 1s, sweep_after: 2s }
gateway: { addr: "127.0.0.1:0" }
admin: { addr: "127.0.0.1:0" }
log: { format: json }
` + shopConfig

// noDSN is for processes that are handed their database.
const noDSN = "nobody@tcp(127.0.0.1:1)/nothing"

// openDatabase is the database at dsn, or a file of SQLite that sqlite names where dsn is empty.
func openDatabase(t *testing.T, dsn string) (db *gorm.DB, sqlite string) {
	t.Helper()
	if dsn == "" {
		return servertest.SQLiteFile(t)
	}
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return db, ""
}

// newStack starts the servers and the simulator and migrates.
func newStack(t *testing.T, timeout time.Duration) *stack {
	t.Helper()
	return newStackOn(t, timeout, servertest.StartMySQL(t))
}

// newStackOn is newStack on a server of the caller's; nil where mariadbd is not installed.
func newStackOn(t *testing.T, timeout time.Duration, mysql *servertest.MySQLServer) *stack {
	t.Helper()
	s := &stack{t: t, environ: plainEnviron(), redis: servertest.StartRedis(t), mysql: mysql}
	s.rdb = s.redis.Client(t)
	var dsn string
	if s.mysql != nil {
		dsn = s.mysql.NewDatabase(t)
	}
	db, sqlite := openDatabase(t, dsn)
	s.shop = newTrades(t, db)
	if sqlite == "" {
		s.launch = product(t)
	} else {
		s.launch, dsn = standIn(t, "usual", sqlite), noDSN
	}
	s.configure(dsn, timeout, "http://127.0.0.1:1")
	s.douyin = s.start("simulator", "--addr", "127.0.0.1:0")
	s.configure(dsn, timeout, "http://"+s.douyin.addr)
	s.migrate()
	s.position = time.Now()
	return s
}

// configure writes the file that all commands read.
func (s *stack) configure(dsn string, timeout time.Duration, douyin string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "ordersync.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, e2eConfig, dsn, s.redis.Addr, timeout, douyin), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.environ = append(plainEnviron(), "ORDERSYNC_CONFIG="+file)
}

func (s *stack) migrate() {
	s.t.Helper()
	if out, errOut, err := s.launch.command(s.t, s.environ, "", "migrate"); err != nil || !strings.Contains(out, "applied 0001") {
		s.t.Fatalf("ordersync migrate: %v\n%s%s", err, out, errOut)
	}
}

// start starts a command that serves.
func (s *stack) start(args ...string) *running {
	s.t.Helper()
	return s.begin(args...).listens(s.t, args)
}

// begin starts a command that comes to an end by itself.
func (s *stack) begin(args ...string) *running {
	s.t.Helper()
	r := s.launch.start(s.t, s.environ, args...)
	s.logs = append(s.logs, r.log)
	return r
}

// run starts `ordersync run`, for the first time or again.
func (s *stack) run() {
	s.t.Helper()
	s.app.Store(s.start("run"))
}

// report says how long the part of the story that ends now took.
func (s *stack) report(format string, args ...any) {
	s.t.Helper()
	s.t.Logf("%6.1f s  %s", time.Since(s.position).Seconds(), fmt.Sprintf(format, args...))
	s.position = time.Now()
}

// await looks often until look says that it is so, and fails the test when that takes too long or can never be.
func (s *stack) await(what string, look func(context.Context) (done bool, found string, err error)) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	bell := time.NewTicker(often)
	defer bell.Stop()
	last := "nothing"
	for {
		done, found, err := look(ctx)
		switch {
		case err == nil && done:
			return
		case err == nil:
			last = found
		case ctx.Err() == nil: // else it says only that the time is over
			last = err.Error()
		}
		select {
		case <-bell.C:
		case <-ctx.Done():
			s.t.Fatalf("%s: not within %v; last seen: %s", what, patience, last)
		}
	}
}

// awaitLine waits for a line in the log of the present `ordersync run`.
func (s *stack) awaitLine(what string, match func(logLine) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if _, err := s.app.Load().log.await(ctx, match); err != nil {
		s.t.Fatalf("%s: not within %v", what, patience)
	}
}

// checkLogs holds every log against what must never stand in one.
func (s *stack) checkLogs() {
	s.t.Helper()
	for _, l := range s.logs {
		text := l.String()
		for _, never := range []string{canary, openIDMark, "panic"} {
			if strings.Contains(text, never) {
				s.t.Errorf("a log has %q", never)
			}
		}
	}
}

// orderCount is ORDERSYNC_E2E_ORDERS, or what a slow machine does in a minute and a half with the race detector.
func orderCount(t *testing.T) int {
	t.Helper()
	const usual, least = 1000, 400
	text := os.Getenv("ORDERSYNC_E2E_ORDERS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		t.Fatalf("ORDERSYNC_E2E_ORDERS=%s: want a number, at least %d", text, least)
	}
	return n
}
