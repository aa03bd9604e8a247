package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/doctor"
	"github.com/ordersync/ordersync/store/servertest"
)

// refusing is a MySQL server that answers every connection with one error: an ERR packet (payload
// length, sequence number, 0xff, error number, '#', SQL state, text) in place of its greeting.
func refusing(t *testing.T, packet string) (dsn string) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, packet)
			_ = conn.Close()
		}
	}()
	return "shop:" + canary + "@tcp(" + ln.Addr().String() + ")/shop"
}

const (
	// 1045, Access denied.
	accessDenied = "\x47\x00\x00\x00\xff\x15\x04#28000Access denied for user 'shop'@'10.0.0.9' (using password: YES)"
	// 1049, Unknown database.
	unknownDatabase = "\x20\x00\x00\x00\xff\x19\x04#42000Unknown database 'shop'"
)

// Each of these processes went on for ever, or wrote thousands of lines, where nothing but another
// configuration could help.
func TestWhatCanNeverWorkEndsAProcess(t *testing.T) {
	commands := []string{"run", "gateway", "worker", "scheduler"}
	migrated := func(t *testing.T) []assembly.Option {
		t.Helper()
		options := shop(t)
		if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
			t.Fatal(errOut)
		}
		return options
	}
	base := slices.DeleteFunc(slices.Clone(secrets), func(e string) bool {
		return strings.HasPrefix(e, "ORDERSYNC_MYSQL__DSN=") || strings.HasPrefix(e, "ORDERSYNC_REDIS__URI=")
	})
	server := servertest.StartRedis(t)
	locked := servertest.StartRedis(t, "--requirepass", "right")
	redisOf := "ORDERSYNC_REDIS__URI=redis://" + server.Addr
	for _, tt := range []struct {
		name    string
		environ []string
		options []assembly.Option
		want    string
	}{
		{"password of MySQL", []string{"ORDERSYNC_MYSQL__DSN=" + refusing(t, accessDenied), redisOf + "/0"}, nil,
			"ordersync: mysql: the database does not let us in, so the tables were not looked at: store: server version: Error 1045 (28000): Access denied for user 'shop'@'10.0.0.9' (using password: YES). " +
				"Cure: check mysql.dsn (user, password, database), and that the server lets this account in from this host\n"},
		{"name of the database", []string{"ORDERSYNC_MYSQL__DSN=" + refusing(t, unknownDatabase), redisOf + "/0"}, nil,
			"ordersync: mysql: the database does not let us in, so the tables were not looked at: store: server version: Error 1049 (42000): Unknown database 'shop'. " +
				"Cure: check mysql.dsn (the database's name), or create the database\n"},
		{"Redis database", []string{redisOf + "/9999", "ORDERSYNC_MYSQL__DSN=u@tcp(127.0.0.1:1)/shop"}, migrated(t)[:1],
			"ordersync: redis: does not have the database that redis.uri names: ERR DB index is out of range. " +
				"Cure: let redis.uri end in the number of a database that it has: /0 to /15 unless its `databases` says more, /0 in a cluster\n"},
		{"password of Redis", []string{"ORDERSYNC_REDIS__URI=redis://:wrong@" + locked.Addr + "/0", "ORDERSYNC_MYSQL__DSN=u@tcp(127.0.0.1:1)/shop"}, migrated(t)[:1], "ordersync: redis: does not let us in: WRONGPASS invalid username-password pair or user is disabled. Cure: compare user and password of redis.uri, or redis.username and redis.password, with its users\n"},
		{"a table of the shop", []string{"ORDERSYNC_SHOP__TABLES__ORDER=tp_order", redisOf + "/0", "ORDERSYNC_MYSQL__DSN=u@tcp(127.0.0.1:1)/shop"}, migrated(t)[:1],
			"Cure: set shop.tables.order to the table's name, prefix included, and GRANT SELECT on it\n"},
		{"a column of the shop", []string{"ORDERSYNC_SHOP__COLUMNS__PRICE=preis", redisOf + "/0", "ORDERSYNC_MYSQL__DSN=u@tcp(127.0.0.1:1)/shop"}, migrated(t)[:1],
			"Cure: set the key under shop.columns (or shop.filter, or shop.trade) that names preis to the shop's name for it\n"},
		{"a placeholder", []string{"ORDERSYNC_DOUYIN__APP_ID=ttxxxxxxxxxxxxxxxx", redisOf + "/0", "ORDERSYNC_MYSQL__DSN=u@tcp(127.0.0.1:1)/shop"}, migrated(t)[:1],
			"ordersync: config: douyin.app_id (ORDERSYNC_DOUYIN__APP_ID): holds an example's placeholder: put the real value there (ORDERSYNC_DOUYIN__APP_ID). " +
				"Cure: Douyin's console shows app_id, secret, salt and token; `openssl rand -hex 32` makes a token of the gateway\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if server.IsMiniredis() && strings.Contains(tt.name, "Redis") {
				return // miniredis has every database and no password; ORDERSYNC_TEST_SERVERS=required says so
			}
			for _, name := range commands {
				environ := slices.Concat(base, []string{"ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0"}, tt.environ)
				code, out, errOut := command(t, environ, tt.options, name, "--log-level", "error")
				if code != exitUsage || out != "" || !strings.HasSuffix(errOut, tt.want) && !strings.HasPrefix(errOut, tt.want) || strings.Count(errOut, "\n") != 1 {
					t.Errorf("%s: code %d, stdout %q, stderr %q; want code 2 and one line, %q", name, code, out, errOut, tt.want)
				}
			}
		})
	}
}

// An older program would misread what a newer one has written.
func TestTablesOfANewerProgramEndAProcess(t *testing.T) {
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	options := []assembly.Option{assembly.WithDB(db), assembly.WithRedis(servertest.Redis(t))}
	if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	if err := db.Exec("INSERT INTO ordersync_migration (version_id, is_applied) VALUES (9001, 1)").Error; err != nil {
		t.Fatal(err)
	}
	code, _, errOut := command(t, secrets, options, "worker")
	const want = "Cure: start the newer version of ordersync, or take its migrations back with it: ordersync migrate --down\n"
	if code != exitUsage || !strings.HasPrefix(errOut, "ordersync: mysql: our tables (ordersync_…) are newer than this program: migration 9001 was applied, and it knows none above ") ||
		!strings.HasSuffix(errOut, want) {
		t.Errorf("code %d, stderr %q", code, errOut)
	}
	if _, out, _ := command(t, secrets, options, "doctor"); !strings.Contains(out, "FAIL  mysql: our tables (ordersync_…) are newer than this program: migration 9001") {
		t.Errorf("doctor does not say it:\n%s", out)
	}
}

// said reads a process's log, one JSON object a line, until a message begins so.
func said(t *testing.T, lines *json.Decoder, begins string) (before []string) {
	t.Helper()
	for {
		var line struct{ Message, Check, Cure string }
		if err := lines.Decode(&line); err != nil {
			t.Fatalf("the log ended before %q: %v, after %q", begins, err, before)
		}
		if strings.HasPrefix(line.Message, begins) {
			return append(before, line.Check, line.Cure)
		}
		before = append(before, line.Message)
	}
}

// A migration may run at the same time, as a Job of Kubernetes does: whoever is early waits, is
// alive, is not ready, and begins as soon as the tables are there.
func TestAProcessWaitsForTheMigration(t *testing.T) {
	options := shop(t)
	environ := append(slices.Clone(secrets), "ORDERSYNC_ADMIN__ADDR=127.0.0.1:0")
	log, errOut := io.Pipe()
	ctx, signal := context.WithCancel(t.Context())
	p := &process{environ: environ, in: strings.NewReader(""), out: io.Discard, errOut: errOut, options: options}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run(ctx, []string{"worker"})
		_ = errOut.Close()
	}()
	lines := json.NewDecoder(log)
	var addr string
	for addr == "" { // beside it the wait is said
		var line struct{ Addr, Message, Check, Cure string }
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		switch line.Message {
		case "admin listens":
			addr = line.Addr
		default:
			if line.Message != "waits: our tables (ordersync_…): 14 migrations are not applied, 0001_orders.sql to 0014_asked.sql" ||
				line.Check != "mysql" || line.Cure != "run: ordersync migrate" {
				t.Errorf("the log says %+v", line)
			}
		}
	}
	// What follows is written while nobody reads: the pipe has to be emptied.
	more := make(chan []string, 1)
	go func() { more <- said(t, lines, "worker runs"); _, _ = io.Copy(io.Discard, log) }()
	if status, body := get(t, http.DefaultClient, "http://"+addr+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %q", status, body)
	}
	if status, body := get(t, http.DefaultClient, "http://"+addr+"/readyz"); status != http.StatusServiceUnavailable || body != "mysql lacks our tables\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	if got := <-more; !slices.Contains(got, "what was waited for is there") {
		t.Errorf("the log says %q", got)
	}
	signal()
	if code := <-ended; code != exitDone {
		t.Errorf("ended with %d after its signal", code)
	}
}

// A signal ends the wait at once, whatever is waited for.
func TestASignalEndsTheWait(t *testing.T) {
	for name, environ := range map[string][]string{
		"MySQL does not answer": secrets,
	} {
		t.Run(name, func(t *testing.T) {
			log, errOut := io.Pipe()
			ctx, signal := context.WithCancel(t.Context())
			p := &process{environ: environ, in: strings.NewReader(""), out: io.Discard, errOut: errOut}
			ended := make(chan int, 1)
			go func() {
				ended <- p.run(ctx, []string{"scheduler"})
				_ = errOut.Close()
			}()
			lines := json.NewDecoder(log)
			if got := said(t, lines, "waits: the database does not answer"); got[0] != "mysql" || !strings.HasPrefix(got[1], "check mysql.dsn") {
				t.Errorf("check and cure: %q", got)
			}
			go func() { _, _ = io.Copy(io.Discard, log) }()
			signal()
			if code := <-ended; code != exitDone {
				t.Errorf("ended with %d after its signal", code)
			}
		})
	}
}

// One cause is said once a minute, however often it is looked at and whatever port its words name;
// another one at once.
func TestAWaitIsSaidOnceAMinute(t *testing.T) {
	away := func(port string) []doctor.Result {
		return []doctor.Result{{Level: doctor.Failure, Check: "mysql", Found: "reset: " + port, Cure: "start it", Waits: true}}
	}
	tables := []doctor.Result{{Level: doctor.Failure, Check: "mysql", Found: "no tables", Cure: "run: ordersync migrate", Waits: true}}
	answers := [][]doctor.Result{away("2"), tables, away("3"), away("4"), tables, nil}
	now, every := time.Unix(0, 0), make(chan time.Time, len(answers))
	for range answers {
		every <- time.Time{}
	}
	var out bytes.Buffer
	w := waiter{
		log: zerolog.New(&out), every: every,
		now: func() time.Time { now = now.Add(25 * time.Second); return now },
		look: func(context.Context) (waits []doctor.Result, err error) {
			waits, answers = answers[0], answers[1:]
			return waits, nil
		},
	}
	if err := w.until(t.Context(), away("1")); err != nil {
		t.Fatal(err)
	}
	const want = `{"level":"warn","check":"mysql","cure":"start it","message":"waits: reset: 1"}
{"level":"warn","check":"mysql","cure":"run: ordersync migrate","message":"waits: no tables"}
{"level":"warn","check":"mysql","cure":"start it","message":"waits: reset: 3"}
{"level":"warn","check":"mysql","cure":"run: ordersync migrate","message":"waits: no tables"}
{"level":"info","message":"what was waited for is there"}
`
	if out.String() != want {
		t.Errorf("the log is\n%s", out.String())
	}
}
