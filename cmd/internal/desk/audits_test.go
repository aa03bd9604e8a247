package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// asked opens a refund of order 1 that a buyer asked for.
func asked(t *testing.T, st *store.Store, number string) {
	t.Helper()
	deadline := time.Now().Add(72 * time.Hour)
	_, err := st.HearTradeRefund(t.Context(), store.TradeRefund{
		Number: number, RefundID: strings.TrimPrefix(number, "DY"), OutOrderNo: "1", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 5,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A word is written down also while Redis is away, and what the store refuses has the gateway's
// words.
func TestAWordIsWrittenDownBeforeItIsATask(t *testing.T) {
	l := lookup(t)
	for number, queue := range map[string]*road{"DY1": {}, "DY2": {down: errors.New("connection refused")}} {
		asked(t, l.Store, number)
		a := Audits{Store: l.Store, Queue: queue}
		s, fresh, err := a.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: number, Agree: new(false), DenyMessage: "no"}, "api")
		if err != nil || !fresh || s.Word != "deny" || s.By != "api" || s.DenyMessage != "no" || s.Audit != "needed" || s.Origin != "user" || s.Deadline == nil || s.At == nil {
			t.Errorf("%s: %+v, %v, %v", number, s.RefundAudit, fresh, err)
		}
		if queue.down == nil && !slices.Equal(queue.took, []string{tasks.TypeAudit}) {
			t.Errorf("enqueued %v", queue.took)
		}
	}
	a := Audits{Store: l.Store, Queue: &road{}}
	var conflict *gateway.AuditConflictError
	if _, _, err := a.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: "DY1", Agree: new(true)}, "api"); !errors.As(err, &conflict) || conflict.Reason == "" {
		t.Errorf("another word: %v", err)
	}
	if _, _, err := a.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: "DY9", Agree: new(true)}, "api"); !errors.Is(err, gateway.ErrNoRefund) {
		t.Errorf("nobody's: %v", err)
	}
	var bad *tasks.PayloadError
	if _, _, err := a.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: "DY1", OrderID: "2", Agree: new(false), DenyMessage: "no"}, "api"); !errors.As(err, &bad) || bad.Field != "order_id" {
		t.Errorf("another order's: %v", err)
	}
}

// Pages follow each other by what is answered as next, also where deadlines are equal.
func TestAuditsAreListedPageByPage(t *testing.T) {
	l := lookup(t)
	a := Audits{Store: l.Store}
	deadline := time.Now().Add(time.Hour)
	for _, number := range []string{"c", "a", "b"} {
		_, err := l.Store.HearTradeRefund(t.Context(), store.TradeRefund{
			Number: number, RefundID: number, Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 5,
			Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: deadline,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for next := ""; ; {
		page, after, err := a.AuditsNeeded(t.Context(), next, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			got = append(got, r.OutRefundNo)
		}
		if next = after; next == "" {
			break
		}
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("listed %v", got)
	}
	for _, nonsense := range []string{"x", "1", "1.", ".a", "99999999999999999.a", "-1.a"} {
		var bad *tasks.PayloadError
		if _, _, err := a.AuditsNeeded(t.Context(), nonsense, 1); !errors.As(err, &bad) || bad.Field != "after" {
			t.Errorf("%q: %v", nonsense, err)
		}
	}
}

// What the shop wrote down was asked for when it was written, not when it was handed over.
func TestAPushOfTheOutboxWasAskedForWhenItsRowWasWritten(t *testing.T) {
	queue := &road{}
	written := time.Now().Add(-time.Hour)
	row := store.OutboxRow{ID: 1, Kind: "push", OrderID: "7", Payload: []byte(`{"asked_at":5}`), CreatedAt: written}
	if err := (HandOver{Queue: queue}).Row(t.Context(), row); err != nil || len(queue.tasks) != 1 {
		t.Fatal(queue.tasks, err)
	}
	if p, err := tasks.ParsePushOrder(queue.tasks[0]); err != nil || p.AskedAt != tasks.Moment(written.UnixMilli()) {
		t.Errorf("%+v, %v; want %d", p, err, written.UnixMilli())
	}
}

// The outbox and the inbox take words; one on a refund that Douyin has not told of yet waits.
func TestOutboxAndInboxTakeWords(t *testing.T) {
	l := lookup(t)
	queue := &road{}
	h := HandOver{Queue: queue, Cashier: Cashier{Store: l.Store, Queue: queue}, Audits: Audits{Store: l.Store, Queue: queue}}
	row := store.OutboxRow{ID: 1, Kind: "audit", OrderID: "1", Payload: []byte(`{"out_refund_no":"DY7","agree":true}`)}
	var later *store.LaterRow
	if err := h.Row(t.Context(), row); !errors.As(err, &later) {
		t.Errorf("before Douyin has told of it: %v", err)
	}
	asked(t, l.Store, "DY7")
	for range 2 {
		if err := h.Row(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	i, _, err := l.Store.Instruction(t.Context(), store.Refund, "DY7")
	if err != nil || i.Audit.Word != store.Agree || i.Audit.By != "outbox" {
		t.Errorf("%+v, %v", i.Audit, err)
	}
	row.Payload = []byte(`{"out_refund_no":"DY7","agree":false,"deny_message":"no"}`)
	var never *store.BadRow
	if err := h.Row(t.Context(), row); !errors.As(err, &never) {
		t.Errorf("another word: %v", err)
	}
	asked(t, l.Store, "DY8")
	e := inbox.Entry{Asked: tasks.Asked{Audit: &tasks.AuditRequest{OrderID: "1", OutRefundNo: "DY8", Agree: new(false), DenyMessage: "no"}}}
	if err := h.Entry(t.Context(), e); err != nil || e.Kind() != "audit" {
		t.Errorf("%s: %v", e.Kind(), err)
	}
	e.Audit.Agree, e.Audit.DenyMessage = new(true), ""
	if err := h.Entry(t.Context(), e); !errors.Is(err, inbox.ErrRefused) {
		t.Errorf("another word: %v", err)
	}
}
