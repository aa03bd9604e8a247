package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/client"
)

// buyer is the open_id of whoever buys in the general trade system.
const buyer = "_000sample-open-id-0001"

// buy lets a buyer order and pay in the general trade system: ordersync signs the payment, the
// mini-app requests the order with it, the buyer pays, Douyin calls back. The payment is made before
// the shop has the order, so that nobody takes it for one of ecpay.
func (d *demo) buy(ctx context.Context, s *story) error {
	signed, err := d.till.RequestOrder(ctx, client.TradePayment{
		OutOrderNo: s.id(), TotalAmount: s.fen(), Subject: "零基础学吉他", Image: "https://cdn.example.com/cover/1.jpg", ValidTime: 3600,
	})
	if err != nil {
		return fmt.Errorf("payment of trade: %w", err)
	}
	if err := d.shop.AddOrders(ctx, []sampleOrder{s.order}); err != nil {
		return err
	}
	if _, err := d.douyin.RequestOrder(signed.Data, signed.ByteAuthorization, buyer); err != nil {
		return fmt.Errorf("tt.requestOrder: %w", err)
	}
	if err := d.douyin.PayTrade(s.id(), 0, 0); err != nil {
		return err
	}
	d.cash.say(d.Lang.T("trade: payment of order %s", s.id()), d.Lang.T("signed for tt.requestOrder, requested and paid"))
	return nil
}

// giveBack lets a buyer ask Douyin for the money. Douyin asks the shop, which agrees as soon as
// ordersync knows of it.
func (d *demo) giveBack(ctx context.Context, s *story) error {
	id, err := d.douyin.AskRefund(simulator.AskedRefund{Order: s.id(), Audit: true, Reasons: []string{"不想要了"}})
	if err != nil {
		return err
	}
	number := "DY" + id
	var refund client.RefundStatus
	agreed := d.until(ctx, func() bool {
		refund, err = d.till.Agree(ctx, number)
		var said *client.Problem
		return err == nil || !errors.As(err, &said) || said.Status != http.StatusNotFound // Douyin has not asked yet
	})
	if err != nil || !agreed {
		return fmt.Errorf("refund %s, which a buyer asked for: %w", number, errors.Join(err, ctx.Err()))
	}
	d.cash.say(d.Lang.T("trade: refund of order %s", s.id()), d.Lang.T("opened by the %s, the shop says: %s", refund.Origin, refund.AuditWord))
	return nil
}

// keptInTrade tells whether an order was paid in the general trade system, our books say so, and
// nobody told the order centre of it.
func (d *demo) keptInTrade(s *story, state store.OrderState) bool {
	at, found := d.atTrade(s)
	_, pushed := d.douyin.Order(s.id())
	return found && at.PayStatus == simulator.Succeeded && state.System == store.Trade && state.Outcome == store.Kept && state.Open == 0 && !pushed
}

// atTrade is what Douyin has of an order of trade.
func (d *demo) atTrade(s *story) (simulator.TradeOrder, bool) {
	for _, o := range d.douyin.Trade().Orders {
		if o.OutOrderNo == s.id() {
			return o, true
		}
	}
	return simulator.TradeOrder{}, false
}

// tradeArrived tells whether the payments of trade are known to be paid, also to the shop. One whose
// callback was lost is asked about, as a shop does when its buyer comes back from the payment.
func (d *demo) tradeArrived(ctx context.Context) bool {
	arrived := true
	for _, i := range []int{toBuy, toReturn} {
		s := d.stories[i]
		p, err := d.till.Payment(ctx, s.id())
		if err != nil || !p.Paid() {
			arrived = false
			continue
		}
		if err := d.shop.SetStatus(ctx, sampleshop.Paid, s.order.ID); err != nil {
			arrived = false
		}
	}
	return arrived
}

// stateOf is the state of a refund or settlement, with the shop's word where Douyin asked for it.
func (d *demo) stateOf(i store.Instruction) string {
	if i.Audit.State == store.AuditNone || i.Audit.State == "" {
		return string(i.State)
	}
	return fmt.Sprintf("%s (%s)", i.State, i.Audit.State)
}
