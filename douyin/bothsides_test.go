package douyin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/simulator"
)

// oneToken is the simplest Tokens: fetched once, and again when it was refused.
type oneToken struct {
	fetcher *douyin.TokenFetcher
	value   string
}

func (o *oneToken) Token(ctx context.Context) (string, error) {
	if o.value == "" {
		token, err := o.fetcher.FetchToken(ctx)
		if err != nil {
			return "", err
		}
		o.value = token.Value
	}
	return o.value, nil
}

func (o *oneToken) Invalidate(_ context.Context, stale string) error {
	if o.value == stale {
		o.value = ""
	}
	return nil
}

// TestBothSidesAgree drives every call against the simulator, which was written from the same
// documents and shares no code.
func TestBothSidesAgree(t *testing.T) {
	const callbackToken = "cb-token"
	news := make(chan douyin.Callback, 10)
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c, err := douyin.VerifyCallback(body, callbackToken)
		if err != nil {
			t.Errorf("%v in %s", err, body)
		}
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success"}`)
		news <- c
	}))
	defer handler.Close()
	sim := simulator.New(simulator.Config{
		AppID: "tt1", Secret: "secret", Salt: "salt", CallbackToken: callbackToken, ResultDelay: time.Millisecond, RequirePayment: true,
	})
	defer func() { _ = sim.Close() }()
	far := httptest.NewServer(sim)
	defer far.Close()

	ctx := t.Context()
	cfg := douyin.Config{BaseURL: far.URL, AppID: "tt1", Secret: "secret", Salt: "salt", NotifyURL: handler.URL}
	fetcher, err := douyin.NewTokenFetcher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, err := douyin.NewClient(cfg, &oneToken{fetcher: fetcher})
	if err != nil {
		t.Fatal(err)
	}
	must := func(r douyin.Receipt, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, r.Request, r.Response)
		}
	}
	next := func() douyin.Callback {
		t.Helper()
		select {
		case c := <-news:
			return c
		case <-time.After(5 * time.Second):
			t.Fatal("no callback")
			return douyin.Callback{}
		}
	}

	order := douyin.PaymentOrder{OutOrderNo: "T1", TotalAmount: 1000, Subject: ` "摄影 & <课>" `, Body: "b\u3000", ValidTime: 600, DisableMsg: true}
	created, r, err := c.CreateOrder(ctx, order)
	must(r, err)
	if err := sim.Pay("T1"); err != nil {
		t.Fatal(err)
	}
	if n := next(); n.Payment == nil || n.Payment.OutOrderNo != "T1" || n.Payment.TotalAmount != 1000 || n.Payment.OrderID != created.OrderID {
		t.Errorf("%+v", n)
	}
	paid, r, err := c.QueryOrder(ctx, "T1")
	must(r, err)
	if paid.Status != douyin.ResultSuccess || paid.TotalFee != 1000 || paid.OrderID != created.OrderID {
		t.Errorf("%+v", paid)
	}

	push := douyin.OrderPush{
		OpenID: "_000abcdef", Status: douyin.Paid, UpdateTime: 1700000000123, PaymentOrderNo: created.OrderID,
		Detail: douyin.OrderDetail{
			OrderID: "T1", CreateTime: 1699999990000, Amount: 1, TotalPrice: 1000, DetailURL: "pages/course/course",
			Items: []douyin.OrderItem{{Img: "https://cdn.example.com/a.jpg", Title: "摄影课", SubTitle: "摄影课", Amount: 1, Price: 1000}},
		},
	}
	r, err = c.PushOrder(ctx, push)
	must(r, err)
	sim.Revoke()
	push.UpdateTime++
	push.Status = douyin.Refunding
	r, err = c.PushOrder(ctx, push) // with a fresh token
	must(r, err)
	push.Detail.OrderID = "T2"
	if _, err = c.PushOrder(ctx, push); kind(err) != douyin.Unavailable {
		t.Errorf("an order without a payment: %v", err)
	}

	_, r, err = c.CreateRefund(ctx, douyin.Refund{OutOrderNo: "T1", OutRefundNo: "R1", Amount: 300, Reason: "用户取消订单"})
	must(r, err)
	if n := next(); n.Refund == nil || n.Refund.Status != douyin.ResultSuccess || n.Refund.Amount != 300 || n.DedupKey() != "refund:R1:SUCCESS" {
		t.Errorf("%+v", n)
	}
	refund, r, err := c.QueryRefund(ctx, "R1")
	must(r, err)
	if refund.Status != douyin.ResultSuccess || refund.Amount != 300 {
		t.Errorf("%+v", refund)
	}
	if _, _, err := c.CreateRefund(ctx, douyin.Refund{OutOrderNo: "T1", OutRefundNo: "R2", Amount: 701, Reason: "x"}); kind(err) != douyin.Rejected {
		t.Errorf("more than was paid: %v", err)
	}
	if _, _, err := c.CreateRefund(ctx, douyin.Refund{OutOrderNo: "T1", OutRefundNo: "R2", Amount: 1, Reason: "x"}); !errors.Is(err, douyin.ErrNumberDead) {
		t.Errorf("a number whose first request failed: %v", err)
	}

	left, r, err := c.UnsettleAmount(ctx, "T1")
	must(r, err)
	if left.Amount <= 0 || left.Amount > 700 || left.Paid != 1000 || left.Refunded != 300 {
		t.Errorf("%+v", left)
	}
	params, err := douyin.EncodeReceivers([]douyin.Receiver{{MerchantUID: "7044", Amount: 30}})
	if err != nil {
		t.Fatal(err)
	}
	_, r, err = c.Settle(ctx, douyin.Settlement{OutOrderNo: "T1", OutSettleNo: "S1", Desc: "分账", Params: params, Finish: true})
	must(r, err)
	if n := next(); n.Settle == nil || n.Settle.OutSettleNo != "S1" || n.Settle.Status != douyin.ResultSuccess {
		t.Errorf("%+v", n)
	}
	settled, r, err := c.QuerySettle(ctx, "S1")
	must(r, err)
	if settled.Status != douyin.ResultSuccess || settled.SettleNo == "" {
		t.Errorf("%+v", settled)
	}

	for name, ask := range map[string]func() error{
		"payment":    func() error { _, _, err := c.QueryOrder(ctx, "nobody"); return err },
		"refund":     func() error { _, _, err := c.QueryRefund(ctx, "nobody"); return err },
		"settlement": func() error { _, _, err := c.QuerySettle(ctx, "nobody"); return err },
	} {
		if err := ask(); !errors.Is(err, douyin.ErrNotFound) {
			t.Errorf("%s that does not exist: %v", name, err)
		}
	}
}

func kind(err error) douyin.Kind {
	var e *douyin.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}
