package pages

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/ordersync/ordersync/store"
)

// whoPage is what operators did.
type whoPage struct {
	Rows []whoRow
	Next string
}

type whoRow struct {
	store.Act
	What, Link, To string
}

func (p *pages) whoDidWhat(ctx context.Context, r *http.Request, l lang) (view, error) {
	var before int64
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before <= 0 {
			return view{}, errBadAddress
		}
	}
	acts, err := p.Store.Acts(ctx, before, pageRows+1)
	if err != nil {
		return view{}, err
	}
	var page whoPage
	acts, more := atMost(acts, pageRows)
	for _, a := range acts {
		row := whoRow{Act: a, What: l.T(actName(a.Act))}
		switch {
		case a.OrderID != "":
			row.Link, row.To = orderLink(a.OrderID), l.T("Order")+" "+a.OrderID
		case a.Act == store.ActJob, a.Act == store.ActStop:
			row.Link, row.To = "/jobs/"+a.Number, l.T("Job")+" "+a.Number
			row.Number = ""
			row.Subject = l.T(cmp.Or(jobActs[store.JobAct(a.Subject)], a.Subject))
		case a.Act == store.ActAcknowledge, a.Act == store.ActAudit, a.Act == store.ActHandOn:
			row.Subject = l.T(cmp.Or(tableName(store.AlarmTable(a.Subject)), a.Subject))
			row.Detail = l.detail(a)
		}
		page.Rows = append(page.Rows, row)
	}
	if more {
		page.Next = "/who?after=" + strconv.FormatInt(acts[len(acts)-1].ID, 10)
	}
	return view{template: "who", title: "Who did what", content: &page}, nil
}

// detail is the alarm that was acknowledged, or the word that was said.
func (l lang) detail(a store.Act) string {
	if m, ok := alarmMeanings[a.Detail]; ok && a.Act == store.ActAcknowledge {
		return l.meaning(m).Title
	}
	return l.T(cmp.Or(wordNames[store.AuditWord(a.Detail)], a.Detail))
}
