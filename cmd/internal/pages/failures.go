package pages

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/store"
)

const (
	// pageRows is how many orders one page of a group has; all of them can be selected at once.
	pageRows = 50
	// groupLimit is how many orders one press of the group's button asks for.
	groupLimit = 1000
)

// failuresPage is one page of a group.
type failuresPage struct {
	Kind       string
	Code       int
	Meaning    Meaning
	Orders     []failedOrder
	GroupLimit int
	Next       string // address of the next page; empty: this is the last
}

type failedOrder struct {
	store.Failure
	State string
	Asked bool // due for another push already
	Link  string
}

var errBadAddress = &problem{http.StatusBadRequest, "This address is not one of these pages'."}

func (p *pages) failures(ctx context.Context, r *http.Request, l lang) (view, error) {
	in := r.URL.Query()
	q := store.FailureQuery{Kind: in.Get("kind"), Limit: pageRows}
	var err error
	if q.Code, err = strconv.Atoi(in.Get("code")); err != nil {
		return view{}, errBadAddress
	}
	if after := in.Get("after"); after != "" {
		ms, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			return view{}, errBadAddress
		}
		q.After = store.FailureKey{FailedAt: time.UnixMilli(ms), OrderID: in.Get("order")}
	}
	found, err := p.Store.Failures(ctx, q)
	if err != nil {
		return view{}, err
	}
	page := failuresPage{Kind: q.Kind, Code: q.Code, Meaning: l.failureMeaning(q.Kind, q.Code), GroupLimit: groupLimit}
	now := p.Now()
	for _, f := range found {
		f.Message = l.recorded(f.Message)
		page.Orders = append(page.Orders, failedOrder{f, l.T(outcomeName(string(f.Outcome))), f.DueAt != nil && !f.DueAt.After(now), orderLink(f.OrderID)})
	}
	if len(found) == pageRows {
		last := found[len(found)-1].Key()
		page.Next = failuresLink(q.Kind, q.Code, url.Values{"after": {strconv.FormatInt(last.FailedAt.UnixMilli(), 10)}, "order": {last.OrderID}})
	}
	out := view{template: "failures", title: "Refused and given up", content: &page}
	if n, err := strconv.Atoi(in.Get("asked")); err == nil {
		out.notice = l.T("%d orders will be pushed again.", n)
		if n == groupLimit {
			out.notice += " " + l.T("There may be more: press again.")
		}
	}
	return out, nil
}
