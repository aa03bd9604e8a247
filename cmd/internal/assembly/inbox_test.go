package assembly

import (
	"errors"
	"testing"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// What can never be carried out must go to the dead stream; what may be carried out later must not.
func TestAnEntryIsRefusedForGoodOnlyWhereItCanNeverBeTaken(t *testing.T) {
	s := newScene(t, sceneConfig{})
	s.sell(7)
	a := s.process(nil)
	consumer, err := a.Inbox()
	if err != nil {
		t.Fatal(err)
	}
	refund := func(number, order string, fen int64) tasks.Asked {
		return tasks.Asked{Refund: &tasks.RefundRequest{OutRefundNo: number, OrderID: order, AmountFen: fen, Reason: "wish"}}
	}
	push := tasks.Asked{Push: &tasks.PushOrder{OrderID: "7", Revision: "r1", Cause: tasks.CausePaid}}
	settle := tasks.Asked{Settle: &tasks.SettleRequest{OutSettleNo: "S1", OrderID: "7", Desc: "split"}}
	const taken, refused, later = "taken", "refused for good", "to be tried again"
	for _, step := range []struct {
		name  string
		asked tasks.Asked
		want  string
	}{
		{"push", push, taken},
		{"the same push", push, taken},
		{"refund", refund("R1", "7", 400), taken},
		{"the same refund", refund("R1", "7", 400), taken},
		{"its number with another amount", refund("R1", "7", 500), refused},
		{"more than was paid", refund("R2", "7", 601), refused},
		{"no amount", refund("R3", "7", 0), refused},
		{"an order that is not there yet", refund("R4", "8", 1), later},
		{"a settlement behind a refund in flight", settle, later},
	} {
		err := consumer.Hand(t.Context(), inbox.Entry{ID: "1-0", Asked: step.asked})
		got := later
		var bad *tasks.PayloadError
		switch {
		case err == nil:
			got = taken
		case errors.Is(err, inbox.ErrRefused), errors.As(err, &bad):
			got = refused
		}
		if got != step.want {
			t.Errorf("%s: %s (%v), want %s", step.name, got, err, step.want)
		}
	}
}
