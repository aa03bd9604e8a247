package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

type fakePayments struct {
	asked PaymentRequest
	err   error
}

func (p *fakePayments) CreatePayment(_ context.Context, req PaymentRequest) (Payment, error) {
	p.asked = req
	return Payment{OutOrderNo: req.OutOrderNo, OrderID: "7398108028895054107", OrderToken: "CgwIARDiDRib"}, p.err
}

func (p *fakePayments) QueryPayment(_ context.Context, no string) (PaymentStatus, error) {
	return PaymentStatus{OutOrderNo: no, OrderID: "7398108028895054107", OrderStatus: "SUCCESS", TotalFee: 990, PayTime: "2026-11-23 04:05:06", Way: 10}, p.err
}

func withPayments(p *fakePayments) func(*Config, *Parts) {
	return func(_ *Config, parts *Parts) { parts.Payments = p }
}

const createBody = `{"out_order_no":"T1","total_amount":990,"subject":"课程","body":"课程","valid_time":7200}`

func TestAPaymentIsCreatedAndQueried(t *testing.T) {
	t.Parallel()
	p := &fakePayments{}
	f := setUp(t, withPayments(p))
	wantJSON(t, f.ask("POST", "/v1/payments", createBody), http.StatusOK,
		`{"out_order_no":"T1","order_id":"7398108028895054107","order_token":"CgwIARDiDRib"}`)
	if want := (PaymentRequest{OutOrderNo: "T1", TotalAmount: 990, Subject: "课程", Body: "课程", ValidTime: 7200}); p.asked != want {
		t.Errorf("asked for %+v", p.asked)
	}
	wantJSON(t, f.ask("GET", "/v1/payments/T1", ""), http.StatusOK,
		`{"out_order_no":"T1","order_id":"7398108028895054107","order_status":"SUCCESS","total_fee":990,"pay_time":"2026-11-23 04:05:06","way":10}`)
}

func TestPaymentsRefuseBadNumbersAndForeignFields(t *testing.T) {
	t.Parallel()
	f := setUp(t, withPayments(&fakePayments{}))
	wantProblem(t, f.ask("GET", "/v1/payments/a%20b", ""), http.StatusUnprocessableEntity, "out_order_no")
	wantProblem(t, f.ask("POST", "/v1/payments", `{}`), http.StatusUnprocessableEntity, "out_order_no")
	for _, field := range []string{"app_id", "sign", "thirdparty_id", "salt"} {
		wantProblem(t, f.ask("POST", "/v1/payments", `{"out_order_no":"T1","`+field+`":"x"}`), http.StatusBadRequest, field)
	}
}

func TestWhatDouyinSaysBecomesAStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		field  string
		shown  string
		after  string // Retry-After
	}{
		"field":        {&douyin.FieldError{Field: "valid_time", Reason: "want 300 to 172800"}, 422, "valid_time", "172800", ""},
		"rejected":     {&douyin.Error{Op: "payment.create", Kind: douyin.Rejected, Code: 2010, Message: "业务参数错误", LogID: "L1"}, 422, "", `"detail":"Douyin refuses: 业务参数错误","code":2010,"log_id":"L1"`, ""},
		"throttled":    {&douyin.Error{Op: "payment.create", Kind: douyin.Throttled, Code: 1001, RetryAfter: 1500 * time.Millisecond}, 503, "", "ask again", "2"},
		"paused":       {&douyin.Error{Op: "payment.create", Kind: douyin.Paused}, 503, "", "ask again", "5"},
		"unavailable":  {fmt.Errorf("x: %w", &douyin.Error{Op: "payment.create", Kind: douyin.Unavailable, Err: errDown}), 502, "", "same number", ""},
		"unauthorized": {&douyin.Error{Op: "payment.create", Kind: douyin.Unauthorized}, 502, "", "credentials", ""},
		"anything":     {errDown, 503, "", "", "5"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t, withPayments(&fakePayments{err: c.err}))
			for method, w := range map[string]*httptest.ResponseRecorder{
				"POST": f.ask("POST", "/v1/payments", createBody), "GET": f.ask("GET", "/v1/payments/T1", ""),
			} {
				wantProblem(t, w, c.status, c.field)
				if !strings.Contains(w.Body.String(), c.shown) || strings.Contains(w.Body.String(), "10.0.0.9") {
					t.Errorf("%s: %s", method, w.Body)
				}
				if got := w.Header().Get("Retry-After"); got != c.after {
					t.Errorf("%s: Retry-After %q, want %q", method, got, c.after)
				}
			}
		})
	}
	f := setUp(t, withPayments(&fakePayments{err: fmt.Errorf("x: %w", ErrPaymentNotFound)}))
	wantProblem(t, f.ask("GET", "/v1/payments/T1", ""), http.StatusNotFound, "")
}
