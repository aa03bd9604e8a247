package trade

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/douyin"
)

func TestRequestsThatAreNotSent(t *testing.T) {
	f := newFar(t, reply{body: okEmpty})
	c := newTestClient(t, f.URL)
	ctx := context.Background()
	refund := func(change func(*Refund)) error {
		r := aRefund()
		change(&r)
		_, _, err := c.CreateRefund(ctx, r)
		return err
	}
	settle := func(change func(*Settlement)) error {
		s := aSettlement()
		change(&s)
		_, _, err := c.Settle(ctx, s)
		return err
	}
	items := make([]RefundItem, 100)
	receivers := make([]douyin.Receiver, 16) // 33 bytes each and more
	for i := range items {
		items[i] = RefundItem{fmt.Sprint(i), 1}
	}
	for i := range receivers {
		receivers[i] = douyin.Receiver{MerchantUID: fmt.Sprint(i), Amount: 1}
	}
	_, _, noKey := c.QueryOrder(ctx, "", "")
	_, _, twoKeys := c.QueryRefunds(ctx, "R1", "r", "")
	_, _, longKey := c.QuerySettles(ctx, SettleKey{OrderID: strings.Repeat("o", 65)})
	_, deny := c.Audit(ctx, Verdict{RefundID: "r"})
	_, longDeny := c.Audit(ctx, Verdict{RefundID: "r", Denied: strings.Repeat("x", 513)})
	_, noItem := c.Fulfil(ctx, Fulfilment{OrderID: "o", ToStatus: "DONE"})
	_, badItem := c.Fulfil(ctx, Fulfilment{OrderID: "o", ItemOrderIDs: []string{"i", ""}, ToStatus: "DONE"})
	_, noStatus := c.Fulfil(ctx, Fulfilment{OrderID: "o", ItemOrderIDs: []string{"i"}})
	for i, c := range []struct {
		err   error
		field string
	}{
		{refund(func(r *Refund) { r.OrderID = "" }), "order_id"},
		{refund(func(r *Refund) { r.OutRefundNo = "R 1" }), "out_refund_no"},
		{refund(func(r *Refund) { r.Amount = 0 }), "refund_total_amount"},
		{refund(func(r *Refund) { r.Amount = 1989 }), "refund_total_amount"},
		{refund(func(r *Refund) { r.All = true }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items = nil }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items, r.Amount = items, 100 }), "item_order_detail"},
		{refund(func(r *Refund) { r.Items[0].Amount = 0 }), "item_order_detail[0].refund_amount"},
		{refund(func(r *Refund) { r.Items, r.Amount = []RefundItem{{"i", 1}, {"i", 1}}, 2 }), "item_order_detail[1].item_order_id"},
		{refund(func(r *Refund) { r.Reasons = nil }), "refund_reason"},
		{refund(func(r *Refund) { r.Reasons[0].Code = 1 }), "refund_reason[0].code"},
		{refund(func(r *Refund) { r.Reasons[0].Text = strings.Repeat("x", 50) }), "refund_reason[0].text"},
		{refund(func(r *Refund) { r.Page.Path = "/p" }), "order_entry_schema.path"},
		{refund(func(r *Refund) { r.NotifyURL = "ftp://h/" }), "notify_url"},
		{refund(func(r *Refund) { r.CPExtra = strings.Repeat("x", 2049) }), "cp_extra"},
		{refund(func(r *Refund) { r.Currency = "USD" }), "currency"},
		{settle(func(s *Settlement) { s.OutSettleNo = "" }), "out_settle_no"},
		{settle(func(s *Settlement) { s.OutOrderNo = "" }), "out_order_no"},
		{settle(func(s *Settlement) { s.Desc = strings.Repeat("结", 81) }), "settle_desc"},
		{settle(func(s *Settlement) { s.Receivers = receivers }), "settle_params"},
		{settle(func(s *Settlement) { s.Receivers = []douyin.Receiver{{MerchantUID: "7"}} }), "settle_params[0].amount"},
		{settle(func(s *Settlement) { s.Ext = strings.Repeat("x", 2049) }), "ext"},
		{noKey, "out_order_no"}, {twoKeys, "out_refund_no"}, {longKey, "order_id"},
		{deny, "deny_message"}, {longDeny, "deny_message"},
		{noItem, "item_order_id_list"}, {badItem, "item_order_id_list[1]"}, {noStatus, "to_status"},
	} {
		var e *douyin.Error
		var f *douyin.FieldError
		if !errors.As(c.err, &e) || e.Kind != douyin.Rejected || e.MayHave || !errors.As(c.err, &f) || f.Field != c.field {
			t.Errorf("%d: want %s, got %v", i, c.field, c.err)
		}
	}
	if len(f.sent()) != 0 {
		t.Errorf("sent %q", f.sent())
	}
	if err := settle(func(s *Settlement) { s.Desc = strings.Repeat("结", 80) }); fails(t, OpSettleCreate, err).Kind != douyin.Unavailable {
		t.Errorf("80 characters: %v", err)
	}
}
