package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// limits are what one payment system does not take of an instruction that every other limit lets
// pass. The errors are *tasks.PayloadError.
type limits struct {
	refund func(tasks.RefundRequest) error
	settle func(tasks.SettleRequest) error
}

var systemLimits = map[store.System]limits{
	store.Ecpay: {refund: ecpayRefund, settle: func(tasks.SettleRequest) error { return nil }},
	store.Trade: {refund: tradeRefund, settle: tradeSettle},
}

func ecpayRefund(r tasks.RefundRequest) error {
	if r.ReasonCode != 0 {
		return &tasks.PayloadError{Field: "reason_code", Reason: "is taken of orders of trade only, and this one is of ecpay"}
	}
	return nil
}

func tradeRefund(r tasks.RefundRequest) error {
	switch {
	case r.DisableMsg:
		return &tasks.PayloadError{Field: "disable_msg", Reason: onlyEcpay}
	case r.MsgPage != "":
		return &tasks.PayloadError{Field: "msg_page", Reason: onlyEcpay + "; its refunds show douyin.trade.refund_page"}
	}
	return nil
}

const onlyEcpay = "is taken of orders of ecpay only, and this one is of trade"

func tradeSettle(r tasks.SettleRequest) error {
	if r.Finish {
		return &tasks.PayloadError{Field: "finish", Reason: onlyEcpay + ", whose settlement always ends the order"}
	}
	all := make([]douyin.Receiver, len(r.Params))
	for i, p := range r.Params {
		all[i] = douyin.Receiver{MerchantUID: p.MerchantUID, Amount: p.AmountFen}
	}
	var field *douyin.FieldError
	if _, err := trade.EncodeReceivers(all); errors.As(err, &field) {
		return &tasks.PayloadError{
			Field:  "params",
			Reason: fmt.Sprintf("an order of trade takes at most %d bytes of JSON as settle_params: %s", trade.MaxSettleParamsBytes, field.Reason),
		}
	}
	return nil
}

// fits holds an instruction against the limits of its order's payment system. A number that stands
// already is answered also when the shop's order is gone.
func (c Cashier) fits(ctx context.Context, m store.Money, number, orderID string, check func(limits) error) error {
	standing, found, err := c.Store.Instruction(ctx, m, number)
	if err != nil {
		return err
	}
	system := standing.System
	if !found {
		if system, err = c.system(ctx, orderID); err != nil {
			return err
		}
	}
	return check(systemLimits[system])
}

// system is the payment system of an order. What else is wrong with it is found where the
// instruction is written down.
func (c Cashier) system(ctx context.Context, orderID string) (store.System, error) {
	order, err := c.Store.LoadOrder(ctx, orderID)
	var column *store.ColumnError
	if err != nil && !errors.As(err, &column) {
		return "", err
	}
	if order.System == "" {
		return store.Ecpay, nil
	}
	return order.System, nil
}

// CheckRefunds is that of gateway.RefundChecks. The task is quick; the payment is due in any case.
func (c Cashier) CheckRefunds(ctx context.Context, orderID string) (string, error) {
	ask, asked, err := c.Store.AskRefunds(ctx, orderID, time.Now())
	switch {
	case errors.Is(err, store.ErrOrderNotFound):
		return "", gateway.ErrOrderNotFound
	case err != nil:
		return "", err
	case !asked:
		return "", gateway.ErrNothingToCheck
	}
	if t, err := (tasks.AskRefunds{OutOrderNo: ask.OutOrderNo}).Task(); err == nil {
		_, _ = c.Queue.EnqueueContext(ctx, t) // the scheduler does it otherwise
	}
	return ask.OutOrderNo, nil
}
