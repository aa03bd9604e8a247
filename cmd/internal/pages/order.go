package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// callLimit is how many calls a timeline shows.
	callLimit = 200
	// callbackLimit is how many callbacks it shows.
	callbackLimit = 100

	outcomeUnknown = "unknown" // of an order that was never asked for

	// askedParameter carries the moment of a push, Unix milliseconds; askedFor is how long the page then looks by itself.
	askedParameter = "asked"
	askedFor       = time.Minute
	askedEvery     = 2 // seconds
)

// known is all that is known of one order.
type known struct {
	state     store.OrderState
	asked     bool // a push was ever asked for
	shop      store.OrderSnapshot
	inShop    bool
	unusable  string // why the shop's row cannot be pushed
	refunds   []store.Instruction
	settles   []store.Instruction
	payment   store.Payment
	paid      bool
	calls     []store.LogRow
	callbacks []store.CallbackRow
}

// know reads everything. The error is errNoOrder when neither we nor the shop have it.
func (p *pages) know(ctx context.Context, id string) (k known, err error) {
	if k.state, k.asked, err = p.Store.Order(ctx, id); err != nil {
		return k, err
	}
	k.shop, err = p.Store.LoadOrder(ctx, id)
	var column *store.ColumnError
	switch {
	case err == nil:
		k.inShop = true
	case errors.As(err, &column):
		k.inShop, k.unusable = true, column.Error()
	case !errors.Is(err, store.ErrOrderNotFound):
		return k, err
	case !k.asked:
		return k, errNoOrder
	}
	if k.calls, err = p.Store.Log(ctx, id, callLimit+1); err != nil {
		return k, err
	}
	if k.refunds, err = p.Store.Instructions(ctx, store.Refund, id); err != nil {
		return k, err
	}
	if k.settles, err = p.Store.Instructions(ctx, store.Settlement, id); err != nil {
		return k, err
	}
	if no := k.orderNo(); no != "" {
		if k.payment, k.paid, err = p.Store.Payment(ctx, no); err != nil {
			return k, err
		}
	}
	k.callbacks, err = p.Store.Callbacks(ctx, k.orderNo(), numbers(k.refunds), numbers(k.settles), callbackLimit)
	return k, err
}

var errNoOrder = &problem{http.StatusNotFound, "Neither the shop nor ordersync has this order."}

func (k *known) orderNo() string {
	if k.inShop {
		return k.shop.Order.OrderNo
	}
	return k.state.OrderNo
}

func numbers(all []store.Instruction) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].Number
	}
	return out
}

// strikeOut takes the buyer's open_id out of a text that came from Douyin or from the log. Both are masked before they are
// stored; this holds where that failed.
func (k *known) strikeOut(text string) string {
	if id := k.shop.User.OpenID; id != "" {
		text = strings.ReplaceAll(text, id, "***")
	}
	return text
}

// orderPage is one order.
type orderPage struct {
	ID, Outcome, State, Kind, Message, Link string
	Code                                    int
	Failing                                 bool
	Meaning                                 Meaning
	Pushable                                bool
	Facts                                   []fact
	Money                                   []ledger
	Events                                  []event
	Cut                                     bool
	CallLimit                               int
}

// fact is a line of what is known: a value, or a time.
type fact struct {
	Name, Value string
	At          time.Time
}

// ledger is an order's refunds or settlements.
type ledger struct {
	Title string
	Rows  []ledgerRow
}

type ledgerRow struct {
	store.Instruction
	Word, AlarmWord, Yuan string
	Seen                  bool // somebody has acknowledged the alarm
}

func (p *pages) order(ctx context.Context, r *http.Request, l lang) (answer, error) {
	k, err := p.know(ctx, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	id := r.PathValue("id")
	page := orderPage{ID: id, Outcome: outcomeUnknown, Link: orderLink(id), Pushable: tasks.PushOrder{OrderID: id}.Validate() == nil, CallLimit: callLimit}
	if k.asked {
		page.Outcome = string(k.state.Outcome)
		page.Kind, page.Code, page.Message = k.state.Kind, k.state.Code, k.strikeOut(k.state.Message)
	}
	page.State = l.T(outcomeName(page.Outcome))
	if page.Failing = page.Kind != ""; page.Failing {
		page.Meaning = l.failureMeaning(page.Kind, page.Code)
	}
	k.calls, page.Cut = atMost(k.calls, callLimit)
	page.Facts, page.Money, page.Events = k.facts(l), k.money(l), k.timeline(l)
	out := answer{template: "order", title: "Order", content: &page}
	p.follow(&out, &k, r, l)
	return out, nil
}

// follow says how a push that was just asked for goes on, and lets the browser look again until it has ended.
func (p *pages) follow(out *answer, k *known, r *http.Request, l lang) {
	ms, err := strconv.ParseInt(r.URL.Query().Get(askedParameter), 10, 64)
	if err != nil {
		return
	}
	asked := time.UnixMilli(ms)
	switch ended := k.asked && !k.state.UpdatedAt.Before(asked) && k.state.Outcome != store.Sending && k.state.Outcome != store.Pending; {
	case ended:
		out.notice = l.T("Pushed again: %s.", l.T(outcomeName(string(k.state.Outcome))))
	case p.Now().Sub(asked) < askedFor:
		out.notice, out.refresh = l.T("Another push is asked for. This page looks again by itself."), askedEvery
	default:
		out.notice = l.T("Another push is asked for and was not made yet. Look at the queues.")
	}
}

// facts are the lines at the top of the page; those without a value are left out.
func (k *known) facts(l lang) []fact {
	var all []fact
	say := func(name, value string) {
		if value != "" {
			all = append(all, fact{Name: l.T(name), Value: value})
		}
	}
	when := func(name string, at *time.Time) {
		if at != nil && !at.IsZero() {
			all = append(all, fact{Name: l.T(name), At: *at})
		}
	}
	say("Number at Douyin", k.orderNo())
	if k.state.Open == 0 && k.state.Digest != "" { // else nobody knows what Douyin holds: store.OrderState
		s := douyin.OrderStatus(k.state.Status)
		say("Douyin holds", fmt.Sprintf("%s %s (%d)", s.Text(), s, k.state.Status))
	} else {
		say("Douyin holds", l.T("not known"))
	}
	if k.inShop {
		o := k.shop.Order
		say("Status in the shop", o.Status)
		say("Amount in the shop", o.Amount.String()+" "+l.T("yuan"))
		when("Ordered", &o.CreateTime)
		say("Cannot be used", k.unusable)
	} else {
		say("In the shop", l.T("no"))
	}
	if k.paid {
		say("Paid", k.payment.Total.String()+" "+l.T("yuan"))
		say("Douyin's number of the payment", k.payment.DouyinOrderID)
	}
	if s := k.shop.Refunds; s.Succeeded > 0 || s.InFlight > 0 {
		say("Paid back", s.Succeeded.String()+" "+l.T("yuan"))
		say("Refunds under way", s.InFlight.String()+" "+l.T("yuan"))
	}
	when("Last pushed", k.state.PushedAt)
	when("Due for a push", k.state.DueAt)
	if k.state.Attempts > 0 {
		say("Attempts since the last success", strconv.Itoa(k.state.Attempts))
	}
	say("Log id", k.state.LogID)
	return all
}

func (k *known) money(l lang) []ledger {
	var all []ledger
	for _, of := range []struct {
		title string
		rows  []store.Instruction
	}{{title: "Refunds", rows: k.refunds}, {title: "Settlements", rows: k.settles}} {
		if len(of.rows) == 0 {
			continue
		}
		book := ledger{Title: l.T(of.title)}
		for _, i := range of.rows {
			i.Message, i.Text = k.strikeOut(i.Message), k.strikeOut(i.Text)
			row := ledgerRow{Instruction: i, Word: l.T(outcomeName(string(i.State)))}
			if i.Alarm != "" {
				row.AlarmWord, row.Seen = l.alarmMeaning(i.Alarm).Title, !i.NeedsPerson()
			}
			if i.Money == store.Refund || i.Amount > 0 { // what a settlement moves is known in the end only
				row.Yuan = i.Amount.String()
			}
			book.Rows = append(book.Rows, row)
		}
		all = append(all, book)
	}
	return all
}
