package pages_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/migrations"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// sayers tell who says what stands in a column for texts: ours is shown in the reader's language,
// on the pages that are named too; what others say is shown as it is.
var sayers = map[string][]string{
	"ordersync_order.message":            {"/failures", "/lists/orders", "/", "/orders/1"},
	"ordersync_log.message":              {"/lists/calls", "/orders/1"},
	"ordersync_refund.message":           {"/lists/refunds", "/", "/orders/1"},
	"ordersync_refund.audit_message":     {"/lists/audits", "/orders/1"},
	"ordersync_settlement.message":       {"/lists/settlements", "/", "/orders/1"},
	"ordersync_payment.message":          {"/lists/payments", "/", "/orders/1"},
	"ordersync_payment_ask.message":      {"/lists/asks", "/"},
	"ordersync_callback.forward_message": {"/lists/callbacks", "/", "/orders/1"},
	"ordersync_outbox_bad.reason":        {"/lists/outbox", "/"},

	"ordersync_refund.reason":          nil, // the shop's, or the buyer's
	"ordersync_refund.deny_message":    nil, // the shop's
	"ordersync_refund.ack_note":        nil, // an operator's
	"ordersync_settlement.settle_desc": nil, // the shop's
	"ordersync_settlement.ack_note":    nil,
	"ordersync_payment.ack_note":       nil,
	"ordersync_payment_ask.ack_note":   nil,
	"ordersync_outbox_bad.ack_note":    nil,
	"ordersync_callback.ack_note":      nil,
	"ordersync_callback.note":          nil, // a name of Douyin's: an app, a type or a field
	"ordersync_operator_log.detail":    nil, // a word of the program's
}

// textColumns are the columns of our tables that hold a sentence.
func textColumns(t *testing.T) (all []string) {
	t.Helper()
	table := regexp.MustCompile("(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) `?(ordersync_\\w+)")
	column := regexp.MustCompile("^\\s+(?:ADD COLUMN )?`?(\\w+)`?\\s+VARCHAR\\((?:512|[1-9]\\d{3})\\)")
	err := fs.WalkDir(migrations.Files, "mysql", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files, path)
		of := ""
		for line := range strings.Lines(string(text)) {
			if m := table.FindStringSubmatch(line); m != nil {
				of = m[1]
			}
			if m := column.FindStringSubmatch(line); m != nil {
				all = append(all, of+"."+m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryColumnOfTextHasASayer(t *testing.T) {
	there := textColumns(t)
	for _, c := range there {
		if _, known := sayers[c]; !known {
			t.Errorf("%s holds a text: who says it, and where is it shown?", c)
		}
	}
	for c := range sayers {
		if !slices.Contains(there, c) {
			t.Errorf("%s is no column", c)
		}
	}
}

// troubles gives each table a row whose text a person reads.
func (s *site) troubles(t *testing.T) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	s.addOrder(t, 1, "x")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.store.AcceptCallback(ctx, store.Callback{
		Type: "payment", Number: "1", Status: "SUCCESS", Amount: 1230, At: now, FinishedAt: now, Raw: []byte("{}"), Forward: true,
	})
	must(err)
	must(s.store.GiveUpForward(ctx, 1, "x"))
	must(s.store.PaymentAlarm(ctx, "1", store.AlarmUnsettled, "x"))
	_, _, err = s.store.CreateSettlement(ctx, store.NewSettlement{Number: "S1", OrderID: "1", Desc: "x", DueAt: now})
	must(err)
	must(s.db.Exec("UPDATE ordersync_settlement SET kind = 'unauthorized', code = 2008").Error)
	for _, number := range []string{"R1", "R2"} {
		_, _, err = s.store.CreateRefund(ctx, store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "用户取消", DueAt: now})
		must(err)
	}
	_, err = s.store.Alarm(ctx, s.refund(t, "R1"), store.AlarmOverdue, now)
	must(err)
	must(s.db.Exec("UPDATE ordersync_refund SET state = 'failed', kind = 'rejected', due_at = NULL, finished_at = created_at WHERE out_refund_no = 'R2'").Error)
	must(s.db.Exec("UPDATE ordersync_refund SET state = 'submitted' WHERE out_refund_no = 'R1'").Error)
	s.asked(t, "DY1", 5*time.Hour)
	_, _, err = s.store.SayAudit(ctx, "DY1", store.Agree, "omar", "")
	must(err)
	ask := store.PaymentAsk{OutOrderNo: "A1", Total: 7, ValidUntil: now, DueAt: &now, CreatedAt: now}
	_, err = s.store.ExpectPayment(ctx, ask)
	must(err)
	ask, _, err = s.store.PaymentAsk(ctx, "A1")
	must(err)
	must(s.store.GiveUpPaymentAsk(ctx, ask, now, "x"))
	must(s.db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('refund', '1', '{}')").Error)
	_, err = s.store.RelayOutbox(ctx, 10, func(context.Context, []store.OutboxRow) []error {
		return []error{&store.BadRow{Err: errors.New("x")}}
	})
	must(err)
	s.fail(t, "1", "rejected", 40012, "x")
	must(s.redis.XAdd(ctx, &redis.XAddArgs{Stream: inbox.DeadStream, Values: []string{"kind", "push", "order_id", "1", "dead_reason", english("inbox")}}).Err())
}

// english is a text that the worker records, about what; zh is how a reader of Chinese reads it.
func english(what string) string { return "Douyin has settled the order by itself: " + what }
func zh(what string) string      { return "抖音已自动为该订单分账：" + what }

// What was recorded of money, callbacks and the outbox stood in English on Chinese pages.
func TestWhatIsRecordedIsShownInTheReadersLanguage(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.troubles(t)
		for _, c := range slices.Sorted(maps.Keys(sayers)) {
			if sayers[c] == nil {
				continue
			}
			table, column, _ := strings.Cut(c, ".")
			if err := s.db.Exec(fmt.Sprintf("UPDATE %s SET %s = ?", table, column), english(c)).Error; err != nil {
				t.Fatal(err)
			}
		}
		v := s.as(t, "vera")
		pages := []string{"/", "/orders/1", "/failures", "/failures?kind=rejected&code=40012", "/audits", "/inbox", "/backfills", "/jobs", "/who", "/health", "/load", "/search?q=1"}
		for _, list := range []string{"orders", "waiting", "refunds", "settlements", "payments", "asks", "audits", "callbacks", "calls", "outbox"} {
			pages = append(pages, "/lists/"+list)
		}
		shown := map[string]string{}
		for _, path := range pages {
			v.lang = "zh-CN"
			body := unquoted(v.sees(path))
			if at := strings.Index(body, english("")); at >= 0 {
				t.Errorf("%s in Chinese says %s", path, body[at:min(at+100, len(body))])
			}
			v.lang = "en"
			if strings.Contains(unquoted(v.sees(path)), zh("")) {
				t.Errorf("%s in English says it in Chinese", path)
			}
			shown[path] = body
		}
		for c, at := range sayers {
			for _, path := range at {
				if !strings.Contains(shown[path], zh(c)) {
					t.Errorf("%s does not show %s", path, c)
				}
			}
		}
		if !strings.Contains(shown["/inbox"], zh("inbox")) {
			t.Error("/inbox does not say why")
		}
	})
}

// Who did what is told by names of the program's, which stood in English on the Chinese page.
func TestWhatWasDoneIsNamedInTheReadersLanguage(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for _, a := range []store.Act{
			{Act: store.ActAcknowledge, Subject: string(store.RefundAlarm), Number: "R1", Detail: store.AlarmOverdue},
			{Act: store.ActAudit, Subject: string(store.RefundAlarm), Number: "DY1", Detail: string(store.Deny)},
			{Act: store.ActHandOn, Subject: string(store.CallbackAlarm), Number: "7"},
			{Act: store.ActAcknowledge, Subject: "newer", Number: "N1", Detail: "newest"}, // of a later version
		} {
			a.At, a.Who = time.Now(), "omar"
			if err := s.store.RecordAct(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		v := s.as(t, "vera")
		v.sees("/who", "Refund R1 No result for a day", "Refund DY1 the shop denies", "Callback 7", "newer N1 newest")
		v.lang = "zh-CN"
		v.sees("/who", "退款 R1 一天没有结果", "退款 DY1 商家拒绝", "回调 7")
	})
}
