// Package php_test runs the PHP client's own tests by a real php, on its own, against a real
// gateway, and on a real MariaDB.
package php_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// run runs tests/run.php and makes a subtest of every line of it.
func run(t *testing.T, path string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, append([]string{"tests/run.php"}, args...)...) //nolint:gosec // php, found on the PATH
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.CombinedOutput()
	passed := 0
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		if name, ok := strings.CutPrefix(s.Text(), "ok   "); ok {
			t.Run(name, func(*testing.T) {})
			passed++
		}
	}
	if err != nil || passed == 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheClientAlone(t *testing.T) {
	t.Parallel()
	// pdo_sqlite is what the outbox's own test writes into, openssl what verifies callbacks of trade.
	if path, ok := servertest.PHP(t, "curl", "json", "openssl", "pdo_sqlite"); ok {
		run(t, path, nil)
	}
}

func TestTheClientAgainstAGateway(t *testing.T) {
	t.Parallel()
	path, ok := servertest.PHP(t, "curl", "json")
	if !ok {
		return
	}
	const salt, callbackToken, token = "salt-of-the-test", "callback-token-of-the-test", "token-of-the-test"
	sim := simulator.New(simulator.Config{Salt: salt, CallbackToken: callbackToken})
	defer func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	}()
	simServer := httptest.NewServer(sim)
	defer simServer.Close()

	client, err := douyin.NewClient(douyin.Config{BaseURL: simServer.URL, AppID: "tt0123456789abcdef", Secret: "secret", Salt: salt}, noTokens{})
	if err != nil {
		t.Fatal(err)
	}
	rdb := servertest.Redis(t)
	book := &book{refunds: map[string]tasks.RefundRequest{}, settles: map[string]tasks.SettleRequest{}}
	g, err := gateway.New(gateway.Config{Tokens: []string{token}, CallbackTokens: []string{callbackToken}}, gateway.Parts{
		Queue: asynq.NewClientFromRedisClient(rdb), Orders: book, Instructions: book, MoneyStatus: book, Payments: client,
		Ready: func(context.Context) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	defer server.Close()

	run(t, path, []string{
		"ORDERSYNC_CLIENT_URL=" + server.URL, "ORDERSYNC_CLIENT_TOKEN=" + token,
		"ORDERSYNC_CLIENT_CALLBACK_TOKEN=" + callbackToken, "SIMULATOR_URL=" + simServer.URL,
	}, "tests/gateway.php")

	// 1001 twice, 2001 to 2501, 3002 and PHP4001.
	queue, err := asynq.NewInspectorFromRedisClient(rdb).GetQueueInfo(tasks.QueuePush)
	if err != nil || queue.Pending != 2+501+1+1 {
		t.Errorf("queue %+v, %v", queue, err)
	}
	if r := book.refunds["PHP-R2"]; r.OrderID != "PHP4001" || r.AmountFen != 1 || r.Reason != "退款原因" {
		t.Errorf("the drop-in class's refund arrived as %+v", r)
	}
	if s := book.settles["PHP-S2"]; s.OrderID != "PHP4001" || s.Desc != "分账描述" || len(s.Params) != 0 {
		t.Errorf("the drop-in class's settlement arrived as %+v", s)
	}
}

func TestTheOutboxOnMariaDB(t *testing.T) {
	t.Parallel()
	path, ok := servertest.PHP(t, "json", "pdo_mysql")
	dsn := servertest.MySQLDSN(t)
	if !ok || dsn == "" {
		return
	}
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	where, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	run(t, path, []string{"MYSQL_PDO=mysql:charset=utf8mb4;unix_socket=" + where.Addr + ";dbname=" + where.DBName}, "tests/mysql.php")

	var asked []string
	_, err = st.RelayOutbox(t.Context(), 10, func(_ context.Context, rows []store.OutboxRow) []error {
		for _, r := range rows {
			a, err := tasks.FromOutbox(r.Kind, r.OrderID, r.Payload, tasks.RowName(r.ID, r.CreatedAt))
			switch {
			case err != nil:
				t.Error(err)
			case a.Push != nil:
				asked = append(asked, "push "+a.Push.OrderID+" "+string(a.Push.Cause))
			case a.Refund != nil:
				asked = append(asked, "refund "+a.Refund.OrderID+" "+a.Refund.OutRefundNo+" "+a.Refund.Reason)
			case a.Settle != nil:
				asked = append(asked, "settle "+a.Settle.OrderID+" "+a.Settle.OutSettleNo+" "+a.Settle.Params[0].MerchantUID)
			case a.Audit != nil:
				asked = append(asked, fmt.Sprint("audit ", a.Audit.OrderID, " ", a.Audit.OutRefundNo, " ", *a.Audit.Agree, " ", a.Audit.DenyMessage))
			}
		}
		return make([]error, len(rows))
	})
	if want := "push 8 paid|refund 8 R8 用户取消|settle 8 S8 7027|audit 8 DY9 false 课程已学完"; err != nil || strings.Join(asked, "|") != want {
		t.Errorf("asked for %q, %v; want %s", asked, err, want)
	}
}
