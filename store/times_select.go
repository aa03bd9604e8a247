package store

import (
	"context"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// anyZone is what the zones of the world are apart, and a little.
const anyZone = 27 * time.Hour

// newestSelected reads the newest times through the shop's SELECTs: the names of their columns are ours.
// updated_at is left out where they have none.
func (s *Store) newestSelected(ctx context.Context, r *shopReading, created, updated newestTime) (newest []newestTime, err error) {
	created.Column, updated.Column = "create_time", "updated_at"
	columns := []newestTime{created}
	if r.HasUpdated() {
		columns = append(columns, updated)
	}
	for _, t := range columns {
		if t, err = s.lookBack(ctx, r, t); err != nil {
			return nil, err
		}
		newest = append(newest, t)
	}
	return newest, nil
}

// lookBack goes back in windows of time that grow until a row was found, for some SELECTs are made for
// their whole range whatever LIMIT says. The first window holds whatever a wrong zone shifts, the last one
// all that is older. A window that was slow and empty has read the table: the next one is the last.
func (s *Store) lookBack(ctx context.Context, r *shopReading, t newestTime) (newestTime, error) {
	window := shop.Range{From: s.Clock().Add(-anyZone), ByCreateTime: t.Column == "create_time"}
	for width := anyZone; ; width *= 8 {
		q, err := r.Newest(window)
		if err != nil {
			return t, err
		}
		began := time.Now()
		found, err := s.readNewest(ctx, r, t, q)
		if err != nil || !found.At.IsZero() || window.From.IsZero() {
			return found, err
		}
		window.Before, window.From = window.From, window.From.Add(-width)
		if width > mostStride || time.Since(began) > slowPage {
			window.From = time.Time{}
		}
	}
}
