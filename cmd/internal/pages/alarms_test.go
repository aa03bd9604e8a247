package pages_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// alarms lets order 1 have a payment of another amount and a refund without a result.
func (s *site) alarms(t *testing.T) {
	t.Helper()
	s.addOrder(t, 1, "x")
	now := time.Now()
	for number, amount := range map[string]store.Fen{"1": 1, "404": 5} { // the shop has no order 404
		if _, err := s.store.AcceptCallback(t.Context(), store.Callback{Type: "payment", Number: number, Status: "SUCCESS", Amount: amount, FinishedAt: now, At: now}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: "R1", OrderID: "1", Amount: 1, Reason: "用户取消", DueAt: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Alarm(t.Context(), s.refund(t, "R1"), store.AlarmOverdue, now); err != nil {
		t.Fatal(err)
	}
}

func TestAnAlarmIsAcknowledged(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.alarms(t)
		omar, vera := s.as(t, "omar"), s.as(t, "vera")
		form := url.Values{"table": {"refund"}, "number": {"R1"}, "alarm": {"overdue"}, "note": {"  asked 抖音 support <b>, ticket 7 of " + openID + " "}}
		if body := vera.sees("/", "No result for a day", "The amounts differ"); strings.Contains(body, `action="/alarms"`) {
			t.Error("a viewer gets the form")
		}
		if _, status := vera.post("/alarms", form); status != http.StatusForbidden {
			t.Errorf("a viewer acknowledges: %d", status)
		}
		omar.sees("/", `action="/alarms"`, `name="alarm" value="overdue"`, "<b>3</b> money alarms")
		body, status := omar.post("/alarms", form)
		if status != http.StatusOK || !strings.Contains(body, "The alarm is acknowledged.") || strings.Contains(body, `value="R1"`) || !strings.Contains(body, "<b>2</b> money alarms") ||
			!strings.Contains(body, "by omar") || !strings.Contains(body, "ticket 7") {
			t.Errorf("%d\n%s", status, body)
		}
		if body := vera.sees("/orders/1", "alarm acknowledged", "by omar", "asked 抖音 support &lt;b&gt;, ticket 7 of ***", `class="badge settled">No result for a day`); strings.Contains(body, openID) {
			t.Error("the open_id shows")
		}
		i, _, err := s.store.Instruction(t.Context(), store.Refund, "R1")
		if err != nil || i.Ack.By != "omar" || i.Ack.At == nil || !strings.HasPrefix(i.Ack.Note, "asked") {
			t.Errorf("%+v, %v", i.Ack, err)
		}
		if log := s.log.String(); !strings.Contains(log, `"audit":"acknowledge","user":"omar","table":"refund","number":"R1","alarm":"overdue"`) ||
			!strings.Contains(log, `"user":"vera","role":"viewer","method":"POST","path":"/alarms","status":403`) || strings.Contains(log, "ticket") {
			t.Errorf("audit:\n%s", log)
		}
		for _, pay := range []struct{ number, alarm string }{{"1", "amount"}, {"404", "unknown_order"}} {
			if body, status := omar.post("/alarms", url.Values{"table": {"payment"}, "number": {pay.number}, "alarm": {pay.alarm}}); status != http.StatusOK {
				t.Errorf("%d\n%s", status, body)
			}
		}
		if body := omar.sees("/", "<b>0</b> money alarms", "404"); strings.Contains(body, `action="/alarms"`) {
			t.Errorf("open still:\n%s", body)
		}
		omar.sees("/orders/1", "Payment 1", "alarm acknowledged")
	})
}

// A refund that the shop wrote into the outbox and nobody can carry out is an alarm like the others.
func TestMoneyThatWasPutAsideIsAcknowledged(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		if err := s.db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('refund', '1', '{}')").Error; err != nil {
			t.Fatal(err)
		}
		bad := func(_ context.Context, rows []store.OutboxRow) []error {
			return []error{&store.BadRow{Err: errors.New("amount_fen: is 0")}}
		}
		if _, err := s.store.RelayOutbox(t.Context(), 10, bad); err != nil {
			t.Fatal(err)
		}
		omar := s.as(t, "omar")
		omar.sees("/", "Money that the shop asked for, and nobody can carry out", "Outbox row 1", "refund: amount_fen: is 0", "<b>1</b> money alarm<", `value="outbox_bad"`)
		form := url.Values{"table": {"outbox_bad"}, "number": {"1"}, "alarm": {"put_aside"}, "note": {"paid back by hand"}}
		if body, status := omar.post("/alarms", form); status != http.StatusOK || !strings.Contains(body, "<b>0</b> money alarms") || !strings.Contains(body, "paid back by hand") {
			t.Errorf("%d\n%s", status, body)
		}
		if body, status := omar.post("/alarms", form); status != http.StatusConflict {
			t.Errorf("twice: %d\n%s", status, body)
		}
	})
}

func TestWhatIsNoOpenAlarmIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.alarms(t)
		omar := s.as(t, "omar")
		alarm := func(table, number, alarm, note string) url.Values {
			return url.Values{"table": {table}, "number": {number}, "alarm": {alarm}, "note": {note}}
		}
		for _, c := range []struct {
			name string
			form url.Values
			want int
		}{
			{"another alarm has come since", alarm("refund", "R1", "contradiction", ""), http.StatusConflict},
			{"no such refund", alarm("refund", "R9", "overdue", ""), http.StatusConflict},
			{"no such table", alarm("order", "1", "overdue", ""), http.StatusBadRequest},
			{"no number", alarm("refund", "", "overdue", ""), http.StatusBadRequest},
			{"no alarm", alarm("refund", "R1", "", ""), http.StatusBadRequest},
			{"a long note", alarm("refund", "R1", "overdue", strings.Repeat("长", 171)), http.StatusBadRequest},
			{"a form without end", alarm("refund", "R1", "overdue", strings.Repeat("x", 40_000)), http.StatusBadRequest},
			{"just fits", alarm("refund", "R1", "overdue", strings.Repeat("长", 170)), http.StatusOK},
			{"twice", alarm("refund", "R1", "overdue", "again"), http.StatusConflict},
		} {
			if body, status := omar.post("/alarms", c.form); status != c.want {
				t.Errorf("%s: %d, want %d\n%s", c.name, status, c.want, body)
			}
		}
		if i, _, err := s.store.Instruction(t.Context(), store.Refund, "R1"); err != nil || i.Ack.Note != strings.Repeat("长", 170) {
			t.Errorf("%+v, %v", i.Ack, err)
		}
	})
}

// An operator reads an alarm, writes down what became of it, and finds that in the order's timeline.
func TestAnOperatorAcknowledgesAnAlarm(t *testing.T) {
	tell := func(t *testing.T, b browser) {
		b.open("/")
		b.press("Sign in 登录", map[string]string{"name": "omar", "password": password})
		reads(t, b, "3 money alarms", "No result for a day")
		b.press("Acknowledge", map[string]string{"note": "the first of them"})
		reads(t, b, "The alarm is acknowledged.", "2 money alarms", "Alarms that were acknowledged last")
		b.press("Acknowledge", map[string]string{"note": "the second"})
		b.press("Acknowledge", nil)
		reads(t, b, "0 money alarms", "Nothing needs a person now.")
		b.open("/orders/1?lang=zh")
		reads(t, b, "警报已确认", "操作人 omar")
	}
	for name, open := range map[string]func(t *testing.T, s *site) browser{
		"plain HTTP": func(t *testing.T, s *site) browser { return newReader(t, s.URL) },
		"chromium": func(t *testing.T, s *site) browser {
			if path, ok := servertest.Chromium(t); ok {
				return newChromium(t, path, s.URL)
			}
			return newReader(t, s.URL) // ORDERSYNC_TEST_SERVERS=required makes this a failure
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, servertest.DB(t), servertest.Redis(t))
			s.alarms(t)
			tell(t, open(t, s))
		})
	}
}

// fails lets a refund of order 1 end as one that Douyin refused.
func (s *site) fails(t *testing.T, number string, code int) {
	t.Helper()
	if _, _, err := s.store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "x", DueAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	end := store.Result{State: store.MoneyFailed, Answer: store.Answer{At: time.Now(), Kind: "rejected", Code: code, Message: "不可退款"}}
	if _, err := s.store.Finished(t.Context(), s.refund(t, number), end); err != nil {
		t.Fatal(err)
	}
}

// Refunds that failed stand together by kind and code; the way to them leads to these and no
// others, and the fields of the list keep the code.
func TestRefundsThatFailedAreShownByKindAndCode(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		for i, code := range []int{2012, 2013, 2012, 0} {
			s.fails(t, fmt.Sprint("F", i), code)
		}
		v := s.as(t, "vera")
		body := v.sees("/", "Refunds and settlements that failed in the last week", "rejected · 2012", "rejected · 2013")
		if strings.Contains(body, nothingToDo) {
			t.Error("and that nothing needs a person")
		}
		for code, want := range map[string]string{"2012": "2 rows", "2013": "1 row", "0": "1 row"} {
			_, link, found := strings.Cut(body, `href="/lists/refunds?code=`+code+"&amp;")
			link, _, _ = strings.Cut(link, `"`)
			if !found {
				t.Errorf("no way to the refunds of code %s", code)
				continue
			}
			v.sees("/lists/refunds?code="+code+"&"+strings.ReplaceAll(link, "&amp;", "&"), want, `name="code" value="`+code+`"`)
		}
		v.sees("/failures?code=40012", `name="code" value="40012"`)
	})
}

// A refund that the shop has denied failed as it was meant to.
func TestADeniedRefundNeedsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		s.record(t, store.Push{OrderID: "1", At: time.Now(), Outcome: store.Pushed, HTTPStatus: 200})
		s.asked(t, "DYno", time.Hour)
		if _, _, err := s.store.SayAudit(t.Context(), "DYno", store.Deny, "omar", "used"); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if _, err := s.store.HearTradeRefund(t.Context(), store.TradeRefund{
			Number: "DYno", RefundID: "no", OutOrderNo: "1", Origin: store.OriginUser, State: store.MoneyFailed, Audit: store.Audit{State: store.AuditDenied, DenyMessage: "used"}, At: now, EndedAt: now,
		}); err != nil {
			t.Fatal(err)
		}
		if i := s.refund(t, "DYno"); i.State != store.MoneyFailed || i.Kind != store.KindDenied {
			t.Fatalf("%+v", i)
		}
		v := s.as(t, "vera")
		if body := v.sees("/", nothingToDo); strings.Contains(body, "denied") || strings.Contains(body, "failed in the last week") {
			t.Errorf("it stands there:\n%s", body)
		}
		v.sees("/lists/refunds?kind=denied", "1 row", "DYno")
		// However many were denied, the one that failed is found.
		s.fails(t, "F1", 2012)
		var more []string
		for i := range 1001 {
			more = append(more, fmt.Sprintf("('N%d', '1', '1', 1, '', 'failed', 'denied', '%s', '%[2]s')", i, now.Add(time.Minute).UTC().Format("2006-01-02 15:04:05.000")))
		}
		if err := s.db.Exec("INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, kind, created_at, updated_at) VALUES " + strings.Join(more, ",")).Error; err != nil {
			t.Fatal(err)
		}
		if body := v.sees("/", "rejected · 2012"); strings.Contains(body, "denied") || strings.Contains(body, nothingToDo) {
			t.Errorf("one failed, all others were denied:\n%s", body)
		}
	})
}

// What Douyin signed and nobody acted upon is shown until somebody has looked at it.
func TestACallbackThatDidNothingIsShown(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for _, c := range []store.Callback{
			{Type: "refund", Number: "R7", Status: "SUCCESS", Kept: store.AlarmForeignApp, Note: "tt-other"},
			{Type: "payment", Number: "17", Kept: store.AlarmNotUnderstood, Note: "total_amount", Key: "unread:1"},
			{Type: "brand_new", Kept: store.AlarmUnknownType, Note: "brand_new", Key: "unread:2"},
		} {
			c.At = time.Now()
			if _, err := s.store.AcceptCallback(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		omar := s.as(t, "omar")
		omar.sees("/", "A callback about another app", "refund, R7, tt-other", "A callback that cannot be understood", "payment, 17, total_amount",
			"A callback of an unknown type", "<b>3</b> money alarms")
		open, err := s.store.CallbackAlarms(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"table": {"callback"}, "number": {open[0].ID}, "alarm": {open[0].Alarm}}
		if body, status := omar.post("/alarms", form); status != http.StatusOK || !strings.Contains(body, "<b>2</b> money alarms") {
			t.Errorf("%d\n%s", status, body)
		}
	})
}
