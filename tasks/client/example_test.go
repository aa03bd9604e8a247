package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ordersync/ordersync/tasks/client"
)

// exampleGateway stands for the shop's gateway, which answers one call.
func exampleGateway(status int, kind, body string) (shop *client.Client, stop func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	shop, err := client.New(client.Config{URL: server.URL, Token: "one-of-gateway.tokens"})
	if err != nil {
		panic(err)
	}
	return shop, server.Close
}

// After the shop has committed the order: name it, and say why.
func ExampleClient_Push() {
	shop, stop := exampleGateway(202, "application/json", `{"order_id":"10086","status":"queued","revision":"paid","task_id":"push:10086:paid","queue":"push"}`)
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	queued, err := shop.Push(ctx, "10086", client.Push{Revision: "paid", Cause: "paid"})
	fmt.Println(queued.Status, queued.TaskID, err)
	// Output: queued push:10086:paid <nil>
}

// A refusal names its field; what may pass is asked for again with the same number.
func ExampleProblem() {
	shop, stop := exampleGateway(422, "application/problem+json", `{"type":"about:blank","title":"Unprocessable Entity","status":422,"field":"amount_fen","detail":"all refunds together would be more than was paid","paid_fen":1990,"already_fen":0,"asked_fen":2990}`)
	defer stop()

	_, err := shop.Refund(context.Background(), "10086", client.Refund{OutRefundNo: "R10086-1", AmountFen: 2990, Reason: "用户取消订单"})
	var problem *client.Problem
	switch {
	case errors.Is(err, client.ErrConflict):
		fmt.Println("the number was used with other content: take a new one for a new instruction")
	case errors.Is(err, client.ErrUnavailable):
		fmt.Println("it may have been heard: ask again with the same number")
	case errors.As(err, &problem):
		fmt.Println(problem.Field, *problem.PaidFen)
	}
	// Output: amount_fen 1990
}

// Both texts go to tt.requestOrder as they are.
func ExampleClient_RequestOrder() {
	shop, stop := exampleGateway(200, "application/json", `{"system":"trade","data":"{\"outOrderNo\":\"T10086\",\"totalAmount\":1990}","byteAuthorization":"SHA256-RSA2048 appid=tt…"}`)
	defer stop()

	signed, err := shop.RequestOrder(context.Background(), client.TradePayment{
		OutOrderNo: "T10086", TotalAmount: 1990, Subject: "Go 入门课", Image: "https://cdn.example.com/c1001.png",
	})
	fmt.Println(signed.Data, signed.ByteAuthorization, err)
	// Output: {"outOrderNo":"T10086","totalAmount":1990} SHA256-RSA2048 appid=tt… <nil>
}

// What waits for the shop's word, the nearest deadline first.
func ExampleClient_EachAudit() {
	shop, stop := exampleGateway(200, "application/json", `{"refunds":[{"out_refund_no":"DYmotb2","order_id":"10086","amount_fen":1990,"reason":"不想要了","origin":"user","audit":"needed","audit_deadline":"2026-12-02T08:00:00+08:00"}],"next":""}`)
	defer stop()

	for refund, err := range shop.EachAudit(context.Background()) {
		if err != nil {
			panic(err)
		}
		fmt.Println(refund.OutRefundNo, refund.AmountFen, refund.AuditDeadline.Format(time.DateTime))
		// shop.Agree(ctx, refund.OutRefundNo), or shop.Deny(ctx, refund.OutRefundNo, "课程已学完")
	}
	// Output: DYmotb2 1990 2026-12-02 08:00:00
}
