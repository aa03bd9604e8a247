package assembly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/preview"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// Preview shows what Douyin would be told. It needs MySQL only, with our tables.
func (a *Assembly) Preview(ctx context.Context) (preview.Zoned, error) {
	st, err := a.Store()
	if err != nil {
		return preview.Zoned{}, err
	}
	var tables *store.TablesError
	if err := st.CheckTables(ctx); errors.As(err, &tables) {
		return preview.Zoned{}, fmt.Errorf("%w: run: ordersync migrate", err)
	}
	build, err := builder(a.cfg.Shop, a.cfg.Refunds.ShowPartial)
	if err != nil {
		return preview.Zoned{}, err
	}
	zone := time.UTC
	if a.cfg.MySQL.DSN != "" {
		if found, err := store.Zone(a.cfg.MySQL.DSN.Reveal()); err == nil {
			zone = found
		}
	}
	return preview.Zoned{Desk: preview.Desk{Shop: st, Build: build, Unit: timeUnit(a.cfg.Douyin), Now: st.Clock}, Zone: zone}, nil
}

// timeUnit is that of update_time.
func timeUnit(d configs.Douyin) douyin.TimeUnit {
	if d.UpdateTimeUnit == "s" {
		return douyin.Seconds
	}
	return douyin.Milliseconds
}

// StatusWords are Douyin's words by the shop's status values; nil: the shop has no status.
func (a *Assembly) StatusWords() map[string]string {
	if shopStatuses(a.cfg.Shop) == nil {
		return nil
	}
	return shopWords(a.cfg.Shop)
}
