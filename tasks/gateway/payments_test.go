package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

type fakePayments struct {
	asked douyin.PaymentOrder
	err   error
}

func (p *fakePayments) CreateOrder(_ context.Context, o douyin.PaymentOrder) (douyin.CreatedOrder, douyin.Receipt, error) {
	p.asked = o
	return douyin.CreatedOrder{OrderID: "7398108028895054107", OrderToken: "CgwIARDiDRib"}, douyin.Receipt{}, p.err
}

func (p *fakePayments) QueryOrder(_ context.Context, no string) (douyin.OrderPayment, douyin.Receipt, error) {
	return douyin.OrderPayment{OutOrderNo: no, OrderID: "7398108028895054107", Status: "SUCCESS", TotalFee: 990, PayTime: "2026-11-23 04:05:06", Way: 10},
		douyin.Receipt{}, p.err
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
	if want := (douyin.PaymentOrder{OutOrderNo: "T1", TotalAmount: 990, Subject: "课程", Body: "课程", ValidTime: 7200}); p.asked != want {
		t.Errorf("asked for %+v", p.asked)
	}
	f.ask("POST", "/v1/payments", `{"out_order_no":"T2","total_amount":1,"subject":"s","body":"b","valid_time":300,"cp_extra":"c","notify_url":"https://shop.example/",
		"disable_msg":true,"msg_page":"pages/a","store_uid":"u","expand_order_info":"{}","limit_pay_way":"LIMIT_WX"}`)
	if want := (douyin.PaymentOrder{OutOrderNo: "T2", TotalAmount: 1, Subject: "s", Body: "b", ValidTime: 300, CPExtra: "c", NotifyURL: "https://shop.example/",
		DisableMsg: true, MsgPage: "pages/a", StoreUID: "u", ExpandOrderInfo: "{}", LimitPayWay: "LIMIT_WX"}); p.asked != want {
		t.Errorf("asked for %+v", p.asked)
	}
	wantJSON(t, f.ask("GET", "/v1/payments/T1", ""), http.StatusOK,
		`{"system":"ecpay","out_order_no":"T1","order_id":"7398108028895054107","order_status":"SUCCESS","total_fee":990,"pay_time":"2026-11-23 04:05:06","way":10}`)
}

func TestPaymentsRefuseBadNumbersAndForeignFields(t *testing.T) {
	t.Parallel()
	f := setUp(t, withPayments(&fakePayments{}))
	wantProblem(t, f.ask("GET", "/v1/payments/a%20b", ""), http.StatusUnprocessableEntity, "out_order_no")
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
		"our notify_url": {&douyin.Error{Op: "payment.create", Kind: douyin.Unauthorized,
			Err: errors.Join(douyin.ErrConfiguration, &douyin.FieldError{Field: "notify_url", Reason: "want https"})}, 502, "", "operator", ""},
		"anything": {errDown, 503, "", "", "5"},
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
	gone := &douyin.Error{Op: "order.query", Kind: douyin.Rejected, Code: 2000, Message: "支付单不存在", Err: douyin.ErrNotFound}
	f := setUp(t, withPayments(&fakePayments{err: gone}))
	if p := wantProblem(t, f.ask("GET", "/v1/payments/T1", ""), http.StatusNotFound, ""); p.Code != 2000 {
		t.Errorf("code %d", p.Code)
	}
}

// The real client finds a bad value before anything is sent, and the answer names it as the caller
// wrote it.
func TestARealClientsRefusalNamesTheField(t *testing.T) {
	t.Parallel()
	client, err := douyin.NewClient(douyin.Config{BaseURL: "http://127.0.0.1:1", AppID: "tt0123456789abcdef", Secret: "s", Salt: "the-salt"}, noTokens{})
	if err != nil {
		t.Fatal(err)
	}
	f := setUp(t, func(_ *Config, p *Parts) { p.Payments = client })
	for body, field := range map[string]string{
		`{}`: "out_order_no",
		`{"out_order_no":"T1","total_amount":0,"subject":"s","body":"b","valid_time":300}`:    "total_amount",
		`{"out_order_no":"T1","total_amount":1,"body":"b","valid_time":300}`:                  "subject",
		`{"out_order_no":"T1","total_amount":1,"subject":"s","body":"b","valid_time":299}`:    "valid_time",
		`{"out_order_no":"T1","total_amount":1,"subject":"s","body":"b","valid_time":172801}`: "valid_time",
	} {
		wantProblem(t, f.ask("POST", "/v1/payments", body), http.StatusUnprocessableEntity, field)
	}
	w := f.ask("POST", "/v1/payments", createBody) // nobody listens there
	wantProblem(t, w, http.StatusBadGateway, "")
	if strings.Contains(w.Body.String()+f.log.String(), "the-salt") {
		t.Errorf("the salt is shown: %s %s", w.Body, f.log)
	}
}

type noTokens struct{}

func (noTokens) Token(context.Context) (string, error)    { return "", nil }
func (noTokens) Invalidate(context.Context, string) error { return nil }
