package assembly

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

const (
	shopTrace, shopSpan = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	canary              = "canary-0123456789"
)

// traced is a scene that traces, with a process that works.
type traced struct {
	*scene
	*Assembly
	collector *receiver
	gateway   *httptest.Server

	mu    sync.Mutex
	calls []http.Header // to Douyin
}

func startTraced(t *testing.T) *traced {
	t.Helper()
	s := &traced{collector: startReceiver(t)}
	keep := func(douyin http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			s.calls = append(s.calls, r.Header.Clone())
			s.mu.Unlock()
			douyin.ServeHTTP(w, r)
		})
	}
	s.scene = newScene(t, sceneConfig{before: keep, douyin: simulator.Config{
		Secret: canary + "-secret", Salt: canary + "-salt", CallbackToken: canary + "-token", ResultDelay: time.Millisecond,
	}})
	s.must(s.shop.Exec(t.Context(), "UPDATE {dy_user} SET openid = '"+canary+"-openid'"))
	s.Assembly = s.process(func(cfg *configs.Config) {
		cfg.Gateway.Tokens = []configs.Secret{canary + "-bearer"}
		cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = time.Second, 0
		cfg.Trace.Endpoint, cfg.Trace.Headers = configs.Secret(s.collector.URL), map[string]configs.Secret{"authorization": canary + "-collector"}
	}, WithPolls(time.Second), WithBackoff(worker.Backoff{Scale: 1e-6}))
	handler, err := s.Gateway()
	if err != nil {
		t.Fatal(err)
	}
	s.gateway = httptest.NewServer(handler)
	t.Cleanup(s.gateway.Close)
	startWorker(t, s.Assembly)
	t.Cleanup(func() { s.finish() })
	return s
}

// post asks the gateway as the shop does, within the shop's trace.
func (s *traced) post(path, body string, want int) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.gateway.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+canary+"-bearer")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("traceparent", "00-"+shopTrace+"-"+shopSpan+"-01")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		s.t.Fatalf("%s: HTTP %d %s, %v; want %d", path, answer.StatusCode, text, err, want)
	}
}

func (s *traced) pushed(orderID string) func() bool {
	return func() bool {
		order, found, err := s.scene.store.Order(s.t.Context(), orderID)
		return err == nil && found && order.Outcome == store.Pushed
	}
}

// finish stops the stack, so that every span has arrived, and looks for what must never be in one.
func (s *traced) finish() spans {
	s.t.Helper()
	token := ""
	if cache, err := s.Tokens(); err == nil {
		token, _ = cache.Token(context.Background())
	}
	if err := s.Close(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Error(err)
	}
	s.collector.mu.Lock()
	defer s.collector.mu.Unlock()
	sent := s.collector.bodies.Bytes()
	for _, secret := range []string{canary, token, "SN0000"} { // secrets, and the shop's numbers
		if secret != "" && bytes.Contains(sent, []byte(secret)) {
			s.t.Errorf("the collector was sent %q", secret)
		}
	}
	if len(token) < 8 {
		s.t.Errorf("token %q: the test looks for nothing", token)
	}
	for _, h := range s.collector.headers {
		if h.Get("Authorization") != canary+"-collector" {
			s.t.Error("trace.headers were not sent")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.calls {
		if h.Get("traceparent")+h.Get("tracestate")+h.Get("baggage") != "" {
			s.t.Errorf("Douyin was told of a trace: %v", h)
		}
	}
	return slices.Clone(s.collector.spans)
}

func TestOneOrdersWayIsOneTraceAndARetryIsASibling(t *testing.T) {
	s := startTraced(t)
	if err := s.scene.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{{Op: douyin.OpOrderPush, Kind: simulator.ServerError, Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	s.sell(7)
	s.post("/v1/orders/7/push", `{"revision":"r1","cause":"paid"}`, http.StatusAccepted)
	awaitFor(t, "order 7 is pushed", s.pushed("7"))
	all := s.finish().where(func(s span) bool { return s.trace == shopTrace })

	request := all.named("POST /v1/orders/{id}/push").only(t, "the shop's call")
	if request.parent != shopSpan || request.kind != otlp.Span_SPAN_KIND_SERVER || request.number["http.response.status_code"] != 202 ||
		request.text["http.route"] != "/v1/orders/{id}/push" || request.text["ordersync.order_id"] != "7" || len(request.text["ordersync.request"]) != 36 {
		t.Errorf("the shop's call: %+v", request)
	}
	sent := all.beneath(request).only(t, "the sending")
	if sent.name != "send push" || sent.kind != otlp.Span_SPAN_KIND_PRODUCER || sent.text["ordersync.order_id"] != "7" {
		t.Errorf("the sending: %+v", sent)
	}
	runs := all.beneath(sent)
	if len(runs) != 2 {
		t.Fatalf("%d runs, want 2: %v", len(runs), all.names())
	}
	for i, run := range runs {
		if run.name != "process push" || run.kind != otlp.Span_SPAN_KIND_CONSUMER || run.number["ordersync.attempt"] != int64(i+1) ||
			run.text["messaging.message.id"] != "push:7:r1" || run.text["ordersync.order_id"] != "7" || run.text["ordersync.cause"] != "paid" ||
			!slices.Contains(run.links, sent.trace+"-"+sent.id) {
			t.Errorf("run %d: %+v", i+1, run)
		}
		if got, want := all.beneath(run).names(), []string{"load order", "gate", "announce push", "order.push", "record push"}; !slices.Equal(got, want) {
			t.Errorf("run %d has the steps %v, want %v", i+1, got, want)
		}
	}
	if !runs[0].failed || runs[0].text["ordersync.outcome"] != "retrying" || runs[0].text["ordersync.kind"] != "unavailable" || runs[0].text["douyin.log_id"] == "" {
		t.Errorf("the first run: %+v", runs[0])
	}
	if runs[1].failed || runs[1].text["ordersync.outcome"] != "pushed" {
		t.Errorf("the second run: %+v", runs[1])
	}
	for i, want := range []struct {
		status int64
		failed bool
		errNo  bool
	}{{500, true, false}, {200, false, true}} {
		call := all.beneath(runs[i]).named("order.push").only(t, "the call")
		exchange := all.beneath(call).named("POST /api/apps/order/v2/push").only(t, "the exchange")
		if _, there := exchange.number["douyin.err_no"]; there != want.errNo || exchange.number["douyin.err_no"] != 0 {
			t.Errorf("err_no of exchange %d: %v", i+1, exchange.number)
		}
		if status := exchange.number["http.response.status_code"]; exchange.kind != otlp.Span_SPAN_KIND_CLIENT || status/100 != want.status/100 ||
			exchange.failed != want.failed || exchange.text["douyin.log_id"] == "" || exchange.text["server.address"] != "127.0.0.1" {
			t.Errorf("exchange %d: %+v", i+1, exchange)
		}
	}
	token := all.named("POST /api/apps/v2/token").only(t, "the token") // fetched once, by the first run
	if token.number["http.response.status_code"] != 200 {
		t.Errorf("the token: %+v", token)
	}
}

func TestARefundAndThePushThatFollowsItAreInTheShopsTrace(t *testing.T) {
	s := startTraced(t)
	s.sell(7)
	if err := s.scene.douyin.AddPaid("7", 1000, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.post("/v1/orders/7/refunds", `{"out_refund_no":"R7-1","amount_fen":400,"reason":"wish"}`, http.StatusAccepted)
	awaitFor(t, "the refund is submitted", func() bool {
		i, found, err := s.scene.store.Instruction(t.Context(), store.Refund, "R7-1")
		return err == nil && found && i.State == store.MoneySubmitted
	})
	awaitFor(t, "the order is pushed", s.pushed("7"))
	all := s.finish().where(func(s span) bool { return s.trace == shopTrace })

	request := all.named("POST /v1/orders/{id}/refunds").only(t, "the shop's call")
	sent := all.beneath(request).named("send refund").only(t, "the sending")
	if sent.text["ordersync.number"] != "R7-1" {
		t.Errorf("the sending: %+v", sent)
	}
	run := all.beneath(sent)[0]
	if run.name != "process refund" || run.text["ordersync.outcome"] != "submitted" || run.text["ordersync.number"] != "R7-1" || run.text["ordersync.order_id"] != "7" {
		t.Errorf("the run: %+v", run)
	}
	if got, want := all.beneath(run).names(), []string{"load instruction", "gate", "announce request", "refund.create", "record answer"}; !slices.Equal(got, want) {
		t.Errorf("the run has the steps %v, want %v", got, want)
	}
	call := all.beneath(run).named("refund.create").only(t, "the call")
	exchange := all.beneath(call).named("POST /api/apps/ecpay/v1/create_refund").only(t, "the exchange")
	if errNo, there := exchange.number["douyin.err_no"]; !there || errNo != 0 || exchange.failed {
		t.Errorf("the exchange: %+v", exchange)
	}
	if len(all.beneath(call).named("gate")) != 0 {
		t.Errorf("the call passed the gate once more: %v", all.beneath(call).names())
	}
	if len(all.named("process push")) == 0 {
		t.Errorf("no push in the trace: %v", all.names())
	}
}

func TestWhatTheClockAskedForBeginsATraceOfItsOwn(t *testing.T) {
	s := startTraced(t)
	s.sell(7) // nobody asks: the sweep finds it
	s.sell(8) // in the outbox
	s.must(s.scene.db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', 8, NULL)").Error)
	stop := startClock(t, s.Assembly)
	awaitFor(t, "order 7 is pushed", s.pushed("7"))
	awaitFor(t, "order 8 is pushed", s.pushed("8"))
	stop()
	all := s.finish()

	swept := all.named("process sweep").where(func(s span) bool { return s.text["ordersync.order_id"] == "7" })
	if len(swept) == 0 {
		t.Fatalf("no run of the sweep: %v", all.names())
	}
	run := swept[0]
	sent := all.named("send sweep").where(func(s span) bool { return slices.Contains(run.links, s.trace+"-"+s.id) }).only(t, "what the run is linked to")
	if run.parent != "" || run.trace == sent.trace || sent.number["messaging.batch.message_count"] < 1 {
		t.Errorf("the run %+v\nis not a trace of its own, sent in %+v", run, sent)
	}
	if tick := all.named("sweep").where(func(s span) bool { return s.id == sent.parent }).only(t, "the sweep"); tick.parent != "" {
		t.Errorf("the sweep is beneath another span: %+v", tick)
	}

	row := all.named("outbox push").only(t, "the row")
	sent = all.beneath(row).named("send push").only(t, "its sending")
	run = all.beneath(sent).named("process push")[0]
	if row.parent != "" || run.text["ordersync.order_id"] != "8" || row.trace == swept[0].trace {
		t.Errorf("the row %+v and its run %+v", row, run)
	}
}

// Anybody may post to the address for Douyin's callbacks.
func TestAStrangerDoesNotDecideWhatIsKept(t *testing.T) {
	s := startTraced(t)
	s.post("/callbacks/douyin", `{}`, http.StatusForbidden)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.gateway.URL+"/v1/orders/7/push", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("traceparent", "00-"+shopTrace+"-"+shopSpan+"-01")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("HTTP %d without a token", answer.StatusCode)
	}
	if _, err := s.Tokens(); err != nil { // finish looks for a token in what was sent
		t.Fatal(err)
	}
	all := s.finish()
	if in := all.where(func(s span) bool { return s.trace == shopTrace }); len(in) != 0 {
		t.Errorf("in the stranger's trace: %v", in.names())
	}
	callback := all.named("POST /callbacks/douyin").only(t, "the callback")
	if callback.parent != "" || !slices.Equal(callback.links, []string{shopTrace + "-" + shopSpan}) || callback.number["http.response.status_code"] != 403 {
		t.Errorf("the callback: %+v", callback)
	}
}
