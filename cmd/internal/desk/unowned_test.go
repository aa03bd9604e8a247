package desk

import (
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// The order's payment is a part of what is known of it, paid or only asked for; one that no order of
// the shop's has is found by its number.
func TestThePaymentOfAnOrderIsShown(t *testing.T) {
	l := lookup(t)
	push(t, l.Store, "1")
	now := time.Now().UTC().Truncate(time.Millisecond)
	for no, amount := range map[string]store.Fen{"1": 1000, "404": 5} {
		if _, err := l.Store.AcceptCallback(t.Context(), store.Callback{
			Type: "payment", Number: no, Status: "SUCCESS", Amount: amount, PlatformNo: "P" + no, Way: "1", At: now, FinishedAt: now,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Store.ExpectPayment(t.Context(), store.PaymentAsk{OutOrderNo: "2", Total: 1000, ValidUntil: now, CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"1": "SUCCESS", "2": "PROCESS"} {
		status, found, err := l.OrderStatus(t.Context(), id)
		if err != nil || !found || status.Payment == nil || status.Payment.PayStatus != want || status.Payment.TotalAmount != 1000 || (status.Payment.PaidAt != nil) != (id == "1") {
			t.Errorf("order %s: %v, %v: payment %+v, want %s", id, found, err, status.Payment, want)
		}
	}
	for _, number := range []string{"404", "P404"} {
		u, found, err := l.Unowned(t.Context(), number)
		if err != nil || !found || len(u.Payments) != 1 || u.Payments[0].OutOrderNo != "404" || u.Payments[0].Alarm != store.AlarmUnknownOrder {
			t.Errorf("%s: %v, %v: %+v", number, found, err, u)
		}
	}
	if u, found, err := l.Unowned(t.Context(), "P1"); found || err != nil {
		t.Errorf("the payment of an order is said to have none: %+v, %v", u, err)
	}
}

// While nobody knows what Douyin holds, what it has confirmed last is told with its time.
func TestWhatDouyinHasConfirmedLastIsTold(t *testing.T) {
	l := lookup(t)
	push(t, l.Store, "1")
	now := time.Now()
	if _, err := l.Store.BeginPush(t.Context(), store.Begin{OrderID: "1", OrderNo: "1", Seq: 1, UpdateTime: 8, At: now, DueAt: now, StaleAfter: time.Minute}); err != nil {
		t.Fatal(err)
	}
	status, _, err := l.OrderStatus(t.Context(), "1")
	if err != nil || status.Douyin != nil || status.Confirmed == nil || status.Confirmed.Text != "已支付" || !status.Confirmed.Open || status.Confirmed.At.IsZero() {
		t.Errorf("%+v, confirmed %+v, %v", status, status.Confirmed, err)
	}
}
