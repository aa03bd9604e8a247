package journeys

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store/servertest"
)

// bookConfig is ordersync.yaml of a reader who has the shop of configs/tryout.
func bookConfig(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../configs/tryout/ordersync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the README tells a shop to type, from `migrate` to money, the hash of a password and the profiles
// of OPERATIONS, works as it stands there.
func TestTheCommandsOfTheREADMEWork(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	w := newWalk(t)
	if w == nil {
		return
	}
	w.write("ordersync.yaml", bookConfig(t))
	w.sql("UPDATE tp_dy_user SET openid = '_000demo-open-id-0003' WHERE id = 3", "UPDATE tp_order SET price = 19.99, amount = 19.99 WHERE id = 1001",
		"INSERT INTO tp_order (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (123, 1, 1, 1, 9.90, 9.90, UNIX_TIMESTAMP() - 60, 'SN123', 1)")
	readme := func(with string) []string { return commandsOf(t, "README.md", with) }

	w.begin("ordersync --config ordersync.yaml simulator") // it stands for Douyin
	w.environ = append(w.environ, "ORDERSYNC_DOUYIN__BASE_URL="+w.ports.Replace("http://127.0.0.1:9000"))
	made := readme("go build -o")
	w.follow(made[1:], map[string]string{"migrate": "applied 0001", "doctor": "takes our signature", "preview": "order_status"}) // the first one builds it
	for _, line := range readme("admin-hash") {
		out, err := w.typed(line, "a-long-password\n")
		if err != nil || !strings.HasPrefix(out, "$2a$") {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		w.environ = append(w.environ, "ORDERSYNC_ADMIN__USERS__ALICE=operator:"+strings.TrimSpace(out))
	}
	w.environ = append(w.environ, "ORDERSYNC_CONFIG=ordersync.yaml")
	w.follow(readme("ordersync --config ordersync.yaml run"), nil)
	w.set = append(w.set, "TOKEN=tryout-token-of-the-gateway-api")
	w.do(w.ports.Replace("curl --fail http://127.0.0.1:8080/readyz"), "")
	w.follow(readme("enqueue push 123"), map[string]string{"enqueue": "123", "status 123": "已支付"})
	w.follow(readme("ordersync dev")[1:], map[string]string{"curl": `"status":"`})
	w.write(".curlrc", curlHeaders)
	money := readme("/settlements")
	for i := range money {
		money[i] = strings.ReplaceAll(money[i], "tt…", "tt0123456789abcdef")
	}
	w.follow(money, map[string]string{
		"v1/payments": `"order_token"`, "/refunds": `"out_refund_no":"R1001-1"`, "/settlements": `"out_settle_no":"S1002-1"`,
		"enqueue refund": "R1001-1", "sign --explain": "md5 of these",
	})

	w.write(".curlrc", "")
	profiles := commandsOf(t, "configs/OPERATIONS.md", "debug/pprof")
	for i := range profiles {
		profiles[i] = strings.ReplaceAll(profiles[i], "seconds=30", "seconds=1")
	}
	if out, err := w.typed(profiles[0], "a-long-password\n"); err != nil {
		t.Fatalf("%s: %v\n%s", profiles[0], err, out)
	}
	w.follow(profiles[1:len(profiles)-1], map[string]string{"goroutine": "goroutine 1 ["}) // the last one opens a browser
	for _, name := range []string{"cpu.pb.gz", "heap.pb.gz"} {
		if raw, err := os.ReadFile(filepath.Join(w.dir, name)); err != nil || !strings.HasPrefix(string(raw), "\x1f\x8b") {
			t.Errorf("%s is no profile: %v", name, err)
		}
	}
	if w.ran < 17 {
		t.Errorf("%d commands only", w.ran)
	}
}

// curlHeaders are those that the README leaves out of each line.
const curlHeaders = `silent
show-error
header = "Content-Type: application/json"
header = "Authorization: Bearer tryout-token-of-the-gateway-api"
`

// explains does what `jq -r .data FILE | ordersync sign --explain` does.
func (w *walk) explains(file string) {
	w.t.Helper()
	var signed struct{ Data string }
	raw, err := os.ReadFile(filepath.Join(w.dir, file))
	if err == nil {
		err = json.Unmarshal(raw, &signed)
	}
	if err != nil || signed.Data == "" {
		w.t.Fatalf("%s: %v\n%s", file, err, raw)
	}
	if out, err := w.typed("ordersync sign --explain", signed.Data+"\n"); err != nil || !strings.Contains(out, "byteAuthorization:") {
		w.t.Errorf("%v\n%s", err, out)
	}
}

// typed runs a command with somebody's answer to what it asks.
func (w *walk) typed(line, answer string) (string, error) {
	w.t.Helper()
	w.ran++
	cmd := w.shell(w.ports.Replace(line))
	cmd.Stdin = strings.NewReader(answer)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out = append(out, exit.Stderr...)
	}
	return string(out), err
}

// What configs/SHOP.md tells to look at before Douyin sees anything works as it stands there.
func TestTheCommandsOfSHOPWork(t *testing.T) {
	w := newWalk(t)
	if w == nil {
		return
	}
	w.write("ordersync.yaml", bookConfig(t))
	w.write("copy.yaml", bookConfig(t))
	w.sql("UPDATE tp_dy_user SET openid = '_000demo-open-id-0003' WHERE id = 3",
		"INSERT INTO tp_order (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (102, 1, 1, 1, 9.90, 9.90, UNIX_TIMESTAMP() - 60, 'SN102', 1)")
	w.follow(commandsOf(t, "configs/SHOP.md", "copy.yaml"), map[string]string{"migrate": "applied 0001"})
	w.follow(commandsOf(t, "configs/SHOP.md", "preview 102"), map[string]string{"doctor": "ok    orders: ", "preview 102": "pages/course/course"})
	w.do("ordersync --config copy.yaml status 102", "已支付")
}

// What configs/TRADE.md tells to try before the first real payment works as it stands there: keys, a payment
// that is signed, requested and paid, and a refund that its buyer asks for.
func TestTheCommandsOfTRADEWork(t *testing.T) {
	w := newWalk(t)
	if w == nil {
		return
	}
	w.follow(commandsOf(t, "configs/TRADE.md", "app_private.pem -pubout"), nil)
	w.follow(commandsOf(t, "configs/TRADE.md", "sim_private.pem -pubout"), nil)
	w.write("copy.yaml", strings.ReplaceAll(strings.ReplaceAll(bookConfig(t), "shop:\n", "shop:\n  columns: { order_no: sn }\n"), "douyin:\n",
		`settle: { after: 0s }
douyin:
  payments: trade
  trade:
    private_key_file: app_private.pem
    key_version: "1"
    platform_key_file: sim_public.pem
    goods_type: 401
    tag_group_id: tag_group_7272625659888041996
    order_page: { path: pages/order/detail, params: { no: "{out_order_no}" } }
`))
	try := commandsOf(t, "configs/TRADE.md", "request_order -d @signed.json")
	for i := range try {
		try[i] = strings.ReplaceAll(try[i], "a-token-of-the-shop", "tryout-token-of-the-gateway-api")
	}
	w.follow(try, map[string]string{
		"migrate": "applied 0001", "doctor": "ok    trade: ", "v1/payments/$NO": `"pay_status":"SUCCESS"`, "status $NO": "kept", "ordersync audit": "1005", "violations": "[]",
	})
	w.explains("signed.json")
	w.write(".curlrc", curlHeaders)
	modern := commandsOf(t, "README.md", "localhost:8080/v1/payments/1001")
	for i := range modern {
		modern[i] = strings.ReplaceAll(modern[i], "[…]", "[{}]")
	}
	w.follow(modern, map[string]string{`"image"`: `"byteAuthorization"`, "payments/1001": `"pay_status"`, "sign --explain": "byteAuthorization:"})
	if w.ran < 22 {
		t.Errorf("%d commands only", w.ran)
	}
}
