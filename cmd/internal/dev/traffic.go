package dev

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/client"
)

// buyer is the open_id of whoever buys in the general trade system.
const buyer = "_000sample-open-id-0001"

// newOrderEvery is the pace of the traffic: some twenty orders a minute.
const newOrderEvery = 3 * time.Second

// Rows of the sample shop that are spoilt.
const (
	userOfAnotherApp    = 49
	userWithoutOpenID   = 50
	productWithoutImage = 10
)

// fate is what becomes of an order of the sample shop.
type fate int

const (
	paidByEcpay fate = iota
	redeemed
	paidBack      // by the shop, in ecpay
	paidInTrade   // in the general trade system
	takenBack     // its buyer asked Douyin for the money, without an audit
	waitsForAudit // its buyer asked Douyin for the money, and the shop has to agree
	agreed        // the shop has
	denied        // the shop has not
	refunded      // by the shop, in trade
	settled       // in trade
	settledByEcpay
	unpaid
	cancelled
	unpaidInTrade
	noOpenID
	foreignOpenID
	noImage
	fraction
	fates // how many there are
)

// usual are the fates of the traffic, one after the other.
var usual = []fate{
	paidByEcpay, paidInTrade, redeemed, paidInTrade, unpaid, paidBack, paidInTrade, takenBack, paidByEcpay, settled, paidInTrade, agreed, unpaidInTrade,
	paidByEcpay, refunded, settledByEcpay, paidInTrade, denied, redeemed, paidInTrade,
}

// missing are the fates of which the shop has no order yet, in the order in which furnish makes them:
// all where it is new, some where the run that made it has ended too early.
func (d *deployment) missing(ctx context.Context) ([]fate, error) {
	var all []fate
	for f := range fates {
		all = append(all, f)
	}
	all = append(all, waitsForAudit) // a second one, which nobody answers
	next, err := d.shop.NextID(ctx)
	if err != nil {
		return nil, err
	}
	there := next - sampleshop.FirstID // also those that somebody has removed since
	return all[max(0, min(there, int64(len(all)))):], nil
}

// furnish gives a shop the orders that are missing.
func (d *deployment) furnish(ctx context.Context, missing []fate) error {
	for _, change := range []struct {
		query string
		args  []any
	}{
		{"UPDATE {dy_user} SET openid = '' WHERE id = ?", []any{userWithoutOpenID}},
		{"UPDATE {dy_user} SET openid = 'an open_id of another app' WHERE id = ?", []any{userOfAnotherApp}},
		{"UPDATE {product} SET cover_img = '' WHERE id = ?", []any{productWithoutImage}},
	} {
		if err := d.shop.Exec(ctx, change.query, change.args...); err != nil {
			return err
		}
	}
	for _, f := range missing {
		if err := d.sell(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// traffic sells an order every few seconds until ctx ends. What fails, because somebody breaks
// things at Douyin's side, is in the log: the next order comes all the same.
func (d *deployment) traffic(ctx context.Context) {
	tick := time.NewTicker(newOrderEvery)
	defer tick.Stop()
	for i := rand.N(len(usual)); ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, 20*time.Second)
		if err := d.sell(within, usual[i%len(usual)]); err != nil && ctx.Err() == nil {
			d.Log.Warn().Err(err).Msg("dev: a sample order did not go its way")
		}
		cancel()
	}
}

// sell makes an order and lets it meet its fate.
func (d *deployment) sell(ctx context.Context, f fate) error {
	id, err := d.shop.NextID(ctx)
	if err != nil {
		return err
	}
	o := sampleshop.Order{
		ID: id, UserID: 1 + id%48, ProductID: 1 + id%9, CourseID: 1 + id%10, Amount: fmt.Sprintf("%d.%02d", 9+id%90, id*7%100),
		Status: sampleshop.Unpaid, CreateTime: time.Now(),
	}
	switch f {
	case paidInTrade, takenBack, waitsForAudit, agreed, denied, refunded, settled, unpaidInTrade:
		return d.sellInTrade(ctx, o, f)
	case cancelled:
		o.Status = sampleshop.Cancelled
	case noOpenID:
		o.Status, o.UserID = sampleshop.Paid, userWithoutOpenID
	case foreignOpenID:
		o.Status, o.UserID = sampleshop.Paid, userOfAnotherApp
	case noImage:
		o.Status, o.ProductID = sampleshop.Paid, productWithoutImage
	case fraction:
		o.Status, o.Amount = sampleshop.Paid, "19.999"
	default: // begins unpaid
	}
	if err := d.shop.AddOrders(ctx, []sampleshop.Order{o}); err != nil {
		return err
	}
	if err := d.payByEcpay(ctx, o, f); err != nil {
		return err
	}
	number := fmt.Sprint(o.ID)
	switch f {
	case redeemed:
		if err := d.shop.SetStatus(ctx, sampleshop.Redeemed, o.ID); err != nil {
			return err
		}
	case paidBack:
		_, err = d.classic.Refund(ctx, number, client.Refund{OutRefundNo: "R-" + number, AmountFen: fen(o), Reason: "用户取消订单"})
	case settledByEcpay:
		_, err = d.classic.Settle(ctx, number, client.Settlement{OutSettleNo: "S-" + number, Desc: "订单分账", Finish: true})
	default: // stays as it is
	}
	if err != nil {
		return err
	}
	_, err = d.classic.Push(ctx, number, client.Push{Cause: "changed"})
	return err
}

// payByEcpay makes a payment of ecpay, and lets its buyer pay it, where its fate has one.
func (d *deployment) payByEcpay(ctx context.Context, o sampleshop.Order, f fate) error {
	switch f {
	case paidByEcpay, redeemed, paidBack, settledByEcpay, unpaid:
	default:
		return nil
	}
	number := fmt.Sprint(o.ID)
	_, err := d.classic.CreatePayment(ctx, client.EcpayPayment{OutOrderNo: number, TotalAmount: fen(o), Subject: "课程", Body: "课程", ValidTime: 3600 * 24})
	if err != nil || f == unpaid {
		return err
	}
	if err := d.douyin.Pay(number); err != nil {
		return err
	}
	return d.shop.SetStatus(ctx, sampleshop.Paid, o.ID) // the shop's page saw the buyer come back from tt.pay
}

// sellInTrade makes a payment of trade before the shop has its order, so that nobody takes it for one of
// ecpay.
func (d *deployment) sellInTrade(ctx context.Context, o sampleshop.Order, f fate) error {
	number := fmt.Sprint(o.ID)
	signed, err := d.modern.RequestOrder(ctx, client.TradePayment{
		OutOrderNo: number, TotalAmount: fen(o), Subject: "零基础学吉他", Image: "https://cdn.example.com/cover/1.jpg", ValidTime: 3600 * 24,
	})
	if err != nil {
		return err
	}
	if err := d.shop.AddOrders(ctx, []sampleshop.Order{o}); err != nil {
		return err
	}
	if _, err := d.douyin.RequestOrder(signed.Data, signed.ByteAuthorization, buyer); err != nil || f == unpaidInTrade {
		return err
	}
	if err := d.douyin.PayTrade(number, 0, 0); err != nil {
		return err
	}
	if err := d.shop.SetStatus(ctx, sampleshop.Paid, o.ID); err != nil {
		return err
	}
	switch f {
	case takenBack, waitsForAudit, agreed, denied:
		return d.askBack(ctx, number, f)
	case refunded:
		return d.whenPaid(ctx, func() error {
			_, err := d.modern.Refund(ctx, number, client.Refund{OutRefundNo: "R-" + number, AmountFen: fen(o), Reason: "用户取消订单"})
			return err
		})
	case settled:
		return d.whenPaid(ctx, func() error {
			_, err := d.modern.Settle(ctx, number, client.Settlement{OutSettleNo: "S-" + number, Desc: "订单分账"})
			return err
		})
	default: // stays paid
		return nil
	}
}

// askBack lets a buyer ask Douyin for the money, and the shop say its word.
func (d *deployment) askBack(ctx context.Context, number string, f fate) error {
	id, err := d.douyin.AskRefund(simulator.AskedRefund{Order: number, Audit: f != takenBack, Reasons: []string{"不想要了"}})
	if err != nil || f == takenBack || f == waitsForAudit {
		return err
	}
	return d.whenPaid(ctx, func() error { return d.audit(ctx, "DY"+id, f == agreed) })
}

// audit is the shop's word on a refund that a buyer asked Douyin for.
func (d *deployment) audit(ctx context.Context, number string, agree bool) (err error) {
	if agree {
		_, err = d.modern.Agree(ctx, number)
	} else {
		_, err = d.modern.Deny(ctx, number, "课程已经看完")
	}
	return err
}

// whenPaid does what needs a callback that is on its way: what is not there yet, or not paid yet, is
// asked for again.
func (d *deployment) whenPaid(ctx context.Context, do func() error) error {
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		err := do()
		if !errors.Is(err, client.ErrNotFound) && !errors.Is(err, client.ErrConflict) && !errors.Is(err, client.ErrRefused) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// fen is the order's amount.
func fen(o sampleshop.Order) int64 {
	fen, err := store.ParseYuan(o.Amount)
	if err != nil {
		panic(err) // sell chose it
	}
	return int64(fen)
}
