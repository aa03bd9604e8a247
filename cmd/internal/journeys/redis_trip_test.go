package journeys

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// travel is the story of all topologies.
func (s *trip) travel() {
	s.run()
	s.signIn()
	s.shop.sell(s.t, tripOrders)
	for id := 1; id <= tripRefunds+1; id++ {
		s.complain(s.bank.AddPaid(outNo(id), int64(fen(id)), time.Now()))
	}
	if s.road.fail != nil {
		s.slow(400 * time.Millisecond) // so that something is on its way when it breaks
	}
	s.finish(s.push(s.every(4, 0), "paid"))
	for id := 1; id < tripRefunds; id++ {
		s.refundOverHTTP(id)
	}
	s.write(s.every(4, 1))
	s.add(s.every(4, 2)...)
	s.report("%d orders are sold; three quarters are asked for over HTTP, outbox and inbox, and %d refunds", tripOrders, tripRefunds-1)
	if s.road.fail != nil {
		s.breakRedis()
	} else {
		s.refundOverHTTP(tripRefunds)
	}
	s.addBad()
	s.addRefund(tripRefunds + 1)
	for id := 1; id <= tripRefunds+1; id++ {
		s.shop.state[id] = stateRefunded // what Douyin is to show; the shop's row stays as it is
	}
	s.awaitNewest()
	s.awaitRefunds(tripRefunds + 1)
	s.awaitBooks()
	s.awaitInbox()
	s.report("Douyin holds every order's newest state; %d pushes were made again", s.checkLedger().repeats()-tripRefunds-1)
	s.checkMoney()
	s.checkPort()
	s.checkDoctor()
	s.checkLogs()
	s.checkDenied()
	s.report("money, operators' port, metrics, doctor and logs are right")
}

func (s *trip) complain(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// every are the orders whose id leaves rest.
func (s *trip) every(n, rest int) []int {
	return s.shop.ids(func(id int) bool { return id%n == rest })
}

// write puts pushes into the outbox, as the shop's own transaction does.
func (s *trip) write(ids []int) {
	s.t.Helper()
	for _, id := range ids {
		s.shop.exec(s.t, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', ?, NULL)", id)
	}
}

// add puts pushes into the inbox.
func (s *trip) add(ids ...int) {
	s.t.Helper()
	for _, id := range ids {
		s.entry("kind", "push", "order_id", fmt.Sprint(id), "cause", "paid")
	}
}

func (s *trip) entry(fields ...string) {
	s.t.Helper()
	s.complain(s.road.shop.XAdd(s.t.Context(), &redis.XAddArgs{Stream: inbox.Stream, MaxLen: 1000, Approx: true, Values: fields}).Err())
}

// addBad puts an entry into the inbox that nobody can read.
func (s *trip) addBad() {
	s.t.Helper()
	s.entry("kind", "greeting", "order_id", "1")
}

func (s *trip) addRefund(id int) {
	s.t.Helper()
	s.entry("kind", "refund", "order_id", fmt.Sprint(id), "payload", fmt.Sprintf(`{"out_refund_no":"R%d","amount_fen":%d,"reason":"退款"}`, id, fen(id)))
}

func (s *trip) refundOverHTTP(id int) {
	s.t.Helper()
	ask := tasks.RefundRequest{OutRefundNo: fmt.Sprintf("R%d", id), AmountFen: int64(fen(id)), Reason: "退款"}
	status, err := exchange(s.t.Context(), http.MethodPost, fmt.Sprintf("http://%s/v1/orders/%d/refunds", s.app.Load().addr, id), ask, nil)
	if err != nil || status != http.StatusAccepted {
		s.t.Fatalf("refund of order %d: HTTP %d, %v", id, status, err)
	}
}

// breakRedis kills the master while orders are on their way and asked for, and waits until its successor serves.
func (s *trip) breakRedis() {
	s.t.Helper()
	s.awaitHeld(tripOrders / 4)
	acknowledged := s.every(4, 0)
	held := s.stats().Held
	if held >= tripOrders {
		s.t.Fatal("killed when nothing was on its way any more")
	}
	s.road.fail()
	killed := time.Now()
	late := s.push(s.every(8, 3), "late") // asked for while there is no master
	s.awaitDown()
	s.refundOverHTTP(tripRefunds) // a row in the database: it is taken without Redis
	s.awaitReady(http.StatusOK)
	took := time.Since(killed)
	s.finish(late)
	lost := 0
	for _, id := range acknowledged {
		task := tasks.PushOrder{OrderID: fmt.Sprint(id), Revision: "paid", Cause: tasks.CausePaid}
		n, err := s.rdb.Exists(s.t.Context(), "asynq:{"+task.Queue()+"}:t:"+task.ID()).Result()
		s.complain(err)
		lost += int(1 - n)
	}
	s.report("the master was killed with %d of %d orders at Douyin; /readyz is well again after %.1f s; of %d acknowledged tasks %d are lost",
		held, tripOrders, took.Seconds(), len(acknowledged), lost)
}

// awaitDown waits until /readyz is 503. What was good a moment ago is not asked for five seconds, so a
// successor that serves before that is as good.
func (s *trip) awaitDown() {
	s.t.Helper()
	s.await("/readyz answers 503, or the successor serves", func(ctx context.Context) (bool, string, error) {
		status, err := exchange(ctx, http.MethodGet, "http://"+s.app.Load().addr+"/readyz", nil, nil)
		if err == nil && status == http.StatusServiceUnavailable {
			return true, "", nil
		}
		return s.rdb.Set(ctx, "journey:successor", "1", time.Minute).Err() == nil, fmt.Sprint(status), err
	})
}

func (s *trip) awaitRefunds(n int) {
	s.t.Helper()
	s.await("refunds succeed", func(context.Context) (bool, string, error) {
		done := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_refund WHERE state = 'succeeded'")
		return done == n, fmt.Sprint(done), nil
	})
}

// awaitInbox waits until nothing but the bad entry is left, in the dead stream.
func (s *trip) awaitInbox() {
	s.t.Helper()
	s.await("the inbox is empty", func(ctx context.Context) (bool, string, error) {
		w, err := inbox.Lag(ctx, s.rdb)
		return w.Entries == 0 && w.Dead == 1, fmt.Sprintf("%+v", w), err
	})
}

// checkMoney: every refund moved once, with its amount.
func (s *trip) checkMoney() {
	s.t.Helper()
	money, moved, refunds := s.bank.Money(), map[string]int64{}, 0
	for _, m := range money.Movements {
		if m.Kind == "refund" {
			moved[m.Number] += m.Amount
			refunds++
		}
	}
	for id := 1; id <= tripRefunds+1; id++ {
		if no := fmt.Sprintf("R%d", id); moved[no] != int64(fen(id)) {
			s.t.Errorf("%d fen moved for refund %s, want %d", moved[no], no, fen(id))
		}
	}
	if refunds != tripRefunds+1 || len(money.Anomalies) > 0 {
		s.t.Errorf("%d movements for %d refunds; anomalies: %+v", refunds, tripRefunds+1, money.Anomalies)
	}
}

const operatorsPassword = "correct horse battery"

// alice is admin.users with one operator.
func (s *trip) alice() string {
	s.t.Helper()
	hash, errOut, err := s.launch.command(s.t, plainEnviron(), operatorsPassword+"\n", "admin-hash")
	if err != nil {
		s.t.Fatalf("admin-hash: %v: %s", err, errOut)
	}
	return "alice=operator:" + strings.TrimSpace(hash)
}

// browse does what an operator's browser does: it asks for a page, or sends a button's form.
func (s *trip) browse(method, path, form string) (status int, body string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.port+path, strings.NewReader(form))
	s.complain(err)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.operator.Do(req)
	s.complain(err)
	defer resp.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(resp.Body)
	s.complain(err)
	return resp.StatusCode, string(text)
}

// signIn opens the operators' port.
func (s *trip) signIn() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	line, err := s.app.Load().log.await(ctx, func(l logLine) bool { return l.Message == "admin listens" })
	s.complain(err)
	jar, err := cookiejar.New(nil)
	s.complain(err)
	s.port, s.operator = "http://"+line.Addr, &http.Client{Jar: jar}
	s.browse(http.MethodPost, "/login", url.Values{"name": {"alice"}, "password": {operatorsPassword}}.Encode())
}

// checkPort looks at every page that asks Redis, and presses what changes it.
func (s *trip) checkPort() {
	s.t.Helper()
	const queues = "/asynqmon/api/queues/push"
	pages := []string{"/", "/load", "/orders/1", "/readyz", "/asynqmon/api/queues", queues, queues + "/groups", "/asynqmon/api/queue_stats",
		"/asynqmon/api/servers", "/asynqmon/api/scheduler_entries"}
	for _, state := range []string{"active", "pending", "scheduled", "retry", "archived", "completed"} {
		pages = append(pages, queues+"/"+state+"_tasks")
	}
	for _, page := range pages {
		if status, body := s.browse(http.MethodGet, page, ""); status != http.StatusOK || strings.Contains(body, "Redis does not answer") {
			s.t.Errorf("%s: %d %.200s", page, status, body)
		}
	}
	for _, button := range [][2]string{
		{http.MethodPost, "/orders/2/push"}, {http.MethodPost, queues + ":pause"}, {http.MethodPost, queues + ":resume"},
		{http.MethodPost, queues + "/active_tasks/none:cancel"}, {http.MethodDelete, queues + "/completed_tasks:delete_all"},
	} {
		if status, _ := s.browse(button[0], button[1], ""); status >= http.StatusBadRequest {
			s.t.Errorf("%s %s: %d", button[0], button[1], status)
		}
	}
	wanted := []string{
		`ordersync_reading_up{source="queues"} 1`, `ordersync_reading_up{source="inbox"} 1`, `ordersync_reading_up{source="memory"} 1`,
		`ordersync_reading_up{source="database"} 1`, "ordersync_redis_keeps_keys 1", "ordersync_rate_limit_shared 1", "ordersync_inbox_dead_entries 1",
		`ordersync_breaker_state{state="closed"} 1`, "ordersync_token_left_seconds 7",
	}
	s.await("the metrics show it", func(context.Context) (bool, string, error) {
		_, body := s.browse(http.MethodGet, "/metrics", "")
		missing := slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return strings.Contains(body, w) })
		return len(missing) == 0, fmt.Sprintf("no %q", missing), nil
	})
}

// checkDoctor: it finds nothing wrong.
func (s *trip) checkDoctor() {
	s.t.Helper()
	out, _, _ := s.launch.command(s.t, s.environ, "", "doctor")
	for _, bad := range []string{"FAIL", "warn  redis"} {
		if strings.Contains(out, bad) || !strings.Contains(out, "ok    redis: version ") {
			s.t.Errorf("doctor finds:\n%s", out)
			return
		}
	}
}

// checkLogs: nothing was refused by users or by a cluster.
func (s *trip) checkLogs() {
	s.t.Helper()
	s.stack.checkLogs()
	for _, l := range s.logs {
		for _, never := range []string{"NOPERM", "NOAUTH", "WRONGPASS", "CROSSSLOT"} {
			if strings.Contains(l.String(), never) {
				s.t.Errorf("a log has %s", never)
			}
		}
	}
}

func (s *trip) checkDenied() {
	s.t.Helper()
	if s.road.denied == nil {
		return
	}
	for _, line := range s.road.denied() {
		s.t.Errorf("Redis refused %s", line)
	}
}
