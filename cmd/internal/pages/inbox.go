package pages

import (
	"context"
	"net/http"
	"regexp"

	"github.com/ordersync/ordersync/tasks/inbox"
)

// entryID is the id of an entry of a Redis stream.
var entryID = regexp.MustCompile(`^\d{1,20}-\d{1,20}$`)

// inboxPage are the entries of the stream that can never be handed over.
type inboxPage struct {
	Tabs  []tab
	Rows  []inbox.Buried
	Total int
	Pager
	Away bool // Redis does not answer
}

func (p *pages) inboxFaults(ctx context.Context, r *http.Request, l lang) (view, error) {
	page := inboxPage{Tabs: l.tabs("/inbox")}
	page.CSV = "/inbox.csv"
	out := view{template: "inbox", title: "Bad inbox entries", content: &page}
	in := r.URL.Query()
	after, before := in.Get("after"), in.Get("before") // in the order of the page: the newest comes first
	if (after+before != "" && !entryID.MatchString(after+before)) || after != "" && before != "" {
		return view{}, errBadAddress
	}
	if p.Buried == nil {
		return out, nil
	}
	rows, total, err := p.Buried(ctx, inbox.BuriedPage{Before: after, After: before, Limit: pageRows + 1})
	if err != nil {
		p.Log.Error().Err(err).Str("path", "/inbox").Msg("admin page")
		page.Away = true
		return out, nil
	}
	more := len(rows) > pageRows
	switch {
	case more && before != "": // the one too many is the farthest
		rows = rows[1:]
	case more:
		rows = rows[:pageRows]
	}
	for i := range rows {
		rows[i].Reason = l.recorded(rows[i].Reason)
	}
	page.Rows, page.Total = rows, int(total)
	if len(rows) == 0 {
		return out, nil
	}
	if before != "" || more {
		page.Next = "/inbox?after=" + rows[len(rows)-1].ID
	}
	if after != "" || before != "" && more {
		page.Prev = "/inbox?before=" + rows[0].ID
	}
	return out, nil
}

func (p *pages) inboxCSV(*http.Request) (string, csvFile) {
	return "inbox", func(ctx context.Context, _ *filterForm, write func(...string) error) error {
		if err := write("entry", "kind", "order_id", "time", "reason"); err != nil || p.Buried == nil {
			return err
		}
		page := inbox.BuriedPage{Limit: csvPage}
		for n := 0; ; {
			rows, _, err := p.Buried(ctx, page)
			if err != nil {
				return err
			}
			for _, e := range rows {
				if err := write(e.ID, e.Kind, e.OrderID, p.stamp(e.At), e.Reason); err != nil {
					return err
				}
				page.Before = e.ID
			}
			if len(rows) < csvPage {
				return nil
			}
			if n += len(rows); n >= csvRows {
				return write(csvCut)
			}
		}
	}
}
