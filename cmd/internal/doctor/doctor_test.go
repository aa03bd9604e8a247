package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

type info string

func (i info) Info(context.Context, ...string) *redis.StringCmd {
	return redis.NewStringResult(string(i), nil)
}

const good = "# Server\r\nredis_version:7.0.15\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n"

func TestRedis(t *testing.T) {
	tests := []struct {
		name, from, to string
		want           string // of the one line that is not ok
	}{
		{"old", "7.0.15", "6.0.16", `FAIL  redis: version "6.0.16". Cure: use Redis 6.2 or newer`},
		{"no version", "redis_version", "x", `FAIL  redis: version ""`},
		{"no persistence", "aof_enabled:1", "aof_enabled:0", "warn  redis: append-only file is off"},
		{"evicts", "maxmemory:0\r\nmaxmemory_policy:noeviction", "maxmemory:100\r\nmaxmemory_policy:allkeys-lru", "FAIL  redis: evicts (allkeys-lru) when memory is full"},
		{"would evict", "noeviction", "allkeys-lru", "warn  redis: evicts (allkeys-lru) as soon as somebody sets maxmemory"},
		{"silent", "maxmemory_policy", "x", "warn  redis: says nothing of its eviction policy"},
	}
	for _, r := range Redis(t.Context(), info(good)) {
		if r.Level != OK || r.Cure != "" {
			t.Errorf("a good Redis: %v", r)
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var bad []string
			for _, r := range Redis(t.Context(), info(strings.Replace(good, tt.from, tt.to, 1))) {
				if r.Level != OK {
					bad = append(bad, r.String())
				}
			}
			if len(bad) != 1 || !strings.HasPrefix(bad[0], tt.want) {
				t.Errorf("got %q, want one line that begins %q", bad, tt.want)
			}
		})
	}
}

func TestARealRedisAnswersAndADeadOneIsOneLine(t *testing.T) {
	rdb := servertest.Redis(t)
	if got := Redis(t.Context(), rdb); len(got) != 3 {
		t.Errorf("results = %v, want three lines", got)
	}
	dead := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer func() { _ = dead.Close() }()
	if got := Redis(t.Context(), dead); len(got) != 1 || got[0].Level != Failure || got[0].Cure == "" {
		t.Errorf("a dead Redis: %v, want one failure with a cure", got)
	}
}

func TestEveryMasterOfAClusterIsLookedAt(t *testing.T) {
	c := servertest.StartCluster(t)
	if c == nil {
		return // ORDERSYNC_TEST_SERVERS=required says so
	}
	if err := c.Nodes(t)[1].ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
		t.Fatal(err)
	}
	got := Redis(t.Context(), c.Client(t))
	if len(got) != 9 {
		t.Fatalf("%d lines, want three for each node: %v", len(got), got)
	}
	if bad := slices.DeleteFunc(got, func(r Result) bool { return r.Level == OK }); len(bad) != 1 || !strings.Contains(bad[0].Found, "evicts (allkeys-lru)") ||
		!strings.Contains(bad[0].Found, c.Addrs[1]) {
		t.Errorf("found %v, want the node that evicts", bad)
	}
}

func TestARedisThatRefusesIsToldByItsReason(t *testing.T) {
	s, _ := servertest.StartTLSRedis(t)
	if s == nil {
		return // likewise
	}
	admin := s.Client(t)
	if err := admin.Do(t.Context(), "ACL", "SETUSER", "narrow", "on", ">pw", "~*", "-@all", "+ping").Err(); err != nil {
		t.Fatal(err)
	}
	connect := func(change func(*redis.Options)) *redis.Client {
		o := *admin.Options()
		o.MaxRetries, o.DialerRetries, o.DisableIdentity, o.Dialer = -1, 1, true, nil
		change(&o)
		rdb := redis.NewClient(&o)
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	for name, tt := range map[string]struct {
		rdb  *redis.Client
		cure string
	}{
		"a user without rights": {connect(func(o *redis.Options) { o.Username, o.Password = "narrow", "pw" }), "configs/redis/users.conf"},
		"a wrong password":      {connect(func(o *redis.Options) { o.Username, o.Password = "narrow", "no" }), "redis.password"},
		"an unknown authority":  {connect(func(o *redis.Options) { o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} }), "redis.ca_file"},
	} {
		got := Redis(t.Context(), tt.rdb)
		if len(got) != 1 || got[0].Level != Failure || !strings.Contains(got[0].Cure, tt.cure) {
			t.Errorf("%s: %v, want a cure with %q", name, got, tt.cure)
		}
	}
}

type findings []store.Finding

func (f findings) CheckShop(context.Context) []store.Finding { return f }

func TestDatabaseFindingsKeepTheirCure(t *testing.T) {
	got := Database(t.Context(), findings{{OK: true, What: "MySQL 8"}, {What: "no table", Cure: "make it"}})
	if len(got) != 2 || got[0].String() != "ok    mysql: MySQL 8" || got[1].String() != "FAIL  mysql: no table. Cure: make it" {
		t.Errorf("results = %v", got)
	}
}

func TestATokenThatRedisHoldsBackIsNotDouyinsFault(t *testing.T) {
	t.Parallel()
	err := &douyin.Error{Op: douyin.OpTokenCache, Kind: douyin.Unavailable, Err: errors.New("connection refused")}
	got := Douyin(t.Context(), configs.Douyin{BaseURL: "https://d.example", Salt: "s", CallbackToken: "c"}, tokens{err: err}, unknown)
	if len(got) != 2 || got[0].Level != Failure || !strings.Contains(got[0].Cure, "Redis") || strings.Contains(got[0].Cure, "secret") {
		t.Errorf("%+v", got)
	}
}

// A full Redis answers INFO, and doctor found nothing wrong with it.
func TestARedisThatTakesNothing(t *testing.T) {
	server := servertest.StartRedis(t)
	if server.IsMiniredis() {
		return // it knows no limit; ORDERSYNC_TEST_SERVERS=required says so
	}
	rdb := server.Client(t)
	if got := RedisWrites(t.Context(), rdb); len(got) != 1 || got[0].Level != OK {
		t.Errorf("a well Redis: %v", got)
	}
	if err := rdb.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if got := RedisWrites(t.Context(), rdb); len(got) != 1 || got[0].Level != Failure || !strings.Contains(got[0].Cure, "maxmemory") {
		t.Errorf("a full Redis: %v", got)
	}
}

// A proxy in front of a port without tokens opens the money API: doctor says so before anybody finds it.
func TestGateway(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*configs.Config)
		want   []string
	}{
		"a shop that only pushes": {func(*configs.Config) {}, nil},
		"callbacks, no tokens": {func(c *configs.Config) { c.Douyin.CallbackToken = "canary" }, []string{
			"warn  gateway: /v1 is refused: gateway.tokens is empty, and douyin.callback_token is set. Cure: set gateway.tokens",
			"warn  gateway: Douyin calls back to the port of the API, 127.0.0.1:8080. Cure: set gateway.callback_addr",
		}},
		"an address to call back, no tokens": {func(c *configs.Config) { c.Douyin.NotifyURL = "https://a.example/callbacks/douyin" }, []string{
			"warn  gateway: /v1 is refused: gateway.tokens is empty, and douyin.notify_url is set.",
			"warn  gateway: Douyin calls back to the port of the API",
		}},
		"a port and tokens": {func(c *configs.Config) {
			c.Douyin.CallbackToken, c.Gateway.CallbackAddr = "canary", "127.0.0.1:8090"
			c.Gateway.Tokens = []configs.Secret{"canary"}
		}, []string{"ok    gateway: callbacks have a port of their own, 127.0.0.1:8090"}},
		"a port, no tokens": {func(c *configs.Config) { c.Gateway.CallbackAddr = ":8090" }, []string{
			"warn  gateway: /v1 is refused: gateway.tokens is empty, and gateway.callback_addr is set.",
			"ok    gateway: callbacks have a port of their own, :8090",
		}},
	} {
		cfg := configs.Default()
		tt.change(cfg)
		got := Gateway(cfg)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %d lines", name, got, len(tt.want))
			continue
		}
		for i, r := range got {
			if !strings.HasPrefix(r.String(), tt.want[i]) || strings.Contains(r.String(), "canary") {
				t.Errorf("%s: %q, want %q", name, r, tt.want[i])
			}
		}
	}
}

func TestARefusedSelectIsSaidOnce(t *testing.T) {
	const cause = "store: shop.sql.order: the database refuses it"
	results := []Result{
		ok("config", "fits"), fail("mysql", "shop.sql: "+cause, "correct it"), warn("orders", "the newest orders could not be previewed: "+cause, "mend it"),
		fail("clock", "the shop's times: "+cause, "mend it"), warn("orders", "the newest orders could not be previewed: refused", "mend it"),
	}
	if got := Once(results); !slices.Equal(got, []Result{results[0], results[1], results[4]}) {
		t.Errorf("%v", got)
	}
}

type heldMoney []store.HeldMoney

func (h heldMoney) HeldMoney(context.Context) ([]store.HeldMoney, error) { return h, nil }

// A token that was replaced a moment ago was said to be a wrong salt.
func TestWhatHoldsMoneyUpIsToldByItsNumber(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]struct {
		level Level
		says  string
	}{
		2008: {Failure, "douyin.salt"}, 0: {Failure, "douyin.salt"}, 28001003: {Warning, "Douyin refuses the token"}, 2190008: {Warning, "go on by themselves"},
		11006: {Failure, "open the capability"}, 10013: {Failure, "douyin.app_id and douyin.secret"},
	} {
		got := Money(t.Context(), heldMoney{{Money: store.Refund, Code: code, Message: "words", Backlog: store.Backlog{Count: 3}}}, time.UTC)
		if len(got) != 1 || got[0].Level != want.level || !strings.Contains(got[0].String(), want.says) || code != 2008 && code != 0 && strings.Contains(got[0].String(), "salt") {
			t.Errorf("%d: %v, want level %v with %q", code, got, want.level, want.says)
		}
	}
}

// The bug: "is mysql.dsn meant?. Cure: …", and "？。处理：…".
func TestALineHasOneEndBeforeItsCure(t *testing.T) {
	for found, want := range map[string]string{"it is so": "c: it is so. Cure: x", "it is so.": "c: it is so. Cure: x", "is it so?": "c: is it so? Cure: x"} {
		if got := (Result{Check: "c", Found: found, Cure: "x"}).Line(); got != want {
			t.Errorf("%q: %q, want %q", found, got, want)
		}
	}
	for _, end := range []string{"。", "？", "?"} {
		if got := ended("如此"+end, "。"); got != "如此"+end {
			t.Error(got)
		}
	}
	if got := ended("如此", "。"); got != "如此。" {
		t.Error(got)
	}
}
