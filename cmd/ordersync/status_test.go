package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
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
	p := process{out: &out, zone: time.FixedZone("", 8*60*60)}
	if err := p.printStatus(order, "its key, 1"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "2026-03-01T16:00:00+08:00"); n != 5 {
		t.Errorf("%d of 5 times have their offset:\n%s", n, out.String())
	}
}

// The row of the payment, and what was confirmed last, in both languages.
func TestStatusPrintsThePaymentAndWhatWasConfirmed(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	order := gateway.OrderStatus{
		OrderID: "1", OrderNo: "1", Outcome: "retrying", Confirmed: &gateway.Confirmed{Status: 1, Text: "已支付", At: at},
		Payment: &gateway.OrderPayment{
			System: "trade", OutOrderNo: "1", DouyinOrderID: "motb1", PayStatus: "SUCCESS", TotalAmount: 1999, Discount: 9, PaidAt: &at, Alarm: "unknown_order",
			Message: "the shop has no order with this number",
		},
	}
	for l, want := range map[lang.Lang][]string{
		lang.English: {
			"已支付 (paid), confirmed at 2026-03-01T08:00:00Z; an attempt since then has failed",
			"trade    1       1999, 9 of them from Douyin  SUCCESS  motb1            2026-03-01T08:00:00Z  LOOK AT THIS: unknown_order: the shop has no order with this number",
		},
		lang.Chinese: {"已于 2026-03-01T08:00:00Z 确认；此后的一次尝试失败", "1999，其中抖音补贴 9", "请处理：unknown_order"},
	} {
		var out bytes.Buffer
		p := process{out: &out, lang: l, zone: time.UTC}
		if err := p.printStatus(order, "its key, 1"); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%v: want %q in:\n%s", l, text, &out)
			}
		}
	}
}
