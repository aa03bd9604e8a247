package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

// operations are a right request for every route.
var operations = map[string]struct{ path, body string }{
	"POST /v1/orders/{id}/push":          {"/v1/orders/123/push", `{"revision":"r"}`},
	"POST /v1/orders/push":               {"/v1/orders/push", `{"orders":[{"order_id":"123","revision":"r"}]}`},
	"GET /v1/orders/{id}":                {"/v1/orders/123", ``},
	"POST /v1/orders/{id}/refunds":       {"/v1/orders/123/refunds", `{"out_refund_no":"R1","amount_fen":1,"reason":"r"}`},
	"POST /v1/orders/{id}/settlements":   {"/v1/orders/123/settlements", `{"out_settle_no":"S1","desc":"d"}`},
	"POST /v1/orders/{id}/refunds/check": {"/v1/orders/123/refunds/check", ``},
	"GET /v1/refunds/{no}":               {"/v1/refunds/R1", ``},
	"GET /v1/refunds":                    {"/v1/refunds?audit=needed", ``},
	"POST /v1/refunds/{no}/audit":        {"/v1/refunds/R1/audit", `{"agree":true}`},
	"GET /v1/settlements/{no}":           {"/v1/settlements/S1", ``},
	"POST /v1/payments":                  {"/v1/payments", createBody},
	"GET /v1/payments/{out_order_no}":    {"/v1/payments/T1", ``},
	"POST /callbacks/douyin":             {"/callbacks/douyin", signedCallback},
	"GET /healthz":                       {"/healthz", ``},
	"GET /readyz":                        {"/readyz", ``},
	"GET /openapi.yaml":                  {"/openapi.yaml", ``},
}

// world is a gateway whose parts can all be made to fail.
type world struct {
	*fixture
	money     *fakeMoney
	payments  *fakePayments
	callbacks *fakeCallbacks
	audits    *fakeAudits
}

func newWorld(t *testing.T, change ...func(*Config, *Parts)) world {
	t.Helper()
	m, p, c, a := &fakeMoney{}, &fakePayments{}, &fakeCallbacks{}, &fakeAudits{word: new(true)}
	parts := []func(*Config, *Parts){withMoney(m), withPayments(p), withCallbacks(c, map[CallbackResult]int{}), withAudits(a)}
	w := world{setUp(t, append(parts, change...)...), m, p, c, a}
	w.orders.found, w.orders.status.Outcome = true, "pushed"
	m.refunds["R1"] = RefundStatus{OutRefundNo: "R1", OrderID: "123", AmountFen: 1, Reason: "r", Progress: Progress{State: "succeeded", CreatedAt: bankTime}}
	m.settles["S1"] = SettlementStatus{OutSettleNo: "S1", OrderID: "123", Desc: "d", Progress: Progress{State: "failed", CreatedAt: bankTime}}
	return w
}

func (w world) fail(err error) {
	w.money.err, w.payments.err, w.orders.err, w.ready, w.callbacks.err = err, err, err, err, err
	w.audits.err = err
	w.queue.fail = func(string) error { return err }
}

// provoke makes a route answer with a status.
func provoke(t *testing.T, route, status string) *httptest.ResponseRecorder {
	t.Helper()
	op := operations[route]
	method, _, _ := strings.Cut(route, " ")
	w := newWorld(t)
	switch status {
	case "200":
		if strings.Contains(route, "push") {
			w.ask(method, op.path, op.body)
		}
	case "202":
		w.money.refunds, w.money.settles = map[string]RefundStatus{}, map[string]SettlementStatus{}
		w.audits.word = nil
	case "400":
		if strings.Contains(route, "callbacks") {
			return w.ask(method, op.path, op.body, func(r *http.Request) { r.Body = brokenBody{} })
		}
		return w.ask(method, op.path, `{"nobody":1}`)
	case "401":
		return w.ask(method, op.path, op.body, without("Authorization"))
	case "403":
		if strings.Contains(route, "callbacks") {
			return w.ask(method, op.path, strings.Replace(op.body, "R2024", "R2023", 1))
		}
		w = newWorld(t, func(c *Config, _ *Parts) { c.Tokens, c.Loopback = nil, true })
		return w.ask(method, op.path, op.body, func(r *http.Request) { r.Host = "evil.example" })
	case "404":
		w.orders.found, w.money.refunds, w.money.settles = false, nil, nil
		w.payments.err = &douyin.Error{Op: "order.query", Kind: douyin.Rejected, Err: douyin.ErrNotFound}
		if method == "POST" {
			w.money.err, w.audits.err = ErrOrderNotFound, ErrNoRefund
		}
	case "409":
		w.money.err, w.payments.err, w.audits.err = ErrConflict, ErrConflict, &AuditConflictError{"it has another word already"}
		if strings.Contains(route, "check") {
			w.money.err = ErrNothingToCheck
		}
	case "413":
		return w.ask(method, op.path, strings.Repeat(" ", maxBody+1))
	case "415":
		return w.ask(method, op.path, `{}`, with("Content-Type", "text/xml"))
	case "422":
		w.payments.err = &douyin.FieldError{Field: "out_order_no", Reason: "has a space"}
		w.audits.err = &tasks.PayloadError{Field: "after", Reason: "is none of ours"}
		return w.ask(method, strings.NewReplacer("123", "%20", "R1", "%20", "S1", "%20", "T1", "%20").Replace(op.path),
			strings.Replace(op.body, `{"order_id":"123","revision":"r"}`, ``, 1))
	case "500":
		w.mux = http.NewServeMux()
		w.public = http.NewServeMux()
		w.handle(route, true, func(http.ResponseWriter, *http.Request) error { panic("a bug") })
	case "501":
		w = newWorld(t, func(_ *Config, p *Parts) {
			p.Orders, p.Instructions, p.MoneyStatus, p.RefundChecks, p.Payments, p.Callbacks = nil, nil, nil, nil, nil, nil
			p.Audits = nil
		})
	case "502":
		w.fail(&douyin.Error{Op: "payment", Kind: douyin.Unavailable})
	case "503":
		if strings.Contains(route, "callbacks") {
			w.cfg.CallbackTokens = nil
		}
		w.fail(context.DeadlineExceeded)
	default:
		t.Fatalf("%s: nobody knows how to provoke %s", route, status)
	}
	return w.ask(method, op.path, op.body)
}

// Every answer that openapi.yaml describes is given by the gateway, and is as described (ask holds
// it to the file).
func TestEveryDescribedAnswerIsGiven(t *testing.T) {
	t.Parallel()
	for route, statuses := range answers(t) {
		if _, ok := operations[route]; !ok {
			t.Errorf("no request for %s", route)
			continue
		}
		for _, status := range statuses {
			t.Run(route+" "+status, func(t *testing.T) {
				t.Parallel()
				if w := provoke(t, route, status); strconv.Itoa(w.Code) != status {
					t.Errorf("HTTP %d %s", w.Code, w.Body)
				}
			})
		}
	}
}
