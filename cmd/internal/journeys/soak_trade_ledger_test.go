package journeys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ordersync/ordersync/douyin/simulator"
)

// askThemAllAgain lets Douyin ask about each buyer's refund once more, long after it has ended.
func (s *soak) askThemAllAgain(ctx context.Context) {
	s.t.Helper()
	before := s.asked()
	for id := range before {
		s.complain(s.bank.AskAgain(id))
	}
	err := s.until(ctx, soakAgain, func() (bool, error) {
		for id, deliveries := range s.asked() {
			if deliveries == before[id] {
				return false, nil
			}
		}
		return true, nil
	})
	s.complain(err)
}

// asked are the refunds of buyers by Douyin's id, with how often the shop was asked about each.
func (s *soak) asked() map[string]int {
	all := map[string]int{}
	for _, r := range s.bank.Trade().Refunds {
		if r.Source == simulator.SourceUser {
			all[r.RefundID] = r.Asked.Deliveries
		}
	}
	return all
}

// checkAnswers: each question about a refund was answered alike, byte for byte, each time and by
// both gateways, and each word on one reached Douyin once.
func (s *soak) checkAnswers() {
	s.t.Helper()
	all, times := s.post.answersTo("pre_create_refund"), 0
	for _, answers := range all {
		if len(answers) != 1 {
			s.t.Errorf("one pre_create_refund has %d answers: %v", len(answers), answers)
		}
		for _, n := range answers {
			times += n
		}
	}
	if want := int(s.modernBank.askedFor.Load()); len(all) != want || times < 2*want {
		s.t.Errorf("%d pre_create_refund were answered, %d times together; buyers asked for %d refunds", len(all), times, want)
	}
	words := s.bank.Stats().Calls["trade.refund_audit"]
	if want := s.modernBank.said.Load(); words.OK != want || words.Codes[20001] != 0 {
		s.t.Errorf("%d words were said, %d took effect at Douyin, %d came behind another one", want, words.OK, words.Codes[20001])
	}
	s.report("%d questions about refunds were answered alike, %d times together; %d words were carried once each", len(all), times, words.OK)
}

// auditOf is Douyin's word for an audit in ours.
var auditOf = map[simulator.Audit]string{
	simulator.AuditAgreed: "agreed", simulator.AuditDenied: "denied", simulator.AuditOvertime: "overtime",
}

// checkModernMoney holds our rows of trade against what the gateway acknowledged and Douyin's ledger.
func (s *soak) checkModernMoney(ctx context.Context) {
	s.t.Helper()
	refunds, err := s.moneyRows(ctx, "ordersync_refund", "out_refund_no", "refund_no", "trade")
	if err != nil {
		s.t.Fatal(err)
	}
	settlements, err := s.moneyRows(ctx, "ordersync_settlement", "out_settle_no", "settle_no", "trade")
	if err != nil {
		s.t.Fatal(err)
	}
	book := s.bank.Trade()
	for _, v := range book.Violations {
		s.t.Errorf("Douyin saw what must not happen: %+v", v)
	}
	for no, amount := range s.modernBank.refunds {
		if refunds[no].amount != amount {
			s.t.Errorf("refund %s of %d fen was acknowledged, our books have %+v", no, amount, refunds[no])
		}
	}
	for no := range s.modernBank.settlements {
		if settlements[no].no == "" {
			s.t.Errorf("settlement %s was acknowledged, our books have nothing of it", no)
		}
	}
	if want, got := len(s.modernBank.refunds)+int(s.modernBank.askedFor.Load()), len(refunds); got != want {
		s.t.Errorf("%d refunds were acknowledged or asked for by buyers, our books have %d", want, got)
	}
	moved := s.movedAtDouyin(book)
	var asked, denied int
	for _, r := range book.Refunds {
		s.compareModern("refund", refunds, moved, moneyRow{no: r.OutRefundNo, state: endOf(r), platformNo: r.RefundID, amount: int(r.Amount)})
		if r.Source == simulator.SourceUser {
			asked++
			s.checkAudit(ctx, r)
		}
		if r.Audit == simulator.AuditDenied && refunds[r.OutRefundNo].state == "failed" {
			denied++
		}
	}
	for _, r := range book.Settlements {
		s.compareModern("settle", settlements, moved, moneyRow{no: r.OutSettleNo, state: inOurWords[r.Status], platformNo: r.SettleID, amount: int(r.Amount)})
	}
	ours := tally(refunds, settlements)
	s.standAlone("refund", refunds, len(book.Refunds))
	s.standAlone("settlement", settlements, len(book.Settlements))
	if want := int(s.modernBank.askedFor.Load()); asked != want {
		s.t.Errorf("buyers asked for %d refunds, Douyin has %d", want, asked)
	}
	if want := int(s.modernBank.denied.Load()); denied != want {
		s.t.Errorf("%d refunds were denied, %d failed for it", want, denied)
	}
	s.report("%d refunds of trade (%d asked for by buyers, %d denied) and %d settlements agree with Douyin's ledger: %s",
		len(book.Refunds), asked, denied, len(book.Settlements), ours)
	s.checkModernOrders(book)
}

// endOf is how a refund of Douyin's stands, in our words: what was denied has failed, also where
// Douyin goes on to call it under way (UNCONFIRMED).
func endOf(r simulator.TradeRefund) string {
	if r.Audit == simulator.AuditDenied {
		return "failed"
	}
	return inOurWords[r.Status]
}

// movedAtDouyin is what moved, by kind and number.
func (s *soak) movedAtDouyin(book simulator.TradeBook) map[string]int {
	s.t.Helper()
	moved := map[string]int{}
	for _, m := range book.Movements {
		if _, again := moved[m.Kind+" "+m.Number]; again {
			s.t.Errorf("%s %s moved twice", m.Kind, m.Number)
		}
		moved[m.Kind+" "+m.Number] = int(m.Amount)
	}
	return moved
}

// compareModern holds one instruction of Douyin's against ours.
func (s *soak) compareModern(kind string, ours map[string]moneyRow, moved map[string]int, theirs moneyRow) {
	s.t.Helper()
	row := ours[theirs.no]
	ended := row.state == "succeeded"
	if row.state != theirs.state || row.platformNo != theirs.platformNo || (kind == "refund" || ended) && row.amount != theirs.amount || row.alarm != "" {
		s.t.Errorf("%s %q: ours %+v, Douyin's %+v", kind, theirs.no, row, theirs)
	}
	if amount, did := moved[kind+" "+theirs.platformNo]; did != ended || did && amount != row.amount {
		s.t.Errorf("%s %s is %s with %d fen, and %d fen moved", kind, theirs.no, row.state, row.amount, amount)
	}
}

// standAlone: what the gateway took has reached Douyin. Every instruction of Douyin's was compared.
func (s *soak) standAlone(kind string, ours map[string]moneyRow, theirs int) {
	s.t.Helper()
	if len(ours) == theirs {
		return
	}
	s.t.Errorf("our books have %d of kind %s, Douyin's %d", len(ours), kind, theirs)
	for _, row := range ours {
		if row.platformNo == "" {
			s.t.Errorf("%s %s stands in our books alone: %+v", kind, row.no, row)
		}
	}
}

// checkModernOrders: payments are as Douyin has them, and no order of trade was pushed.
func (s *soak) checkModernOrders(book simulator.TradeBook) {
	s.t.Helper()
	for _, o := range book.Orders {
		if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no = ? AND `system` = 'trade' AND state = ? AND total_fen = ?",
			o.OutOrderNo, string(o.PayStatus), o.Amount); n != 1 {
			s.t.Errorf("payment %s: Douyin has %s of %d fen, our books have something else", o.OutOrderNo, o.PayStatus, o.Amount)
		}
	}
	for id := s.modernBank.first; id <= s.modernBank.last; id++ {
		if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_order WHERE order_id = ? AND `system` = 'trade' AND outcome = 'kept'", fmt.Sprint(id)); n != 1 {
			s.t.Errorf("order %d is not kept as one of trade", id)
		}
		if _, known := s.bank.Order(outNo(id)); known {
			s.t.Errorf("order %d of trade was pushed to the order centre", id)
		}
	}
	s.report("%d payments of trade agree with Douyin's, and none of their orders was pushed", len(book.Orders))
}

// checkAudit holds what we know of an audit against Douyin.
func (s *soak) checkAudit(ctx context.Context, r simulator.TradeRefund) {
	s.t.Helper()
	want := "none"
	if r.NeedsAudit {
		want = auditOf[r.Audit]
	}
	var origin, audit string
	err := s.shop.db.WithContext(ctx).Raw("SELECT origin, audit FROM ordersync_refund WHERE out_refund_no = ?", r.OutRefundNo).Row().Scan(&origin, &audit)
	if err = errors.Join(err, ctx.Err()); err != nil || origin != "user" || audit != want {
		s.t.Errorf("refund %s: origin %q, audit %q, %v; Douyin says %q", r.OutRefundNo, origin, audit, err, r.Audit)
	}
	if r.Answer != "" && !strings.Contains(r.Answer, r.OutRefundNo) {
		s.t.Errorf("refund %s was answered with another number", r.OutRefundNo)
	}
}
