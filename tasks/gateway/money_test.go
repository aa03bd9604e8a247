package gateway

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks"
)

// fakeMoney is Instructions and MoneyStatus by a map, with an error where the test wants one.
type fakeMoney struct {
	refunds map[string]RefundStatus
	settles map[string]SettlementStatus
	asked   []any
	err     error
}

var bankTime = time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC)

func (m *fakeMoney) Refund(_ context.Context, r tasks.RefundRequest) (RefundStatus, bool, error) {
	m.asked = append(m.asked, r)
	if m.err != nil {
		return RefundStatus{}, false, m.err
	}
	s, stood := m.refunds[r.OutRefundNo]
	if !stood {
		s = RefundStatus{OutRefundNo: r.OutRefundNo, OrderID: r.OrderID, AmountFen: r.AmountFen, Reason: r.Reason, Progress: Progress{State: "new", CreatedAt: bankTime}}
		m.refunds[r.OutRefundNo] = s
	}
	return s, !stood, nil
}

func (m *fakeMoney) CheckRefunds(_ context.Context, orderID string) (string, error) {
	m.asked = append(m.asked, orderID)
	return "T" + orderID, m.err
}

func (m *fakeMoney) Settle(_ context.Context, s tasks.SettleRequest) (SettlementStatus, bool, error) {
	m.asked = append(m.asked, s)
	if m.err != nil {
		return SettlementStatus{}, false, m.err
	}
	st, stood := m.settles[s.OutSettleNo]
	if !stood {
		st = SettlementStatus{OutSettleNo: s.OutSettleNo, OrderID: s.OrderID, Desc: s.Desc, Params: s.Params, Finish: s.Finish, Progress: Progress{State: "new", CreatedAt: bankTime}}
		m.settles[s.OutSettleNo] = st
	}
	return st, !stood, nil
}

func (m *fakeMoney) RefundStatus(_ context.Context, no string) (RefundStatus, bool, error) {
	s, ok := m.refunds[no]
	return s, ok, m.err
}

func (m *fakeMoney) SettlementStatus(_ context.Context, no string) (SettlementStatus, bool, error) {
	s, ok := m.settles[no]
	return s, ok, m.err
}

func withMoney(m *fakeMoney) func(*Config, *Parts) {
	m.refunds, m.settles = map[string]RefundStatus{}, map[string]SettlementStatus{}
	return func(_ *Config, p *Parts) { p.Instructions, p.MoneyStatus, p.RefundChecks = m, m, m }
}

func TestARefundIsAcceptedOnceAndThenKnown(t *testing.T) {
	t.Parallel()
	m := &fakeMoney{}
	f := setUp(t, withMoney(m))
	const body = `{"out_refund_no":"R1","amount_fen":990,"reason":"用户取消订单","cp_extra":"x","notify_url":"https://shop.example/cb","disable_msg":true,"msg_page":"pages/a"}`
	const want = `{"out_refund_no":"R1","order_id":"123","amount_fen":990,"reason":"用户取消订单","state":"new","attempts":0,"created_at":"2026-11-23T04:05:06Z"}`
	for _, status := range []int{http.StatusAccepted, http.StatusOK} {
		wantJSON(t, f.ask("POST", "/v1/orders/123/refunds", body), status, want)
	}
	wantJSON(t, f.ask("GET", "/v1/refunds/R1", ""), http.StatusOK, want)
	asked := tasks.RefundRequest{OrderID: "123", OutRefundNo: "R1", AmountFen: 990, Reason: "用户取消订单", CPExtra: "x",
		NotifyURL: "https://shop.example/cb", DisableMsg: true, MsgPage: "pages/a"}
	if !reflect.DeepEqual(m.asked, []any{asked, asked}) {
		t.Errorf("asked for %+v", m.asked)
	}
}

func TestASettlementIsAcceptedOnceAndThenKnown(t *testing.T) {
	t.Parallel()
	f := setUp(t, withMoney(&fakeMoney{}))
	const body = `{"order_id":"123","out_settle_no":"S1","desc":"分账","params":[{"merchant_uid":"7027","amount_fen":10}],"finish":true}`
	const want = `{"out_settle_no":"S1","order_id":"123","desc":"分账","params":[{"merchant_uid":"7027","amount_fen":10}],"finish":true,"state":"new","attempts":0,"created_at":"2026-11-23T04:05:06Z"}`
	for _, status := range []int{http.StatusAccepted, http.StatusOK} {
		wantJSON(t, f.ask("POST", "/v1/orders/123/settlements", body), status, want)
	}
	wantJSON(t, f.ask("GET", "/v1/settlements/S1", ""), http.StatusOK, want)
}

func TestMoneyIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	const refunds, settlements = "/v1/orders/123/refunds", "/v1/orders/123/settlements"
	for name, c := range map[string]struct {
		path, body string
		status     int
		field      string
	}{
		"no body":                {refunds, ``, 400, ""},
		"amount twice":           {refunds, `{"out_refund_no":"R1","amount_fen":1,"amount_fen":100,"reason":"r"}`, 400, "amount_fen"},
		"amount as text":         {refunds, `{"out_refund_no":"R1","amount_fen":"1","reason":"r"}`, 400, "amount_fen"},
		"amount in yuan":         {refunds, `{"out_refund_no":"R1","amount_fen":9.9,"reason":"r"}`, 400, "amount_fen"},
		"amount as a power":      {refunds, `{"out_refund_no":"R1","amount_fen":1e3,"reason":"r"}`, 400, "amount_fen"},
		"amount beyond int64":    {refunds, `{"out_refund_no":"R1","amount_fen":99999999999999999999,"reason":"r"}`, 400, "amount_fen"},
		"amount under Douyin's":  {refunds, `{"out_refund_no":"R1","refund_amount":1,"reason":"r"}`, 400, "refund_amount"},
		"no amount":              {refunds, `{"out_refund_no":"R1","reason":"r"}`, 422, "amount_fen"},
		"below zero":             {refunds, `{"out_refund_no":"R1","amount_fen":-5,"reason":"r"}`, 422, "amount_fen"},
		"no reason":              {refunds, `{"out_refund_no":"R1","amount_fen":1}`, 422, "reason"},
		"bad number":             {refunds, `{"out_refund_no":"R 1","amount_fen":1,"reason":"r"}`, 422, "out_refund_no"},
		"another order":          {refunds, `{"order_id":"124","out_refund_no":"R1","amount_fen":1,"reason":"r"}`, 422, "order_id"},
		"bad order":              {"/v1/orders/a%20b/refunds", `{"out_refund_no":"R1","amount_fen":1,"reason":"r"}`, 422, "order_id"},
		"settle without desc":    {settlements, `{"out_settle_no":"S1"}`, 422, "desc"},
		"settle to five":         {settlements, `{"out_settle_no":"S1","desc":"d","params":[{},{},{},{},{}]}`, 422, "params"},
		"settle with a typo":     {settlements, `{"out_settle_no":"S1","desc":"d","params":[{"merchant_uid":"1","amount":5}]}`, 400, "amount"},
		"settle another order":   {settlements, `{"order_id":"124","out_settle_no":"S1","desc":"d"}`, 422, "order_id"},
		"settle finish as text":  {settlements, `{"out_settle_no":"S1","desc":"d","finish":"true"}`, 400, "finish"},
		"settle params as text":  {settlements, `{"out_settle_no":"S1","desc":"d","params":"[]"}`, 400, "params"},
		"receiver doubled field": {settlements, `{"out_settle_no":"S1","desc":"d","params":[{"amount_fen":1,"amount_fen":2}]}`, 400, "params[0].amount_fen"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &fakeMoney{}
			f := setUp(t, withMoney(m))
			wantProblem(t, f.ask("POST", c.path, c.body), c.status, c.field)
			if len(m.asked) != 0 {
				t.Errorf("asked for %+v", m.asked)
			}
		})
	}
}

func TestWhatTheStoreSaysOfAnInstructionBecomesAStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		field  string
		shown  string
	}{
		"conflict":      {fmt.Errorf("store: %w", ErrConflict), 409, "", "new number"},
		"busy":          {fmt.Errorf("store: %w", ErrBusy), 409, "", "when it has finished"},
		"no such order": {fmt.Errorf("store: %w", ErrOrderNotFound), 404, "", "no such order"},
		"too much":      {fmt.Errorf("store: %w", &ExceedsError{1000, 600, 500}), 422, "amount_fen", `"paid_fen":1000,"already_fen":600,"asked_fen":500`},
		"first refund":  {&ExceedsError{1000, 0, 1001}, 422, "amount_fen", `"already_fen":0`},
		"refused there": {&tasks.PayloadError{Field: "desc", Reason: "is missing"}, 422, "desc", "is missing"},
		"database":      {errDown, 503, "", "same number"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t, withMoney(&fakeMoney{err: c.err}))
			for path, body := range map[string]string{
				"/v1/orders/123/refunds":     `{"out_refund_no":"R1","amount_fen":1,"reason":"r"}`,
				"/v1/orders/123/settlements": `{"out_settle_no":"S1","desc":"d"}`,
			} {
				w := f.ask("POST", path, body)
				wantProblem(t, w, c.status, c.field)
				if !strings.Contains(w.Body.String(), c.shown) || strings.Contains(w.Body.String(), "10.0.0.9") {
					t.Errorf("%s: %s", path, w.Body)
				}
			}
		})
	}
}

func TestLookingUpMoney(t *testing.T) {
	t.Parallel()
	m := &fakeMoney{}
	f := setUp(t, withMoney(m))
	for _, what := range []string{"refund", "settle"} {
		path := "/v1/" + strings.ReplaceAll(what, "settle", "settlement") + "s/"
		wantProblem(t, f.ask("GET", path+"nobody", ""), http.StatusNotFound, "")
		wantProblem(t, f.ask("GET", path+"a%20b", ""), http.StatusUnprocessableEntity, "out_"+what+"_no")
		m.err = errDown
		wantProblem(t, f.ask("GET", path+"nobody", ""), http.StatusServiceUnavailable, "")
		m.err = nil
	}
}
