package pages

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

const (
	// countMost is how far the rows of a filter are counted.
	countMost = 10_000
	listsPath = "/lists/"
)

// listKind is a list as the pages show it.
type listKind struct {
	list                   store.List
	title, key, note, time string // texts of the word list; note empty: there is none
	states                 []string
	dueAs                  string // what the second time of a row is; empty: there is none
	money, kinds, ofOrder  bool   // it has amounts; kinds of failures; its key is an order's
}

// hasAlarms tells that its rows can raise alarms.
func (k *listKind) hasAlarms() bool { return !k.ofOrder && k.list != store.ListCalls }

// stateName is a state of its rows as a text of the word list.
func (k *listKind) stateName(state string) string {
	if k.list == store.ListAudits {
		return cmp.Or(auditNames[store.AuditState(state)], state)
	}
	return outcomeName(state)
}

// listKinds in the order in which they are linked.
var listKinds = []listKind{
	{list: store.ListOrders, title: "Orders by key", key: "Order", note: "Number at Douyin", time: "Last change", states: orderStates, kinds: true, dueAs: "Due", ofOrder: true},
	{list: store.ListWaiting, title: "Orders waiting", key: "Order", note: "Number at Douyin", time: "Due", states: orderStates, kinds: true, ofOrder: true},
	{list: store.ListRefunds, title: "Refunds", key: "Number", note: "Douyin's number", time: "Written", states: moneyStates, money: true, kinds: true, dueAs: "Due"},
	{list: store.ListSettlements, title: "Settlements", key: "Number", note: "Douyin's number", time: "Written", states: moneyStates, money: true, kinds: true, dueAs: "Due"},
	{list: store.ListPayments, title: "Payments", key: "Number", note: "Douyin's number of the payment", time: "Heard", states: []string{"SUCCESS", "PROCESS", "FAIL", "TIMEOUT", "CANCEL"}, money: true},
	{list: store.ListAsks, title: "Payments asked after", key: "Number", note: "Times asked", time: "Asked for", states: []string{"asking", "gave_up"}, money: true, dueAs: "Due"},
	{list: store.ListAudits, title: "Audits of refunds", key: "Number", note: "Said by", time: "Deadline", states: auditStates, money: true, dueAs: "Said"},
	{list: store.ListCallbacks, title: "Callbacks", key: "Row", note: "Number", time: "Received", states: []string{"SUCCESS", "FAIL"}, kinds: true, dueAs: "Due"},
	{list: store.ListCalls, title: "Calls to Douyin", key: "Row", note: "Call", time: "Time", states: []string{"pushed", "refused", "retrying", "gave_up", "submitted", "succeeded", "failed"}, kinds: true},
	{list: store.ListOutbox, title: "Bad outbox rows", key: "Row", time: "Written", kinds: true},
}

var (
	orderStates = []string{"pending", "sending", "pushed", "refused", "retrying", "gave_up", "ignored"}
	moneyStates = []string{"new", "sending", "submitted", "succeeded", "failed"}
	auditStates = []string{string(store.AuditNeeded), string(store.AuditAgreed), string(store.AuditDenied), string(store.AuditOvertime)}
)

// auditNames say how far an audit is.
var auditNames = map[store.AuditState]string{
	store.AuditNeeded: "waits at Douyin", store.AuditAgreed: "the shop agreed", store.AuditDenied: "the shop denied",
	store.AuditOvertime: "Douyin agreed by itself at the deadline", store.AuditNone: "no audit any more",
}

// tab is a link to a list.
type tab struct {
	Title, Link string
	Here        bool
}

// tabs are the links to all lists; here is the address of the present one.
func (l lang) tabs(here string) []tab {
	all := []tab{{l.T("Refused and given up"), "/failures", false}}
	for _, k := range listKinds {
		all = append(all, tab{l.T(k.title), listsPath + string(k.list), false})
	}
	all = append(all, tab{l.T("Bad inbox entries"), "/inbox", false}, tab{l.T("Backfills"), "/backfills", false}, tab{l.T("Jobs"), "/jobs", false})
	for i := range all {
		all[i].Here = all[i].Link == here
	}
	return all
}

// listPage is one page of a list.
type listPage struct {
	Kind    string
	Tabs    []tab
	Acts    []tab // what can be done to all that the filter finds
	Alarms  []option
	Kinds   []string     // what the field of kinds offers
	Hidden  []fieldValue // the filter and the place, as fields of a form
	Filter  filterForm
	Path    string
	Rows    []listRow
	Columns listColumns
	States  []option
	Count   int
	Exact   bool
	Bounded bool
	Window  int
	Prefix  bool // what is looked for is the begin of a key
	Pager
}

// listColumns says which columns a list has, and how they are called.
type listColumns struct {
	Key, Note, Time         string
	Due                     string // how the second time is called; empty: there is none
	State, Money, Kinds, On bool   // On: there is a button that hands a callback on
	Alarm                   bool
}

type option struct {
	Value, Name string
	Chosen      bool
}

type listRow struct {
	store.ListRow
	Word, AlarmWord, Reason, Yuan, Link, HandOn string
}

func findList(name string) (listKind, bool) {
	for _, k := range listKinds {
		if string(k.list) == name {
			return k, true
		}
	}
	return listKind{}, false
}

func (p *pages) list(ctx context.Context, r *http.Request, l lang) (view, error) {
	kind, ok := findList(r.PathValue("list"))
	if !ok {
		return view{}, errNoPage
	}
	in := r.URL.Query()
	form, err := p.readFilter(in)
	if err != nil {
		return view{}, err
	}
	after, before := in.Get("after"), in.Get("before")
	place, err := readPlace(after + before)
	if err != nil || after != "" && before != "" {
		return view{}, errBadAddress
	}
	q := store.ListQuery{ListFilter: form.list(), After: place, Back: before != "", Turn: form.Turn, Limit: pageRows}
	found, err := p.Store.List(ctx, kind.list, q)
	switch {
	case errors.Is(err, store.ErrNoPlace):
		return view{}, errBadAddress
	case err != nil:
		return view{}, err
	}
	path := listsPath + string(kind.list)
	page := listPage{
		Kind: string(kind.list), Tabs: l.tabs(path), Filter: form, Path: path, Bounded: found.Bounded, Window: store.ListWindow, Prefix: kind.list == store.ListOrders,
		Columns: kind.columns(l, p.HandsOn), States: kind.options(l, form.State),
	}
	if place == (store.ListKey{}) && !found.Filled() { // the page has looked through all that is counted
		page.Count, page.Exact = len(found.Rows), !found.Bounded
	} else if page.Count, page.Exact, err = p.Store.CountList(ctx, kind.list, q.ListFilter, countMost); err != nil {
		return view{}, err
	}
	for _, row := range found.Rows {
		page.Rows = append(page.Rows, p.listRow(l, kind, row))
	}
	page.Pager = listPager(&form, path, found, q)
	page.Hidden = form.hidden("after", after, "before", before)
	page.Kinds = kind.offers()
	page.Acts, page.Alarms = kind.acts(l, &form), alarmOptions(l, form.Alarm)
	out := view{template: "list", title: kind.title, content: &page}
	if in.Has("handed") {
		out.notice = l.T("The callback is handed on within a minute.")
	}
	return out, nil
}

// offers are the kinds that its rows can have, where these are known.
func (k *listKind) offers() []string {
	switch k.list {
	case store.ListCallbacks:
		return []string{"payment", "refund", "settle", "pre_create_refund"}
	case store.ListOutbox:
		return []string{tasks.KindPush, tasks.KindRefund, tasks.KindSettle, tasks.KindAudit}
	default:
		return worker.Kinds()
	}
}

// mayWait tells whether the filter lets audits through that wait for the shop's word.
func (f *filterForm) mayWait() bool { return f.State == "" || f.State == string(store.AuditNeeded) }

// acts lead to what can be done to everything that a filter finds.
func (k *listKind) acts(l lang, form *filterForm) (all []tab) {
	add := func(act store.JobAct, name string) {
		all = append(all, tab{name, form.link(confirmPath, "act", string(act), "list", string(k.list)), false})
	}
	if k.list == store.ListAudits && form.mayWait() {
		add(store.JobAgree, l.T("Agree to all that wait …"))
		add(store.JobDeny, l.T("Deny all that wait …"))
	}
	if k.hasAlarms() {
		add(store.JobAcknowledge, l.T("Acknowledge the alarms of all …"))
	}
	return all
}

// alarmOptions are what a filter by alarms can be: whichever, and the one that is chosen.
func alarmOptions(l lang, chosen string) []option {
	all := []option{{anyAlarm, l.T("with an open alarm"), chosen == anyAlarm}}
	if chosen != "" && chosen != anyAlarm {
		all = append(all, option{chosen, l.alarmMeaning(chosen).Title, true})
	}
	return all
}

func (k *listKind) columns(l lang, handsOn bool) listColumns {
	c := listColumns{Key: l.T(k.key), Time: l.T(k.time), State: len(k.states) > 0, Money: k.money, Kinds: k.kinds}
	if k.dueAs != "" {
		c.Due = l.T(k.dueAs)
	}
	if k.note != "" {
		c.Note = l.T(k.note)
	}
	c.On = handsOn && k.list == store.ListCallbacks
	c.Alarm = k.hasAlarms()
	return c
}

func (k *listKind) options(l lang, chosen string) []option {
	all := make([]option, len(k.states))
	for i, s := range k.states {
		all[i] = option{s, l.T(k.stateName(s)), s == chosen}
	}
	return all
}

func (p *pages) listRow(l lang, kind listKind, row store.ListRow) listRow {
	row.Message = l.recorded(row.Message)
	r := listRow{ListRow: row, Word: l.T(kind.stateName(row.State)), Reason: reason(row.Kind, row.Code)}
	if row.OrderID != "" {
		r.Link = orderLink(row.OrderID)
	}
	if row.Alarm != "" {
		r.AlarmWord = l.alarmMeaning(row.Alarm).Title
	}
	if kind.money {
		r.Yuan = row.Amount.String()
	}
	switch {
	case kind.list == store.ListCallbacks:
		r.HandOn, r.Reason = "/callbacks/"+row.Key+"/hand-on", l.T(callbackName(row.Kind))
	case kind.list == store.ListAudits:
		if row.State == string(store.AuditNeeded) && row.Kind != "" {
			r.Word = l.T("Douyin does not have the word yet")
		}
		r.Reason = l.T(wordNames[store.AuditWord(row.Kind)])
	case kind.list == store.ListCalls && callNames[row.Note] != "":
		r.Note = l.T(callNames[row.Note])
	}
	return r
}

func listPager(form *filterForm, path string, found store.ListPage, q store.ListQuery) (pager Pager) {
	pager.CSV, pager.Turn = form.link(path+"/csv"), form.turned().link(path)
	first, last := found.Places()
	far := last
	if found.Bounded {
		far = found.Next
	}
	switch {
	case q.Back:
		pager.Next = form.link(path, "after", placeText(last))
		if found.More {
			far := first
			if found.Bounded {
				far = found.Next
			}
			pager.Prev = form.link(path, "before", placeText(far))
		}
	default:
		if found.More {
			pager.Next = form.link(path, "after", placeText(far))
		}
		if q.After != (store.ListKey{}) && len(found.Rows) > 0 {
			pager.Prev = form.link(path, "before", placeText(first))
		}
	}
	return pager
}

// handOn lets a callback be handed to the shop's own handler once more.
func (p *pages) handOn(ctx context.Context, r *http.Request, _ lang) (view, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || !p.HandsOn {
		return view{}, errBadForm
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	form, err := p.readFilter(r.PostForm) // the list that the button stood on
	if err != nil {
		return view{}, errBadForm
	}
	known, err := p.Store.HandOnAgain(ctx, id)
	switch {
	case err != nil:
		return view{}, err
	case !known:
		return view{}, errNoPage
	}
	p.audit(ctx, "hand_on").Int64("callback", id).Msg("admin")
	p.record(ctx, store.Act{Act: store.ActHandOn, Subject: string(store.CallbackAlarm), Number: r.PathValue("id")})
	back := []string{"handed", "1"}
	for _, name := range []string{"after", "before"} {
		if place := r.PostForm.Get(name); place != "" {
			back = append(back, name, place)
		}
	}
	return view{}, redirect(form.link(listsPath+string(store.ListCallbacks), back...))
}
