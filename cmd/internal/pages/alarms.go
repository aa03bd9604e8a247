package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/store"
)

const (
	// seenLimit is how many acknowledged alarms the start page lists.
	seenLimit = 20
	// noteLength bounds a note in the browser, in characters; maxNote in bytes of UTF-8, as the column holds them.
	noteLength, maxNote = 160, 512
	// acknowledgedParameter tells the start page that somebody has just acknowledged an alarm.
	acknowledgedParameter = "acknowledged"
)

var (
	errAlarmGone = &problem{http.StatusConflict, "This alarm is not open any more: somebody has acknowledged it, its cause is over, or another alarm has taken its place."}
	errLongNote  = &problem{http.StatusBadRequest, "The note is too long."}
)

// alarm is a payment, refund, settlement, callback or row of the outbox that a person has to look at.
type alarm struct {
	What, Number, OrderID, Message, Link string
	Table                                store.AlarmTable
	Alarm                                string
	Amount                               store.Fen
	At                                   time.Time
	Meaning                              Meaning
}

// seenAlarm is one that somebody has looked at.
type seenAlarm struct {
	store.AcknowledgedAlarm
	What, Title, Link string
}

// alarms are those of all tables together, newest first.
func (p *pages) alarms(ctx context.Context, l lang) ([]alarm, error) {
	var all []alarm
	payments, err := p.Store.PaymentAlarms(ctx, listLimit+1)
	if err != nil {
		return nil, err
	}
	for _, pay := range payments {
		all = append(all, alarm{
			What: l.T("Payment"), Number: pay.OutOrderNo, OrderID: pay.OrderID, Message: l.recorded(pay.Message), Link: orderLink(pay.OrderID),
			Table: store.PaymentAlarm, Alarm: pay.Alarm, Amount: pay.Total, At: pay.CreatedAt, Meaning: l.alarmMeaning(pay.Alarm),
		})
	}
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		instructions, err := p.Store.Alarms(ctx, m, listLimit+1)
		if err != nil {
			return nil, err
		}
		for _, i := range instructions {
			a := alarm{
				What: l.T(moneyNames[m]), Number: i.Number, OrderID: i.OrderID, Message: l.recorded(i.Message), Link: orderLink(i.OrderID),
				Table: store.AlarmTable(m), Alarm: i.Alarm, Amount: i.Amount, At: i.UpdatedAt, Meaning: l.alarmMeaning(i.Alarm),
			}
			if i.AlarmAt != nil {
				a.At = *i.AlarmAt
			}
			all = append(all, a)
		}
	}
	rows, err := p.Store.OutboxAlarms(ctx, listLimit+1)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		all = append(all, alarm{
			What: l.T("Outbox row"), Number: strconv.FormatInt(r.No, 10), OrderID: r.OrderID, Message: r.Kind + ": " + l.recorded(r.Reason),
			Link: orderLink(r.OrderID), Table: store.OutboxAlarm, Alarm: r.Alarm, At: r.CreatedAt, Meaning: l.alarmMeaning(r.Alarm),
		})
	}
	kept, err := p.Store.CallbackAlarms(ctx, listLimit+1)
	if err != nil {
		return nil, err
	}
	for _, c := range kept {
		words := []string{string(c.System), c.Type, c.Number, l.recorded(c.Note)}
		all = append(all, alarm{
			What: l.T("Callback"), Number: c.ID, Message: strings.Join(slices.DeleteFunc(words, isEmpty), ", "),
			Table: store.CallbackAlarm, Alarm: c.Alarm, At: c.ReceivedAt, Meaning: l.alarmMeaning(c.Alarm),
		})
	}
	asks, err := p.Store.PaymentAskAlarms(ctx, listLimit+1)
	if err != nil {
		return nil, err
	}
	for _, a := range asks {
		all = append(all, alarm{
			What: l.T("Payment"), Number: a.OutOrderNo, Message: l.recorded(a.Message), Table: store.PaymentAskAlarm, Alarm: a.Alarm, Amount: a.Total,
			At: a.CreatedAt, Meaning: l.alarmMeaning(a.Alarm),
		})
	}
	slices.SortStableFunc(all, func(a, b alarm) int { return b.At.Compare(a.At) })
	return all, nil
}

func isEmpty(s string) bool { return s == "" }

// seenAlarms are those that were acknowledged last.
func (p *pages) seenAlarms(ctx context.Context, l lang) ([]seenAlarm, error) {
	all, err := p.Store.AcknowledgedAlarms(ctx, seenLimit)
	if err != nil {
		return nil, err
	}
	seen := make([]seenAlarm, len(all))
	for i, a := range all {
		seen[i] = seenAlarm{AcknowledgedAlarm: a, What: l.T(tableName(a.Table)), Title: l.T("its cause is over"), Link: orderLink(a.OrderID)}
		if a.Alarm != "" {
			seen[i].Title = l.alarmMeaning(a.Alarm).Title
		}
	}
	return seen, nil
}

// tableName is what an alarm is about, as a text of the word list.
func tableName(t store.AlarmTable) string {
	switch t {
	case store.PaymentAlarm, store.PaymentAskAlarm:
		return "Payment"
	case store.CallbackAlarm:
		return "Callback"
	case store.OutboxAlarm:
		return "Outbox row"
	case store.RefundAlarm, store.SettlementAlarm:
	}
	return moneyNames[store.Money(t)]
}

// acknowledge records that the person who is signed in has looked at one alarm, and leads back to the start page. The form names the
// alarm that the page showed: one that has come since stays open.
func (p *pages) acknowledge(ctx context.Context, r *http.Request, _ lang) (view, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	in := r.PostForm
	who, _ := admin.SignedIn(ctx)
	now := p.Now()
	seen := store.SeenAlarm{
		Table: store.AlarmTable(in.Get("table")), Number: in.Get("number"), Alarm: in.Get("alarm"),
		Ack: store.Ack{At: &now, By: who.Name, Note: strings.TrimSpace(in.Get("note"))},
	}
	if !slices.Contains(store.AlarmTables(), seen.Table) {
		return view{}, errBadForm
	}
	if seen.Number == "" || seen.Alarm == "" {
		return view{}, errBadForm
	}
	if len(seen.Ack.Note) > maxNote {
		return view{}, errLongNote
	}
	switch err := p.Store.Acknowledge(ctx, seen); {
	case errors.Is(err, store.ErrNoAlarm):
		return view{}, errAlarmGone
	case err != nil:
		return view{}, err
	}
	p.record(ctx, store.Act{Act: store.ActAcknowledge, Subject: string(seen.Table), Number: seen.Number, Detail: seen.Alarm, Orders: 1})
	p.audit(ctx, "acknowledge").Str("table", string(seen.Table)).Str("number", seen.Number).Str("alarm", seen.Alarm).Msg("admin")
	return view{}, redirect(Home + "?" + acknowledgedParameter)
}
