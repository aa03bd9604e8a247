package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// callLimit is how many calls a timeline shows.
	callLimit = 200
	// callbackLimit is how many callbacks it shows.
	callbackLimit = 100
	// actLimit is how many acts of operators it shows.
	actLimit = 100

	// askedParameter carries the moment of a push, Unix milliseconds; askedFor is how long the page then looks by itself.
	askedParameter = "asked"
	askedFor       = time.Minute
	askedEvery     = 2 // seconds
)

// orderView is all that is known of one order, for a person to read.
type orderView struct {
	desk.Order
	Acts []store.Act // of operators, the newest first
	zone *time.Location
}

// know reads everything. The error is errNoOrder when neither we nor the shop have it.
func (p *pages) know(ctx context.Context, id string) (orderView, error) {
	var acts []store.Act
	depth := desk.Depth{Shop: true, Calls: callLimit + 1, Callbacks: callbackLimit}
	o, err := desk.Lookup{Store: p.Store}.Order(ctx, id, depth)
	if errors.Is(err, desk.ErrNoOrder) {
		err = errNoOrder
	}
	if err == nil {
		acts, err = p.Store.ActsOn(ctx, id, actLimit)
	}
	return orderView{o, acts, p.Zone}, err
}

var errNoOrder = &problem{http.StatusNotFound, "Neither the shop nor ordersync has this order."}

// strikeOut takes the buyer's open_id out of a text that came from Douyin or from the log. Both are masked before they are
// stored; this holds where that failed.
func (k *orderView) strikeOut(text string) string {
	if id := k.Shop.User.OpenID; id != "" {
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
	Money                                   []moneyTable
	Events                                  []event
	Cut                                     bool
	CallLimit                               int
}

// fact is a line of what is known: a value, or a time.
type fact struct {
	Name, Value string
	At          time.Time
}

// moneyTable is an order's refunds or settlements.
type moneyTable struct {
	Title string
	Rows  []moneyRow
}

type moneyRow struct {
	store.Instruction
	Word, AlarmWord, Yuan string
	Seen                  bool // somebody has acknowledged the alarm
}

func (p *pages) order(ctx context.Context, r *http.Request, l lang) (view, error) {
	k, err := p.know(ctx, r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	id := r.PathValue("id")
	page := orderPage{ID: id, Outcome: k.Outcome(), Link: orderLink(id), Pushable: tasks.PushOrder{OrderID: id}.Validate() == nil, CallLimit: callLimit}
	if k.Asked {
		page.Kind, page.Code, page.Message = k.State.Kind, k.State.Code, l.recorded(k.strikeOut(k.State.Message))
	}
	page.State = l.T(outcomeName(page.Outcome))
	if page.Failing = page.Kind != ""; page.Failing {
		page.Meaning = l.failureMeaning(page.Kind, page.Code)
	}
	k.Calls, page.Cut = atMost(k.Calls, callLimit)
	page.Facts, page.Money, page.Events = k.facts(l), k.money(l), k.timeline(l)
	out := view{template: "order", title: "Order", content: &page}
	p.follow(&out, &k, r, l)
	return out, nil
}

// follow says how a push that was just asked for goes on, and lets the browser look again until it has ended.
func (p *pages) follow(out *view, k *orderView, r *http.Request, l lang) {
	ms, err := strconv.ParseInt(r.URL.Query().Get(askedParameter), 10, 64)
	if err != nil {
		return
	}
	asked := time.UnixMilli(ms)
	switch ended := k.Asked && !k.State.UpdatedAt.Before(asked) && k.State.Outcome != store.Sending && k.State.Outcome != store.Pending; {
	case ended:
		out.notice = l.T("Pushed again: %s.", l.T(outcomeName(string(k.State.Outcome))))
	case p.Now().Sub(asked) < askedFor:
		out.notice, out.refresh = l.T("Another push is asked for. This page looks again by itself."), askedEvery
	default:
		out.notice = l.T("Another push is asked for and was not made yet. Look at the queues.")
	}
}

// facts are the lines at the top of the page; those without a value are left out.
func (k *orderView) facts(l lang) []fact {
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
	say("Number at Douyin", k.OrderNo())
	say("System", map[store.System]string{store.Ecpay: l.T("guaranteed payment (ecpay)"), store.Trade: l.T("general trade system (trade)")}[k.System()])
	say("Fulfilment told", k.State.Fulfilled)
	if k.System() == store.Trade {
		say("Douyin holds", l.T("the order itself: it is not pushed"))
	} else {
		say("Douyin holds", k.holds(l))
	}
	if k.InShop {
		o := k.Shop.Order
		say("Status in the shop", o.Status)
		say("Amount in the shop", o.Amount.String()+" "+l.T("yuan"))
		when("Ordered", &o.CreateTime)
		say("Cannot be used", l.recorded(k.Unusable))
	} else {
		say("In the shop", l.T("no"))
	}
	if k.Paid {
		say("Paid", k.Payment.Total.String()+" "+l.T("yuan"))
		say("Douyin's number of the payment", k.Payment.DouyinOrderID)
	}
	if s := k.Shop.Refunds; s.Succeeded > 0 || s.InFlight > 0 {
		say("Paid back", s.Succeeded.String()+" "+l.T("yuan"))
		say("Refunds under way", s.InFlight.String()+" "+l.T("yuan"))
	}
	when("Last pushed", k.State.PushedAt)
	when("Not told since", k.State.UntoldAt)
	when("Due for a push", k.State.DueAt)
	if k.State.Attempts > 0 {
		say("Attempts since the last success", strconv.Itoa(k.State.Attempts))
	}
	say("Log id", k.State.LogID)
	return all
}

// holds is what Douyin has confirmed last, and what has happened since.
func (k *orderView) holds(l lang) string {
	if told, ok := k.Told(); ok {
		return statusText(told)
	}
	if k.State.PushedAt == nil || k.State.Status == 0 {
		if k.State.Open > 0 {
			return l.T("not known: an attempt is open")
		}
		return l.T("not known")
	}
	held := statusText(douyin.OrderStatus(k.State.Status))
	if k.State.Open > 0 {
		return l.T("%s, confirmed; an attempt since then is open", held)
	}
	return l.T("%s, confirmed; an attempt since then has failed", held)
}

func statusText(s douyin.OrderStatus) string {
	return fmt.Sprintf("%s %s (%d)", s.Text(), s, int(s))
}

func (k *orderView) money(l lang) []moneyTable {
	var all []moneyTable
	for _, of := range []struct {
		title string
		rows  []store.Instruction
	}{{title: "Refunds", rows: k.Refunds}, {title: "Settlements", rows: k.Settlements}} {
		if len(of.rows) == 0 {
			continue
		}
		table := moneyTable{Title: l.T(of.title)}
		for _, i := range of.rows {
			i.Message, i.Text = l.recorded(k.strikeOut(i.Message)), k.strikeOut(i.Text)
			row := moneyRow{Instruction: i, Word: l.T(outcomeName(string(i.State)))}
			if i.Alarm != "" {
				row.AlarmWord, row.Seen = l.alarmMeaning(i.Alarm).Title, !i.NeedsPerson()
			}
			if amountAsked[i.Money] || i.Amount > 0 {
				row.Yuan = i.Amount.String()
			}
			table.Rows = append(table.Rows, row)
		}
		all = append(all, table)
	}
	return all
}
