package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

const canary = "canary-0123456789abcdef"

// secrets are variables whose values must not be seen anywhere.
var secrets = []string{
	"ORDERSYNC_MYSQL__DSN=user:" + canary + "@tcp(127.0.0.1:1)/shop", "ORDERSYNC_REDIS__URI=redis://:" + canary + "@127.0.0.1:1/0",
	"ORDERSYNC_DOUYIN__APP_ID=tt1", "ORDERSYNC_DOUYIN__SECRET=" + canary, "ORDERSYNC_DOUYIN__SALT=" + canary,
	"ORDERSYNC_DOUYIN__CALLBACK_TOKEN=" + canary, "ORDERSYNC_GATEWAY__TOKENS=" + canary, "ORDERSYNC_LOG__FORMAT=json",
	"ORDERSYNC_ADMIN__ADDR=",
}

// command runs one command line to its end.
func command(t *testing.T, environ []string, options []assembly.Option, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &process{environ: environ, in: strings.NewReader(""), out: &stdout, errOut: &stderr, options: options}
	code = p.run(t.Context(), args)
	if all := stdout.String() + stderr.String(); strings.Contains(all, canary) {
		t.Errorf("ordersync %v printed a secret:\n%s", args, all)
	}
	return code, stdout.String(), stderr.String()
}

func TestErrorsAreOneLineThatNamesTheFaultAndACode(t *testing.T) {
	tests := []struct {
		args    string
		environ []string
		code    int
		want    string // in stderr
	}{
		{"", nil, exitUsage, "ordersync wants a command"},
		{"nonsense", nil, exitUsage, `unknown command "nonsense" for "ordersync"; see ordersync --help`},
		{"statu", nil, exitUsage, `unknown command "statu" for "ordersync": is status meant?; see ordersync --help`},
		{"enqueue pusch 1", nil, exitUsage, `unknown command "pusch" for "ordersync enqueue": is push meant?; see ordersync enqueue --help`},
		{"retry --fail", nil, exitUsage, "unknown flag: --fail: is --failed meant?"},
		{"enqueue", nil, exitUsage, "ordersync enqueue wants a command"},
		{"enqueue nonsense", nil, exitUsage, `unknown command "nonsense" for "ordersync enqueue"`},
		{"version --nonsense", nil, exitUsage, "unknown flag: --nonsense; see ordersync version --help"},
		{"version extra", nil, exitUsage, `ordersync version takes no argument, found "extra"; usage: ordersync version [flags]`},
		{"completion nosuchshell", nil, exitUsage, `unknown command "nosuchshell" for "ordersync completion"`},
		{"help statu", nil, exitUsage, `unknown command "statu" for "ordersync": is status meant?`},
		{"enqueue refund 1", nil, exitUsage, "--no: is missing"},
		{"enqueue refund 1 --no R1", nil, exitUsage, "--fen: is 0: want 1 to"},
		{"enqueue refund 1 --no R1 --fen x", nil, exitUsage, `--fen: want a whole number, found "x"`},
		{"enqueue settle 1 --no S1", nil, exitUsage, "--desc: is missing"},
		{"retry --failed --code abc", nil, exitUsage, `--code: want a whole number, found "abc"`},
		{"enqueue push", nil, exitUsage, "requires at least 1 arg(s), only received 0; usage: ordersync enqueue push ORDER… [flags]"},
		{"enqueue push a/b", secrets, exitUsage, `order "a/b": tasks: order_id: has a space, slash`},
		{"enqueue push 1 --cause because", secrets, exitUsage, `cause: "because" is unknown`},
		{"enqueue push 1 --delay 25h", secrets, exitUsage, "--delay: want 0s to 24h0m0s"},
		{"enqueue push 1 --delay soon", secrets, exitUsage, `--delay: want a span such as 90s or 24h, found "soon"`},
		{"enqueue push 1 --unchecked", nil, exitUsage, "config: redis.uri: is required (ORDERSYNC_REDIS__URI"},
		{"enqueue push 1 --unchecked", secrets, exitFailed, "order 1: tasks: enqueue order:push: "},
		{"enqueue push 1", secrets, exitFailed, "store: "},
		{"failures --limit 0", secrets, exitUsage, "--limit: want 1 to 1000, found 0"},
		{"status 1", nil, exitUsage, "config: mysql.dsn: is required"},
		{"status 1 2", nil, exitUsage, "accepts at most 1 arg(s), received 2; usage: ordersync status [ORDER] [flags]"},
		{"status 1", secrets, exitFailed, "store: "},
		{"status 1 --log-level loud", secrets, exitUsage, "--log-level: want trace"},
		{"status 1 --log-format xml", secrets, exitUsage, "--log-format: want json or console"},
		{"status 1 --config /nowhere.yaml", secrets, exitUsage, "config: config file: cannot be read: open /nowhere.yaml"},
		{"status 1", append([]string{"ORDERSYNC_CONFIG=/nowhere.yaml"}, secrets...), exitUsage, "open /nowhere.yaml"},
		{"status 1", append([]string{"ORDERSYNC_WORKER__SERVERS=x"}, secrets...), exitUsage, "config: worker.servers (ORDERSYNC_WORKER__SERVERS): want a whole number"},
		{"migrate --status --print", secrets, exitUsage, "--status, --print, --down: want one of them"},
		{"migrate", secrets, exitFailed, "store: migrate: "},
		{"retry", secrets, exitUsage, "--order, --failed: want one of both"},
		{"retry --order 1 --failed", secrets, exitUsage, "--order, --failed: want one of both"},
		{"retry --order 1 --code 3", secrets, exitUsage, "--code, --since, --dry-run, --yes: go with --failed"},
		{"retry --failed --since yesterday", secrets, exitUsage, `--since: want 24h, 2026-01-02`},
		{"simulator --faults weather", nil, exitUsage, "--faults: simulator: faults: want off, some, storm"},
		{"simulator --redelivery-scale 0", nil, exitUsage, "--redelivery-scale: want more than 0"},
		{"simulator --trade-app-key main.go", nil, exitUsage, "--trade-app-key: simulator: the app's key: want a public key in PEM"},
		{"simulator --trade-platform-key main.go", nil, exitUsage, "--trade-platform-key: simulator: the platform's key: want a private key in PEM"},
		{"simulator --trade-app-key nowhere.pem", nil, exitUsage, "--trade-app-key: open nowhere.pem"},
		{"simulator --addr nonsense", nil, exitFailed, "simulator: listen tcp: address nonsense"},
		{"healthcheck", nil, exitUsage, "--url: is required"},
		{"healthcheck --url http://127.0.0.1:1/", nil, exitFailed, "connection refused"},
		{"admin-hash", nil, exitFailed, "a password has 10 to 72 bytes"},
		{"gateway", append([]string{"ORDERSYNC_ADMIN__USERS=bob=operator:" + canary}, secrets...), exitUsage, `config: admin.users (ORDERSYNC_ADMIN__USERS): "bob": want viewer:<bcrypt hash>`},
		{"gateway", append([]string{"ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0", "ORDERSYNC_ADMIN__ADDR=127.0.0.1:0", "ORDERSYNC_ADMIN__USERS=bob=operator:$2y$10$" + canary}, secrets[:7]...), exitUsage, "admin.users.bob: after the role stands no bcrypt hash"},
		{"gateway", append([]string{"ORDERSYNC_GATEWAY__ADDR=0.0.0.0:0", "ORDERSYNC_ADMIN__ADDR="}, secrets[:6]...), exitUsage, "gateway: gateway.addr (0.0.0.0:0) can be reached by others, and gateway.tokens is empty. Cure: set gateway.tokens"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			code, out, errOut := command(t, tt.environ, nil, strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(errOut, tt.want) {
				t.Errorf("code %d, stderr %q; want code %d with %q", code, errOut, tt.code, tt.want)
			}
			if out != "" || strings.Count(errOut, "\n") != 1 || !strings.HasPrefix(errOut, "ordersync: ") {
				t.Errorf("stdout %q, stderr %q; want one line on stderr and nothing on stdout", out, errOut)
			}
		})
	}
}

func TestEveryProblemOfAConfigHasItsLine(t *testing.T) {
	code, _, errOut := command(t, []string{"ORDERSYNC_WORKER__SERVERS=x", "ORDERSYNC_LOG__KEEP=x"}, nil, "status", "1")
	if lines := strings.Count(errOut, "ordersync: config: "); code != exitUsage || lines != 2 {
		t.Errorf("code %d, stderr %q; want code 2 and two lines", code, errOut)
	}
}

func TestVersionAndPrintedMigrationsNeedNothing(t *testing.T) {
	if code, out, _ := command(t, nil, nil, "version"); code != exitDone || !strings.HasPrefix(out, "ordersync ") {
		t.Errorf("version: code %d, %q", code, out)
	}
	if code, out, _ := command(t, nil, nil, "migrate", "--print"); code != exitDone || !strings.Contains(out, "ordersync_outbox") || strings.Contains(out, "goose") {
		t.Errorf("migrate --print: code %d, %q", code, out)
	}
}

// shop is a migrated database with one paid order, 7, and an empty Redis.
func shop(t *testing.T) []assembly.Option {
	t.Helper()
	db, rdb := servertest.DB(t), servertest.Redis(t)
	servertest.CreateShop(t, db)
	for _, q := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, '_000openid')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://cdn.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '书法')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) " +
			"VALUES (7, 1, 1, 1, '0.07', '0.07', 1700000000, 'SN7', '', 1)",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatal(err)
		}
	}
	return []assembly.Option{assembly.WithDB(db), assembly.WithRedis(rdb)}
}

func TestMigrateSaysWhatItDidAndIsSafeTwice(t *testing.T) {
	options := shop(t)
	steps := []struct{ flag, want string }{
		{"--status", "not applied"}, {"", "applied 0001"}, {"", "nothing to do"}, {"--status", "0001_orders.sql"},
	}
	for i, s := range steps {
		args := []string{"migrate"}
		if s.flag != "" {
			args = append(args, s.flag)
		}
		code, out, errOut := command(t, secrets, options, args...)
		if code != exitDone || !strings.Contains(out, s.want) {
			t.Errorf("step %d: code %d, stdout %q, stderr %q; want %q", i+1, code, out, errOut, s.want)
		}
	}
}

func TestEnqueueStatusRetry(t *testing.T) {
	options := shop(t)
	run := func(wantCode int, want string, args ...string) string {
		t.Helper()
		code, out, errOut := command(t, secrets, options, args...)
		if code != wantCode || !strings.Contains(out+errOut, want) {
			t.Errorf("ordersync %v: code %d, stdout %q, stderr %q; want code %d with %q", args, code, out, errOut, wantCode, want)
		}
		return out
	}
	run(exitDone, "applied", "migrate")
	run(exitDone, "7 queued\n8 queued\n", "enqueue", "push", "7", "8", "--revision", "r1", "--unchecked")
	run(exitDone, "7 known already: on its way, or done within the last hour\n9 queued\n", "enqueue", "push", "7", "9", "--revision", "r1", "--unchecked")
	run(exitFailed, "7 known already: on its way, or done within the last hour\nordersync: order \"SN1001\": neither the shop nor ordersync has it\n", "enqueue", "push", "7", "SN1001", "--revision", "r1")
	run(exitDone, "7 queued", "enqueue", "push", "7", "--delay", "1h")

	run(exitFailed, `order "404": neither the shop nor ordersync has it`, "status", "404")
	run(exitDone, "unknown", "status", "7")
	run(exitDone, "found by       its key, 7\n", "status", "7")
	var status gateway.OrderStatus
	if err := json.Unmarshal([]byte(run(exitDone, "{", "status", "7", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if status.OrderID != "7" || status.Outcome != "unknown" || status.ShopStatus != "1" || status.Douyin != nil {
		t.Errorf("status = %+v", status)
	}
	run(exitFailed, `order "7" was never asked for`, "retry", "--order", "7")
	run(exitDone, "0 orders are due now", "retry", "--failed", "--since", "24h", "--code", "40022")
}

func TestEnqueuedTasksAreTheGateways(t *testing.T) {
	rdb := servertest.Redis(t)
	if code, _, errOut := command(t, secrets, []assembly.Option{assembly.WithRedis(rdb)}, "enqueue", "push", "7", "--delay", "1h", "--revision", "r", "--unchecked"); code != exitDone {
		t.Fatal(errOut)
	}
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	scheduled, err := inspector.ListScheduledTasks(tasks.QueuePush)
	if err != nil || len(scheduled) != 1 || scheduled[0].ID != (tasks.PushOrder{OrderID: "7", Revision: "r"}).ID() {
		t.Errorf("scheduled tasks = %v, %v; want the one of order 7", scheduled, err)
	}
}

// addrOf reads the log until what listens.
func addrOf(t *testing.T, log io.Reader, what string) string {
	t.Helper()
	for d := json.NewDecoder(log); ; {
		var line struct{ Addr, Message string }
		if err := d.Decode(&line); err != nil {
			t.Fatalf("the log ended before %s listened: %v", what, err)
		}
		if line.Message == what+" listens" {
			go func() { _, _ = io.Copy(io.Discard, log) }() // the writer must not block
			return line.Addr
		}
	}
}

// background starts a command that serves, and returns its address and what ends it and returns its exit code.
func background(t *testing.T, environ []string, options []assembly.Option, args ...string) (addr string, stop func() int) {
	t.Helper()
	return listening(t, args[0], environ, options, args...)
}

// listening is background for a command that serves more than one port.
func listening(t *testing.T, what string, environ []string, options []assembly.Option, args ...string) (addr string, stop func() int) {
	t.Helper()
	log, errOut := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{environ: environ, in: strings.NewReader(""), out: io.Discard, errOut: errOut, options: options}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run(ctx, args)
		_ = errOut.Close()
	}()
	stop = func() int { cancel(); return <-ended }
	return addrOf(t, log, what), stop
}

func TestGatewayServesAndEndsWithItsSignal(t *testing.T) {
	options := shop(t)
	if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	addr, stop := background(t, append([]string{"ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0"}, secrets...), options, "gateway")
	if code, out, errOut := command(t, nil, nil, "healthcheck", "--url", "http://"+addr+"/readyz"); code != exitDone || out != "ok\n" {
		t.Errorf("healthcheck: code %d, stdout %q, stderr %q", code, out, errOut)
	}
	if code, _, errOut := command(t, nil, nil, "healthcheck", "--url", "http://"+addr+"/v1/orders/7"); code != exitFailed || !strings.Contains(errOut, "HTTP 401") {
		t.Errorf("healthcheck of a guarded path: code %d, stderr %q", code, errOut)
	}
	if code := stop(); code != exitDone {
		t.Errorf("the gateway ended with %d after its signal, want 0", code)
	}
}

func TestDoctorFindsAHealthyShopAndNamesWhatIsIll(t *testing.T) {
	addr, stop := background(t, []string{"ORDERSYNC_LOG__FORMAT=json", "ORDERSYNC_DOUYIN__SALT=" + canary}, nil, "simulator", "--addr", "127.0.0.1:0")
	environ := append([]string{"ORDERSYNC_DOUYIN__BASE_URL=http://" + addr}, secrets...)
	options := shop(t)

	code, out, errOut := command(t, environ, options, "doctor")
	if code != exitFailed || !strings.Contains(out, "run: ordersync migrate") || errOut != "" {
		t.Errorf("before migrate: code %d, stdout:\n%s\nstderr %q; want a failure whose cure is migrate", code, out, errOut)
	}
	if !strings.Contains(out, "ok    douyin: token from "+addr) {
		t.Errorf("no token in\n%s", out)
	}
	if code, _, errOut := command(t, environ, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	_, out, _ = command(t, environ, options, "doctor")
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if strings.HasPrefix(line, "FAIL") && !strings.Contains(line, "redis: version") { // miniredis has none
			t.Errorf("a healthy shop: %s", line)
		}
	}
	for _, want := range []string{
		"ok    redis: takes what is written", "ok    douyin: " + addr + " takes our signature", "was not asked for one", // a token costs one
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	wrong := append([]string{"ORDERSYNC_DOUYIN__SALT=another"}, environ...)
	code, out, _ = command(t, slices.DeleteFunc(wrong, func(e string) bool { return strings.HasPrefix(e, "ORDERSYNC_DOUYIN__SALT="+canary) }), options, "doctor")
	if code != exitFailed || !strings.Contains(out, "FAIL  douyin: "+addr+" refuses a signed question") {
		t.Errorf("a wrong salt: code %d\n%s", code, out)
	}

	if code := stop(); code != exitDone {
		t.Errorf("the simulator ended with %d, want 0", code)
	}
	code, out, _ = command(t, nil, nil, "doctor")
	if code != exitFailed || strings.Count(out, "FAIL  config: ") != 4 {
		t.Errorf("doctor without configuration: code %d,\n%s\nwant four failures", code, out)
	}
}
