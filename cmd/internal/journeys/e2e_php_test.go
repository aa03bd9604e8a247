package journeys

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/store/servertest"
)

// The two orders of the shop, by id: one of 19.99 yuan that is refunded, one of 0.07 yuan that is redeemed and settled. In floats
// 19.99 * 100 is 1998.9999999999998 and 0.07 * 100 is 7.000000000000001, and that is what the shop's own code computes.
const (
	refundedOrder, refundedNo, refundedFen = "1", "SN000000000001", 1999
	settledOrder, settledNo, settledFen    = "2", "SN000000000002", 7
)

// TestAPHPShopChangesOneLine is issue 4's "Shown by": a shop's own PHP, unchanged but for its `use` line, lives through two orders with
// a real `ordersync run` and `ordersync simulator`, MariaDB and Redis. What came of it is read from outside: Douyin's ledger, `ordersync
// status`, and the shop's rows. Where php or mariadbd is not installed there is nothing to run.
func TestAPHPShopChangesOneLine(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	php, ok := servertest.PHP(t, "curl", "json", "pdo_mysql")
	if !ok {
		return
	}
	s := newPHPShop(t, php)
	if s == nil {
		return
	}

	s.pay(refundedOrder, refundedNo, refundedFen)
	s.awaitShown(refundedNo, "已支付", refundedFen)
	s.report("an order of %d fen is paid for, its callback has come to the shop, and Douyin holds it as 已支付", refundedFen)
	s.act("refund", refundedOrder)
	s.awaitRow(refundedOrder, sampleshop.Refunded)
	s.awaitShown(refundedNo, "已退款", refundedFen)
	s.report("it is refunded, the shop has heard of it, and Douyin holds it as 已退款")

	s.pay(settledOrder, settledNo, settledFen)
	s.awaitShown(settledNo, "已支付", settledFen)
	s.act("redeem", settledOrder)
	s.awaitShown(settledNo, "已核销", settledFen)
	s.act("settle", settledOrder)
	s.awaitHeard("settle SUCCESS")
	s.report("an order of %d fen is paid for, redeemed, pushed and settled", settledFen)

	s.refuseForged()
	s.checkMoney()
	s.checkStatus()
	s.checkLogs()
	for _, l := range s.logs {
		if strings.Contains(l.String(), "sample-open-id") {
			t.Error("a log has an open_id")
		}
	}
	if text := s.said.String(); strings.Contains(text, "PHP ") && strings.Contains(text, " on line ") {
		t.Errorf("PHP complains:\n%s", text)
	}
}

// The buyer presses "pay" in the shop and pays on the phone; Douyin calls back, and the shop marks its order paid.
func (s *phpShop) pay(id, no string, fen int64) {
	s.t.Helper()
	var made struct {
		OrderID    string `json:"order_id"`
		OrderToken string `json:"order_token"`
	}
	if err := json.Unmarshal(s.act("pay", id).Data, &made); err != nil || made.OrderID == "" || made.OrderToken == "" {
		s.t.Fatalf("tt.pay lacks what it needs: %+v, %v", made, err)
	}
	if row := s.row(id); row.ThirdNo != made.OrderID || row.Status != sampleshop.Unpaid {
		s.t.Errorf("the shop's row %+v after create_order, want it unpaid and with Douyin's number %s", row, made.OrderID)
	}
	if found := s.act("query", id); found.Info.OrderStatus != "PROCESSING" {
		s.t.Errorf("before the payment query says %+v", found)
	}
	if err := s.sim(s.t.Context(), http.MethodPost, "pay", map[string]string{"out_order_no": no}, nil); err != nil {
		s.t.Fatal(err)
	}
	s.awaitRow(id, sampleshop.Paid)
	if found := s.act("query", id); found.Info.OrderStatus != "SUCCESS" || found.Info.TotalFee != fen {
		s.t.Errorf("after the payment query says %+v, want SUCCESS and %d fen", found, fen)
	}
}

// awaitShown waits until Douyin's order centre shows the order so.
func (s *phpShop) awaitShown(no, text string, fen int) {
	s.t.Helper()
	s.await(no+" is "+text+" at Douyin", func(ctx context.Context) (bool, string, error) {
		var o struct {
			Text   string `json:"status"`
			Detail struct {
				Total int `json:"total_price"`
			} `json:"order_detail"`
		}
		status, err := exchange(ctx, http.MethodGet, "http://"+s.douyin.addr+"/_sim/orders/"+no, nil, &o)
		if status == http.StatusNotFound {
			return false, "nothing", nil
		}
		if o.Text == text && o.Detail.Total != fen {
			s.t.Errorf("%s at Douyin costs %d fen, want %d", no, o.Detail.Total, fen)
		}
		return o.Text == text, o.Text, err
	})
}

// checkMoney holds Douyin's ledger of money against what the shop's code asked for.
func (s *phpShop) checkMoney() {
	s.t.Helper()
	var l struct {
		Regressions int
		Money       struct {
			Movements []movement
			Anomalies []any
		}
	}
	if err := s.sim(s.t.Context(), http.MethodGet, "ledger", nil, &l); err != nil {
		s.t.Fatal(err)
	}
	if l.Regressions != 0 || len(l.Money.Anomalies) != 0 {
		s.t.Errorf("%d pushes made an order older; anomalies %v", l.Regressions, l.Money.Anomalies)
	}
	moved := map[movement]int{}
	for _, m := range l.Money.Movements {
		moved[m]++
	}
	want := []movement{
		{"payment", refundedNo, refundedFen}, {"refund", "R" + refundedNo, refundedFen},
		{"payment", settledNo, settledFen}, {"settle", "S" + settledNo, settledFen},
	}
	for _, m := range want {
		if moved[m] != 1 {
			s.t.Errorf("%+v happened %d times, want once", m, moved[m])
		}
	}
	if len(l.Money.Movements) != len(want) {
		s.t.Errorf("money moved %d times, want %d: %+v", len(l.Money.Movements), len(want), l.Money.Movements)
	}
}

// movement is one of Douyin's ledger.
type movement struct {
	Kind, Number string
	Amount       int
}

// checkStatus asks `ordersync status`, as an operator does.
func (s *phpShop) checkStatus() {
	s.t.Helper()
	refunded, settled := s.status(refundedOrder), s.status(settledOrder)
	if refunded.OrderNo != refundedNo || refunded.Outcome != "pushed" || refunded.Douyin == nil || refunded.Douyin.Text != "已退款" {
		s.t.Errorf("status %s: %+v", refundedOrder, refunded)
	}
	if r := refunded.Refunds; len(r) != 1 || r[0].OutRefundNo != "R"+refundedNo || r[0].AmountFen != refundedFen || r[0].State != "succeeded" ||
		r[0].RefundNo == "" || r[0].Reason != "用户取消订单" {
		s.t.Errorf("the refunds of order %s: %+v", refundedOrder, r)
	}
	if settled.Outcome != "pushed" || settled.Douyin == nil || settled.Douyin.Text != "已核销" {
		s.t.Errorf("status %s: %+v", settledOrder, settled)
	}
	if r := settled.Settlements; len(r) != 1 || r[0].OutSettleNo != "S"+settledNo || r[0].AmountFen != settledFen || r[0].State != "succeeded" ||
		r[0].Desc != "课程分账" {
		s.t.Errorf("the settlements of order %s: %+v", settledOrder, r)
	}
	var kinds []string
	for _, e := range refunded.History {
		kinds = append(kinds, e.Call)
	}
	if history := strings.Join(kinds, " "); !strings.Contains(history, "order.push") || !strings.Contains(history, "refund.create") {
		s.t.Errorf("the history of order %s has %q only", refundedOrder, history)
	}
}

// refuseForged sends the shop a callback that Douyin did not sign: the drop-in's handler() must tell.
func (s *phpShop) refuseForged() {
	s.t.Helper()
	forged := map[string]string{
		"timestamp": "1704067200", "nonce": "4242", "type": "refund", "msg": `{"cp_refundno":"R` + settledNo + `","status":"SUCCESS"}`,
		"msg_signature": strings.Repeat("0", 40),
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if status, err := exchange(ctx, http.MethodPost, s.url+"/dy_notify", forged, nil); err != nil || status != http.StatusForbidden {
		s.t.Errorf("a forged callback: HTTP %d, %v; want 403", status, err)
	}
	if row := s.row(settledOrder); row.Status != sampleshop.Redeemed {
		s.t.Errorf("a forged callback changed the order to %d", row.Status)
	}
}
