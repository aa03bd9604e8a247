package journeys

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/tasks"
)

// order_status as an order's refunds lead to it; the shop of this test says paid throughout.
const (
	showsPaid         = 1
	showsRefunded     = 6
	showsRefundFailed = 8
)

// moneyRow is a row of ordersync_refund or ordersync_settlement as far as it can be held against Douyin's ledger.
type moneyRow struct {
	no, state, platformNo, alarm, message string
	orderID, amount, attempts             int
	finishedAt                            time.Time
}

// moneyRows are those of one payment system.
func (s *soak) moneyRows(ctx context.Context, table, number, platform, system string) (all map[string]moneyRow, err error) {
	rows, err := s.shop.db.WithContext(ctx).Raw("SELECT "+number+", state, "+platform+", alarm, message, order_id, amount_fen, attempts, finished_at FROM "+
		table+" WHERE `system` = ?", system).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	all = map[string]moneyRow{}
	for rows.Next() {
		var r moneyRow
		var finished any
		if err := rows.Scan(&r.no, &r.state, &r.platformNo, &r.alarm, &r.message, &r.orderID, &r.amount, &r.attempts, &finished); err != nil {
			return nil, err
		}
		r.finishedAt = instant(finished)
		all[r.no] = r
	}
	return all, rows.Err()
}

// instant is a DATETIME(3) as the drivers bring it.
func instant(v any) (at time.Time) {
	switch v := v.(type) {
	case time.Time:
		at = v
	case []byte:
		at, _ = time.Parse("2006-01-02 15:04:05.999", string(v))
	case string:
		at, _ = time.Parse("2006-01-02 15:04:05.999", strings.TrimSuffix(strings.Replace(v, "T", " ", 1), "Z"))
	}
	return at
}

func (s *soak) refundRows(ctx context.Context) (map[string]moneyRow, error) {
	return s.moneyRows(ctx, "ordersync_refund", "out_refund_no", "refund_no", "ecpay")
}

func (s *soak) settlementRows(ctx context.Context) (map[string]moneyRow, error) {
	return s.moneyRows(ctx, "ordersync_settlement", "out_settle_no", "settle_no", "ecpay")
}

// moving is how many instructions have not ended.
func (s *soak) moving(ctx context.Context) (n int, err error) {
	err = s.shop.db.WithContext(ctx).Raw("SELECT (SELECT COUNT(*) FROM ordersync_refund WHERE state NOT IN ('succeeded', 'failed')) + " +
		"(SELECT COUNT(*) FROM ordersync_settlement WHERE state NOT IN ('succeeded', 'failed'))").Row().Scan(&n)
	return n, err
}

// moved is how many have.
func (s *soak) moved() int {
	s.t.Helper()
	return s.shop.count(s.t, "SELECT (SELECT COUNT(*) FROM ordersync_refund WHERE state IN ('succeeded', 'failed')) + "+
		"(SELECT COUNT(*) FROM ordersync_settlement WHERE state IN ('succeeded', 'failed'))")
}

// awaitEnd waits until nothing moves any more: every customer is answered, every instruction has ended, every order is pushed, every
// callback is handed on. The storm goes on until the last amount has moved.
func (s *soak) awaitEnd(ctx context.Context) {
	s.t.Helper()
	calm, found := false, ""
	err := s.until(ctx, soakAgain, func() (bool, error) {
		open, moving, err := s.look(ctx)
		if err != nil {
			open = err.Error()
		}
		if err == nil && moving == 0 && !calm {
			calm = true
			s.complain(s.bank.SetFaults(simulator.Plan{}))
			s.report("the last amount has moved, and the storm is over; open still: %s", cmp.Or(open, "nothing"))
		}
		found = open
		return open == "", nil
	})
	if err != nil {
		s.t.Fatalf("it does not end; last seen: %s", found)
	}
}

// look tells what is open, in words; empty when nothing is. moving counts customers and instructions.
func (s *soak) look(ctx context.Context) (open string, moving int, err error) {
	if err := s.askAgain(ctx); err != nil {
		return "", 0, err
	}
	customers := int(s.waiting.Load())
	moving, err = s.moving(ctx)
	if err == nil && s.modernBank != nil {
		moving += s.modernBank.moving()
	}
	if err != nil || customers+moving > 0 {
		return fmt.Sprintf("%d customers wait, %d instructions have not ended", customers, moving), customers + moving, err
	}
	var pushing, forwarding, paying int
	err = s.shop.db.WithContext(ctx).Raw("SELECT (SELECT COUNT(*) FROM ordersync_order WHERE NOT (outcome IN ('pushed', 'kept') AND due_at IS NULL AND open_attempts = 0)), "+
		"(SELECT COUNT(*) FROM ordersync_callback WHERE forward_due_at IS NOT NULL), "+
		"(SELECT COUNT(*) FROM ordersync_payment_ask WHERE `system` = 'trade')").Row().Scan(&pushing, &forwarding, &paying)
	missing := s.handler.missing(s.post.letters())
	if err != nil || pushing+forwarding+paying+missing > 0 {
		return fmt.Sprintf("%d orders are to be pushed, %d payments to be asked for, %d callbacks to be handed on, %d did not reach the shop",
			pushing, paying, forwarding, missing), 0, err
	}
	refunds, err := s.refundRows(ctx)
	if err != nil {
		return "", 0, err
	}
	wrong := s.wrongStatuses(refunds)
	if len(wrong) > 0 {
		return fmt.Sprintf("%d orders have another state at Douyin than their refunds say, such as %s", len(wrong), wrong[0]), 0, nil
	}
	return "", 0, nil
}

// wrongStatuses are the orders whose state at Douyin is not what their refunds lead to.
func (s *soak) wrongStatuses(refunds map[string]moneyRow) (wrong []string) {
	byOrder := map[int][]moneyRow{}
	for _, r := range refunds {
		byOrder[r.orderID] = append(byOrder[r.orderID], r)
	}
	for id := range s.shop.state {
		if s.modern(id) {
			continue // Douyin keeps it by itself
		}
		o, known := s.bank.Order(outNo(id))
		if want := statusAfter(fen(id), byOrder[id]); !known || !o.Held || o.Status != want {
			wrong = append(wrong, fmt.Sprintf("%s: %d, want %d", outNo(id), o.Status, want))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// statusAfter is what an order of so many fen shows when its refunds have ended: 已退款 when all is paid back, 退款失败 when the last
// refund failed that would have paid back the rest, else 已支付.
func statusAfter(paid int, refunds []moneyRow) int {
	back := 0
	for _, r := range refunds {
		if r.state == "succeeded" {
			back += r.amount
		}
	}
	if back > 0 && back >= paid {
		return showsRefunded
	}
	if len(refunds) == 0 {
		return showsPaid
	}
	last := slices.MaxFunc(refunds, func(a, b moneyRow) int { return a.finishedAt.Compare(b.finishedAt) })
	if last.state == "failed" && back+last.amount >= paid {
		return showsRefundFailed
	}
	return showsPaid
}

// checkMoney holds our books, what the customers were told, and Douyin's ledger against each other.
func (s *soak) checkMoney(ctx context.Context) {
	s.t.Helper()
	refunds, err := s.refundRows(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	settlements, err := s.settlementRows(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	money := s.bank.Money()
	for _, a := range money.Anomalies {
		s.t.Errorf("Douyin saw what must not happen: %+v", a)
	}
	moved := map[string]int{} // by kind and number
	for _, m := range money.Movements {
		if _, again := moved[m.Kind+" "+m.Number]; again {
			s.t.Errorf("%s %s moved twice", m.Kind, m.Number)
		}
		moved[m.Kind+" "+m.Number] = int(m.Amount)
	}
	atDouyin := map[string]moneyRow{}
	for _, r := range money.Refunds {
		atDouyin["refund "+r.OutRefundNo] = moneyRow{no: r.OutRefundNo, state: inOurWords[r.Status], platformNo: r.RefundNo, amount: int(r.Amount)}
	}
	for _, r := range money.Settlements {
		atDouyin["settle "+r.OutSettleNo] = moneyRow{no: r.OutSettleNo, state: inOurWords[r.Status], platformNo: r.SettleNo, amount: int(r.Amount)}
	}
	s.compare("refund", refunds, s.refunds, atDouyin, moved)
	s.compare("settle", settlements, s.settlements, atDouyin, moved)
	for what := range atDouyin {
		s.t.Errorf("Douyin has a %s of which our books have nothing", what)
	}
	for no, amount := range s.refunds {
		if refunds[no].amount != amount {
			s.t.Errorf("refund %s has %d fen in our books, asked for were %d", no, refunds[no].amount, amount)
		}
	}
	for no := range s.refused {
		if _, there := refunds[no]; there {
			s.t.Errorf("refund %s was refused, and stands in our books", no)
		}
	}
	s.report("%d refunds and %d settlements agree with Douyin's ledger: %s", len(refunds), len(settlements), tally(refunds, settlements))
}

var inOurWords = map[simulator.Status]string{simulator.Succeeded: "succeeded", simulator.Failed: "failed", simulator.Processing: "submitted"}

// compare takes what it finds out of atDouyin.
func (s *soak) compare(kind string, ours map[string]moneyRow, asked map[string]int, atDouyin map[string]moneyRow, moved map[string]int) {
	s.t.Helper()
	if missing := len(asked) - len(ours); missing != 0 {
		s.t.Errorf("%d of kind %s were acknowledged, our books have %d", len(asked), kind, len(ours))
	}
	for no, r := range ours {
		what := kind + " " + no
		if _, ok := asked[no]; !ok {
			s.t.Errorf("%s stands in our books, and nobody was told so", what)
		}
		if r.alarm != "" {
			s.t.Errorf("%s has the alarm %s: %s", what, r.alarm, r.message)
		}
		theirs, there := atDouyin[what]
		delete(atDouyin, what)
		amount, hasMoved := moved[what]
		if !there && r.attempts == 0 && r.state == "failed" && !hasMoved {
			continue // a settlement that had nothing left to move was never sent
		}
		if !there || theirs.state != r.state || r.state == "succeeded" && theirs.amount != r.amount || theirs.platformNo != r.platformNo {
			s.t.Errorf("%s: ours %+v, Douyin's %+v", what, r, theirs)
		}
		if hasMoved != (r.state == "succeeded") || hasMoved && amount != r.amount {
			s.t.Errorf("%s is %s with %d fen, and %d fen moved", what, r.state, r.amount, amount)
		}
	}
}

func tally(books ...map[string]moneyRow) string {
	n := map[string]int{}
	for _, b := range books {
		for _, r := range b {
			n[r.state]++
			if r.attempts > 1 {
				n["sent more than once"]++
			}
		}
	}
	var out []string
	for _, word := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%d %s", n[word], word))
	}
	return strings.Join(out, ", ")
}

// checkPayments: what Douyin's callbacks said was paid is recorded, and the order that was paid with another amount raised the alarm.
func (s *soak) checkPayments() {
	s.t.Helper()
	if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no = ? AND alarm = 'amount' AND total_fen = ?", outNo(paidTooMuch), fen(paidTooMuch)+excess); n != 1 {
		s.t.Error("a payment of another amount than the order's raised no alarm in ordersync_payment")
	}
	if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no <> ? AND alarm <> ''", outNo(paidTooMuch)); n != 0 {
		s.t.Errorf("%d right payments raised an alarm", n)
	}
	inLog := slices.ContainsFunc(s.logs, func(l *journal) bool { return strings.Contains(l.String(), `"level":"error","alarm":"amount"`) })
	if !inLog {
		s.t.Error("a payment of another amount than the order's raised no alarm in the log")
	}
	for _, p := range s.bank.Money().Payments {
		if !p.Callback.Answered {
			continue
		}
		if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no = ? AND total_fen = ?", p.OutOrderNo, p.Amount); n != 1 {
			s.t.Errorf("payment %s was reported and acknowledged, and is not recorded", p.OutOrderNo)
		}
	}
}

// checkQueues: no instruction may end in asynq's archive.
func (s *soak) checkQueues() {
	s.t.Helper()
	for _, q := range []string{tasks.QueueRefund, tasks.QueueSettle} {
		if n, err := s.rdb.ZCard(s.t.Context(), "asynq:{"+q+"}:archived").Result(); err != nil || n > 0 {
			s.t.Errorf("%d tasks of %s are archived, %v", n, q, err)
		}
	}
}
