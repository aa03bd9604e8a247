package tasks_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks"
)

// One client for the whole process. The shop's Redis stands here; the example brings one of its
// own.
func exampleClient() (client *asynq.Client, stop func()) {
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		panic(err)
	}
	client = asynq.NewClient(asynq.RedisClientOpt{Addr: redis.Addr()})
	return client, func() {
		if err := client.Close(); err != nil {
			panic(err)
		}
		redis.Close()
	}
}

// After the shop has committed the order: name it, and say why.
func ExampleEnqueue() {
	client, stop := exampleClient()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	paid := tasks.PushOrder{OrderID: "10086", Revision: "paid", Cause: tasks.CausePaid}
	fresh, err := tasks.Enqueue(ctx, client, paid)
	fmt.Println(paid.ID(), fresh, err)

	// The same change again, such as after an answer that was lost: it runs once.
	fresh, err = tasks.Enqueue(ctx, client, paid)
	fmt.Println(paid.ID(), fresh, err)
	// Output:
	// push:10086:paid true <nil>
	// push:10086:paid false <nil>
}

// A request that cannot be understood names its field.
func ExamplePayloadError() {
	client, stop := exampleClient()
	defer stop()

	_, err := tasks.Enqueue(context.Background(), client, tasks.PushOrder{OrderID: "10086", Cause: "because"})
	var bad *tasks.PayloadError
	fmt.Println(errors.As(err, &bad), bad.Field)
	// Output: true cause
}

func ExampleEnqueueMany() {
	client, stop := exampleClient()
	defer stop()

	results := tasks.EnqueueMany(context.Background(), client, []tasks.Wanted{
		{PushOrder: tasks.PushOrder{OrderID: "1"}},
		{PushOrder: tasks.PushOrder{OrderID: "2"}, Options: []asynq.Option{asynq.ProcessIn(time.Minute)}},
		{PushOrder: tasks.PushOrder{OrderID: "two words"}},
	})
	for _, r := range results {
		fmt.Println(r.Fresh, r.Err)
	}
	// Output:
	// true <nil>
	// true <nil>
	// false tasks: order_id: has a space, slash, colon or control character
}

// A shop that shares its MySQL with ordersync loses nothing between its own commit and the queue:
// it writes the request in the transaction that changes the order.
func ExampleRefundRequest_Row() {
	row, err := tasks.RefundRequest{OrderID: "10086", OutRefundNo: "R10086-1", AmountFen: 990, Reason: "用户取消订单"}.Row()
	if err != nil {
		panic(err)
	}
	// _, err = tx.ExecContext(ctx, "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES
	// (?, ?, ?)", row.Kind, row.OrderID, row.Payload)
	fmt.Println(row.Kind, row.OrderID, string(row.Payload))
	// Output: refund 10086 {"order_id":"10086","out_refund_no":"R10086-1","amount_fen":990,"reason":"用户取消订单"}
}

// The shop's own transaction: the order is paid and the push is asked for, or neither. The
// scheduler hands the row over within a fraction of a second.
func ExamplePushOrder_Row() {
	markPaid := func(ctx context.Context, db *sql.DB, orderID string) error {
		row, err := tasks.PushOrder{OrderID: orderID, Cause: tasks.CausePaid}.Row()
		if err != nil {
			return err
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
		if _, err := tx.ExecContext(ctx, "UPDATE `order` SET status = 1 WHERE id = ?", orderID); err != nil {
			return err
		}
		const ask = "INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES (?, ?, ?)"
		if _, err := tx.ExecContext(ctx, ask, row.Kind, row.OrderID, row.Payload); err != nil {
			return err
		}
		return tx.Commit()
	}
	_ = markPaid
}
