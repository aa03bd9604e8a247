package worker

import (
	"context"
	"errors"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// The bug: a panic in a call about money kept its place at the gate. A breaker that has opened lets a
// few probes through and waits for their end, so no refund passed until the process was started anew.
func TestAPanicGivesThePlaceAtTheGateBack(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(gate openGate) error{
		"a refund": func(gate openGate) error {
			h := handler(newBooks(newRefund()), &teller{t: t, during: func(call string) {
				if call == "send" {
					panic("boom")
				}
			}})
			h.Gate = gate
			return h.ProcessTask(t.Context(), refundTask(t, "R1"))
		},
		"a word": func(gate openGate) error {
			d := newDocket(store.Agree)
			d.answer = func(int) error { panic("boom") }
			task, err := tasks.Audit{OutRefundNo: "DY7", Revision: "1"}.Task()
			if err != nil {
				t.Fatal(err)
			}
			h := &AuditHandler{Rows: d, Sending: d, Douyin: d, Gate: gate, Log: zerolog.Nop()}
			return h.ProcessTask(context.Background(), task)
		},
	} {
		var told []error
		var panicked *panicError
		if err := call(openGate{&told}); !errors.As(err, &panicked) {
			t.Errorf("%s: %v, want the panic", name, err)
		}
		if len(told) != 1 || !errors.Is(told[0], errNotSent) {
			t.Errorf("%s: the gate was told %v, want %v", name, told, errNotSent)
		}
	}
}
