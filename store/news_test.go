package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// polled is what Douyin says of the refund of tradeAsked when it is asked.
func polled(state store.MoneyState, audit store.AuditState, endedAt time.Time) store.TradeRefund {
	deadline := t0.Add(72 * time.Hour)
	return store.TradeRefund{
		Number: "DY9", RefundID: "9", DouyinOrderID: motb, Origin: store.OriginUser, State: state, Amount: 400, Items: `[{"item_order_id":"i1","refund_amount":1}]`,
		Message: "余额不足", Audit: store.Audit{State: audit, Deadline: &deadline}, At: t0.Add(100 * time.Hour), EndedAt: endedAt, DueAt: t0.Add(101 * time.Hour),
	}
}

// The same news of one refund by a callback, by a question and by the audit's task ends alike,
// whichever comes first.
func TestTheSameNewsOfARefundEndsAlikeFromWhereverItComes(t *testing.T) {
	early, late := t0.Add(time.Hour), t0.Add(73*time.Hour)
	type end struct {
		state  store.MoneyState
		audit  store.AuditState
		kind   string
		alarm  string
		amount store.Fen
	}
	for name, c := range map[string]struct {
		word  store.AuditWord
		state store.MoneyState
		audit store.AuditState // as a question is answered
		at    time.Time        // when Douyin says that it ended
		want  end
	}{
		"agreed to elsewhere":           {"", store.MoneySucceeded, "", early, end{store.MoneySucceeded, store.AuditAgreed, "", "", 400}},
		"Douyin agreed by itself":       {"", store.MoneySucceeded, "", late, end{store.MoneySucceeded, store.AuditOvertime, "", "", 400}},
		"Douyin agreed, as it says":     {"", store.MoneySucceeded, store.AuditOvertime, early, end{store.MoneySucceeded, store.AuditOvertime, "", "", 400}},
		"agreed late, as it says":       {"", store.MoneySucceeded, store.AuditAgreed, late, end{store.MoneySucceeded, store.AuditAgreed, "", "", 400}},
		"failed":                        {"", store.MoneyFailed, "", early, end{store.MoneyFailed, store.AuditNone, "rejected", "", 400}},
		"denied elsewhere":              {"", store.MoneyFailed, store.AuditDenied, early, end{store.MoneyFailed, store.AuditDenied, store.KindDenied, "", 400}},
		"our agreement":                 {store.Agree, store.MoneySucceeded, store.AuditAgreed, late, end{store.MoneySucceeded, store.AuditAgreed, "", "", 400}},
		"our agreement, failed":         {store.Agree, store.MoneyFailed, "", early, end{store.MoneyFailed, store.AuditAgreed, "rejected", "", 400}},
		"our denial":                    {store.Deny, store.MoneyFailed, "", early, end{store.MoneyFailed, store.AuditDenied, store.KindDenied, "", 400}},
		"our denial, overruled":         {store.Deny, store.MoneySucceeded, "", early, end{store.MoneySucceeded, store.AuditAgreed, "", store.AlarmContradiction, 400}},
		"our denial came too late":      {store.Deny, store.MoneySucceeded, store.AuditOvertime, late, end{store.MoneySucceeded, store.AuditOvertime, "", store.AlarmContradiction, 400}},
		"our agreement, denied instead": {store.Agree, store.MoneyFailed, store.AuditDenied, early, end{store.MoneyFailed, store.AuditDenied, store.KindDenied, store.AlarmContradiction, 400}},
	} {
		t.Run(name, func(t *testing.T) {
			onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
				var first string
				for _, order := range permutations(3) {
					for most := 1; most <= 3; most++ { // of the three, so many arrive
						if c.audit != "" && !slices.Contains(order[:most], 0) && order[0] != 1 {
							continue // a callback says nothing of the audit, and supersedes the task
						}
						wipe(t, db)
						acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1230))
						acceptTrade(t, s, tradeAsked("9", 400, true))
						if c.word != "" {
							if _, _, err := s.SayAudit(t.Context(), "DY9", c.word, "omar", map[store.AuditWord]string{store.Deny: "用过了"}[c.word]); err != nil {
								t.Fatal(err)
							}
						}
						seen := instruction(t, s, store.Refund, "DY9")
						news := []func() error{
							func() error {
								_, err := s.HearTradeRefund(t.Context(), polled(c.state, c.audit, c.at))
								return err
							},
							func() error {
								r := store.Result{State: c.state, Said: true, Amount: 400, EndedAt: c.at, Answer: store.Answer{At: t0.Add(100 * time.Hour), PlatformNo: "9"}}
								if c.state == store.MoneyFailed {
									r.Kind, r.Message = "rejected", "余额不足"
								}
								_, err := s.RecordAudit(t.Context(), seen, store.AuditAnswer{At: r.At, State: c.audit, Ended: &r})
								if errors.Is(err, store.ErrSuperseded) { // somebody was faster: it is looked at again
									err = nil
								}
								return err
							},
							func() error {
								refunded := tradeRefunded("9", map[store.MoneyState]string{store.MoneySucceeded: "SUCCESS", store.MoneyFailed: "FAIL"}[c.state], 400)
								refunded.At, refunded.FinishedAt = t0.Add(100*time.Hour), c.at
								_, err := s.AcceptTradeCallback(t.Context(), refunded)
								return err
							},
						}
						for _, n := range order[:most] {
							for range 2 {
								if err := news[n](); err != nil {
									t.Fatal(err)
								}
							}
						}
						i := instruction(t, s, store.Refund, "DY9")
						if got := (end{i.State, i.Audit.State, i.Kind, i.Alarm, i.Amount}); got != c.want {
							t.Errorf("order %v: %+v, want %+v", order[:most], got, c.want)
						}
						all := fmt.Sprintf("%v %q %v %v %v %v", i.Turn, i.Text, i.DueAt, i.Audit.DueAt, i.FinishedAt, summary(t, s))
						if first == "" {
							first = all
						}
						if all != first || i.DueAt != nil || i.Audit.DueAt != nil {
							t.Errorf("order %v: %s, want %s", order[:most], all, first)
						}
					}
				}
			})
		})
	}
}

// Whoever opens a refund before its payment is known opens it alike, and it finds its order.
func TestARefundThatWasOpenedBeforeItsPaymentFindsItsOrder(t *testing.T) {
	late := t0.Add(73 * time.Hour)
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		paid := tradePaid(store.PaymentSuccess, 1230)
		paid.Payment.Currency = "DIAMOND"
		unplaced := tradeAsked("9", 400, true)
		unplaced.Opened.OutOrderNo = ""
		news := []func(){
			func() {
				if _, err := s.HearTradeRefund(t.Context(), polled(store.MoneySucceeded, store.AuditOvertime, late)); err != nil {
					t.Fatal(err)
				}
			},
			func() { acceptTrade(t, s, unplaced) },
			func() { acceptTrade(t, s, paid) },
		}
		for _, order := range permutations(3) {
			for _, n := range order {
				news[n]()
			}
			i := instruction(t, s, store.Refund, "DY9")
			if i.OrderID != "1" || i.OutOrderNo != "1" || i.DouyinOrderID != motb || i.Alarm != "" || i.Altered || i.State != store.MoneySucceeded || i.Audit.State != store.AuditOvertime ||
				i.Currency != "DIAMOND" || i.Text != "不想要了" || i.Audit.Answer == "" || i.Turn || i.DueAt != nil {
				t.Errorf("%v: %+v", order, i)
			}
			if o, err := s.LoadOrder(t.Context(), "1"); err != nil || o.System != store.Trade || o.Refunds.Succeeded != 400 {
				t.Errorf("%v: the order is one of %s, with %+v, %v", order, o.System, o.Refunds, err)
			}
			wipe(t, db)
		}
	})
}

// wipe forgets all that is known of orders.
func wipe(t *testing.T, db *gorm.DB) {
	t.Helper()
	for _, table := range []string{"refund", "settlement", "payment", "payment_ask", "callback", "order"} {
		exec(t, db, "DELETE FROM ordersync_"+table)
	}
}

// A refund whose order is known before its payment learns what its amount is.
func TestARefundOfDiamondsIsNoneOfYuanWhoeverComesFirst(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		paid := tradePaid(store.PaymentSuccess, 1230)
		paid.Payment.Currency = "DIAMOND"
		news := []func(){
			func() { acceptTrade(t, s, tradeAsked("9", 400, false)) },
			func() { acceptTrade(t, s, tradeRefunded("9", "SUCCESS", 300)) },
			func() { acceptTrade(t, s, paid) },
		}
		for _, order := range permutations(3) {
			for _, n := range order {
				news[n]()
			}
			i := instruction(t, s, store.Refund, "DY9")
			if i.Currency != "DIAMOND" || i.Alarm != store.AlarmAmount || i.Amount != 400 {
				t.Errorf("%v: %+v", order, i)
			}
			wipe(t, db)
		}
	})
}

// What the shop took off was never paid, so it cannot be paid back.
func TestADiscountIsNotPaidBack(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		paid := tradePaid(store.PaymentSuccess, 1230)
		paid.Payment.Discount = 200
		acceptTrade(t, s, paid)
		var exceeds *store.ExceedsPaidError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R1", 1031)); !errors.As(err, &exceeds) || exceeds.Paid != 1030 {
			t.Errorf("more than was paid: %v", err)
		}
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R1", 1030)); err != nil {
			t.Error(err)
		}
	})
}

// An instruction of ecpay is not moved by what Douyin says of trade when it is asked.
func TestAnAnswerOfTradeMovesNothingOfEcpay(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 400), t0)
		r := polled(store.MoneySucceeded, store.AuditDenied, t0)
		r.Number, r.Origin = "R1", store.OriginOurs
		if a, err := s.HearTradeRefund(t.Context(), r); err != nil || a.Ended != "" || a.Alarm != store.AlarmContradiction {
			t.Errorf("%+v, %v", a, err)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySending || i.Audit.State != store.AuditNone || i.PlatformNo != "" || i.System != store.Ecpay {
			t.Errorf("%+v", i)
		}
	})
}

// Of a refund whose question could not be read the amount is told later, and counts.
func TestAnAmountThatCouldNotBeReadIsTakenFromTheNextWord(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1230))
		for name, next := range map[string]func() error{
			"a callback": func() error {
				_, err := s.AcceptTradeCallback(t.Context(), tradeRefunded("9", "SUCCESS", 400))
				return err
			},
			"a question": func() error {
				_, err := s.HearTradeRefund(t.Context(), polled(store.MoneySucceeded, "", t0))
				return err
			},
		} {
			asked := tradeAsked("9", 0, true)
			asked.Opened.Items, asked.Kept, asked.Note = "", store.AlarmNotUnderstood, "refund_total_amount"
			acceptTrade(t, s, asked)
			if err := next(); err != nil {
				t.Fatal(err)
			}
			if i := instruction(t, s, store.Refund, "DY9"); i.Amount != 400 || i.Alarm != store.AlarmNotUnderstood || i.Altered || summary(t, s).Succeeded != 400 {
				t.Errorf("%s: %+v, %+v", name, i, summary(t, s))
			}
			exec(t, db, "DELETE FROM ordersync_refund")
			exec(t, db, "DELETE FROM ordersync_callback WHERE type <> 'payment'")
		}
	})
}
