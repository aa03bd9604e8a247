package pages

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/ordersync/ordersync/store"
)

// pageRows is how many rows one page of a list has; all of them can be selected at once.
const pageRows = 50

// failuresPage is one page of the orders that failed.
type failuresPage struct {
	Tabs    []tab
	Filter  filterForm
	OfCause bool // of one kind, whose meaning this is
	Meaning Meaning
	Orders  []failedOrder
	Bounded bool // only as many as Window were looked through
	Window  int
	Total   int64 // orders of the filter, where they were counted
	Counted bool
	TooMany bool         // there are more than Total
	Whole   string       // where everything that the filter finds can be pushed again
	Hidden  []fieldValue // the filter, as fields of a form
	Pager
}

// Pager are the addresses of the pages beside this one; empty: there is none.
type Pager struct{ Prev, Next, CSV, Turn string }

type failedOrder struct {
	store.Failure
	State string
	Asked bool // due for another push already
	Link  string
}

var errBadAddress = &problem{http.StatusBadRequest, "This address is not one of these pages'."}

func (p *pages) failures(ctx context.Context, r *http.Request, l lang) (view, error) {
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
	q := store.FailureQuery{
		FailureFilter: form.failures(), After: store.FailureKey{FailedAt: place.At, OrderID: place.Key}, Oldest: form.Turn != (before != ""), Limit: pageRows,
	}
	found, err := p.Store.Failures(ctx, q)
	if err != nil {
		return view{}, err
	}
	page := failuresPage{Tabs: l.tabs("/failures"), Filter: form, OfCause: form.Kind != "", Bounded: found.Bounded, Window: store.FailureWindow}
	if page.OfCause {
		page.Meaning = l.failureMeaning(form.Kind, codeOf(form.code))
	}
	now := p.Now()
	for _, f := range found.Orders {
		f.Message = l.recorded(f.Message)
		page.Orders = append(page.Orders, failedOrder{f, l.T(outcomeName(string(f.Outcome))), f.DueAt != nil && !f.DueAt.After(now), orderLink(f.OrderID)})
	}
	page.Whole, page.Hidden = form.link(confirmPath, "act", string(store.JobPush)), form.hidden()
	page.Pager = p.failurePager(&form, found, before != "", place != (store.ListKey{}))
	if before != "" {
		slices.Reverse(page.Orders)
	}
	if place == (store.ListKey{}) && (page.Next == "" || found.Bounded) { // the page has looked through all that is counted
		page.Total, page.Counted, page.TooMany = int64(len(found.Orders)), true, found.Bounded
	} else if err := p.countFailures(ctx, &page); err != nil {
		return view{}, err
	}
	out := view{template: "failures", title: "Refused and given up", content: &page}
	if n, err := strconv.Atoi(in.Get("asked")); err == nil {
		out.notice = l.Many(n, "1 order will be pushed again.", "%s orders will be pushed again.")
	}
	return out, nil
}

// failurePager is made before the rows are turned round.
func (p *pages) failurePager(form *filterForm, found store.FailurePage, back, behind bool) (pager Pager) {
	const path = "/failures"
	pager.CSV, pager.Turn = form.link("/failures.csv"), form.turned().link(path)
	place := func(k store.FailureKey) string {
		return placeText(store.ListKey{At: k.FailedAt, Key: k.OrderID})
	}
	var first, last string
	if n := len(found.Orders); n > 0 {
		first, last = place(found.Orders[0].Key()), place(found.Orders[n-1].Key())
	}
	more := found.Next != (store.FailureKey{})
	if more {
		last = place(found.Next)
	}
	if back { // the far side is the one towards the begin
		if more {
			pager.Prev = form.link(path, "before", last)
		}
		if first != "" {
			pager.Next = form.link(path, "after", first)
		}
		return pager
	}
	if more {
		pager.Next = form.link(path, "after", last)
	}
	if behind && first != "" {
		pager.Prev = form.link(path, "before", first)
	}
	return pager
}

// turned is the filter with the other end first.
func (f *filterForm) turned() *filterForm {
	other := *f
	other.Turn = !f.Turn
	return &other
}

// countFailures counts the orders of the filter, among those that FailureGroups looks at.
func (p *pages) countFailures(ctx context.Context, page *failuresPage) error {
	form := &page.Filter
	if form.Text != "" || form.Since+form.Until != "" { // counting them would look through them once more
		return nil
	}
	groups, complete, err := p.Store.FailureGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if (form.Kind == "" || g.Kind == form.Kind) && (form.code == nil || g.Code == *form.code) && (form.Cause == "" || g.Cause == form.Cause) {
			page.Total += int64(g.Count)
		}
	}
	page.Counted, page.TooMany = true, !complete
	return nil
}
