package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// unowned shows what has a number and belongs to no order of the shop's: Douyin has told of it.
func (p *process) unowned(ctx context.Context, orders desk.Lookup, number string, asJSON bool) error {
	u, found, err := orders.Unowned(ctx, number)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("order %q: neither the shop nor ordersync has it", number)
	case asJSON:
		return p.printJSON(u)
	}
	fmt.Fprintln(p.out, p.lang.T("No order of the shop's has %q. What has this number:", number))
	w := p.lang.Table(p.out)
	printPayments(w, p.lang, u.Payments, p.moment)
	printMoney(w, p.lang, u.Refunds, u.Settlements, p.moment)
	return w.Flush()
}

// printPayments lists payments as they are written down.
func printPayments(w *lang.Table, l lang.Lang, all []gateway.OrderPayment, moment func(*time.Time) string) {
	if len(all) > 0 {
		w.Text(l.T("\npayment\tnumber\tfen\tstate\tDouyin's number\tpaid at\treason"))
	}
	for i := range all {
		p := &all[i]
		why := l.Say(p.Message)
		if p.Alarm != "" {
			why = l.T("LOOK AT THIS: %s", reason(l, p.Alarm, 0, p.Message))
		}
		w.Row(p.System, p.OutOrderNo, amount(l, p), p.PayStatus, p.DouyinOrderID, moment(p.PaidAt), why)
	}
}

// amount is that of a payment, with what Douyin has given on top.
func amount(l lang.Lang, p *gateway.OrderPayment) string {
	s := fmt.Sprint(p.TotalAmount)
	if p.Currency != "" {
		s += " " + p.Currency
	}
	if p.Discount > 0 {
		s += l.T(", %d of them from Douyin", p.Discount)
	}
	return s
}

// printMoney lists refunds and settlements; their calls stand in the history below, so that the order reads as one timeline.
func printMoney(w *lang.Table, l lang.Lang, refunds []gateway.RefundStatus, settlements []gateway.SettlementStatus, moment func(*time.Time) string) {
	if len(refunds)+len(settlements) > 0 {
		w.Text(l.T("\nmoney\tnumber\tfen\tstate\tDouyin's number\tasked at\tended at\treason"))
	}
	row := func(what, number string, fen int64, platform string, p gateway.Progress) {
		why := reason(l, p.Kind, p.Code, p.Message)
		if p.Alarm {
			why = l.T("LOOK AT THIS: %s", why)
		}
		w.Row(what, number, fen, p.State, platform, moment(&p.CreatedAt), moment(p.FinishedAt), why)
	}
	for _, r := range refunds {
		row(whose(l.T("refund"), r.System, r.Origin), r.OutRefundNo, r.AmountFen, r.RefundNo, r.Progress)
	}
	for _, s := range settlements {
		row(whose(l.T("settlement"), s.System, s.Origin), s.OutSettleNo, s.AmountFen, s.SettleNo, s.Progress)
	}
}

// whose names an instruction with its payment system and who has opened it; the shop's own of ecpay
// need neither.
func whose(what, system, origin string) string {
	if system == string(store.Ecpay) || system == "" {
		return what
	}
	return what + " (" + system + ", " + origin + ")"
}
