package journeys

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks/gateway"
)

const phpConfig = `
mysql: { dsn: "%s" }
redis: { uri: "redis://%s/0" }
douyin:
  app_id: tt-php
  secret: "` + canary + `-secret"
  salt: "` + canary + `-salt"
  callback_token: "` + canary + `-token"
  base_url: "%s"
  notify_url: "%s/callbacks/douyin"
settle: { after: 0s }
callbacks: { forward_url: "%s/dy_notify" }
scheduler: { sweep_every: 1s, sweep_after: 2s }
gateway: { addr: "127.0.0.1:0", tokens: ["` + canary + `-of-the-gateway"] }
admin: { addr: "127.0.0.1:0" }
log: { format: json }
shop:
  tables: { order: tp_order, user: tp_dy_user, product: tp_product, course: tp_course }
  columns: { order_no: sn }
  status: { 0: unpaid, 1: paid, 4: redeemed, 5: refunding, 6: refunded, 8: refund_failed }
`

// phpShop is a shop of tasks/php/examples with ordersync beside it.
type phpShop struct {
	*stack
	db   *gorm.DB
	url  string   // of the shop
	log  string   // the file to which the shop writes what callbacks it had
	said *journal // of PHP
}

// newPHPShop starts everything. It is nil where mariadbd is not installed.
func newPHPShop(t *testing.T, php string) *phpShop {
	t.Helper()
	s := &phpShop{stack: &stack{t: t, mysql: servertest.StartMySQL(t), position: time.Now()}}
	if s.mysql == nil {
		return nil
	}
	s.redis = servertest.StartRedis(t)
	s.launch = product(t)
	dsn := s.mysql.NewDatabase(t)
	s.openShop(dsn)

	// The name under which the gateway is known, to Douyin and to the shop: what stands in front of it in a real deployment.
	door := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.app.Load().addr})
	}})
	t.Cleanup(door.Close)
	s.configure(dsn, "http://127.0.0.1:1", door.URL, "http://127.0.0.1:1")
	s.douyin = s.start("simulator", "--addr", "127.0.0.1:0")
	s.log = filepath.Join(t.TempDir(), "shop.log")
	s.url = s.servePHP(php, oneLineChanged(t), append(shopDatabase(t, dsn), "SHOP_LOG="+s.log,
		"ORDERSYNC_URL="+door.URL, "ORDERSYNC_TOKEN="+canary+"-of-the-gateway", "ORDERSYNC_CALLBACK_TOKEN="+canary+"-token"))
	s.configure(dsn, "http://"+s.douyin.addr, door.URL, s.url)
	s.migrate()
	s.run()
	s.report("MariaDB, Redis, the simulator, the shop and ordersync run")
	return s
}

// oneLineChanged copies the example into a folder of its own with another `use` line, and fails the test when anything but that
// line is not the same.
func oneLineChanged(t *testing.T) (script string) {
	t.Helper()
	const examples = "../../../tasks/php/examples"
	const before, after = "\nuse app\\api\\logic\\PaymentLogic;\n", "\nuse OrderSync\\PaymentLogic;\n"
	original, err := os.ReadFile(examples + "/shop.php")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(original), before, after)
	old, fresh := strings.Split(string(original), "\n"), strings.Split(changed, "\n")
	differ := 0
	for i := range old {
		if i >= len(fresh) || old[i] != fresh[i] {
			differ++
		}
	}
	if differ != 1 || len(old) != len(fresh) {
		t.Fatalf("%d lines of the shop's code change, want one", differ)
	}
	folder := t.TempDir()
	examplesPath, err := filepath.Abs(examples)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"shop.php": changed, "bootstrap.php": "<?php require " + phpText(filepath.Join(examplesPath, "bootstrap.php")) + ";\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "shop.php")
}

// phpText is a text in PHP's single quotes.
func phpText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// openShop makes the shop's tables and its two orders, not paid for yet.
func (s *phpShop) openShop(dsn string) {
	s.t.Helper()
	var err error
	if s.db, err = store.Open(dsn); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if pool, err := s.db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	shop, err := sampleshop.Create(s.t.Context(), s.db, "tp_")
	if err == nil {
		err = shop.AddOrders(s.t.Context(), []sampleshop.Order{
			{ID: 1, Amount: "19.99", Status: sampleshop.Unpaid, CreateTime: time.Now()},
			{ID: 2, Amount: "0.07", Status: sampleshop.Unpaid, CreateTime: time.Now()},
		})
	}
	if err == nil {
		err = shop.Exec(s.t.Context(), "UPDATE {order} SET third_order_num = ''")
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// shopDatabase are the variables with which bootstrap.php opens the database.
func shopDatabase(t *testing.T, dsn string) []string {
	t.Helper()
	where, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return append(plainEnviron(), "SHOP_PDO=mysql:charset=utf8mb4;unix_socket="+where.Addr+";dbname="+where.DBName, "SHOP_DB_USER="+where.User)
}

func (s *phpShop) configure(dsn, douyin, door, shop string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "ordersync.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, phpConfig, dsn, s.redis.Addr, douyin, door, shop), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.environ = append(plainEnviron(), "ORDERSYNC_CONFIG="+file)
}

var phpStarted = regexp.MustCompile(`\((http://[^)]+)\) started`)

// servePHP runs a script as PHP's own web server does, and answers its address.
func (s *phpShop) servePHP(php, script string, environ []string) (url string) {
	s.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), php, "-d", "error_reporting=-1", "-d", "display_errors=0", "-d", "log_errors=1", "-S", "127.0.0.1:0", script) //nolint:gosec // php, found on the PATH; it outlives the test's context until Cleanup
	cmd.Env = environ
	servertest.OwnGroup(cmd)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	reaper := s.launch.reaper
	reaper.watch(cmd.Process.Pid)
	ended, started := make(chan struct{}), make(chan string, 1)
	s.said = newJournal()
	s.logs = append(s.logs, s.said)
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			_, _ = s.said.Write(append(lines.Bytes(), '\n')) // never fails
			if m := phpStarted.FindStringSubmatch(lines.Text()); m != nil && len(started) == 0 {
				started <- m[1]
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
		reaper.forget(cmd.Process.Pid)
		if s.t.Failed() {
			s.t.Logf("the end of PHP's log:\n%s", s.said.tail(20))
		}
	})
	select {
	case url = <-started:
	case <-ended:
		s.t.Fatalf("php -S ended:\n%s", s.said)
	case <-time.After(patience):
		s.t.Fatal("php -S does not start")
	}
	return url
}

// said is what the methods of PaymentLogic return, as far as these tests read it.
type said struct {
	ErrNo   int             `json:"err_no"`
	ErrTips string          `json:"err_tips"`
	Code    int             `json:"code"` // of pushOrder
	Data    json.RawMessage `json:"data"` // an object of order, a text of pushOrder
	Info    struct {
		OrderStatus string `json:"order_status"`
		TotalFee    int64  `json:"total_fee"`
	} `json:"payment_info"`
}

// act lets the shop do one thing with an order.
func (s *phpShop) act(what, id string) (out said) {
	s.t.Helper()
	status, err := exchange(s.t.Context(), http.MethodPost, s.url+"/"+what+"?id="+id, nil, &out)
	if err != nil || status != http.StatusOK || out.ErrNo != 0 || what == "redeem" && out.Code != 200 {
		s.t.Fatalf("the shop's %s of order %s: HTTP %d, %v, %+v", what, id, status, err, out)
	}
	return out
}

// shopRow is what the shop's table says of an order.
type shopRow struct {
	Status  int
	ThirdNo string
}

func (s *phpShop) row(id string) (r shopRow) {
	s.t.Helper()
	if err := s.db.WithContext(s.t.Context()).Raw("SELECT status, third_order_num FROM tp_order WHERE id = ?", id).Row().Scan(&r.Status, &r.ThirdNo); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// awaitRow waits until the shop's own handler has set the status.
func (s *phpShop) awaitRow(id string, status int) {
	s.t.Helper()
	s.await(fmt.Sprintf("order %s has status %d in the shop", id, status), func(context.Context) (bool, string, error) {
		found := s.row(id).Status
		return found == status, fmt.Sprint(found), nil
	})
}

// awaitHeard waits until the shop has written down that it had such a callback.
func (s *phpShop) awaitHeard(what string) {
	s.t.Helper()
	s.await("the shop hears of "+what, func(context.Context) (bool, string, error) {
		text, err := os.ReadFile(s.log)
		return strings.Contains(string(text), "-----"+what+"\n"), string(text), err
	})
}

// status is what `ordersync status --json` prints.
func (s *phpShop) status(id string) (out gateway.OrderStatus) {
	s.t.Helper()
	text, complaints, err := s.launch.command(s.t, s.environ, "", "status", "--json", id)
	if err == nil {
		err = json.Unmarshal([]byte(text), &out)
	}
	if err != nil {
		s.t.Fatalf("ordersync status: %v\n%s%s", err, text, complaints)
	}
	return out
}
