package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/store/servertest"
)

// failedShop has the shop's order 7 (number N7 at Douyin), failures, refunds and callbacks.
func failedShop(t *testing.T) (environ []string, options []assembly.Option, db *gorm.DB) {
	t.Helper()
	db = servertest.DB(t)
	servertest.CreateShop(t, db)
	options = []assembly.Option{assembly.WithDB(db), assembly.WithRedis(servertest.Redis(t))}
	environ = append(append([]string{}, secrets...), "ORDERSYNC_SHOP__COLUMNS__ORDER_NO=sn")
	if code, _, errOut := command(t, environ, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	for _, q := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, '_000openid')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://cdn.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '书法')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES (7, 1, 1, 1, '0.07', '0.07', 1700000000, 'SN7', '', 1)",
		"INSERT INTO ordersync_order (order_id, order_no, outcome, kind, code, message, failed_at, created_at, updated_at) VALUES " +
			"('7', 'SN7', 'refused', 'rejected', 40012, 'open_id错误', '2026-03-01 08:00:00', '2026-03-01 07:00:00', '2026-03-01 08:00:00'), " +
			"('8', '8', 'refused', 'incomplete', 0, 'no picture', '2026-03-01 09:00:00', '2026-03-01 07:00:00', '2026-03-01 09:00:00')",
		"INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, due_at, created_at, updated_at) VALUES " +
			"('R7', '7', 'SN7', 3, '', 'submitted', '2026-03-01 10:00:00', '2026-03-01 09:00:00', '2026-03-01 09:00:00')",
		"INSERT INTO ordersync_callback (dedup_key, type, number, status, order_id, received_at) VALUES ('payment:SN7:SUCCESS', 'payment', 'SN7', 'SUCCESS', '7', '2026-03-01 06:00:00')",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return environ, options, db
}

// columns are the lines of a table with single spaces.
func columns(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestListsOfFailuresRefundsAndCallbacks(t *testing.T) {
	environ, options, _ := failedShop(t)
	for _, tt := range []struct{ args, want, stderr string }{
		{"failures", "order outcome reason code failed at asked again at words\n" +
			"8 refused incomplete 0 2026-03-01T09:00:00Z - no picture\n7 refused rejected 40012 2026-03-01T08:00:00Z - open_id错误", ""},
		{"failures --limit 1", "order outcome reason code failed at asked again at words\n8 refused incomplete 0 2026-03-01T09:00:00Z - no picture", ""},
		{"failures --kind rejected --code 40012", "order outcome reason code failed at asked again at words\n7 refused rejected 40012 2026-03-01T08:00:00Z - open_id错误", ""},
		{"failures --kind rejected --code 1", "there are none", ""},
		{"refunds", "refund order fen state Douyin's number asked for at next at ended at reason\nR7 7 3 submitted 2026-03-01T09:00:00Z 2026-03-01T10:00:00Z -", ""},
		{"refunds --order SN7", "refund order fen state Douyin's number asked for at next at ended at reason\nR7 7 3 submitted 2026-03-01T09:00:00Z 2026-03-01T10:00:00Z -",
			"SN7 is taken for the order_id at Douyin of order 7\n"},
		{"refunds --alarm", "there are none", ""},
		{"callbacks", "callback type number status order received at times handed on at reason\n1 payment SN7 SUCCESS 7 2026-03-01T06:00:00Z 1 -", ""},
	} {
		code, out, errOut := command(t, environ, options, strings.Fields(tt.args)...)
		if code != exitDone || errOut != tt.stderr || columns(out) != tt.want {
			t.Errorf("%s: code %d, stderr %q\n%s\nwant\n%s", tt.args, code, errOut, columns(out), tt.want)
		}
	}
	for args, want := range map[string]string{
		"failures --limit 1 --json": `[{"order_id":"8","outcome":"refused","kind":"incomplete","code":0,"message":"no picture","failed_at":"2026-03-01T09:00:00Z"}]`,
		"refunds --json": `[{"out_refund_no":"R7","order_id":"7","amount_fen":3,"state":"submitted","created_at":"2026-03-01T09:00:00Z",` +
			`"due_at":"2026-03-01T10:00:00Z"}]`,
		"callbacks --json":       `[{"id":1,"type":"payment","number":"SN7","status":"SUCCESS","order_id":"7","deliveries":1,"received_at":"2026-03-01T06:00:00Z"}]`,
		"refunds --alarm --json": `[]`,
	} {
		_, out, _ := command(t, environ, options, strings.Fields(args)...)
		var got, wanted any
		if json.Unmarshal([]byte(out), &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil || fmt.Sprint(got) != fmt.Sprint(wanted) {
			t.Errorf("%s: got\n%s\nwant\n%s", args, out, want)
		}
	}
	for args, want := range map[string]string{
		"failures --code 3":         "ordersync: --code: goes with --kind\n",
		"refunds --order 7 --alarm": "ordersync: --order, --alarm: want one of both\n",
		"refunds --limit 1001":      "ordersync: --limit: want 1 to 1000, found 1001\n",
	} {
		if code, _, errOut := command(t, environ, options, strings.Fields(args)...); code != exitUsage || errOut != want {
			t.Errorf("%s: code %d, %q", args, code, errOut)
		}
	}
}

// Every command takes the key or a number, and says which of both; what the shop does not have is
// refused, for its row would stay for ever.
func TestCommandsTakeTheKeyOrANumber(t *testing.T) {
	environ, options, db := failedShop(t)
	for _, tt := range []struct {
		args        string
		code        int
		out, errOut string
	}{
		{"enqueue push SN7 --revision a", exitDone, "7 queued\n", "SN7 is taken for the order_id at Douyin of order 7\n"},
		{"enqueue push R7 --revision b", exitDone, "7 queued\n", "R7 is taken for an out_refund_no of order 7\n"},
		{"enqueue push 7 --revision c", exitDone, "7 queued\n", ""},
		{"enqueue push SN1001", exitFailed, "", "ordersync: order \"SN1001\": neither the shop nor ordersync has it\n"},
		{"enqueue push 8", exitFailed, "", "ordersync: order \"8\": the shop does not have it: it was deleted, or shop.filter leaves it out\n"},
		{"retry --order SN7", exitDone, "7 is due now\n", "SN7 is taken for the order_id at Douyin of order 7\n"},
		{"retry --order 8", exitFailed, "", "ordersync: order \"8\": the shop does not have it: it was deleted, or shop.filter leaves it out\n"},
		{"enqueue refund SN9 --no R9 --fen 1 --reason x", exitFailed, "", "ordersync: order \"SN9\": neither the shop nor ordersync has it\n"},
		{"enqueue refund SN7 --no R8 --fen 1 --reason x", exitDone, "refund R8 is written down, state new\n", "SN7 is taken for the order_id at Douyin of order 7\n"},
	} {
		code, out, errOut := command(t, environ, options, strings.Fields(tt.args)...)
		if code != tt.code || out != tt.out || errOut != tt.errOut {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want %d, %q, %q", tt.args, code, out, errOut, tt.code, tt.out, tt.errOut)
		}
	}
	var ghosts int
	if err := db.Raw("SELECT COUNT(*) FROM ordersync_order WHERE order_id LIKE 'SN%'").Row().Scan(&ghosts); err != nil || ghosts != 0 {
		t.Errorf("%d ghosts, %v", ghosts, err)
	}
}

func TestRetrySaysWhatItWouldDoAndAsks(t *testing.T) {
	environ, options, db := failedShop(t)
	run := func(wantCode int, wantOut, wantErr string, args ...string) {
		t.Helper()
		if code, out, errOut := command(t, environ, options, args...); code != wantCode || out != wantOut || errOut != wantErr {
			t.Errorf("%v: code %d, stdout %q, stderr %q; want %d, %q, %q", args, code, out, errOut, wantCode, wantOut, wantErr)
		}
	}
	run(exitDone, "7\n8\n2 orders would be due; nothing was changed\n", "", "retry", "--failed", "--dry-run")
	run(exitDone, "7\n1 orders would be due; nothing was changed\n", "", "retry", "--failed", "--code", "40012", "--dry-run")
	for i := range manyOrders {
		if err := db.Exec("INSERT INTO ordersync_order (order_id, outcome, kind, failed_at, created_at, updated_at) VALUES (?, 'refused', 'incomplete', '2026-03-02 08:00:00', '2026-03-02 07:00:00', '2026-03-02 08:00:00')",
			fmt.Sprintf("x%03d", i)).Error; err != nil {
			t.Fatal(err)
		}
	}
	run(exitUsage, "", "ordersync: --failed: 102 orders would be asked for again, and nobody is at a terminal to be asked: give --yes, or look first with --dry-run\n", "retry", "--failed")
	run(exitDone, "102 orders are due now\n", "", "retry", "--failed", "--yes")
	run(exitDone, "0 orders are due now\n", "", "retry", "--failed")
}

func TestStatusWithoutAnOrderIsTheSystemAtAGlance(t *testing.T) {
	environ, options, db := failedShop(t)
	if err := db.Exec("INSERT INTO ordersync_log (at, call_name, outcome, http_status) VALUES ('2026-03-01 05:00:00', 'order.push', 'pushed', 200), ('2026-03-01 05:01:00', 'order.push', 'retrying', 503)").Error; err != nil {
		t.Fatal(err)
	}
	command(t, environ, options, "enqueue", "push", "7")
	code, out, errOut := command(t, environ, options, "status")
	const want = `processes none gives a sign of life: start ordersync run, or gateway, worker and scheduler
Douyin breaker not known, last success 2026-03-01T05:00:00Z, token none yet
orders due 0
refunds open 1, the oldest since 2026-03-01T09:00:00Z
settlements open 0
outbox 0
callbacks to hand on 0

queue pending active scheduled retry archived oldest
refund 0 0 0 0 0 0s
settle 0 0 0 0 0 0s
push 1 0 0 0 0 0s
sweep 0 0 0 0 0 0s
backfill 0 0 0 0 0 0s

failed reason code newest example words
1 incomplete 0 2026-03-01T09:00:00Z 8 no picture
1 rejected 40012 2026-03-01T08:00:00Z 7 open_id错误`
	if code != exitDone || errOut != "" || columns(out) != want {
		t.Errorf("code %d, %q\n%s\nwant\n%s", code, errOut, columns(out), want)
	}
	var g struct {
		Queues   []struct{ Name string }
		Failures []struct{ Kind string }
		Missing  []string
	}
	_, out, _ = command(t, environ, options, "status", "--json")
	if err := json.Unmarshal([]byte(out), &g); err != nil || len(g.Queues) != 5 || len(g.Failures) != 2 || g.Missing == nil || len(g.Missing) != 0 {
		t.Errorf("--json: %v\n%s", err, out)
	}
}

// Whoever asks because Redis is away hears of MySQL all the same.
func TestAGlanceWithoutRedisTellsTheRest(t *testing.T) {
	environ, options, _ := failedShop(t)
	code, out, errOut := command(t, environ, options[:1], "status")
	if code != exitFailed || !strings.Contains(columns(out), "1 rejected 40012 2026-03-01T08:00:00Z 7 open_id错误") || !strings.Contains(columns(out), "NOT KNOWN queues: ") ||
		!strings.HasPrefix(errOut, "ordersync: ") || !strings.Contains(errOut, "parts could not be read: processes: ") {
		t.Errorf("code %d, stderr %q\n%s", code, errOut, out)
	}
}
