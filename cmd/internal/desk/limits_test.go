package desk

import (
	"errors"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

func TestWhatOnePaymentSystemDoesNotTakeIsRefusedByName(t *testing.T) {
	settle := func(receivers int, uid string) tasks.SettleRequest {
		r := tasks.SettleRequest{OutSettleNo: "S1", OrderID: "1", Desc: "x"}
		for range receivers {
			r.Params = append(r.Params, tasks.Receiver{MerchantUID: uid, AmountFen: 100})
		}
		return r
	}
	long := strings.Repeat("7", 100) // of itself no limit of ours: four of them are more than 512 bytes
	finish := settle(0, "")
	finish.Finish = true
	for name, c := range map[string]struct {
		err   func(limits) error
		field map[store.System]string // that is refused
		words string
	}{
		"finish":      {func(l limits) error { return l.settle(finish) }, map[store.System]string{store.Trade: "finish"}, "trade"},
		"params":      {func(l limits) error { return l.settle(settle(4, long)) }, map[store.System]string{store.Trade: "params"}, "512"},
		"few params":  {func(l limits) error { return l.settle(settle(4, "7044")) }, nil, ""},
		"disable_msg": {func(l limits) error { return l.refund(tasks.RefundRequest{DisableMsg: true}) }, map[store.System]string{store.Trade: "disable_msg"}, "ecpay"},
		"msg_page":    {func(l limits) error { return l.refund(tasks.RefundRequest{MsgPage: "p"}) }, map[store.System]string{store.Trade: "msg_page"}, "refund_page"},
		"reason_code": {func(l limits) error { return l.refund(tasks.RefundRequest{ReasonCode: 101}) }, map[store.System]string{store.Ecpay: "reason_code"}, "trade"},
	} {
		for _, system := range store.Systems() {
			var bad *tasks.PayloadError
			err := c.err(systemLimits[system])
			if errors.As(err, &bad) != (c.field[system] != "") || bad != nil && (bad.Field != c.field[system] || !strings.Contains(bad.Reason, c.words)) {
				t.Errorf("%s of %s: %v", name, system, err)
			}
		}
	}
}

// A refund is answered with its payment system and who has opened it.
func TestARefundsStatusTellsItsSystem(t *testing.T) {
	l := lookup(t)
	c := Cashier{Store: l.Store, Queue: &road{}}
	status, _, err := c.Refund(t.Context(), tasks.RefundRequest{OutRefundNo: "R1", OrderID: "1", AmountFen: 1, Reason: "wish"})
	if err != nil || status.System != "ecpay" {
		t.Errorf("written down as %+v, %v", status, err)
	}
	status, _, err = l.RefundStatus(t.Context(), "R1")
	if err != nil || status.System != "ecpay" || status.Origin != "ours" || status.Audit != "none" || status.Deadline != nil {
		t.Errorf("shown as %+v, %v", status, err)
	}
	if _, err := c.CheckRefunds(t.Context(), "1"); !errors.Is(err, gateway.ErrNothingToCheck) {
		t.Errorf("an order of ecpay is asked about: %v", err)
	}
	if _, err := c.CheckRefunds(t.Context(), "99"); !errors.Is(err, gateway.ErrOrderNotFound) {
		t.Errorf("an order that nobody has: %v", err)
	}
}
