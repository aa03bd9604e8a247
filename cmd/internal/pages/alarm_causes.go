package pages

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/store"
)

// alarmCause is an alarm that several rows of a table have: a person looks at their cause once.
type alarmCause struct {
	store.AlarmCount
	What    string
	Meaning Meaning
	Capped  bool         // that many or more
	Link    string       // to the rows; empty: no list has them
	Hidden  []fieldValue // the form that acknowledges them all
	Whole   string       // the page that counts them first
}

// alarmCauses are the alarms that more than one row has, the most frequent first.
func (p *pages) alarmCauses(ctx context.Context, l lang) (all []alarmCause, err error) {
	seen := p.Store.Clock()
	counts, err := p.Store.AlarmCounts(ctx)
	if err != nil {
		return nil, err
	}
	looked := map[string]int64{} // alarms of a table
	for _, c := range counts {
		looked[c.Table] += c.Count
	}
	for _, c := range counts {
		if c.Count < 2 {
			continue
		}
		table, f := store.AlarmTable(c.Table), filterForm{Alarm: c.Alarm}
		cause := alarmCause{AlarmCount: c, What: l.T(tableName(table)), Meaning: l.alarmMeaning(c.Alarm), Capped: looked[c.Table] >= store.BacklogLimit}
		cause.Hidden = jobFields(store.JobAcknowledge, store.JobFilter{Table: table}, &f, int(c.Count), seen)
		cause.Whole = f.link(confirmPath, "act", string(store.JobAcknowledge), "table", c.Table)
		if list, ok := alarmLists[table]; ok {
			cause.Link = f.link(listsPath + string(list))
		}
		all = append(all, cause)
	}
	slices.SortFunc(all, func(a, b alarmCause) int { return cmp.Compare(b.Count, a.Count) })
	return all, nil
}

// alarmLists are the lists of the tables that have one.
var alarmLists = map[store.AlarmTable]store.List{
	store.RefundAlarm: store.ListRefunds, store.SettlementAlarm: store.ListSettlements, store.PaymentAlarm: store.ListPayments,
	store.OutboxAlarm: store.ListOutbox, store.CallbackAlarm: store.ListCallbacks, store.PaymentAskAlarm: store.ListAsks,
}

// failedMoneyFor is how long ago a refund or a settlement that failed was asked for, to be worth a
// word on the start page.
const failedMoneyFor = 7 * 24 * time.Hour

// failedMoney is refunds or settlements that ended without success for one cause.
type failedMoney struct {
	What    string
	Kind    string
	Code    int
	Count   int
	Capped  bool
	Words   string
	Newest  time.Time
	Meaning Meaning
	Link    string
}

// failedMoney groups what was asked for in the last week and failed, by kind and code. A refund
// that the shop has denied is left out: it failed as it was meant to.
func (p *pages) failedMoney(ctx context.Context, l lang) (all []failedMoney, err error) {
	since := p.Now().Add(-failedMoneyFor).Truncate(time.Minute) // as precise as its field in the lists
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		list := alarmLists[store.AlarmTable(m)]
		page, err := p.Store.List(ctx, list, store.ListQuery{ListFilter: store.ListFilter{State: string(store.MoneyFailed), NotKind: store.KindDenied, Since: since}, Limit: csvPage})
		if err != nil {
			return nil, err
		}
		type cause struct {
			kind string
			code int
		}
		groups := map[cause]*failedMoney{}
		for _, r := range page.Rows {
			g := groups[cause{r.Kind, r.Code}]
			if g == nil { // the newest comes first
				f := filterForm{State: string(store.MoneyFailed), Since: p.stamp(since), Kind: r.Kind, Code: strconv.Itoa(r.Code)}
				g = &failedMoney{
					What: l.T(moneyNames[m]), Kind: r.Kind, Code: r.Code, Capped: page.More, Words: l.recorded(r.Message), Newest: r.At,
					Meaning: l.failureMeaning(r.Kind, r.Code), Link: f.link(listsPath + string(list)),
				}
				groups[cause{r.Kind, r.Code}] = g
			}
			g.Count++
		}
		for _, g := range groups {
			all = append(all, *g)
		}
	}
	slices.SortFunc(all, func(a, b failedMoney) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code))
	})
	return all, nil
}
