package journeys

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// tryout is a command line of ours in the README that tries the shop of configs/tryout.
var tryout = regexp.MustCompile(`ordersync --config (configs/tryout/ordersync\.yaml) ([a-z]+)`)

// The three commands of the README that try ordersync on a real MySQL and Redis, without credentials of
// Douyin's: a shop with a prefix, the simulator, run.
func TestTheREADMEsThreeCommandsTryTheRealThing(t *testing.T) {
	mysql := servertest.StartMySQL(t)
	if mysql == nil {
		return // no mariadbd is installed here, which fails the suite where servers are required
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var called []string
	for _, m := range tryout.FindAllStringSubmatch(string(readme), -1) {
		called = append(called, m[2])
	}
	if strings.Join(called, " ") != "simulator migrate run" || !strings.Contains(string(readme), "mysql shop < configs/tryout/shop.sql") {
		t.Fatalf("the README calls %q", called)
	}
	dsn := mysql.NewDatabase(t)
	makeShop(t, dsn)
	environ := append(plainEnviron(),
		"ORDERSYNC_MYSQL__DSN="+dsn, "ORDERSYNC_REDIS__URI=redis://"+servertest.StartRedis(t).Addr+"/5",
		"ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0", "ORDERSYNC_ADMIN__ADDR=127.0.0.1:0",
	)
	ours := product(t)
	with := func(args ...string) []string {
		return append([]string{"--config", "../../../configs/tryout/ordersync.yaml"}, args...)
	}

	args := with("simulator", "--addr", "127.0.0.1:0")
	douyin := ours.start(t, environ, args...).listens(t, args)
	environ = append(environ, "ORDERSYNC_DOUYIN__BASE_URL=http://"+douyin.addr, "ORDERSYNC_DOUYIN__OPEN_URL=http://"+douyin.addr)
	if out, errOut, err := ours.command(t, environ, "", with("migrate")...); err != nil || !strings.Contains(out, "applied 0001") {
		t.Fatalf("migrate: %v\n%s%s", err, out, errOut)
	}
	ours.start(t, environ, with("run")...).listens(t, with("run"))

	s := &stack{t: t}
	s.await("the orders at Douyin", func(ctx context.Context) (bool, string, error) {
		var order struct {
			Status string `json:"status"`
		}
		status, err := exchange(ctx, http.MethodGet, "http://"+douyin.addr+"/_sim/orders/1001", nil, &order)
		return err == nil && status == http.StatusOK && order.Status == "已支付", order.Status, err
	})
	s.await("what is wrong with order 1004", func(context.Context) (bool, string, error) {
		out, _, err := ours.command(t, environ, "", with("status", "1004")...)
		return strings.Contains(out, "tp_dy_user.openid"), out, err
	})
}

// docker-compose.yml mounts the same shop. Its settings are those of the tryout, or it would read tables
// that are not there.
func TestComposeReadsTheShopThatItMounts(t *testing.T) {
	text, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Ours struct {
			Environment map[string]string `yaml:"environment"`
		} `yaml:"x-ordersync"`
		Services struct {
			MySQL struct {
				Volumes []string `yaml:"volumes"`
			} `yaml:"mysql"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	mounts := strings.Join(compose.Services.MySQL.Volumes, " ")
	if !strings.Contains(mounts, "./configs/tryout/shop.sql:/docker-entrypoint-initdb.d/") {
		t.Fatalf("the database is made of %q", mounts)
	}
	var shop []string
	for name, value := range compose.Ours.Environment {
		if strings.HasPrefix(name, "ORDERSYNC_SHOP__") {
			shop = append(shop, name+"="+value)
		}
	}
	got, err := configs.Load("", shop)
	if err != nil {
		t.Fatal(err)
	}
	want, err := configs.Load("../../../configs/tryout/ordersync.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Shop, want.Shop) {
		t.Errorf("compose reads the shop as\n%+v, configs/tryout as\n%+v", got.Shop, want.Shop)
	}
}

// makeShop runs configs/tryout/shop.sql, as `mysql shop <` does.
func makeShop(t *testing.T, dsn string) {
	t.Helper()
	script, err := os.ReadFile("../../../configs/tryout/shop.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // it was only used here
	for statement := range strings.SplitSeq(string(script), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
