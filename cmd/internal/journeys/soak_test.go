package journeys

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
)

const (
	// soakUsual is how many refunds, and how many settlements, fit into CI: about 80 s on two cores, most of it the minute after which
	// asynq gives up a killed worker's task. ORDERSYNC_SOAK asks for others: 2,000 take a quarter of an hour (go test -timeout 30m).
	soakUsual = 120
	soakLeast = 24
	soakLong  = 1000
	// soakTills is how many customers the gateway serves at once.
	soakTills   = 12
	soakWorkers = 3
	killEvery   = 2 * time.Second
	leastKills  = 6
)

const soakConfig = `
mysql: { dsn: "%s" }
redis: { uri: "redis://%s/0" }
douyin:
  app_id: ttsoak
  secret: "` + canary + `-secret"
  salt: "` + canary + `-salt"
  callback_token: "` + canary + `-token"
  rate_limit: 0
  timeout: 1s
  base_url: "%s"
  notify_url: "%s"
settle: { after: 0s }
callbacks: { forward_url: "%s" }
worker: { concurrency: 15 }
scheduler: { sweep_every: 1s, sweep_after: 2s }
gateway: { addr: "127.0.0.1:0", tokens: ["` + shopToken + `"] }
admin: { addr: "127.0.0.1:0" }
log: { format: json }
` + shopConfig

// soak is a stack with money in it.
type soak struct {
	*stack
	wishes
	n       int               // refunds, and settlements, that the customers want
	bank    *simulator.Server // Douyin, in this process
	post    postOffice        // between Douyin and the gateway
	handler shopHandler       // behind callbacks.forward_url
	clock   *running          // the scheduler
	workers []*running
	kills   int
	url     string // of Douyin

	tills   chan struct{}
	waiting atomic.Int64 // customers that are not done

	modernBank *modernBank     // orders of trade beside those of ecpay; nil: none
	again      map[string]bool // instructions that the clerk has asked for again
}

// TestMoneyMovesOnceWhateverHappens is issue 3's "Shown by": refunds and settlements over HTTP, carried out by processes of their own
// that are killed with -9 every few seconds, against a Douyin in a storm: about every second call fails in one of the ways there are,
// many of them after it took effect, tokens are revoked, callbacks are lost, doubled, early and late, and some refunds and settlements
// fail after they were accepted. In the end every amount has moved exactly once.
func TestMoneyMovesOnceWhateverHappens(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	s := newSoak(t, soakCount(t))
	orders := (s.n*soakKinds + 7) / 8
	ctx, cancel := context.WithTimeout(t.Context(), patience+time.Duration(s.n)*500*time.Millisecond)
	defer cancel()
	started := time.Now()
	s.sellAll(orders)
	if err := s.bank.SetFaults(weather(s.number(failsOnce), s.number(failsForGood))); err != nil {
		t.Fatal(err)
	}
	s.serve()
	s.report("%d orders are sold; gateway, scheduler and %d workers run", orders, max(1, len(s.workers)))
	for id := range s.shop.state {
		s.customer(func() error { return s.trade(ctx, id) })
	}
	s.killThemAll(ctx, s.n) // half of the money
	s.report("%d processes were killed; %d instructions have ended", s.kills, s.moved())
	s.forge()
	s.awaitEnd(ctx)
	s.report("nothing is open any more")

	s.checkMoney(ctx)
	s.checkPayments()
	s.checkQueues()
	s.checkLogs()
	s.tellStory(time.Since(started))
}

// customer runs f beside the test.
func (s *soak) customer(f func() error) {
	s.waiting.Add(1)
	go func() {
		defer s.waiting.Add(-1)
		if err := f(); err != nil && s.t.Context().Err() == nil {
			s.t.Error(err)
		}
	}()
}

// killThemAll kills one process after the other until so many instructions have ended.
func (s *soak) killThemAll(ctx context.Context, ended int) {
	s.t.Helper()
	bell := time.NewTicker(killEvery)
	defer bell.Stop()
	for s.kills < leastKills || s.moved() < ended {
		select {
		case <-bell.C:
			s.killOne()
		case <-ctx.Done():
			s.t.Fatalf("after %d kills only %d instructions have ended", s.kills, s.moved())
		}
	}
}

// tellStory logs what the stack went through.
func (s *soak) tellStory(took time.Duration) {
	s.t.Helper()
	calls, faults := 0, map[simulator.Kind]int{}
	total := 0
	for _, c := range s.bank.Stats().Calls {
		calls += int(c.OK)
		for kind, n := range c.Faults {
			faults[kind] += int(n)
			total += int(n)
		}
	}
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		list = append(list, fmt.Sprintf("%s %d", kind, faults[kind]))
	}
	letters := s.post.letters()
	s.t.Logf("%v: %d calls took effect, %d faults (%s); %d kills; %d callbacks in %d deliveries, the shop's handler failed %d times at first",
		took.Round(time.Second), calls, total, strings.Join(list, ", "), s.kills, len(letters), s.post.deliveries(), s.handler.failures())
}

func newSoak(t *testing.T, n int) *soak {
	t.Helper()
	s := &soak{
		n: n, handler: shopHandler{badStart: n}, tills: make(chan struct{}, soakTills), again: map[string]bool{},
		wishes: wishes{refunds: map[string]int{}, settlements: map[string]int{}, refused: map[string]bool{}},
		stack:  &stack{t: t, redis: servertest.StartRedis(t), mysql: servertest.StartMySQL(t), position: time.Now()},
	}
	s.rdb = s.redis.Client(t)
	s.post.gateway = func() string { return s.app.Load().addr }
	notify, handler := httptest.NewServer(&s.post), httptest.NewServer(&s.handler)
	t.Cleanup(notify.Close)
	t.Cleanup(handler.Close)
	s.bank = simulator.New(simulator.Config{
		AppID: "ttsoak", Secret: canary + "-secret", Salt: canary + "-salt", CallbackToken: canary + "-token",
		NotifyURL: notify.URL, ResultDelay: 200 * time.Millisecond, RedeliveryScale: 0.02,
	})
	douyin := httptest.NewServer(s.bank)
	t.Cleanup(douyin.Close)
	t.Cleanup(func() { _ = s.bank.Close() }) // before its server: it ends what hangs

	var dsn string
	if s.mysql != nil {
		dsn = s.mysql.NewDatabase(t)
	}
	db, sqlite := openDatabase(t, dsn)
	s.shop, s.launch = newTrades(t, db), standIn(t, "short", sqlite)
	if sqlite != "" {
		dsn = noDSN
	}
	file := filepath.Join(t.TempDir(), "ordersync.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, soakConfig, dsn, s.redis.Addr, douyin.URL, notify.URL, handler.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ, s.url = append(plainEnviron(), "ORDERSYNC_CONFIG="+file), douyin.URL
	s.migrate()
	return s
}

// soakCount is ORDERSYNC_SOAK, or what fits into CI.
func soakCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ORDERSYNC_SOAK")
	if text == "" {
		return soakUsual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < soakLeast {
		t.Fatalf("ORDERSYNC_SOAK=%s: want a number, at least %d", text, soakLeast)
	}
	return n
}
