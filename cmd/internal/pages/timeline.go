package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
	"github.com/ordersync/ordersync/worker"
)

// shownBody bounds a request or an answer on the page, in bytes.
const shownBody = 16 << 10

// event is one line of an order's timeline.
type event struct {
	At                                          time.Time
	Class, Title, State, Reason, Message, LogID string
	Notes                                       []string
	Request, Response                           string // masked when they were stored
}

var callNames = map[string]string{
	"order.push": "Push of the order", "trade.fulfil": "Fulfilment told", worker.CallKeep: "Kept by Douyin", "refund.create": "Refund sent", "refund.query": "Refund asked about", "settle.create": "Settlement sent",
	"trade.refund.audit": "Word on the refund told", "trade.refund.query": "Refund asked about",
	"settle.query": "Settlement asked about", "settle.unsettled": "Money in transit asked about",
}

// timeline is everything that happened to an order, newest first. Of what happened in the same millisecond the cause is taken for
// the older: an instruction, its calls, what Douyin then said.
func (k *orderView) timeline(l lang) []event {
	var all []event
	for _, i := range slices.Concat(k.Refunds, k.Settlements) {
		all = append(all, k.created(l, i))
		all = append(all, k.audited(l, i)...)
	}
	for i := range slices.Backward(k.Calls) { // they come newest first
		all = append(all, k.call(l, &k.Calls[i]))
	}
	for _, a := range slices.Backward(k.Acts) {
		e := event{At: a.At, Class: "settled", Title: l.T(actName(a.Act)), Notes: []string{l.T("by %s", a.Who)}}
		if a.Orders > 1 {
			e.Notes = append(e.Notes, l.T("with %d orders", a.Orders))
		}
		all = append(all, e)
	}
	for _, c := range k.Callbacks {
		all = append(all, k.callback(l, c))
	}
	if k.Paid {
		paid := event{
			At: k.Payment.PaidAt, Class: "succeeded", Title: l.T("Paid"), Notes: []string{k.Payment.Total.String() + " " + l.T("yuan"), l.T("confirmed by Douyin")},
		}
		if k.Payment.Alarm != "" {
			paid.Class, paid.Message = "refused", l.recorded(k.strikeOut(k.Payment.Message))
			paid.Notes = append(paid.Notes, l.alarmMeaning(k.Payment.Alarm).Title)
		}
		all = append(all, paid)
		all = append(all, k.acknowledged(l, l.T("Payment")+" "+k.Payment.OutOrderNo, k.Payment.Ack)...)
	}
	for _, i := range slices.Concat(k.Refunds, k.Settlements) {
		all = append(all, k.ended(l, i)...)
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.At.Compare(b.At) })
	slices.Reverse(all)
	return all
}

func (k *orderView) call(l lang, r *store.LogRow) event {
	title := r.Call
	if name, ok := callNames[r.Call]; ok {
		title = l.T(name)
	}
	e := event{
		At: r.At, Class: string(r.Outcome), Title: title, State: l.T(outcomeName(string(r.Outcome))), Reason: reason(r.Kind, r.Code),
		Message: l.recorded(k.strikeOut(r.Message)), LogID: r.LogID, Request: k.body(r.Request), Response: k.body(r.Response),
	}
	if r.Number != "" {
		e.Notes = append(e.Notes, r.Number)
	}
	if r.Cause != "" {
		e.Notes = append(e.Notes, l.T("because: %s", l.T(causeName(r.Cause))))
	}
	if r.Attempt > 0 {
		e.Notes = append(e.Notes, l.T("attempt %d", r.Attempt))
	}
	if r.HTTPStatus != 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("HTTP %d", r.HTTPStatus))
	}
	if r.Duration > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("%d ms", r.Duration.Milliseconds()))
	}
	if r.SinceAsked > 0 {
		e.Notes = append(e.Notes, l.T("%s after it was asked for", l.length(r.SinceAsked)))
	}
	return e
}

// causeName is a cause of a push as a text of the word list.
func causeName(cause string) string {
	if name, ok := map[string]string{
		"paid": "paid", "changed": "changed in the shop", "callback": "callback", "refund": "refund", "sweep": "found by the sweep", "manual": "asked by hand", "backfill": "backfill",
	}[cause]; ok {
		return name
	}
	return cause
}

// callbackName is a type of callback as a text of the word list.
func callbackName(kind string) string {
	if name, ok := map[string]string{"pre_create_refund": "a buyer wants a refund"}[kind]; ok {
		return name
	}
	return kind
}

func (k *orderView) callback(l lang, c store.CallbackRow) event {
	e := event{At: c.ReceivedAt, Class: "callback", Title: l.T("Callback: %s", l.T(callbackName(c.Type))), State: c.Status, Notes: []string{c.Number, string(c.System)}}
	if c.Received > 1 {
		e.Notes = append(e.Notes, l.T("delivered %d times", c.Received))
	}
	if c.Alarm != "" {
		e.Class = "refused"
		e.Notes = append(e.Notes, l.alarmMeaning(c.Alarm).Title)
	}
	switch {
	case c.ForwardedAt != nil:
		e.Notes = append(e.Notes, l.T("handed to the shop's own handler"))
	case c.ForwardDueAt != nil:
		e.Notes = append(e.Notes, l.T("not yet handed to the shop's own handler"))
	case c.ForwardAttempts > 0:
		e.Notes = append(e.Notes, l.T("the shop's own handler never took it"))
	}
	e.Message = l.recorded(k.strikeOut(c.ForwardMessage))
	return e
}

// created is the begin of a refund or a settlement.
func (k *orderView) created(l lang, i store.Instruction) event {
	e := event{At: i.CreatedAt, Class: "new", Title: l.T(moneyNames[i.Money]) + " " + i.Number, State: l.T(outcomeName(string(store.MoneyNew)))}
	if amountAsked[i.Money] {
		e.Notes = []string{i.Amount.String() + " " + l.T("yuan"), k.strikeOut(i.Text)}
	}
	return e
}

// acknowledged is that somebody has seen an alarm; it stays when the alarm has passed.
func (k *orderView) acknowledged(l lang, name string, a store.Ack) []event {
	if a.At == nil {
		return nil
	}
	return []event{{At: *a.At, Class: "settled", Title: name, State: l.T("alarm acknowledged"), Message: k.strikeOut(a.Note), Notes: []string{l.T("by %s", a.By)}}}
}

// ended is the end of a refund or a settlement, its alarm, and who has seen that.
func (k *orderView) ended(l lang, i store.Instruction) (all []event) {
	name := l.T(moneyNames[i.Money]) + " " + i.Number
	if i.FinishedAt != nil {
		e := event{At: *i.FinishedAt, Class: string(i.State), Title: name, State: l.T(outcomeName(string(i.State))), Reason: reason(i.Kind, i.Code), Message: l.recorded(k.strikeOut(i.Message))}
		if i.Amount > 0 {
			e.Notes = []string{i.Amount.String() + " " + l.T("yuan")}
		}
		all = append(all, e)
	}
	if i.AlarmAt != nil {
		all = append(all, event{At: *i.AlarmAt, Class: "refused", Title: name, State: l.T("alarm"), Message: l.alarmMeaning(i.Alarm).Title})
	}
	return append(all, k.acknowledged(l, name, i.Ack)...)
}

// body is a request or an answer as a person reads it: JSON is indented, a text that holds JSON too.
func (k *orderView) body(text string) string {
	text = k.strikeOut(text)
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(text), "", "  ") == nil {
		text = indented.String()
	}
	if len(text) <= shownBody {
		return text
	}
	return strings.TrimSpace(cut.To(text, shownBody)) + " …"
}
