package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks/gateway"
)

// Two people in two zones have to read one moment.
func TestStatusPrintsTimesWithTheirOffset(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	order := gateway.OrderStatus{
		OrderID: "1", OrderNo: "1", Outcome: "pushed", PushedAt: &at, DueAt: &at,
		History: []gateway.Event{{At: at, Call: "order.push"}},
		Refunds: []gateway.RefundStatus{{OutRefundNo: "R1", Progress: gateway.Progress{CreatedAt: at, FinishedAt: &at}}},
	}
	var out bytes.Buffer
	p := process{out: &out}
	if err := p.printStatus(order, "its key, 1", time.FixedZone("", 8*60*60)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "2026-03-01T16:00:00+08:00"); n != 5 {
		t.Errorf("%d of 5 times have their offset:\n%s", n, out.String())
	}
}
