package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

func seen(table store.AlarmTable, number, alarm string) store.SeenAlarm {
	at := t0.Add(time.Minute)
	return store.SeenAlarm{Table: table, Number: number, Alarm: alarm, Ack: store.Ack{At: &at, By: "omar", Note: "抖音已确认 refunded by hand"}}
}

// openAlarms are "table number alarm" of what needs a person, by the lists; the counts must agree.
func openAlarms(t testing.TB, s *store.Store) string {
	t.Helper()
	var all []string
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		found, err := s.Alarms(t.Context(), m, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range found {
			if !i.NeedsPerson() {
				t.Errorf("%s %s is listed and needs nobody", m, i.Number)
			}
			all = append(all, fmt.Sprint(m, " ", i.Number, " ", i.Alarm))
		}
	}
	payments, err := s.PaymentAlarms(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payments {
		all = append(all, fmt.Sprint("payment ", p.OutOrderNo, " ", p.Alarm))
	}
	counts, err := s.Counts(t.Context(), t0)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, c := range counts.Alarms {
		n += c.Count
	}
	if n != int64(len(all)) {
		t.Errorf("%d alarms are counted, %v are listed", n, all)
	}
	return strings.Join(all, ", ")
}

func TestAnAlarmIsAcknowledgedOnce(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		refund(t, s, "R1", 100)
		finish(t, s, store.Refund, "R1", store.MoneyFailed)
		if _, err := s.Finished(t.Context(), instruction(t, s, store.Refund, "R1"), store.Result{State: store.MoneySucceeded, Answer: store.Answer{At: t0}}); err != nil {
			t.Fatal(err)
		}
		settlement(t, s, "S1")
		if _, err := s.Alarm(t.Context(), instruction(t, s, store.Settlement, "S1"), store.AlarmOverdue, t0); err != nil {
			t.Fatal(err)
		}
		accept(t, s, store.Callback{Type: "payment", Number: "404", Status: "SUCCESS", Amount: 5})
		if got, want := openAlarms(t, s), "refund R1 contradiction, settlement S1 overdue, payment 404 unknown_order"; got != want {
			t.Fatalf("%s; want %s", got, want)
		}
		for _, wrong := range []store.SeenAlarm{
			seen(store.RefundAlarm, "R1", store.AlarmOverdue), seen(store.RefundAlarm, "r1", store.AlarmContradiction), seen(store.SettlementAlarm, "R1", store.AlarmContradiction),
		} {
			if err := s.Acknowledge(t.Context(), wrong); !errors.Is(err, store.ErrNoAlarm) {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		for _, bad := range []store.SeenAlarm{seen("order", "1", "x"), seen(store.RefundAlarm, "R1", ""), {Table: store.RefundAlarm, Number: "R1", Alarm: store.AlarmContradiction}} {
			if err := s.Acknowledge(t.Context(), bad); err == nil || errors.Is(err, store.ErrNoAlarm) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		for i, want := range []string{"settlement S1 overdue, payment 404 unknown_order", "payment 404 unknown_order", ""} {
			a := []store.SeenAlarm{seen(store.RefundAlarm, "R1", store.AlarmContradiction), seen(store.SettlementAlarm, "S1", store.AlarmOverdue), seen(store.PaymentAlarm, "404", store.AlarmUnknownOrder)}[i]
			if err := s.Acknowledge(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if err := s.Acknowledge(t.Context(), a); !errors.Is(err, store.ErrNoAlarm) {
				t.Errorf("twice: %v", err)
			}
			if got := openAlarms(t, s); got != want {
				t.Errorf("open %s; want %s", got, want)
			}
		}
		i := instruction(t, s, store.Refund, "R1")
		if i.Alarm != store.AlarmContradiction || i.Ack.By != "omar" || i.Ack.Note != "抖音已确认 refunded by hand" || !i.Ack.At.Equal(t0.Add(time.Minute)) || i.NeedsPerson() {
			t.Errorf("%+v", i)
		}
		if p, _, err := s.Payment(t.Context(), "404"); err != nil || p.Ack.By != "omar" || p.Alarm != store.AlarmUnknownOrder {
			t.Errorf("%+v, %v", p, err)
		}
		// What the alarm means for money stays: the contradicted refund may have been paid back.
		var exceeds *store.ExceedsPaidError
		if _, _, err := s.CreateRefund(t.Context(), newRefund("R2", 1131)); !errors.As(err, &exceeds) {
			t.Errorf("a refund of what may have been paid back: %v", err)
		}
		all, err := s.AcknowledgedAlarms(t.Context(), 10)
		if err != nil || len(all) != 3 || all[0].Ack.By != "omar" {
			t.Fatalf("%+v, %v", all, err)
		}
		if all, err = s.AcknowledgedAlarms(t.Context(), 2); err != nil || len(all) != 2 {
			t.Errorf("limit: %+v, %v", all, err)
		}
	})
}

// Whoever has seen one alarm has not seen the next one.
func TestALaterAlarmIsOpenAgain(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		mustSend(t, s, refund(t, s, "R1", 100), t0)
		if _, err := s.Alarm(t.Context(), instruction(t, s, store.Refund, "R1"), store.AlarmOverdue, t0); err != nil {
			t.Fatal(err)
		}
		if err := s.Acknowledge(t.Context(), seen(store.RefundAlarm, "R1", store.AlarmOverdue)); err != nil {
			t.Fatal(err)
		}
		due := t0
		if _, err := s.Submitted(t.Context(), instruction(t, s, store.Refund, "R1"), store.Answer{At: t0, DueAt: &due}); err != nil { // another step of the same life
			t.Fatal(err)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.Ack.By != "omar" || i.NeedsPerson() {
			t.Errorf("a step forgot who had seen the alarm: %+v", i)
		}
		finish(t, s, store.Refund, "R1", store.MoneySucceeded)
		if i := instruction(t, s, store.Refund, "R1"); i.Alarm != "" || i.Ack.By != "omar" {
			t.Errorf("the result has come: %+v", i)
		}
		if got := openAlarms(t, s); got != "" {
			t.Errorf("open %s", got)
		}
		if _, err := s.Finished(t.Context(), instruction(t, s, store.Refund, "R1"), store.Result{State: store.MoneyFailed, Answer: store.Answer{At: t0}}); err != nil {
			t.Fatal(err)
		}
		if got := openAlarms(t, s); got != "refund R1 contradiction" {
			t.Errorf("open %s", got)
		}
		if i := instruction(t, s, store.Refund, "R1"); i.Ack != (store.Ack{}) {
			t.Errorf("somebody has seen it: %+v", i.Ack)
		}

		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1})
		if err := s.Acknowledge(t.Context(), seen(store.PaymentAlarm, "1", store.AlarmAmount)); err != nil {
			t.Fatal(err)
		}
		if err := s.Acknowledge(t.Context(), seen(store.RefundAlarm, "R1", store.AlarmContradiction)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PurgeCallbacks(t.Context(), t0.Add(time.Hour), 10); err != nil { // so that the next one is another callback
			t.Fatal(err)
		}
		accept(t, s, store.Callback{Type: "payment", Number: "1", Status: "SUCCESS", Amount: 2})
		if got := openAlarms(t, s); got != "payment 1 amount" {
			t.Errorf("open %s", got)
		}
	})
}

// An unreadable row is raised with its end, and its amount is free again.
func TestAnEndMayRaiseAnAlarm(t *testing.T) {
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		refund(t, s, "R1", 1230)
		changed, err := s.Finished(t.Context(), instruction(t, s, store.Refund, "R1"), store.Result{
			State: store.MoneyFailed, Alarm: store.AlarmUnreadable, Answer: store.Answer{At: t0, Kind: "incomplete", Message: "options"},
		})
		if i := instruction(t, s, store.Refund, "R1"); err != nil || !changed || i.Alarm != store.AlarmUnreadable || i.AlarmAt == nil || i.Message != "options" {
			t.Errorf("%v, %v, %+v", changed, err, i)
		}
		refund(t, s, "R2", 1230)
	})
}

// However many alarms were acknowledged over the years, the lists and the counts read those that nobody has seen.
func TestAcknowledgedAlarmsAreNotRead(t *testing.T) {
	at := t0.Format("2006-01-02 15:04:05")
	// 5,000 acknowledged, 15,000 without an alarm, and one that nobody has seen
	onManyRows(t, 20_000, "ordersync_refund",
		"INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, alarm, alarm_at, ack_at, created_at, updated_at)",
		func(i int) string {
			alarm, ack := "''", "NULL"
			switch {
			case i < 5000:
				alarm, ack = "'overdue'", "'"+at+"'"
			case i == 5077:
				alarm = "'amount'"
			}
			return fmt.Sprintf("('R%d', '1', '1', 1, '', 'succeeded', %s, '%s', %s, '%s', '%s')", i, alarm, at, ack, at, at)
		},
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			read := rowsRead(t, db, func() {
				if got := openAlarms(t, s); got != "refund R5077 amount" {
					t.Errorf("open %s", got)
				}
				if all, err := s.AcknowledgedAlarms(t.Context(), 20); err != nil || len(all) != 20 {
					t.Errorf("%d, %v", len(all), err)
				}
			}, "next", "prev", "rnd_next")
			if read > 200 {
				t.Errorf("%d rows were read one after the other", read)
			}
		})
}

// However many alarms are open, as after a wrong key for a day, the list of the newest reads a bounded number.
func TestOpenAlarmsAreReadWithinBounds(t *testing.T) {
	onManyRows(t, store.BacklogLimit+5000, "ordersync_refund",
		"INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, alarm, alarm_at, created_at, updated_at)",
		func(i int) string {
			at := t0.Add(time.Duration(i) * time.Second).Format("2006-01-02 15:04:05")
			return fmt.Sprintf("('R%05d', '1', '1', 1, '', 'failed', 'unknown_code', '%s', '%s', '%s')", i, at, at, at)
		},
		func(t *testing.T, s *store.Store, db *gorm.DB) {
			read := rowsRead(t, db, func() {
				all, err := s.Alarms(t.Context(), store.Refund, 2)
				if err != nil || len(all) != 2 || all[0].Number != "R09999" || all[1].Number != "R09998" {
					t.Errorf("%+v, %v", all, err)
				}
			}, "next", "prev")
			if read > store.BacklogLimit+100 {
				t.Errorf("%d rows were read one after the other", read)
			}
		})
}
