package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/client"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// signed has what two encoders write in two ways.
const signed = "{\"title\":\"a<b>&'c'/\\/\\u4e2d中\u2028\",\"n\":90071992547409931, \"d\" : [ ]}\n"

// tradeShop makes payments of trade.
type tradeShop struct {
	asked gateway.TradePaymentRequest
}

func (s *tradeShop) SignPayment(_ context.Context, r gateway.TradePaymentRequest) (gateway.SignedPayment, error) {
	if r.Image == "" {
		return gateway.SignedPayment{}, &tasks.PayloadError{Field: "image", Reason: "is missing"}
	}
	s.asked = r
	return gateway.SignedPayment{Data: signed, ByteAuthorization: "SHA256-RSA2048 appid=tt1,signature=ab+/=="}, nil
}

func (s *tradeShop) TradePayment(_ context.Context, no string) (gateway.TradePaymentStatus, error) {
	return gateway.TradePaymentStatus{
		System: "trade", OutOrderNo: no, OrderID: "motb1", PayStatus: "SUCCESS", TotalAmount: 1990, DiscountAmount: 90, PayChannel: "10", PaidAt: &created,
		Items: []gateway.TradePaymentItem{{ItemOrderID: "motb3", SkuID: "C1", Amount: 1990}},
	}, nil
}

func startTrade(t *testing.T) (*tradeShop, *client.Client) {
	t.Helper()
	s := &tradeShop{}
	_, cfg := startGateway(t, func(p *gateway.Parts) {
		p.TradePayments = s
		p.PaymentSystem = func(context.Context, string) (string, bool, error) { return "trade", false, nil }
	})
	return s, dial(t, cfg)
}

func TestPaymentsOfTradeReachTheGateway(t *testing.T) {
	t.Parallel()
	s, c := startTrade(t)
	made, err := c.RequestOrder(t.Context(), client.TradePayment{
		OutOrderNo: "T1", TotalAmount: 1990, Subject: "Go <入门>", Image: "https://cdn.example.com/c.png", ValidTime: 1800, SKUID: "C1", Quantity: 1, Price: 1990, GoodsType: 401,
		TagGroupID: "tag_group_1", Currency: "CNY", OrderPage: &client.Page{Path: "pages/order", Params: `{"no":"T1"}`}, HidePayWays: []int{2}, MerchantUID: "7",
	})
	if err != nil || made != (client.SignedPayment{System: "trade", Data: signed, ByteAuthorization: "SHA256-RSA2048 appid=tt1,signature=ab+/=="}) {
		t.Errorf("%+v, %v", made, err)
	}
	if a := s.asked; a.Subject != "Go <入门>" || *a.Quantity != 1 || *a.Price != 1990 || a.GoodsType != 401 || a.OrderPage.Params != `{"no":"T1"}` || a.HidePayWays[0] != 2 || a.MerchantUID != "7" {
		t.Errorf("asked %+v", a)
	}
	var p *client.Problem
	if _, err := c.CreatePayment(t.Context(), client.EcpayPayment{OutOrderNo: "T1", TotalAmount: 1, Subject: "s", Body: "b", ValidTime: 300}); !errors.Is(err, client.ErrWrongSystem) || !errors.As(err, &p) || p.Field != "body" {
		t.Errorf("a payment of ecpay: %v", err)
	}
	found, err := c.Payment(t.Context(), "T1")
	if err != nil || !found.Paid() || found.System != "trade" || found.TotalAmount-found.DiscountAmount != 1900 || !found.PaidAt.Equal(created) || found.PayChannel != "10" ||
		found.Items[0] != (client.PaymentItem{ItemOrderID: "motb3", SKUID: "C1", Amount: 1990}) {
		t.Errorf("%+v, %v", found, err)
	}
}
