package store_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// paidInTrade lets order 1 be one of trade, paid with 12.30 yuan at t0.
func paidInTrade(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.HearTradePayment(t.Context(), store.TradePayment{
		OutOrderNo: orderNo(t, s), DouyinOrderID: "motb1", State: store.PaymentSuccess, Total: 1230, PaidAt: t0, At: t0,
		Items: []store.PaymentItem{{ItemOrderID: "i1", Amount: 1230}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// orderNo is what Douyin calls order 1.
func orderNo(t *testing.T, s *store.Store) string {
	t.Helper()
	o, err := s.LoadOrder(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	return o.Order.OrderNo
}

// ofTrade makes the system of an order's refunds trade.
func ofTrade(t *testing.T, db *gorm.DB) {
	t.Helper()
	if err := db.Exec("UPDATE ordersync_refund SET `system` = 'trade'").Error; err != nil {
		t.Fatal(err)
	}
}

// fromUser is a refund of 3.00 yuan that the buyer has asked Douyin for.
func fromUser() store.TradeRefund {
	deadline := t0.Add(72 * time.Hour)
	return store.TradeRefund{
		Number: "DY7", RefundID: "7", DouyinOrderID: "motb1", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 300,
		Reason: "不想要了", Items: `[{"item_order_id":"i1","refund_amount":300}]`,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: t0, DueAt: t0.Add(time.Minute),
	}
}

func TestARefundThatDouyinOpenedBecomesARowOnceAndEnds(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		paidInTrade(t, s)
		r := fromUser()
		for n := range 3 {
			a, err := s.HearTradeRefund(t.Context(), r)
			if err != nil || !a.Known || a.OrderID != "1" || a.Fresh != (n == 0) || a.Alarm != "" {
				t.Fatalf("heard %d times: %+v, %v", n+1, a, err)
			}
		}
		i := instruction(t, s, store.Refund, "DY7")
		if i.System != store.Trade || i.Origin != store.OriginUser || i.State != store.MoneySubmitted || !i.Turn || i.PlatformNo != "7" || i.Amount != 300 || i.OutOrderNo != orderNo(t, s) ||
			i.Audit.State != store.AuditNeeded || i.Audit.Deadline == nil || !i.Audit.Deadline.Equal(*r.Audit.Deadline) || i.DueAt == nil || i.Items != r.Items || i.Text != "不想要了" {
			t.Fatalf("the row is %+v", i)
		}
		// It counts for the sum, and the order is told of it.
		var exceeds *store.ExceedsPaidError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R1", 931)); !errors.As(err, &exceeds) || exceeds.Already != 300 {
			t.Errorf("a refund of what is not left: %v", err)
		}
		if o, err := s.LoadOrder(t.Context(), "1"); err != nil || o.Refunds.InFlight != 300 {
			t.Errorf("under way are %v, %v", o.Refunds, err)
		}
		// An older word after the end changes nothing.
		r.State, r.At = store.MoneySucceeded, t0.Add(time.Hour)
		a, err := s.HearTradeRefund(t.Context(), r)
		if err != nil || a.Ended != store.MoneySucceeded {
			t.Fatalf("its end: %+v, %v", a, err)
		}
		if _, err := s.HearTradeRefund(t.Context(), fromUser()); err != nil {
			t.Fatal(err)
		}
		i = instruction(t, s, store.Refund, "DY7")
		if i.State != store.MoneySucceeded || i.Turn || i.DueAt != nil || i.Audit.State != store.AuditAgreed || i.Audit.DueAt != nil || i.Alarm != "" {
			t.Errorf("ended as %+v", i)
		}
	})
}

func TestWhatDouyinSaysOfARefundThatItOpened(t *testing.T) {
	type row struct {
		state  store.MoneyState
		audit  store.AuditState
		origin store.Origin
		alarm  string
	}
	change := func(f func(*store.TradeRefund)) store.TradeRefund {
		r := fromUser()
		f(&r)
		return r
	}
	denied := change(func(r *store.TradeRefund) {
		r.State, r.Audit.State, r.Audit.DenyMessage = store.MoneyFailed, store.AuditDenied, "已发货"
	})
	overtook := change(func(r *store.TradeRefund) { // a refund callback that names no source
		r.Origin, r.State, r.Audit = store.OriginOther, store.MoneySucceeded, store.Audit{}
	})
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		paidInTrade(t, s)
		for name, c := range map[string]struct {
			said []store.TradeRefund
			want row
		}{
			"denied at once":         {[]store.TradeRefund{denied}, row{store.MoneyFailed, store.AuditDenied, store.OriginUser, ""}},
			"denied":                 {[]store.TradeRefund{fromUser(), denied}, row{store.MoneyFailed, store.AuditDenied, store.OriginUser, ""}},
			"its end overtook it":    {[]store.TradeRefund{overtook, fromUser()}, row{store.MoneySucceeded, store.AuditAgreed, store.OriginUser, ""}},
			"another amount, at end": {[]store.TradeRefund{fromUser(), change(func(r *store.TradeRefund) { r.State, r.Amount = store.MoneySucceeded, 299 })}, row{store.MoneySucceeded, store.AuditAgreed, store.OriginUser, store.AlarmAmount}},
			"agreed by word": {[]store.TradeRefund{fromUser(), change(func(r *store.TradeRefund) { r.Audit.State = store.AuditAgreed }), fromUser()},
				row{store.MoneySubmitted, store.AuditAgreed, store.OriginUser, ""}},
			"failed after it succeeded": {[]store.TradeRefund{overtook, denied}, row{store.MoneySucceeded, store.AuditDenied, store.OriginUser, store.AlarmContradiction}},
			"no audit": {[]store.TradeRefund{change(func(r *store.TradeRefund) { r.Origin, r.Audit = store.OriginService, store.Audit{} })},
				row{store.MoneySubmitted, store.AuditNone, store.OriginService, ""}},
			"of an unknown payment": {[]store.TradeRefund{change(func(r *store.TradeRefund) { r.DouyinOrderID = "motb9" })}, row{store.MoneySubmitted, store.AuditNeeded, store.OriginUser, store.AlarmUnknownOrder}},
		} {
			if err := db.Exec("DELETE FROM ordersync_refund").Error; err != nil {
				t.Fatal(err)
			}
			for _, r := range c.said {
				if _, err := s.HearTradeRefund(t.Context(), r); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			i := instruction(t, s, store.Refund, "DY7")
			if got := (row{i.State, i.Audit.State, i.Origin, i.Alarm}); got != c.want {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
		}
	})
}

// A refund of the shop's own is found in the list of all of an order, too: it ends its row. One that
// is no row was made elsewhere, and counts when it has ended.
func TestAShopsOwnRefundOfTradeEndsByWhatIsHeardOfIt(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		paidInTrade(t, s)
		r := store.TradeRefund{Number: "R1", RefundID: "8", DouyinOrderID: "motb1", Origin: store.OriginOurs, State: store.MoneySucceeded, Amount: 300, At: t0}
		elsewhere := r
		elsewhere.Number, elsewhere.RefundID, elsewhere.State = "R0", "6", store.MoneySubmitted
		if a, err := s.HearTradeRefund(t.Context(), elsewhere); err != nil || a.Known {
			t.Fatalf("made elsewhere: %+v, %v", a, err)
		}
		if _, found, err := s.Instruction(t.Context(), store.Refund, "R0"); err != nil || found {
			t.Fatalf("a row came of it: %v", err)
		}
		elsewhere.State = store.MoneySucceeded
		if a, err := s.HearTradeRefund(t.Context(), elsewhere); err != nil || !a.Fresh || a.OrderID != "1" {
			t.Fatalf("made elsewhere, ended: %+v, %v", a, err)
		}
		if i := instruction(t, s, store.Refund, "R0"); i.State != store.MoneySucceeded || i.Origin != store.OriginOurs || i.Alarm != "" {
			t.Errorf("made elsewhere: %+v", i)
		}
		i, _, err := s.CreateRefund(t.Context(), newRefund("R1", 300))
		if err != nil {
			t.Fatal(err)
		}
		ofTrade(t, db)
		i.Items = "[]"
		if _, err := s.MarkSending(t.Context(), i, t0, t0); err != nil {
			t.Fatal(err)
		}
		if a, err := s.HearTradeRefund(t.Context(), r); err != nil || a.Ended != store.MoneySucceeded {
			t.Fatalf("its end: %+v, %v", a, err)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySucceeded || i.Items != "[]" || i.PlatformNo != "8" || i.Origin != store.OriginOurs {
			t.Errorf("ended as %+v", i)
		}
	})
}

// The rule: Douyin takes one refund of a payment at a time (22001). A second one, whoever has opened
// the first, waits as `new`.
func TestOneRefundOfTradeIsAtDouyinAtATime(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		paidInTrade(t, s)
		for _, number := range []string{"R1", "R2"} {
			if _, _, err := s.CreateRefund(t.Context(), newRefund(number, 300)); err != nil {
				t.Fatal(err)
			}
		}
		ofTrade(t, db)
		send := func(number string) (store.Instruction, error) {
			i := instruction(t, s, store.Refund, number)
			i.Items = `[{"item_order_id":"i1","refund_amount":300}]`
			return s.MarkSending(t.Context(), i, t0, t0)
		}
		var busy *store.BusyError
		if _, err := s.HearTradeRefund(t.Context(), fromUser()); err != nil {
			t.Fatal(err)
		}
		if _, err := send("R1"); !errors.As(err, &busy) || busy.Number != "DY7" {
			t.Fatalf("beside the buyer's: %v", err)
		}
		over := fromUser()
		over.State = store.MoneySucceeded
		if _, err := s.HearTradeRefund(t.Context(), over); err != nil {
			t.Fatal(err)
		}
		sent, err := send("R1")
		if err != nil || sent.Items == "" {
			t.Fatal(sent, err)
		}
		// An overdue one has no turn any more, and is at Douyin all the same.
		if _, err := s.Alarm(t.Context(), sent, store.AlarmOverdue, t0); err != nil {
			t.Fatal(err)
		}
		if _, err := send("R2"); !errors.As(err, &busy) || busy.Number != "R1" {
			t.Fatalf("beside R1: %v", err)
		}
		if i := instruction(t, s, store.Refund, "R2"); i.State != store.MoneyNew || i.Items != "" || i.Turn {
			t.Errorf("R2 is %+v", i)
		}
		if sent, err = send("R1"); err != nil { // its own second attempt waits for nobody
			t.Fatal(err)
		}
		if _, err := s.Finished(t.Context(), sent, store.Result{State: store.MoneyFailed, Answer: store.Answer{At: t0}}); err != nil {
			t.Fatal(err)
		}
		if _, err := send("R2"); err != nil {
			t.Errorf("after R1: %v", err)
		}
	})
}

// What is sent is fixed with the first announcement.
func TestTheItemsOfARefundAreFixedOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R1", 300)); err != nil {
			t.Fatal(err)
		}
		ofTrade(t, db)
		i := instruction(t, s, store.Refund, "R1")
		i.Items, i.Currency = "[]", "DIAMOND"
		i, err := s.MarkSending(t.Context(), i, t0, t0)
		if err != nil {
			t.Fatal(err)
		}
		i.Items = `[{"item_order_id":"i9","refund_amount":300}]`
		if _, err = s.MarkSending(t.Context(), i, t0, t0); err != nil {
			t.Fatal(err)
		}
		if i = instruction(t, s, store.Refund, "R1"); i.Items != "[]" || i.Currency != "DIAMOND" || i.Attempts != 2 || i.Altered {
			t.Errorf("the row has %q, %q after %d attempts", i.Items, i.Currency, i.Attempts)
		}
	})
}

func TestAPaymentIsDueForItsRefundsADayAfterItWasPaid(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		if _, asked, err := s.AskRefunds(t.Context(), "1", t0); err != nil || asked {
			t.Fatalf("an order without a payment: %v, %v", asked, err)
		}
		paidInTrade(t, s)
		due := func(at time.Time) []store.RefundAsk {
			all, err := s.DueRefundAsks(t.Context(), at, 10)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		day := t0.Add(store.FirstRefundAsk)
		if all := due(day.Add(-time.Millisecond)); len(all) != 0 {
			t.Fatalf("due too early: %v", all)
		}
		all := due(day)
		if len(all) != 1 || all[0].OutOrderNo != orderNo(t, s) {
			t.Fatalf("due are %v", all)
		}
		stale := all[0]
		stale.DueAt = t0
		if err := s.PostponeRefundAsk(t.Context(), stale, time.Time{}); err != nil || len(due(day)) != 1 {
			t.Errorf("postponed as somebody else had seen it: %v", err)
		}
		if err := s.PostponeRefundAsk(t.Context(), all[0], time.Time{}); err != nil || len(due(day.AddDate(9, 0, 0))) != 0 {
			t.Errorf("asked for ever: %v", err)
		}
		if ask, asked, err := s.AskRefunds(t.Context(), "1", t0); err != nil || !asked || len(due(t0)) != 1 || ask.OutOrderNo != all[0].OutOrderNo {
			t.Errorf("on demand: %+v, %v, %v", ask, asked, err)
		}
		paidInTrade(t, s) // said again
		if all := due(t0); len(all) != 1 {
			t.Errorf("the same word again: %v", all)
		}
	})
}

// The alarm is of the app, and seen once.
func TestAutoSettleIsAnAlarmOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refuse := func(id, number string) store.Instruction {
			i, _, err := s.CreateSettlement(t.Context(), store.NewSettlement{Number: number, OrderID: id, Desc: "x", DueAt: t0})
			if err == nil {
				i, err = s.MarkSending(t.Context(), i, t0, t0)
			}
			if err == nil {
				_, err = s.Finished(t.Context(), i, store.Result{State: store.MoneyFailed, Alarm: store.AlarmAutoSettle, Answer: store.Answer{At: t0, Code: 23117}})
			}
			if err != nil {
				t.Fatal(err)
			}
			return instruction(t, s, store.Settlement, number)
		}
		for id := 1; id <= 3; id++ {
			addOrder(t, db, id, t0)
		}
		if refused, err := s.AutoSettleRefused(t.Context()); err != nil || refused {
			t.Fatal(refused, err)
		}
		if i := refuse("1", "S1"); i.Alarm != store.AlarmAutoSettle {
			t.Errorf("the first one: %+v", i)
		}
		if i := refuse("2", "S2"); i.Alarm != "" || i.State != store.MoneyFailed {
			t.Errorf("the second one: %+v", i)
		}
		if refused, err := s.AutoSettleRefused(t.Context()); err != nil || !refused {
			t.Error(refused, err)
		}
		at := t0
		if err := s.Acknowledge(t.Context(), store.SeenAlarm{Table: store.SettlementAlarm, Number: "S1", Alarm: store.AlarmAutoSettle, Ack: store.Ack{At: &at, By: "omar"}}); err != nil {
			t.Fatal(err)
		}
		if refused, err := s.AutoSettleRefused(t.Context()); err != nil || refused {
			t.Error("acknowledged:", refused, err)
		}
		if i := refuse("3", "S3"); i.Alarm != store.AlarmAutoSettle {
			t.Errorf("after the acknowledgement: %+v", i)
		}
	})
}

// A refund is found by asking, and the answer names no deadline: its audit has one all the same, for
// nobody would be warned without.
func TestAnAuditWithoutADeadlineHasOne(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		paidInTrade(t, s)
		r := fromUser()
		r.Audit.Deadline, r.LatestWord = nil, t0.Add(71*time.Hour)
		for range 2 {
			if _, err := s.HearTradeRefund(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if i := instruction(t, s, store.Refund, "DY7"); i.Audit.State != store.AuditNeeded || i.Audit.Deadline == nil || !i.Audit.Deadline.Equal(r.LatestWord) {
			t.Errorf("%+v", i.Audit)
		}
		told := t0.Add(70 * time.Hour)
		r.Audit.Deadline = &told
		if _, err := s.HearTradeRefund(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if i := instruction(t, s, store.Refund, "DY7"); !i.Audit.Deadline.Equal(told) {
			t.Errorf("told: %+v", i.Audit)
		}
	})
}
