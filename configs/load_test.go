package configs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustLoad(t *testing.T, yaml string, environ ...string) *Config {
	t.Helper()
	c, err := Load(file(t, yaml), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmptyIsDefault(t *testing.T) {
	for name, content := range map[string]string{"no text": "", "comment": "# nothing\n", "null": "~\n", "empty groups": "mysql:\nshop:\n  status:\n"} {
		c := mustLoad(t, content)
		c.from = nil
		if want := Default(); !reflect.DeepEqual(c, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, c, want)
		}
	}
}

func TestExampleListsEveryKeyWithItsDefaultAndMeaning(t *testing.T) {
	const example = "ordersync.example.yaml"
	c, err := Load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	listed := c.from
	c.from = nil
	want := Default()
	want.Redis.ClusterAddrs, want.Douyin.CallbackTokensOld, want.Gateway.Tokens = []string{}, []Secret{}, []Secret{}
	want.Douyin.Codes, want.Shop.Filter, want.Admin.Users, want.Trace.Headers = map[int]string{}, map[string]Values{}, map[string]Secret{}, map[string]Secret{}
	want.Douyin.Trade.PlatformKeysOld, want.Douyin.Trade.Fulfil, want.Shop.Trade = []Secret{}, map[string]string{}, map[string]Values{}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the example's values are not the defaults:\n got %+v\nwant %+v", c, want)
	}
	for _, k := range c.keys() {
		if _, ok := listed[k.path]; !ok {
			t.Errorf("%s is not in the example", k.path)
		}
	}

	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	leaf := regexp.MustCompile(`^\s*[a-z_]+: \S`)
	for i, line := range strings.Split(string(data), "\n") {
		if leaf.MatchString(line) && !strings.Contains(line, " # ") {
			t.Errorf("line %d has a key without its meaning: %s", i+1, line)
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	const yaml = `
worker: {concurrency: 10, gather: 5ms}
gateway: {tokens: [file-token-0123456789]}
shop:
  status: {1: paid, 2: refunded}
  columns: {status: state}
douyin: {app_id: tt1, secret: of-the-file}
`
	secret := file(t, "of-the-env\r\n")
	c := mustLoad(t, yaml,
		"ORDERSYNC_WORKER__CONCURRENCY=20", "ORDERSYNC_GATEWAY__TOKENS=env-token-0123456789, two-token-0123456789",
		"ORDERSYNC_SHOP__STATUS__3=cancelled", "ORDERSYNC_SHOP__COLUMNS__STATUS=", "ORDERSYNC_DOUYIN__SECRET_FILE="+secret,
		"ORDERSYNC_CONFIG=/x", "ORDERSYNC_TEST_SERVERS=required", "ORDERSYNC_GATEWAY_PORT=tcp://10.0.0.1:80",
		"ORDERSYNC_GATEWAY_PORT_80_TCP_ADDR=10.0.0.1", "ORDERSYNC_SERVICE_HOST=10.0.0.1", "ORDERSYNC_SERVICE_PORT_HTTP=80", "PATH=/bin")
	if c.Worker.Concurrency != 20 || c.Worker.Gather != 5*time.Millisecond {
		t.Errorf("worker = %+v", c.Worker)
	}
	if want := []Secret{"env-token-0123456789", "two-token-0123456789"}; !reflect.DeepEqual(c.Gateway.Tokens, want) {
		t.Errorf("tokens are not the environment's two")
	}
	if want := map[string]string{"1": "paid", "2": "refunded", "3": "cancelled"}; !reflect.DeepEqual(c.Shop.Status, want) {
		t.Errorf("shop.status = %v, want %v", c.Shop.Status, want)
	}
	if c.Shop.Columns.Status != "" {
		t.Errorf("an empty variable must mean: no status column")
	}
	if c.Douyin.Secret.Reveal() != "of-the-env" {
		t.Errorf("douyin.secret_file of the environment must win over douyin.secret of the file, without its line end")
	}
}

func TestForms(t *testing.T) {
	users := file(t, "alice=viewer:$2a$12$a=b\nbob=operator:$2y$10$c\n")
	tests := []struct {
		name, yaml string
		environ    []string
		got        func(*Config) any
		want       any
	}{
		{"JSON map", "", []string{`ORDERSYNC_SHOP__STATUS={"1":"unpaid","9":"paid"}`}, func(c *Config) any { return c.Shop.Status }, map[string]string{"1": "unpaid", "9": "paid"}},
		{"JSON map, numbers as values", "", []string{`ORDERSYNC_SHOP__FILTER={"Channel":12345678901}`}, func(c *Config) any { return c.Shop.Filter }, map[string]Values{"Channel": {Texts: []string{"12345678901"}}}},
		{"pairs", "", []string{"ORDERSYNC_SHOP__STATUS=1=unpaid, 9=paid"}, func(c *Config) any { return c.Shop.Status }, map[string]string{"1": "unpaid", "9": "paid"}},
		{"number as filter value", "shop: {filter: {channel: 3}}", nil, func(c *Config) any { return c.Shop.Filter }, map[string]Values{"channel": {Texts: []string{"3"}}}},
		{"filter list and null", "shop: {filter: {channel: [douyin, 3, null], deleted_at: null, kind: a}}", nil, func(c *Config) any { return c.Shop.Filter },
			map[string]Values{"channel": {Texts: []string{"douyin", "3"}, Null: true}, "deleted_at": {Null: true}, "kind": {Texts: []string{"a"}}}},
		{"filter list and null in JSON", "", []string{`ORDERSYNC_SHOP__FILTER={"channel":["douyin",3,null],"deleted_at":null}`}, func(c *Config) any { return c.Shop.Filter },
			map[string]Values{"channel": {Texts: []string{"douyin", "3"}, Null: true}, "deleted_at": {Null: true}}},
		{"placeholders", "shop: {detail_url: 'pages/a?i={id}&s={sn}', item_code: '{id}-{product_id}'}", nil, func(c *Config) any { return c.Shop.DetailURL + c.Shop.ItemCode },
			"pages/a?i={id}&s={sn}{id}-{product_id}"},
		{"a map of the file replaces its default", "shop: {status: {0: unpaid}}", nil, func(c *Config) any { return c.Shop.Status }, map[string]string{"0": "unpaid"}},
		{"codes", "douyin: {codes: {40099: rejected, -1: unavailable}}", nil, func(c *Config) any { return c.Douyin.Codes }, map[int]string{40099: "rejected", -1: "unavailable"}},
		{"JSON list", "", []string{`ORDERSYNC_REDIS__CLUSTER_ADDRS=["a:1","b:2"]`}, func(c *Config) any { return c.Redis.ClusterAddrs }, []string{"a:1", "b:2"}},
		{"JSON list of keys", "", []string{`ORDERSYNC_DOUYIN__TRADE__PLATFORM_KEYS_OLD=["-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n","B"]`},
			func(c *Config) any { return c.Douyin.Trade.PlatformKeysOld }, []Secret{"-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n", "B"}},
		{"keys one after the other", "", []string{"ORDERSYNC_DOUYIN__TRADE__PLATFORM_KEYS_OLD=-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nB\n-----END PUBLIC KEY-----\n"},
			func(c *Config) any { return len(c.Douyin.Trade.PlatformKeysOld) }, 2},
		{"comma list", "", []string{"ORDERSYNC_REDIS__CLUSTER_ADDRS=a:1,b:2,"}, func(c *Config) any { return c.Redis.ClusterAddrs }, []string{"a:1", "b:2"}},
		{"users from a file", "admin: {users_file: " + users + "}", nil, func(c *Config) any { return c.Admin.Users }, map[string]Secret{"alice": "viewer:$2a$12$a=b", "bob": "operator:$2y$10$c"}},
		{"no private port", "", []string{"ORDERSYNC_ADMIN__ADDR="}, func(c *Config) any { return c.Admin.Addr }, ""},
		{"days", "log: {keep: 30d}", nil, func(c *Config) any { return c.Log.Keep }, 720 * time.Hour},
		{"zero without unit", "worker: {gather: 0}", nil, func(c *Config) any { return c.Worker.Gather }, time.Duration(0)},
		{"flag", "", []string{"ORDERSYNC_SETTLE__AUTO=true"}, func(c *Config) any { return c.Settle.Auto }, true},
		{"SELECTs drop the map of the class", "shop: {sql: {order: SELECT 1}}", nil, func(c *Config) any { return len(c.Shop.Status) }, 0},
		{"SELECTs with a map of their own", "shop: {sql: {order: SELECT 1}, status: {7: paid}}", nil, func(c *Config) any { return c.Shop.Status }, map[string]string{"7": "paid"}},
		{"SELECTs beside the names of the class", "shop: {sql: {order: SELECT 1}, tables: {order: order}}", nil, func(c *Config) any { return c.Shop.Tables.Order }, "order"},
		{"order_no follows a renamed id", "shop: {columns: {id: order_id}}", nil, func(c *Config) any { return c.Shop.Columns.OrderNo }, "order_id"},
		{"unix socket", "redis: {uri: 'unix:///run/redis.sock?db=1'}", nil, func(c *Config) any { return c.Redis.URI.Reveal() }, "unix:///run/redis.sock?db=1"},
		{"notify_url", "douyin: {notify_url: 'https://shop.example.com:443/cb?a=1'}", nil, func(c *Config) any { return c.Douyin.NotifyURL }, "https://shop.example.com:443/cb?a=1"},
		{"notify_url of a simulator", "douyin: {base_url: 'http://simulator:9000', notify_url: 'http://gateway:8090/cb'}", nil, func(c *Config) any { return c.Douyin.NotifyURL }, "http://gateway:8090/cb"},
		{"simulator", "douyin: {base_url: 'http://simulator:9000'}", nil, func(c *Config) any { return c.Douyin.BaseURL }, "http://simulator:9000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.got(mustLoad(t, tt.yaml, tt.environ...)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Each line is one wrong configuration and what its problem must name. No problem may show a secret.
func TestProblemsNameTheKey(t *testing.T) {
	empty := file(t, "")
	tests := []struct {
		name, yaml string
		environ    []string
		want       string
	}{
		{"unknown key", "worker: {concurency: 3}", nil, "worker.concurency (FILE): is not a key: is worker.concurrency meant?"},
		{"unknown group", "workers: {}", nil, "workers (FILE): is not a key: is worker meant?"},
		{"unknown variable", "", []string{"ORDERSYNC_WORKER__CONCURENCY=3"}, "worker.concurency (ORDERSYNC_WORKER__CONCURENCY): is not a key: is ORDERSYNC_WORKER__CONCURRENCY meant?"},
		{"one underscore", "", []string{"ORDERSYNC_MYSQL_DSN=x"}, "mysql_dsn (ORDERSYNC_MYSQL_DSN): is not a key: is ORDERSYNC_MYSQL__DSN meant? (levels are joined by two underscores)"},
		{"not a secret's file", "worker: {concurrency_file: x}", nil, "worker.concurrency_file (FILE): is not a key"},
		{"nothing near", "", []string{"ORDERSYNC_FLAVOUR__SWEET=1"}, "flavour.sweet (ORDERSYNC_FLAVOUR__SWEET): is not a key (configs/ordersync.example.yaml lists them all)"},
		{"nothing near, one level", "", []string{"ORDERSYNC_FLAVOUR=1"}, "flavour (ORDERSYNC_FLAVOUR): is not a key (levels are joined by two underscores: ORDERSYNC_MYSQL__DSN)"},
		{"group as text", "worker: hunter2-canary", nil, "worker (FILE): want keys below it, found text"},
		{"number", "worker: {concurrency: many}", nil, `worker.concurrency (FILE): want a whole number from 1 to 10000, found "many"`},
		{"number out of bounds", "", []string{"ORDERSYNC_WORKER__SERVERS=0"}, `worker.servers (ORDERSYNC_WORKER__SERVERS): want a whole number from 1 to 64, found "0"`},
		{"empty number", "", []string{"ORDERSYNC_WORKER__SERVERS="}, `want a whole number from 1 to 64, found ""`},
		{"fraction", "worker: {concurrency: 1.5}", nil, "found 1.5"},
		{"duration without unit", "douyin: {timeout: 10}", nil, "douyin.timeout (FILE): want a duration such as 500ms, 10s, 24h or 90d, from 100ms to 1m0s, found 10"},
		{"flag", "settle: {auto: yes please}", nil, `settle.auto (FILE): want true or false, found "yes please"`},
		{"number where text is values", "douyin: {secret: 12345}", nil, "douyin.secret (FILE): want text, found a number: put it in quotes"},
		{"status word", "shop: {status: {1: given}}", nil, `shop.status (FILE): "1": want one of unpaid, paid, cancelled, redeemed, refunding, refunded, refund_failed, found "given"`},
		{"code", "douyin: {codes: {x: rejected}}", nil, `douyin.codes (FILE): "x": want a code of Douyin's, a whole number`},
		{"column", "shop: {columns: {id: 'id; drop table'}}", nil, "shop.columns.id (FILE): want a column name"},
		{"no column", "shop: {columns: {id: ''}}", nil, "shop.columns.id (FILE): must not be empty"},
		{"table", "shop: {tables: {order: 'a.b.c'}}", nil, "shop.tables.order (FILE): want a table name"},
		{"placeholder", "shop: {detail_url: 'p?id={key}'}", nil, `shop.detail_url (FILE): want {id}, {sn}, {order_id}, {product_id} or {course_id}, found "{key}"`},
		{"placeholder without a column", "shop: {item_code: '{sn}', columns: {sn: ''}}", nil, "shop.item_code (FILE): {sn} is the value of shop.columns.sn, which is empty"},
		{"web address", "shop: {detail_url: 'https://shop.example/order'}", nil, "shop.detail_url (FILE): want a page of the mini-app such as pages/course/course, and no web address"},
		{"placeholder beside SELECTs", "shop: {detail_url: 'p?id={product_id}', sql: {order: SELECT 1}}", nil, "shop.detail_url (FILE): shop.sql.order has no column for {product_id}: want {id} or {order_id}"},
		{"filter of nothing", "shop: {filter: {channel: []}}", nil, `shop.filter (FILE): "channel": want a value, a list of them, or null, found an empty list`},
		{"filter by true", "shop: {filter: {channel: true}}", nil, `shop.filter (FILE): "channel": want text, found true or false: put it in quotes`},
		{"filter by no column", "shop: {filter: {'a b': 1}}", nil, `shop.filter (FILE): "a b": want a column name`},
		{"DSN", "mysql: {dsn: 'hunter2-canary'}", nil, "mysql.dsn (FILE): it has no / before the database's name: want user:password@tcp(host:3306)/database (go-sql-driver DSN)"},
		{"DSN without database", "mysql: {dsn: 'u:hunter2-canary@tcp(h)/'}", nil, "mysql.dsn (FILE): want a database name"},
		{"redis scheme", "redis: {uri: 'http://:hunter2-canary@h'}", nil, "redis.uri (FILE): want redis://"},
		{"redis not a URI", "redis: {uri: 'redis://:hunter2-canary%zz@h'}", nil, "redis.uri (FILE): want redis://"},
		{"both redis", "redis: {uri: 'redis://h', cluster_addrs: ['h:1']}", nil, "redis.cluster_addrs (FILE): redis.uri is set too"},
		{"plain http to the world", "douyin: {base_url: 'http://developer.toutiao.com'}", nil, "douyin.base_url (FILE): want https://"},
		{"password in base_url", "douyin: {base_url: 'https://a:hunter2-canary@b.c'}", nil, "douyin.base_url (FILE): want an address without user"},
		{"notify_url over http", "douyin: {notify_url: 'http://shop.example.com/cb'}", nil, "douyin.notify_url (FILE): want https:// on port 443"},
		{"notify_url on another port", "", []string{"ORDERSYNC_DOUYIN__NOTIFY_URL=https://shop.example.com:8443/cb"}, "douyin.notify_url (ORDERSYNC_DOUYIN__NOTIFY_URL): want https:// on port 443"},
		{"notify_url with a password", "douyin: {notify_url: 'https://a:hunter2-canary@b.c/'}", nil, "douyin.notify_url (FILE): want an https:// address with a host and without user"},
		{"notify_url without a host", "douyin: {notify_url: 'https://:443/cb'}", nil, "douyin.notify_url (FILE): want an https:// address with a host"},
		{"notify_url too long", "douyin: {notify_url: 'https://b.c/" + strings.Repeat("x", 245) + "'}", nil, "douyin.notify_url (FILE): want at most 256 bytes, found 257"},
		{"notify_url with a password, simulator", "douyin: {base_url: 'http://simulator:9000', notify_url: 'http://a:hunter2-canary@b/'}", nil, "douyin.notify_url (FILE): want an https:// address with a host and without user"},
		{"line end in a secret", "", []string{"ORDERSYNC_DOUYIN__SALT=hunter2-canary\n"}, "douyin.salt (ORDERSYNC_DOUYIN__SALT): must not have spaces"},
		{"short token", "gateway: {tokens: [hunter2]}", nil, "gateway.tokens (FILE): entry 1: want at least 16 characters"},
		{"list", "redis: {cluster_addrs: {a: b}}", nil, "redis.cluster_addrs (FILE): want a list, found a mapping"},
		{"bad JSON", "", []string{`ORDERSYNC_ADMIN__USERS={"a":"hunter2-canary"`}, "admin.users (ORDERSYNC_ADMIN__USERS): begins like a JSON object and is none"},
		{"time zone", "admin: {time_zone: Asia/Nowhere}", nil, "admin.time_zone"},
		{"cookie rule", "admin: {secure_cookie: yes}", nil, "admin.secure_cookie"},
		{"pair without value", "", []string{"ORDERSYNC_ADMIN__USERS=hunter2-canary"}, "admin.users (ORDERSYNC_ADMIN__USERS): entry 1: want name=value"},
		{"password in place of its hash", "admin: {users: {bob: hunter2-canary}}", nil, `admin.users (FILE): "bob": want viewer:<bcrypt hash> or operator:<bcrypt hash>`},
		{"password behind a role", "admin: {users: {bob: 'viewer:hunter2-canary'}}", nil, `admin.users (FILE): "bob": want viewer:<bcrypt hash>`},
		{"private address", "admin: {addr: '8081'}", nil, `admin.addr (FILE): want host:port, found "8081"`},
		{"address", "gateway: {addr: '8080'}", nil, `gateway.addr (FILE): want host:port, found "8080"`},
		{"secret twice", "douyin: {salt: hunter2-canary, salt_file: /x}", nil, "douyin.salt (FILE): is given, and douyin.salt_file too"},
		{"secret twice in the environment", "", []string{"ORDERSYNC_DOUYIN__SALT=hunter2-canary", "ORDERSYNC_DOUYIN__SALT_FILE=/x"}, "douyin.salt (ORDERSYNC_DOUYIN__SALT): is given, and douyin.salt_file too"},
		{"missing secret file", "douyin: {salt_file: /nowhere/salt}", nil, "douyin.salt_file (FILE): open /nowhere/salt: no such file"},
		{"empty secret file", "douyin: {salt_file: " + empty + "}", nil, "is empty"},
		{"not YAML", "a: b: c", nil, "config file (FILE): yaml: mapping values are not allowed"},
		{"secret that looks like an anchor", "douyin: {salt: *hunter2-canary }", nil, "config file (FILE): is not valid YAML"},
		{"secret that looks like a tag", "douyin: {salt: !!int hunter2-canary }", nil, "config file (FILE): is not valid YAML"},
		{"key twice", "log: {}\nlog: {}\n", nil, "config file (FILE): is not valid YAML (line 2): a key given twice"},
		{"text file", "hunter2-canary", nil, "config file (FILE): want keys and values at the top level"},
		{"two documents", "log: {}\n---\nlog: {}\n", nil, "config file (FILE): want one YAML document"},
		{"lookback", "scheduler: {lookback: 2m}", nil, "scheduler.lookback (FILE): 2m0s is not longer than scheduler.sweep_after"},
		{"two descriptions, tables", "shop: {sql: {order: SELECT 1}, tables: {order: tp_order}}", nil, "shop.tables (FILE): shop.sql.order is set too"},
		{"two descriptions, a column of the environment", "shop: {sql: {order: SELECT 1}}", []string{"ORDERSYNC_SHOP__COLUMNS__ID=order_id"}, "shop.columns (ORDERSYNC_SHOP__COLUMNS__ID): shop.sql.order is set too"},
		{"two descriptions, a filter", "shop: {sql: {order: SELECT 1}, filter: {channel: douyin}}", nil, "shop.filter (FILE): shop.sql.order is set too"},
		{"items alone", "shop: {sql: {items: SELECT 1}}", nil, "shop.sql.order: is required where shop.sql.items or shop.sql.changes is set"},
		{"nothing to push", "shop: {status: {}}", nil, "shop.status (FILE): no status has a word of Douyin's"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, tt.yaml)
			_, err := Load(path, tt.environ)
			var problems *Error
			if !errors.As(err, &problems) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			got := strings.ReplaceAll(err.Error(), path, "FILE")
			if len(problems.Problems) != 1 || !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant one problem with: %s", got, tt.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret in %s", got)
			}
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	_, err := Load(file(t, "worker: {concurrency: x, servers: y}\nnonsense: 1\n"), []string{"ORDERSYNC_LOG__LEVEL=loud", "ORDERSYNC_FOO=1"})
	var problems *Error
	if !errors.As(err, &problems) {
		t.Fatalf("error = %v, want an *Error", err)
	}
	var keys []string
	for _, p := range problems.Problems {
		keys = append(keys, p.Key)
	}
	if want := []string{"foo", "log.level", "nonsense", "worker.concurrency", "worker.servers"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("problems with %v, want %v", keys, want)
	}
}

func TestMissingFileIsAProblem(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil)
	if err == nil || !strings.Contains(err.Error(), "config file: cannot be read") {
		t.Errorf("error = %v", err)
	}
}

func TestRequireNamesEveryMissingKeyAndItsVariable(t *testing.T) {
	c := mustLoad(t, "douyin: {app_id: tt1}\nredis: {cluster_addrs: ['h:1']}")
	if err := c.Require("douyin.app_id", "redis.uri"); err != nil {
		t.Errorf("nothing is missing: %v", err)
	}
	err := c.Require("mysql.dsn", "douyin.app_id", "douyin.notify_url", "no.such")
	want := "config: douyin.notify_url: is required (ORDERSYNC_DOUYIN__NOTIFY_URL); " +
		"mysql.dsn: is required (ORDERSYNC_MYSQL__DSN, or mysql.dsn_file with a path to read); no.such: is not a key"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := mustLoad(t, "").Require(); err != nil {
		t.Errorf("a command that needs nothing: %v", err)
	}
}

func FuzzLoadNeverPanics(f *testing.F) {
	f.Add("shop: {status: {1: paid}}", "ORDERSYNC_SHOP__STATUS__2=refunded")
	f.Add("a: &a [*a]", "ORDERSYNC_ADMIN__USERS={}")
	f.Add("mysql: {dsn: [1, {}]}\n", "ORDERSYNC___=")
	f.Fuzz(func(t *testing.T, yaml, variable string) {
		if strings.Contains(yaml+variable, "_file") || strings.Contains(variable, "_FILE") {
			return // would open files of the fuzzer's choice
		}
		c, err := Load(file(t, yaml), []string{variable})
		if (c == nil) == (err == nil) {
			t.Errorf("config %v, error %v: want one of both", c, err)
		}
	})
}
