package journeys

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
)

const (
	tripOrders  = 200
	tripRefunds = 5 // of the first orders over HTTP, and one more through the inbox
)

const tripConfig = `
mysql: { dsn: "%s" }
redis: %s
douyin:
  app_id: tt-trip
  secret: "` + canary + `-secret"
  salt: "` + canary + `-salt"
  callback_token: "` + canary + `-token"
  rate_limit: 1000
  timeout: 2s
  base_url: "%s"
worker: { concurrency: 50 }
scheduler: { sweep_every: 1s, sweep_after: 2s }
gateway: { addr: "127.0.0.1:0", tokens: ["` + shopToken + `"] }
admin: { addr: "127.0.0.1:0" }
log: { format: json }
` + shopConfig

// TestEveryTopologyOfRedis drives everything that uses Redis over Redis as it is run in production: orders through the gateway,
// the outbox, the inbox and the sweep, refunds, the operators' port, metrics and doctor. Where redis-server is not installed there
// is nothing to try: ORDERSYNC_TEST_SERVERS=required says so.
func TestEveryTopologyOfRedis(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	for _, topology := range []struct {
		name string
		road func(t *testing.T) *road
	}{
		{"TLS with certificates on both sides", tlsRoad},
		{"sentinels, and the master is killed", sentinelRoad},
		{"a cluster with users", clusterRoad},
		{"users", aclRoad},
	} {
		t.Run(topology.name, func(t *testing.T) {
			if r := topology.road(t); r != nil {
				newTrip(t, r).travel()
			}
		})
	}
}

// trip is a stack on such a Redis.
type trip struct {
	*stack
	road     *road
	bank     *simulator.Server
	operator *http.Client // signed in
	port     string       // http://host:port of the operators' port
}

func newTrip(t *testing.T, r *road) *trip {
	t.Helper()
	s := &trip{road: r, stack: &stack{t: t, rdb: r.admin, position: time.Now()}}
	s.bank = simulator.New(simulator.Config{AppID: "tt-trip", Secret: canary + "-secret", Salt: canary + "-salt", ResultDelay: 100 * time.Millisecond})
	douyin := httptest.NewServer(s.bank)
	t.Cleanup(douyin.Close)
	t.Cleanup(func() { _ = s.bank.Close() }) // before its server: it ends what hangs
	s.douyin = &running{addr: strings.TrimPrefix(douyin.URL, "http://")}

	dsn := servertest.MySQLDSN(t)
	db, sqlite := openDatabase(t, dsn)
	s.shop, s.launch = newTrades(t, db), standIn(t, "short", sqlite)
	if sqlite != "" {
		dsn = noDSN
	}
	file := filepath.Join(t.TempDir(), "ordersync.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, tripConfig, dsn, r.yaml, douyin.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ = append(plainEnviron(), "ORDERSYNC_CONFIG="+file, "ORDERSYNC_ADMIN__USERS="+s.alice())
	s.migrate()
	s.shop.exec(t, "CREATE INDEX tp_trade_out_no ON tp_trade (out_no)")
	return s
}
