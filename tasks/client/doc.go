// Package client asks the gateway over HTTP: pushes, refunds, settlements, payments of both
// systems, audits, and what has become of them. It is for import by a Go shop that has neither
// ordersync's Redis nor its MySQL; it links the standard library alone.
//
//	shop, err := client.New(client.Config{URL: "http://127.0.0.1:8080", Token: token})
//	queued, err := shop.Push(ctx, "10086", client.Push{Cause: "paid"})
//	refund, err := shop.Refund(ctx, "10086", client.Refund{OutRefundNo: "R1", AmountFen: 990, Reason: why})
//
// A shop that has Redis enqueues by package tasks; one that has MySQL writes PushOrder.Row and
// RefundRequest.Row of package tasks in its own transaction.
//
// # Why every call may be made again
//
// A push is one by its revision, which the client makes up where the caller gives none; a refund, a
// settlement and a payment are one by their numbers; the first word on a refund counts and the same
// again is it. So a call that got no usable answer (no connection, 408, 429, 502, 503, 504, an
// answer that was cut off) is made again by the client itself, and may be made again by the caller.
// What would come again (4xx, 500, 501) is not.
//
// # Why a wait that is too long is no wait
//
// The gateway says by Retry-After when asking again makes sense. Asking sooner is a burden to
// somebody who is down already. So a wait beyond Config.MaxWait, or beyond the context's deadline,
// ends the call at once, with the wait in Problem.RetryAfter.
//
// # Why its types are its own
//
// Those of the gateway's package would bring Douyin's client, asynq and Redis into a shop's build.
// A test holds the types here to the gateway's openapi.yaml, and every call to the gateway itself.
package client
