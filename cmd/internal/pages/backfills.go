package pages

import (
	"context"
	"net/http"
	"strconv"

	"github.com/ordersync/ordersync/store"
)

// backfillLimit is how many backfills are listed: one for each range that was ever asked for.
const backfillLimit = 500

// backfills are the walks over old orders.
func (p *pages) backfills(ctx context.Context, _ *http.Request, l lang) (view, error) {
	found, err := p.Store.Backfills(ctx, backfillLimit+1)
	if err != nil {
		return view{}, err
	}
	rows, more := atMost(found, backfillLimit)
	return view{template: "backfills", title: "Backfills", content: struct {
		Tabs []tab
		Rows []store.Backfill
		More bool
	}{l.tabs("/backfills"), rows, more}}, nil
}

func (p *pages) backfillsCSV(*http.Request) (string, csvFile) {
	return "backfills", func(ctx context.Context, _ *filterForm, write func(...string) error) error {
		found, err := p.Store.Backfills(ctx, csvRows)
		if err != nil {
			return err
		}
		if err := write("from", "to", "run", "found", "asked_for", "held", "under_way", "left_out", "started_at", "moved_at", "finished_at"); err != nil {
			return err
		}
		for _, b := range found {
			n := func(n int64) string { return strconv.FormatInt(n, 10) }
			if err := write(p.stamp(b.From), p.stamp(b.To), strconv.Itoa(b.Run), n(b.Tally.Found), n(b.Tally.Enqueued), n(b.Tally.Held), n(b.Tally.UnderWay), n(b.Tally.LeftOut),
				p.stamp(b.StartedAt), p.stamp(b.UpdatedAt), p.stamp(b.FinishedAt)); err != nil {
				return err
			}
		}
		return nil
	}
}
