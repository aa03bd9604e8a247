package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/tasks/client"
)

// What signs is bytes: of what an encoder may write in two ways, the one that was signed comes
// through.
func TestSignedTextsComeThroughByteForByte(t *testing.T) {
	t.Parallel()
	for data, body := range map[string]string{
		`{"skuList":[{"skuId":"C1001","title":"Go 入门课"}],"totalAmount":1990}`: `{"system":"trade","data":"{\"skuList\":[{\"skuId\":\"C1001\",\"title\":\"Go 入门课\"}],\"totalAmount\":1990}","byteAuthorization":"SHA256-RSA2048 appid=tt1,signature=ab+/=="}`,
		"{\"a\":\"\\u4e2d<>&\\/\",\"n\":90071992547409931, \"d\" : [ ]}\n":    `{"system":"trade","data":"{\"a\":\"\\u4e2d\u003c\u003e\u0026\\/\",\"n\":90071992547409931, \"d\" : [ ]}\n","byteAuthorization":"SHA256-RSA2048 appid=tt1,signature=ab+/=="}`,
	} {
		s, c := play(t, client.Config{}, answer{status: 200, body: body})
		signed, err := c.RequestOrder(t.Context(), client.TradePayment{OutOrderNo: "T1", TotalAmount: 1990, Subject: "a < b", Image: "https://cdn.example.com/c.png"})
		if err != nil || signed.Data != data || signed.ByteAuthorization != "SHA256-RSA2048 appid=tt1,signature=ab+/==" {
			t.Errorf("%+v, %v", signed, err)
		}
		if want := `POST /v1/payments {"out_order_no":"T1","total_amount":1990,"subject":"a < b","image":"https://cdn.example.com/c.png"}`; s.sent[0] != want {
			t.Errorf("sent %s\nwant %s", s.sent[0], want)
		}
	}
}

func TestTheOtherSystemOfPaymentsIsNamed(t *testing.T) {
	t.Parallel()
	_, c := play(t, client.Config{}, answer{status: 200, body: `{"out_order_no":"T1","order_id":"N7","order_token":"Cg"}`}, answer{status: 200, body: `{"system":"trade","data":"{}","byteAuthorization":"x"}`})
	if _, err := c.RequestOrder(t.Context(), client.TradePayment{}); !errors.Is(err, client.ErrWrongSystem) || !strings.Contains(err.Error(), "douyin.payments") {
		t.Error(err)
	}
	if _, err := c.CreatePayment(t.Context(), client.EcpayPayment{}); !errors.Is(err, client.ErrWrongSystem) {
		t.Error(err)
	}
	_, c = play(t, client.Config{}, answer{status: 400, body: `{"type":"about:blank","title":"Bad Request","status":400,` +
		`"detail":"is not a field of a payment in ecpay, where this gateway makes new ones (douyin.payments)","field":"image","system":"ecpay"}`})
	_, err := c.RequestOrder(t.Context(), client.TradePayment{Image: "https://cdn.example.com/c.png"})
	var p *client.Problem
	if !errors.Is(err, client.ErrWrongSystem) || errors.Is(err, client.ErrRefused) || !errors.As(err, &p) || p.System != "ecpay" || p.Field != "image" {
		t.Errorf("%v, %+v", err, p)
	}
}

func TestAPaymentIsReadInBothSystems(t *testing.T) {
	t.Parallel()
	_, c := play(t, client.Config{}, answer{status: 200, body: `{"out_order_no":"T1","order_id":"N7","order_status":"SUCCESS","total_fee":990,"way":10}`},
		answer{status: 200, body: `{"system":"trade","out_order_no":"T2","order_id":"motb1","pay_status":"PROCESS","total_amount":1990,"discount_amount":90,"items":[{"item_order_id":"motb3","sku_id":"C1","item_order_amount":1990}]}`})
	old, err := c.Payment(t.Context(), "T1")
	if err != nil || !old.Paid() || old.TotalFee != 990 || old.Way != 10 {
		t.Errorf("%+v, %v", old, err)
	}
	trade, err := c.Payment(t.Context(), "T2")
	if err != nil || trade.Paid() || trade.System != "trade" || trade.TotalAmount-trade.DiscountAmount != 1900 || trade.Items[0] != (client.PaymentItem{ItemOrderID: "motb3", SKUID: "C1", Amount: 1990}) {
		t.Errorf("%+v, %v", trade, err)
	}
}

func TestAWordOnARefund(t *testing.T) {
	t.Parallel()
	told := answer{status: 202, body: `{"out_refund_no":"DYmotb2","order_id":"7","origin":"user","audit":"needed","audit_deadline":"2026-12-02T08:00:00+08:00","state":"submitted","created_at":"2026-11-29T08:00:00+08:00"}`}
	s, c := play(t, client.Config{}, told, told, answer{status: 409, body: problem(409)})
	r, err := c.Agree(t.Context(), "DYmotb2")
	if err != nil || r.Origin != "user" || r.Audit != "needed" || r.AuditDeadline.Sub(r.CreatedAt).Hours() != 72 || r.Done() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Deny(t.Context(), "DYmotb2", "课程已学完"); err != nil {
		t.Error(err)
	}
	if _, err := c.Agree(t.Context(), "DYmotb2"); !errors.Is(err, client.ErrConflict) {
		t.Error(err)
	}
	if want := []string{`POST /v1/refunds/DYmotb2/audit {"agree":true}`, `POST /v1/refunds/DYmotb2/audit {"agree":false,"deny_message":"课程已学完"}`}; !slices.Equal(s.sent[:2], want) {
		t.Errorf("sent %q", s.sent)
	}
}

func TestRefundsThatWaitComePageByPage(t *testing.T) {
	t.Parallel()
	s, c := play(t, client.Config{}, answer{status: 200, body: `{"refunds":[{"out_refund_no":"A"},{"out_refund_no":"B"}],"next":"B/1"}`}, answer{status: 200, body: `{"refunds":[{"out_refund_no":"C"}],"next":""}`})
	var all []string
	for r, err := range c.EachAudit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.OutRefundNo)
	}
	if !slices.Equal(all, []string{"A", "B", "C"}) || !slices.Equal(s.sent, []string{"GET /v1/refunds?audit=needed", "GET /v1/refunds?after=B%2F1&audit=needed"}) {
		t.Errorf("%q by %q", all, s.sent)
	}
	same := answer{status: 200, body: `{"refunds":[{"out_refund_no":"A"}],"next":"A"}`}
	_, c = play(t, client.Config{}, same, same, answer{status: 422, body: problem(422)})
	n := 0
	for range c.EachAudit(t.Context()) {
		n++
	}
	if n != 2 {
		t.Errorf("a page that names itself is read %d times", n)
	}
	for _, err := range c.EachAudit(t.Context()) {
		if !errors.Is(err, client.ErrRefused) {
			t.Error(err)
		}
	}
}
