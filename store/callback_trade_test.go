package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// motb is Douyin's number of order 1.
const motb = "motb73383242802221734767173"

func acceptTrade(t testing.TB, s *store.Store, c store.TradeCallback) store.Accepted {
	t.Helper()
	a, err := s.AcceptTradeCallback(context.Background(), c)
	if err != nil {
		t.Fatalf("%+v: %v", c.Callback, err)
	}
	return a
}

func tradePaid(state store.PaymentState, amount store.Fen) store.TradeCallback {
	return store.TradeCallback{
		Callback: store.Callback{Type: "payment", Status: string(state), Amount: amount, PlatformNo: motb, At: t0},
		Payment:  &store.TradePayment{OutOrderNo: "1", DouyinOrderID: motb, State: state, Total: amount, PaidAt: t0.Add(-time.Minute), At: t0},
	}
}

func tradeRefunded(refundID, status string, amount store.Fen) store.TradeCallback {
	return store.TradeCallback{
		Callback: store.Callback{Type: "refund", Number: "DY" + refundID, Status: status, Amount: amount, PlatformNo: refundID, Message: "余额不足", At: t0.Add(time.Hour)},
		Opened:   &store.Opened{Number: "DY" + refundID, DouyinOrderID: motb, Origin: store.OriginUser, Items: `[{"item_order_id":"i1","refund_amount":1}]`},
	}
}

// answersOf makes answers to pre_create_refund that tell two processes, or two configurations, apart.
func answersOf(process string) func(no string) (string, error) {
	return func(no string) (string, error) { return process + " " + no, nil }
}

func tradeAsked(refundID string, amount store.Fen, audit bool) store.TradeCallback {
	return store.TradeCallback{
		Callback: store.Callback{Type: "pre_create_refund", Amount: amount, PlatformNo: refundID, At: t0},
		Opened: &store.Opened{
			Number: "DY" + refundID, DouyinOrderID: motb, OutOrderNo: "1", Origin: store.OriginUser, Text: "不想要了", Items: `[{"item_order_id":"i1","refund_amount":1}]`,
		},
		Asked: &store.AskedRefund{NeedsAudit: audit, Deadline: t0.Add(72 * time.Hour), DueAt: t0.Add(time.Hour), Answer: answersOf("first")},
	}
}

func tradeSettled(no, status string, amount store.Fen) store.TradeCallback {
	return store.TradeCallback{
		Callback: store.Callback{Type: "settle", Number: no, Status: status, Amount: amount, PlatformNo: no, At: t0},
		Opened:   &store.Opened{Number: no, DouyinOrderID: motb, Origin: store.OriginAuto, Text: "商户号1-分成金额(分)1200"},
	}
}

// tradeWorld is everything of a database that callbacks have to bring to the same end, but for when.
func tradeWorld(t testing.TB, s *store.Store, db *gorm.DB) string {
	t.Helper()
	var out strings.Builder
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		for _, table := range []string{"1", ""} {
			all, err := s.Instructions(t.Context(), m, table)
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(all, func(a, b store.Instruction) int { return strings.Compare(a.Number, b.Number) })
			for _, i := range all {
				a := i.Audit
				fmt.Fprintf(&out, "%s %s order %q/%q/%q %d %q %s no %s kind %q %q origin %s alarm %q turn %v due %v items %s audit %s %v answer %q altered %v\n", m, i.Number, i.OrderID,
					i.OutOrderNo, i.DouyinOrderID, i.Amount, i.Text, i.State, i.PlatformNo, i.Kind, i.Message, i.Origin, i.Alarm, i.Turn, i.DueAt != nil, i.Items, a.State, a.Deadline != nil, a.Answer, i.Altered)
			}
		}
	}
	if p, found, err := s.AnyPayment(t.Context(), "1"); err != nil {
		t.Fatal(err)
	} else if found {
		fmt.Fprintf(&out, "payment %s %q %d %s alarm %q\n", p.State, p.OrderID, p.Total, p.DouyinOrderID, p.Alarm)
	}
	fmt.Fprintf(&out, "sums %+v\n", summary(t, s))
	for _, query := range []string{
		"SELECT COUNT(*) FROM ordersync_callback", "SELECT COUNT(*) FROM ordersync_callback WHERE `system` <> 'trade'",
		"SELECT COUNT(*) FROM ordersync_order WHERE `system` = 'trade'", "SELECT COUNT(*) FROM ordersync_order WHERE due_at IS NOT NULL",
	} {
		fmt.Fprintln(&out, count(t, db, query))
	}
	return out.String()
}

// permutations of 0 … n-1.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{{}}
	}
	for _, p := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return all
}

func TestCallbacksOfTradeEndAlikeInAnyOrder(t *testing.T) {
	const done = "succeeded"
	for name, c := range map[string]struct {
		all  []store.TradeCallback
		want []string // texts that the end has
	}{
		"a buyer's refund, agreed to elsewhere": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeAsked("9", 400, true), tradeRefunded("9", "SUCCESS", 400)},
			[]string{`refund DY9 order "1"/"1"/"` + motb + `" 400 "不想要了" ` + done, `alarm "" turn false due false`, `audit agreed true answer "first DY9" altered false`, "sums {Paid:12.30 Succeeded:4.00 InFlight:0.00 LastFailed:0.00}", "payment SUCCESS \"1\" 1230"},
		},
		"without an audit, failed": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeAsked("9", 400, false), tradeRefunded("9", "FAIL", 400)},
			[]string{`failed no 9 kind "rejected" "余额不足"`, "audit none false", "LastFailed:4.00"},
		},
		"with an audit, failed": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeAsked("9", 400, true), tradeRefunded("9", "FAIL", 400)},
			[]string{"audit none true"},
		},
		"another amount": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeAsked("9", 400, false), tradeRefunded("9", "SUCCESS", 300)},
			[]string{`refund DY9 order "1"/"1"/"` + motb + `" 400`, `alarm "amount"`},
		},
		"two refunds and an automatic settlement": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeRefunded("8", "SUCCESS", 100), tradeRefunded("9", "SUCCESS", 200), tradeSettled("7308352427978230016", "SUCCESS", 900)},
			[]string{"Succeeded:3.00", `settlement 7308352427978230016 order "1"/"1"/"` + motb + `" 900`, "origin auto alarm \"\""},
		},
		"a refund is placed by another one's question": {
			[]store.TradeCallback{tradeRefunded("8", "SUCCESS", 100), tradeAsked("9", 200, false)},
			[]string{`refund DY8 order "1"`, `refund DY9 order "1"`, "Succeeded:1.00 InFlight:2.00"},
		},
		"paid, and a word too late": {
			[]store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeSettled("S", "FAIL", 900)},
			[]string{`settlement S order "1"/"1"/"` + motb + `" 0`, "failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var first string
			for n, order := range permutations(len(c.all)) {
				for _, twice := range []bool{false, true} {
					onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
						for _, i := range order {
							acceptTrade(t, s, c.all[i])
							if again := acceptTrade(t, s, c.all[i]); again.Fresh {
								t.Errorf("fresh again: %+v", c.all[i].Callback)
							}
						}
						if twice {
							for _, i := range order {
								acceptTrade(t, s, c.all[i])
							}
						}
						got := tradeWorld(t, s, db)
						if first == "" {
							first = got
						}
						if got != first {
							t.Errorf("order %v (%d), twice %v:\n%s\nwant:\n%s", order, n, twice, got, first)
						}
					})
				}
			}
			for _, want := range c.want {
				if !strings.Contains(first, want) {
					t.Errorf("not %q in\n%s", want, first)
				}
			}
		})
	}
}

func TestACancelledPaymentOfTradeIsNoAlarm(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		if a := acceptTrade(t, s, tradePaid(store.PaymentCancel, 0)); !a.Fresh || a.OrderID != "1" || a.Alarm != "" {
			t.Errorf("%+v", a)
		}
		p, found, err := s.AnyPayment(t.Context(), "1")
		if err != nil || !found || p.State != store.PaymentCancel || p.System != store.Trade {
			t.Errorf("%+v, %v, %v", p, found, err)
		}
		if a := acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1)); a.Alarm != store.AlarmAmount {
			t.Errorf("%+v", a)
		}
	})
}

// Nobody but Douyin knows the order: the refund is kept, and seen, and its question answered.
func TestARefundOfAnUnknownOrderIsKeptAndAnswered(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		asked := tradeAsked("9", 400, true)
		want := store.Accepted{Fresh: true, Alarm: store.AlarmUnknownOrder, Answer: "first DY9"}
		if a := acceptTrade(t, s, asked); a != want {
			t.Errorf("%+v, want %+v", a, want)
		}
		if a := acceptTrade(t, s, tradeSettled("S", "SUCCESS", 5)); a.Alarm != store.AlarmUnknownOrder || a.OrderID != "" {
			t.Errorf("%+v", a)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_order"); n != 0 {
			t.Errorf("%d orders", n)
		}
		addOrder(t, db, 1, t0)
		acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1230))
		if i := instruction(t, s, store.Refund, "DY9"); i.OrderID != "1" || i.Alarm != "" || i.Altered || i.State != store.MoneySubmitted {
			t.Errorf("%+v", i)
		}
		if i := instruction(t, s, store.Settlement, "S"); i.OrderID != "1" || i.Alarm != "" {
			t.Errorf("%+v", i)
		}
		if got := summary(t, s); got.InFlight != 400 {
			t.Errorf("%+v", got)
		}
	})
}

// The first answer is the answer, whoever is asked next and whatever his configuration says.
func TestAQuestionAboutARefundIsAnsweredAlikeForEver(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		var mu sync.Mutex
		said := map[string]int{}
		var all sync.WaitGroup
		for n := range 12 {
			all.Go(func() {
				asked := tradeAsked("9", 400, true)
				asked.Asked.Answer = answersOf(fmt.Sprint("process ", n))
				a, err := s.AcceptTradeCallback(context.Background(), asked)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				said[a.Answer]++
			})
		}
		all.Wait()
		if len(said) != 1 || said[""] > 0 {
			t.Fatalf("answered %v", said)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM ordersync_refund"); n != 1 {
			t.Errorf("%d refunds", n)
		}
		if n := count(t, db, "SELECT received FROM ordersync_callback"); n != 12 {
			t.Errorf("%d deliveries counted", n)
		}
		i := instruction(t, s, store.Refund, "DY9")
		if i.Audit.State != store.AuditNeeded || i.Audit.DueAt != nil || i.Audit.Word != "" || !i.Audit.Deadline.Equal(t0.Add(72*time.Hour)) || i.DueAt == nil || !i.Turn || i.System != store.Trade {
			t.Errorf("%+v", i)
		}
		finish(t, s, store.Refund, "DY9", store.MoneySucceeded)
		asked := tradeAsked("9", 400, true)
		asked.Asked.Answer = func(string) (string, error) { return "", errors.New("nobody makes a second answer") }
		if a := acceptTrade(t, s, asked); said[a.Answer] != 12 || a.Fresh {
			t.Errorf("after the end: %+v", a)
		}

		// The row is lost, its callback is not: the number is made again, and so is the row.
		exec(t, db, "DELETE FROM ordersync_refund")
		if a := acceptTrade(t, s, tradeAsked("9", 400, true)); a.Answer != "first DY9" {
			t.Errorf("after the loss: %+v", a)
		}
		if i := instruction(t, s, store.Refund, "DY9"); i.Amount != 400 || i.OrderID != "1" {
			t.Errorf("%+v", i)
		}
	})
}

// Two callbacks at one moment, neither of which knows of the other: the order is found all the same.
func TestARefundAndItsPaymentAtOneMoment(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for range 10 {
			var both sync.WaitGroup
			for _, c := range []store.TradeCallback{tradePaid(store.PaymentSuccess, 1230), tradeRefunded("9", "SUCCESS", 400), tradeSettled("S", "SUCCESS", 5), tradeAsked("9", 400, true)} {
				both.Go(func() {
					if _, err := s.AcceptTradeCallback(context.Background(), c); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			if got := tradeWorld(t, s, db); strings.Contains(got, `order ""`) || !strings.Contains(got, "Succeeded:4.00") || !strings.Contains(got, `"first DY9"`) {
				t.Fatal(got)
			}
			for _, table := range []string{"refund", "settlement", "payment", "callback"} {
				exec(t, db, "DELETE FROM ordersync_"+table)
			}
		}
	})
}

// A callback of one system about an instruction of the other moves nothing.
func TestACallbackOfTheOtherSystemMovesNothing(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 400), t0)
		c := tradeRefunded("9", "SUCCESS", 400)
		c.Number = "R1"
		for range 2 {
			if a := acceptTrade(t, s, c); a.Alarm != store.AlarmContradiction && a.Fresh || a.Ended != "" {
				t.Errorf("%+v", a)
			}
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySending || i.Alarm != store.AlarmContradiction || i.PlatformNo != "" || i.System != store.Ecpay {
			t.Errorf("%+v", i)
		}
		if _, found, err := s.Instruction(t.Context(), store.Refund, "DY9"); found || err != nil {
			t.Errorf("a second row, %v", err)
		}

		acceptTrade(t, s, tradeAsked("8", 400, false))
		a := accept(t, s, store.Callback{Type: "refund", Number: "DY8", Status: "SUCCESS", Amount: 400, PlatformNo: "8"})
		if i := instruction(t, s, store.Refund, "DY8"); a.Alarm != store.AlarmContradiction || i.State != store.MoneySubmitted || i.Alarm != store.AlarmContradiction {
			t.Errorf("%+v, %+v", a, i)
		}
	})
}

// The shop has used a number before, for another order and without ordersync: what Douyin says of
// that refund is none of ours.
func TestACallbackAboutAnotherOrderMovesNothing(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1230))
		mustSend(t, s, refund(t, s, "R1", 400), t0)
		c := tradeRefunded("9", "SUCCESS", 400)
		c.Number, c.Opened.DouyinOrderID, c.Opened.Origin = "R1", "motb-other", store.OriginOurs
		for range 2 {
			if a := acceptTrade(t, s, c); a.Ended != "" || a.Alarm != "" {
				t.Errorf("%+v", a)
			}
		}
		if i := instruction(t, s, store.Refund, "R1"); i.State != store.MoneySending || i.Alarm != "" || i.DouyinOrderID != "" || i.PlatformNo != "" {
			t.Errorf("%+v", i)
		}
		c.Opened.DouyinOrderID, c.PlatformNo = motb, "10"
		if a := acceptTrade(t, s, c); !a.Fresh || a.Ended != store.MoneySucceeded {
			t.Errorf("the one that is meant: %+v", a)
		}
	})
}

// The shop's own refund, about which Douyin asks all the same, keeps its number and its amount.
func TestAQuestionAboutTheShopsOwnRefundNamesItsNumber(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		refund(t, s, "R1", 400)
		exec(t, db, "UPDATE ordersync_refund SET `system` = 'trade', state = 'submitted', refund_no = '9'")
		asked := tradeAsked("9", 500, true)
		if a := acceptTrade(t, s, asked); a.Answer != "first R1" || a.OrderID != "1" {
			t.Errorf("%+v", a)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.Amount != 400 || i.Origin != store.OriginOurs || i.Audit.State != store.AuditNone || i.Altered {
			t.Errorf("%+v", i)
		}
		if a := acceptTrade(t, s, asked); a.Answer != "first R1" || a.Fresh {
			t.Errorf("again: %+v", a)
		}
	})
}

// Nothing but the number of a refund can be read: it is answered, and a person sees it.
func TestAnUnreadableQuestionIsAnswered(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		asked := tradeAsked("9", 0, true)
		asked.Opened.DouyinOrderID, asked.Opened.OutOrderNo = "", ""
		asked.Kept, asked.Note = store.AlarmNotUnderstood, "refund_total_amount"
		for n := range 2 {
			if a := acceptTrade(t, s, asked); a.Answer != "first DY9" || n == 0 && a.Alarm != store.AlarmNotUnderstood {
				t.Errorf("%+v", a)
			}
		}
		if kept, err := s.CallbackAlarms(t.Context(), 10); err != nil || len(kept) != 1 || kept[0].Number != "DY9" || kept[0].Note != "refund_total_amount" {
			t.Errorf("%+v, %v", kept, err)
		}
		if i := instruction(t, s, store.Refund, "DY9"); i.Audit.State != store.AuditNeeded || i.Alarm != store.AlarmNotUnderstood {
			t.Errorf("%+v", i)
		}
		acceptTrade(t, s, tradePaid(store.PaymentSuccess, 1230))
		acceptTrade(t, s, tradeRefunded("9", "SUCCESS", 400))
		if i := instruction(t, s, store.Refund, "DY9"); i.State != store.MoneySucceeded || i.OrderID != "1" {
			t.Errorf("%+v", i)
		}
	})
}

func TestCallbacksOfTradeAreShownAndForwardedWithTheirHeaders(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for _, c := range []store.TradeCallback{tradeAsked("9", 400, false), tradePaid(store.PaymentSuccess, 1230), tradeRefunded("9", "SUCCESS", 400), tradeSettled("S", "SUCCESS", 5)} {
			c.Forward, c.Headers, c.Raw = true, `{"Byte-Signature":["x"]}`, []byte(c.Type)
			acceptTrade(t, s, c)
		}
		acceptTrade(t, s, store.TradeCallback{Callback: store.Callback{Type: "sign_callback", Kept: store.AlarmUnknownType, Note: "sign_callback", Key: "trade:unread:1", At: t0}})
		shown, err := s.Callbacks(t.Context(), "1", []string{"DY9"}, []string{"S"}, 10)
		if err != nil || len(shown) != 4 {
			t.Fatalf("%+v, %v", shown, err)
		}
		for n, want := range []string{"pre_create_refund DY9", "payment 1", "refund DY9", "settle S"} {
			if c := shown[n]; c.Type+" "+c.Number != want || c.System != store.Trade {
				t.Errorf("%+v, want %s", c, want)
			}
		}
		due, err := s.ClaimForwards(t.Context(), t0.Add(2*time.Hour), t0.Add(3*time.Hour), 10)
		if err != nil || len(due) != 4 {
			t.Fatalf("%+v, %v", due, err)
		}
		for _, f := range due {
			if f.Headers != `{"Byte-Signature":["x"]}` || string(f.Raw) != f.Type {
				t.Errorf("%+v", f)
			}
		}
		if kept, err := s.CallbackAlarms(t.Context(), 10); err != nil || len(kept) != 1 || kept[0].Alarm != store.AlarmUnknownType {
			t.Errorf("%+v, %v", kept, err)
		}
	})
}
