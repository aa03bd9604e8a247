package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/ordersync/ordersync/tasks"
)

// RefundChecks asks Douyin for the refunds of an order of trade: one that Douyin has opened, and of
// which no callback came, is found so.
type RefundChecks interface {
	// CheckRefunds writes down that Douyin is to be asked now. outOrderNo is the payment's.
	// ErrOrderNotFound; ErrNothingToCheck.
	CheckRefunds(ctx context.Context, orderID string) (outOrderNo string, err error)
}

// ErrNothingToCheck: the order has no payment of trade that was paid, so Douyin opens no refund of it.
var ErrNothingToCheck = errors.New("the order has no paid payment of trade: Douyin opens no refund of it")

// RefundCheck is the answer of POST /v1/orders/{id}/refunds/check.
type RefundCheck struct {
	OrderID    string `json:"order_id"`     // the shop's key
	OutOrderNo string `json:"out_order_no"` // of the payment
}

func (g *Gateway) checkRefunds(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := (tasks.PushOrder{OrderID: id}).Validate(); err != nil {
		return err
	}
	outOrderNo, err := g.RefundChecks.CheckRefunds(r.Context(), id)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return &Problem{Status: http.StatusNotFound, Detail: ErrOrderNotFound.Error()}
	case errors.Is(err, ErrNothingToCheck):
		return &Problem{Status: http.StatusConflict, Detail: ErrNothingToCheck.Error()}
	case err != nil:
		return unavailable("it may not have been written down: ask again", err)
	}
	return g.reply(w, http.StatusAccepted, RefundCheck{OrderID: id, OutOrderNo: outOrderNo})
}
