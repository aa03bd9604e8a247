package pages

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/store"
)

// listLimit bounds the alarms and the bad rows of the start page, each.
const listLimit = 50

// alarmsLink is where the alarms stand on the start page.
const alarmsLink = Home + "#alarms"

// startPage is what needs a person now.
type startPage struct {
	Groups      []group
	MoreGroups  int // causes that are not shown
	Complete    bool
	Window      int // with Complete false: how many failures were looked at
	Failed      int
	Waiting     store.Unsynced
	Held        []held
	Alarms      []alarm
	MoreAlarms  bool
	Causes      []alarmCause // those that several rows have
	FailedMoney []failedMoney
	Seen        []seenAlarm
	NoteLength  int
	Audits      int // refunds that wait for the shop's word
	MoreAudits  bool
	Bad         []store.BadOutboxRow
	MoreBad     bool
	Rate        string // of pushes a second, where Douyin's throttling has taken it down; empty: it is as configured
	Unworded    *unworded
	Skew        time.Duration // of this process's clock, where it is worth a word; 0: it is not
}

// Clear tells that nobody has to do anything.
func (s *startPage) Clear() bool {
	return s.Failed == 0 && len(s.Held) == 0 && len(s.FailedMoney) == 0 && len(s.Alarms) == 0 && len(s.Bad) == 0 && s.Audits == 0
}

// unworded are the shop's newest orders whose status has no word in shop.status.
type unworded struct {
	store.StatusCounts
	Statuses []string // the most frequent first
}

// NoneWorded tells that no order at all would be pushed.
func (u *unworded) NoneWorded() bool { return len(u.Worded) == 0 }

// unworded is nil where there are none, or they cannot be counted now.
func (p *pages) unworded(ctx context.Context) *unworded {
	if p.Statuses == nil {
		return nil
	}
	counts, err := p.Statuses(ctx)
	if err != nil || counts.Orders() == 0 {
		return nil
	}
	u := &unworded{StatusCounts: counts, Statuses: slices.Collect(maps.Keys(counts.Unworded))}
	slices.SortFunc(u.Statuses, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts.Unworded[b], counts.Unworded[a]), cmp.Compare(a, b))
	})
	u.Statuses, _ = atMost(u.Statuses, listLimit)
	return u
}

// group is the orders that failed for one reason.
type group struct {
	store.FailureGroup
	Meaning Meaning
	Words   string // of one of the orders
	Link    string
}

// Column is the cell's table and column, where that is the cause.
func (g group) Column() string { return columnOf(g.Kind, g.Cause) }

// columnOf is the cause where it names a column, and not words that stand beside it anyway.
func columnOf(kind, cause string) string {
	if kind != "incomplete" {
		return ""
	}
	return cause
}

// held is money that waits for another configuration.
type held struct {
	store.HeldMoney
	What    string
	Meaning Meaning
}

func (p *pages) start(ctx context.Context, r *http.Request, l lang) (view, error) {
	page := startPage{Window: store.FailureWindow, NoteLength: noteLength}
	groups, complete, err := p.Store.FailureGroups(ctx)
	if err != nil {
		return view{}, err
	}
	page.Complete = complete
	for _, g := range groups {
		page.Failed += g.Count
		if len(page.Groups) < listLimit {
			page.Groups = append(page.Groups, group{g, l.failureMeaning(g.Kind, g.Code), l.recorded(g.Sample.Message), failuresLink(g.Kind, g.Code, g.Cause)})
		} else {
			page.MoreGroups++
		}
	}
	if page.Waiting, err = p.waiting(ctx); err != nil {
		return view{}, err
	}
	waiting, err := p.Store.HeldMoney(ctx)
	if err != nil {
		return view{}, err
	}
	for _, h := range waiting {
		h.Message = l.recorded(h.Message)
		page.Held = append(page.Held, held{h, l.T(moneyNames[h.Money]), l.heldMeaning(h.Code)})
	}
	if page.Alarms, err = p.alarms(ctx, l); err != nil {
		return view{}, err
	}
	page.Alarms, page.MoreAlarms = atMost(page.Alarms, listLimit)
	if page.Causes, err = p.alarmCauses(ctx, l); err != nil {
		return view{}, err
	}
	if page.FailedMoney, err = p.failedMoney(ctx, l); err != nil {
		return view{}, err
	}
	if page.Seen, err = p.seenAlarms(ctx, l); err != nil {
		return view{}, err
	}
	if page.Bad, err = p.Store.BadOutboxRows(ctx, listLimit+1); err != nil {
		return view{}, err
	}
	page.Bad, page.MoreBad = atMost(page.Bad, listLimit)
	for i := range page.Bad {
		page.Bad[i].Reason = l.recorded(page.Bad[i].Reason)
	}
	waitingAudits, err := p.Store.AuditsNeeded(ctx, store.AuditKey{}, listLimit+1)
	if err != nil {
		return view{}, err
	}
	waitingAudits, page.MoreAudits = atMost(waitingAudits, listLimit)
	page.Audits = len(waitingAudits)
	page.Rate, page.Unworded = p.slowRate(ctx), p.unworded(ctx)
	if skew, known := p.Store.LastSkew(); known && skew.Abs() > store.MostSkew {
		page.Skew = skew.Round(time.Second)
	}
	out := view{template: "start", title: "What needs a person", content: &page}
	if r.URL.Query().Has(acknowledgedParameter) {
		out.notice = l.T("The alarm is acknowledged.")
	}
	return out, nil
}

// slowRate is the rate of pushes where Douyin's throttling has taken it down.
func (p *pages) slowRate(ctx context.Context) string {
	if p.Rate == nil {
		return ""
	}
	now, most := p.Rate(ctx)
	if now == most {
		return ""
	}
	return strconv.FormatFloat(now, 'f', 1, 64)
}

// atMost is the first n of all, and whether there are more.
func atMost[T any](all []T, n int) ([]T, bool) { return all[:min(len(all), n)], len(all) > n }

// In these the kinds of instructions differ here: the name is a text of the word list, and where the
// amount was not asked for it is known in the end only.
var (
	moneyNames  = map[store.Money]string{store.Refund: "Refund", store.Settlement: "Settlement"}
	amountAsked = map[store.Money]bool{store.Refund: true, store.Settlement: false}
)

func orderLink(orderID string) string { return "/orders/" + url.PathEscape(orderID) }

// failuresLink is the address of a cause's page; more are names and values that its query has too.
func failuresLink(kind string, code int, cause string, more ...string) string {
	f := filterForm{Kind: kind, Code: strconv.Itoa(code), Cause: cause}
	return f.link("/failures", more...)
}

// outcomeName is an outcome or the state of an instruction as a text of the word list. Foreign words stay as they are.
func outcomeName(outcome string) string {
	return cmp.Or(map[string]string{
		string(store.Pending): "to be pushed", string(store.Sending): "on its way", string(store.Pushed): "pushed", string(store.Settled): "nothing to tell",
		string(store.Refused): "refused", string(store.Retrying): "tried again later", string(store.GaveUp): "given up", string(store.Ignored): "set aside", string(store.Kept): "kept by Douyin",
		desk.OutcomeUnknown: "never asked for", string(store.MoneyNew): "written down", string(store.MoneySubmitted): "accepted, result to come",
		"asking": "being asked", string(store.MoneySucceeded): "succeeded", string(store.MoneyFailed): "failed",
	}[outcome], outcome)
}

// reason is a failure's kind and code, as far as there are any.
func reason(kind string, code int) string {
	switch {
	case code == 0:
		return kind
	case kind == "":
		return strconv.Itoa(code)
	}
	return fmt.Sprintf("%s · %d", kind, code)
}
